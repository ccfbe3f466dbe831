"""The reviewer's pages: what waits, declaring, writing and handing in, others' reviews after it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from funding.errors import Conflict, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_when
from funding.forms import as_errors
from funding.language import gettext
from funding.listing import whole_number
from funding.models import (
    AssignmentState,
    Person,
    Proposal,
    ReviewAssignment,
    RoundReviewer,
)
from funding.permissions import fetch, own_assignments
from funding.places import country_name, region_name
from funding.reports import reviews as report
from funding.reports.proposal_history import WHOLE
from funding.routes.context import actor, database, in_transaction, reading, say, warn
from funding.routes.files import as_download
from funding.routes.reviewing.blueprints import own_bp as bp
from funding.routes.security import permission
from funding.routes.submitting import submit
from funding.routes.unsent import COOKIE, keeps_typed
from funding.services import risk
from funding.services.reviewing import declaring, drafts, handing_in
from funding.services.reviewing.settings import form_of, settings_of
from funding.services.typed_text import OpenElsewhere


def _zone() -> str:
    return reading().get_one(Person, actor().person_id).timezone


def _own(assignment_id: int) -> ReviewAssignment:
    found: ReviewAssignment = fetch(reading(), own_assignments(actor()), assignment_id, "review")
    return found


@bp.get("/reviews")
@permission("review.write")
def index() -> ResponseReturnValue:
    """What waits for the reviewer, with dates; what is done; what they know, by round."""
    rounds = reading().scalars(
        sa.select(RoundReviewer)
        .where(RoundReviewer.person_id == actor().person_id)
        .order_by(RoundReviewer.id.desc())
        .options(joinedload(RoundReviewer.round))
        .limit(50)
    )
    return render_template(
        "reviews/index.html",
        desk=report.desk_of(reading(), actor()),
        rounds=list(rounds),
        zone=_zone(),
    )


# -- one review ---------------------------------------------------------------------------------


@bp.get("/reviews/<int:assignment_id>")
@permission("review.write")
def show(assignment_id: int) -> ResponseReturnValue:
    found = _own(assignment_id)
    if found.state == AssignmentState.ASSIGNED:
        return _declare_page(found, {}, {})
    if found.state == AssignmentState.HANDED_IN:
        return finished_page(assignment_id, {})
    token = request.cookies.get(COOKIE)
    was_unsent = bool(token) and in_transaction(
        drafts.claim_unsent, assignment_id=assignment_id, token=token
    )
    response = Response(_write_page(assignment_id, was_unsent=was_unsent))
    if was_unsent:
        response.delete_cookie(COOKIE)
    return response


@bp.get("/reviews/<int:assignment_id>/declare")
@permission("review.write")
def ask_again(assignment_id: int) -> ResponseReturnValue:
    """For a conflict that shows only on reading; once handed in, an officer has to be told."""
    found = _own(assignment_id)
    if found.state == AssignmentState.HANDED_IN:
        return redirect(url_for("reviews.show", assignment_id=assignment_id))
    return _declare_page(found, {}, {})


def _declare_page(found: ReviewAssignment, values: dict[str, str], errors: dict[str, str]) -> str:
    """Title, institution and team only: enough to know whether there is a conflict."""
    return render_template(
        "reviews/declare.html",
        assignment=found,
        proposal=found.proposal,
        round=found.proposal.round,
        zone=_zone(),
        form={"values": values, "errors": errors},
    )


@bp.post("/reviews/<int:assignment_id>/declare")
@permission("review.write")
def declare(assignment_id: int) -> ResponseReturnValue:
    found = _own(assignment_id)
    values = {
        "answer": request.form.get("answer", ""),
        "words": request.form.get("words", ""),
    }
    title = found.proposal.title

    def done(declared: ReviewAssignment) -> ResponseReturnValue:
        if declared.state == AssignmentState.IN_CONFLICT:
            say(
                gettext(
                    "Your conflict is on record. “%(title)s” is not shown to you any more.",
                    title=title,
                )
            )
            return redirect(url_for("reviews.index"), 303)
        say("Thank you. The proposal is open to you now.")
        return redirect(url_for("reviews.show", assignment_id=assignment_id), 303)

    return submit(
        lambda: in_transaction(declaring.declare, assignment_id=assignment_id, **values),
        done,
        lambda errors, is_stale: _declare_page(_own(assignment_id), values, errors),
    )


def _proposal_parts(proposal: Proposal) -> dict[str, Any]:
    """What the pages of a proposal show of it."""
    areas = {area.key: area for area in proposal.round.taxonomy.areas}
    shown = []
    for tag in proposal.areas:
        area = areas.get(tag.area_key)
        wider = areas.get(area.parent_key or "") if area else None
        shown.append(
            (area.name if area else tag.area_key, wider.name if wider else None, tag.weight)
        )
    return {
        "proposal": proposal,
        "round": proposal.round,
        "areas": shown,
        "country": country_name(proposal.country),
        "region": region_name(proposal.region),
        "risk_questions": risk.QUESTIONS,
        "risk_answers": dict(risk.ANSWERS),
        "suggested_tier": risk.suggest_tier(proposal.risk_answers),
    }


def _opened(assignment_id: int) -> tuple[ReviewAssignment, Proposal]:
    """The assignment, and the whole proposal; raises NotFound before the declaration."""
    found = _own(assignment_id)
    if found.state == AssignmentState.ASSIGNED:
        raise NotFound("review")
    proposal = reading().scalars(
        sa.select(Proposal).where(Proposal.id == found.proposal_id).options(*WHOLE)
    )
    return found, proposal.one()


def _typed() -> dict[str, str]:
    return drafts.cut(request.form.to_dict())


def _write_page(
    assignment_id: int, errors: dict[str, str] | None = None, *, was_unsent: bool = False
) -> str:
    found, proposal = _opened(assignment_id)
    session = reading()
    form = form_of(session, proposal.round_id)
    kept = drafts.kept_draft(session, found.person_id, found.id)
    return render_template(
        "reviews/write.html",
        **_proposal_parts(proposal),
        assignment=found,
        review_form=form,
        form={"values": kept.fields if kept else {}, "errors": errors or {}},
        kept_at=format_when(kept.at, _zone()) if kept else None,
        seen=kept.at.isoformat() if kept else "",
        was_unsent=was_unsent,
        zone=_zone(),
        longest=handing_in.LONGEST_TEXT,
    )


def _keep_without_session(token: str, assignment_id: int) -> str:
    """Keep this form for after signing in (see `funding.routes.unsent`)."""
    back = url_for("reviews.show", assignment_id=assignment_id)
    with database().reading() as session:
        if session.get(ReviewAssignment, assignment_id) is None:
            return back
    database().in_transaction(
        drafts.keep_unsent, token=token, assignment_id=assignment_id, fields=_typed()
    )
    return back


@bp.post("/reviews/<int:assignment_id>/autosave")
@permission("review.write")
@keeps_typed(_keep_without_session)
def autosave(assignment_id: int) -> ResponseReturnValue:
    """Keep what is typed, valid or not; answers when, as JSON."""
    try:
        at = in_transaction(
            drafts.keep_draft,
            assignment_id=assignment_id,
            fields=_typed(),
            seen=request.form.get("seen", ""),
        )
    except OpenElsewhere as other:
        return {"elsewhere": str(other)}, 409
    except RuleBroken as refusal:
        return {"elsewhere": str(refusal)}, 409
    return {"seen": at.isoformat(), "live": {}}


@bp.post("/reviews/<int:assignment_id>")
@permission("review.write")
@keeps_typed(_keep_without_session)
def save(assignment_id: int) -> ResponseReturnValue:
    """Keep the draft; with `act` hand-in, hand it in, all of it or nothing."""
    _own(assignment_id)
    fields = _typed()
    try:
        in_transaction(
            drafts.keep_draft,
            assignment_id=assignment_id,
            fields=fields,
            seen=request.form.get("seen", ""),
        )
    except OpenElsewhere as other:
        warn(
            gettext(
                "%(other)s Look at both before you hand in; this window shows what is kept.",
                other=other,
            )
        )
        return redirect(url_for("reviews.show", assignment_id=assignment_id), 303)
    except RuleBroken as refusal:
        warn(str(refusal))
        return redirect(url_for("reviews.show", assignment_id=assignment_id), 303)
    if request.form.get("act") != "hand-in":
        say("Kept. Hand it in when it is ready.")
        return redirect(url_for("reviews.show", assignment_id=assignment_id), 303)
    try:
        in_transaction(
            handing_in.hand_in,
            assignment_id=assignment_id,
            form_number=whole_number(request.form.get("form_number")) or 0,
            fields=fields,
        )
    except InvalidInput as refusal:
        return _write_page(assignment_id, as_errors(refusal.faults)), 422
    except (RuleBroken, Conflict) as refusal:
        return _write_page(assignment_id, {"": str(refusal)}), 409
    say("Handed in. Others' reviews and the discussion are open to you now.")
    return redirect(url_for("reviews.show", assignment_id=assignment_id), 303)


def finished_page(assignment_id: int, errors: dict[str, str], text: str = "") -> str:
    """After handing in: one's own review, the others', the discussion."""
    found, proposal = _opened(assignment_id)
    session = reading()
    shown = report.reviews_of(session, proposal)
    return render_template(
        "reviews/finished.html",
        **_proposal_parts(proposal),
        assignment=found,
        own=next(each for each in shown if each.review.person_id == found.person_id),
        others=[each for each in shown if each.review.person_id != found.person_id],
        remarks=report.remarks_of(session, proposal.id),
        settings=settings_of(session, proposal.round_id),
        form={"values": {"text": text}, "errors": errors},
        zone=_zone(),
    )


@bp.get("/reviews/<int:assignment_id>/attachments/<int:attachment_id>/<name>")
@permission("review.write")
def attachment(assignment_id: int, attachment_id: int, name: str) -> ResponseReturnValue:
    """A file of the proposal, once no conflict is declared."""
    _, proposal = _opened(assignment_id)
    found = next((a for a in proposal.attachments if a.id == attachment_id), None)
    if found is None:
        raise NotFound("attachment")
    return as_download(found)
