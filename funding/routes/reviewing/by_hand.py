"""Who reviews one proposal: assigned by hand, taken back, given to another, conflicts waived."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import InvalidInput, RuleBroken
from funding.forms import as_errors
from funding.listing import whole_number
from funding.models import Proposal, ReviewAssignment
from funding.permissions import fetch, visible_assignments, visible_proposals
from funding.reports import review_candidates, review_progress
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.reviewing.blueprints import bp
from funding.routes.security import permission
from funding.routes.submitting import typed_form
from funding.services.reviewing import assigning, handing_in, waivers
from funding.services.reviewing.settings import settings_of


def _proposal(proposal_id: int) -> Proposal:
    query = visible_proposals(actor(), "review.assign")
    found: Proposal = fetch(reading(), query, proposal_id, "proposal")
    return found


def _page(
    proposal_id: int, errors: dict[str, str] | None = None, typed: dict[str, Any] | None = None
) -> str:
    proposal = _proposal(proposal_id)
    session = reading()
    candidates = review_candidates.candidates_for(session, proposal)
    return render_template(
        "reviewing/proposal.html",
        proposal=proposal,
        round=proposal.round,
        asked=review_progress.asked_of(session, proposal.round, [proposal.id])[proposal.id],
        candidates=candidates[: review_candidates.MOST_SHOWN],
        hidden=max(0, len(candidates) - review_candidates.MOST_SHOWN),
        free=[(c.reviewer.person_id, c.name) for c in candidates if c.is_free],
        settings=settings_of(session, proposal.round_id),
        errors=errors or {},
        typed=typed or {},
        own_id=actor().person_id,
    )


def _answer(
    proposal_id: int, act: Any, done: str, typed: dict[str, Any] | None = None
) -> ResponseReturnValue:
    """Run an act of this page; refused, the page says why and shows what was typed."""
    try:
        act()
    except InvalidInput as refusal:
        words = {"": " ".join(as_errors(refusal.faults).values())}
        return _page(proposal_id, words, typed), 422
    except RuleBroken as refusal:
        return _page(proposal_id, {"": str(refusal)}, typed), 409
    say(done)
    return redirect(url_for("reviewing.of_proposal", proposal_id=proposal_id), 303)


@bp.get("/proposals/<int:proposal_id>/reviewers")
@permission("review.assign")
def of_proposal(proposal_id: int) -> ResponseReturnValue:
    return _page(proposal_id)


@bp.post("/proposals/<int:proposal_id>/reviewers")
@permission("review.assign")
def assign(proposal_id: int) -> ResponseReturnValue:
    _proposal(proposal_id)
    person_id = whole_number(request.form.get("person")) or 0
    return _answer(
        proposal_id,
        lambda: in_transaction(
            assigning.assign,
            proposal_id=proposal_id,
            person_id=person_id,
            public_url=config().public_url,
        ),
        "The review is assigned; a mail is on its way.",
    )


def _assignment(assignment_id: int) -> ReviewAssignment:
    query = visible_assignments(actor(), "review.assign")
    found: ReviewAssignment = fetch(reading(), query, assignment_id, "assignment")
    return found


def _typed(assignment_id: int) -> dict[str, Any]:
    return {"assignment": assignment_id, **request.form.to_dict()}


@bp.post("/assignments/<int:assignment_id>/withdraw")
@permission("review.assign")
def withdraw(assignment_id: int) -> ResponseReturnValue:
    """Take it back, or give it to the person chosen."""
    proposal_id = _assignment(assignment_id).proposal_id
    to_id = whole_number(request.form.get("to"))
    return _answer(
        proposal_id,
        lambda: in_transaction(
            assigning.withdraw_and_tell,
            assignment_id=assignment_id,
            reason=request.form.get("reason", ""),
            to_id=to_id,
            public_url=config().public_url,
        ),
        "The review is given to another reviewer." if to_id else "The review is taken back.",
        _typed(assignment_id),
    )


@bp.post("/assignments/<int:assignment_id>/due")
@permission("review.assign")
def set_due(assignment_id: int) -> ResponseReturnValue:
    found = _assignment(assignment_id)
    typed = typed_form()
    due_at = typed.moment("due_at", found.proposal.round.timezone, "Choose a day and a time.")
    return _answer(
        found.proposal_id,
        lambda: in_transaction(
            assigning.set_due,
            assignment_id=assignment_id,
            due_at=due_at,
            faults=tuple(typed.faults),
        ),
        "The day is changed.",
        _typed(assignment_id),
    )


@bp.post("/assignments/<int:assignment_id>/send-back")
@permission("review.assign")
def send_back(assignment_id: int) -> ResponseReturnValue:
    proposal_id = _assignment(assignment_id).proposal_id
    return _answer(
        proposal_id,
        lambda: in_transaction(
            handing_in.send_back,
            assignment_id=assignment_id,
            reason=request.form.get("reason", ""),
            public_url=config().public_url,
        ),
        "The review is back with its reviewer.",
        _typed(assignment_id),
    )


@bp.post("/proposals/<int:proposal_id>/reviewers/<int:who_id>/waiver")
@permission("review.assign")
def ask_waiver(proposal_id: int, who_id: int) -> ResponseReturnValue:
    _proposal(proposal_id)
    return _answer(
        proposal_id,
        lambda: in_transaction(
            waivers.ask_waiver,
            proposal_id=proposal_id,
            person_id=who_id,
            reason=request.form.get("reason", ""),
        ),
        "Asked. Another officer has to answer.",
        {"person": who_id, **request.form.to_dict()},
    )


@bp.post("/proposals/<int:proposal_id>/reviewers/<int:who_id>/waiver/answer")
@permission("review.assign")
def answer_waiver(proposal_id: int, who_id: int) -> ResponseReturnValue:
    _proposal(proposal_id)
    waive = request.form.get("act") == "waive"
    return _answer(
        proposal_id,
        lambda: in_transaction(
            waivers.answer_waiver,
            proposal_id=proposal_id,
            person_id=who_id,
            reason=request.form.get("reason", ""),
            waive=waive,
        ),
        "The conflict is waived; both reasons are on record." if waive else "Not waived.",
        {"person": who_id, **request.form.to_dict()},
    )
