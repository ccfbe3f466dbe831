"""The reviewers of a round: added, with what they know, when they are away, their co-authors."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from funding.errors import RuleBroken
from funding.formatting import plural
from funding.language import gettext
from funding.listing import Listing, whole_number
from funding.models import Area, Person, ReviewerAbsence, Round, RoundReviewer
from funding.permissions import SIGNED_IN
from funding.reports import review_progress
from funding.routes.context import actor, config, in_transaction, reading, say, warn
from funding.routes.reviewing.blueprints import bp, may_assign, parts_of, review_round
from funding.routes.security import permission
from funding.routes.submitting import differences, submit, typed_form
from funding.services.reviewing import absences, co_authors
from funding.services.reviewing import people as service

LABELS = {"areas": "Areas", "expertise": "Expertise in words", "most": "Most reviews"}


def _people_page(round_: Round, errors: dict[str, str]) -> str:
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=review_progress.REVIEWERS_SORTABLE,
        filters=("q",),
        default_sort="name",
    )
    listing, rows = review_progress.list_reviewers(reading(), actor(), round_, listing)
    able = may_assign(round_)
    find = request.args.get("find", "").strip()[:100]
    return render_template(
        "reviewing/reviewers.html",
        round=round_,
        parts=parts_of(round_),
        listing=listing,
        rows=rows,
        may_assign=able,
        find=find,
        candidates=service.candidates(reading(), round_.id, find) if able else [],
        errors=errors,
    )


@bp.get("/rounds/<int:round_id>/reviewers")
@permission("review.read")
def reviewers(round_id: int) -> ResponseReturnValue:
    return _people_page(review_round(round_id), {})


@bp.post("/rounds/<int:round_id>/reviewers")
@permission("review.assign")
def add_reviewers(round_id: int) -> ResponseReturnValue:
    review_round(round_id, "review.assign")
    people = [n for n in map(whole_number, request.form.getlist("person")) if n]

    def done(added: int) -> ResponseReturnValue:
        say(
            gettext(
                "%(added)s added; a mail asks what they know best.", added=plural(added, "reviewer")
            )
        )
        return redirect(url_for("reviewing.reviewers", round_id=round_id), 303)

    return submit(
        lambda: in_transaction(
            service.add_reviewers,
            round_id=round_id,
            person_ids=people,
            public_url=config().public_url,
        ),
        done,
        lambda errors, is_stale: _people_page(review_round(round_id), errors),
    )


# -- one reviewer -------------------------------------------------------------------------------


def _values(reviewer: RoundReviewer) -> dict[str, Any]:
    return {
        "areas": reviewer.areas,
        "expertise": reviewer.expertise,
        "most": str(reviewer.most),
    }


def _page(
    reviewer_id: int, forms: dict[str, dict[str, Any]] | None = None, *, is_stale: bool = False
) -> str:
    """`forms`: by name (expertise, absence, co_authors), those refused, with what was typed."""
    session, by = reading(), actor()
    reviewer = service.find_reviewer(session, by, reviewer_id)
    areas: list[Area] = reviewer.round.taxonomy.areas
    forms = forms or {}
    typed = forms.get("expertise")
    away = session.scalars(
        sa.select(ReviewerAbsence)
        .where(
            ReviewerAbsence.round_id == reviewer.round_id,
            ReviewerAbsence.person_id == reviewer.person_id,
        )
        .order_by(ReviewerAbsence.id.desc())
        .options(joinedload(ReviewerAbsence.delegate))
        .limit(20)
    ).all()
    others = session.execute(
        sa.select(Person.id, Person.name)
        .join(RoundReviewer, RoundReviewer.person_id == Person.id)
        .where(
            RoundReviewer.round_id == reviewer.round_id,
            Person.id != reviewer.person_id,
            Person.is_active,
        )
        .order_by(Person.name)
        .limit(1_000)
    ).all()
    stated = co_authors.co_authors_text(session, reviewer.person_id)
    is_own = reviewer.person_id == by.person_id
    return render_template(
        "reviewing/reviewer.html",
        reviewer=reviewer,
        round=reviewer.round,
        is_own=is_own,
        may_assign=by.may("review.assign") and not is_own,
        areas=_choices_of(areas),
        form=typed or {"values": _values(reviewer), "errors": {}},
        changes=differences(LABELS, typed["values"], _values(reviewer))
        if typed and is_stale
        else None,
        absence=forms.get("absence", {"values": {}, "errors": {}}),
        absences=away,
        others=[(id, name) for id, name in others],
        co_authors=forms.get("co_authors", {"values": {"table": stated}, "errors": {}}),
        imported=co_authors.imported_of(session, reviewer.person_id),
    )


def _choices_of(areas: list[Area]) -> list[tuple[str, str]]:
    """Each top area, and below it those that lie in it."""
    below: dict[str, list[Area]] = {}
    for area in areas:
        if area.parent_key:
            below.setdefault(area.parent_key, []).append(area)
    return [
        (area.key, area.name if area is top else f"{top.name}: {area.name}")
        for top in areas
        if not top.parent_key
        for area in (top, *below.get(top.key, ()))
    ]


def _back(reviewer_id: int, message: str) -> ResponseReturnValue:
    say(message)
    return redirect(url_for("reviewing.reviewer", reviewer_id=reviewer_id), 303)


@bp.get("/reviewers/<int:reviewer_id>")
@permission(SIGNED_IN)
def reviewer(reviewer_id: int) -> ResponseReturnValue:
    """Of oneself, or of a reviewer in a round where one may assign."""
    return _page(reviewer_id)


@bp.post("/reviewers/<int:reviewer_id>")
@permission(SIGNED_IN)
def set_expertise(reviewer_id: int) -> ResponseReturnValue:
    service.find_reviewer(reading(), actor(), reviewer_id)
    typed = typed_form("areas")
    version = typed.whole("version", 0, 10**9, "This form came without its version.") or 0
    most = typed.whole("most", 0, 1_000, "Write how many reviews, from 0 to 1,000.")
    return submit(
        lambda: in_transaction(
            service.set_expertise,
            reviewer_id=reviewer_id,
            version=version,
            areas=typed.values["areas"],
            expertise=typed.text("expertise"),
            most=most,
            faults=tuple(typed.faults),
        ),
        lambda _: _back(reviewer_id, "Saved. Suggested assignments follow it from now on."),
        lambda errors, is_stale: _page(
            reviewer_id,
            {"expertise": {"values": typed.values, "errors": errors}},
            is_stale=is_stale,
        ),
    )


@bp.post("/reviewers/<int:reviewer_id>/remove")
@permission("review.assign")
def remove_reviewer(reviewer_id: int) -> ResponseReturnValue:
    try:
        gone = in_transaction(service.remove_reviewer, reviewer_id=reviewer_id)
    except RuleBroken as refusal:
        warn(str(refusal))
        return redirect(url_for("reviewing.reviewer", reviewer_id=reviewer_id), 303)
    say("This person does not review in the round any more.")
    return redirect(url_for("reviewing.reviewers", round_id=gone.round_id), 303)


@bp.post("/reviewers/<int:reviewer_id>/absences")
@permission(SIGNED_IN)
def record_absence(reviewer_id: int) -> ResponseReturnValue:
    service.find_reviewer(reading(), actor(), reviewer_id)
    typed = typed_form()
    from_on, until_on = typed.day("from_on"), typed.day("until_on")
    return submit(
        lambda: in_transaction(
            absences.record_absence,
            reviewer_id=reviewer_id,
            from_on=from_on,
            until_on=until_on,
            delegate_id=whole_number(typed.text("delegate")),
            public_url=config().public_url,
            faults=tuple(typed.faults),
        ),
        lambda _: _back(reviewer_id, "The absence is on record, with who stands in."),
        lambda errors, is_stale: _page(
            reviewer_id, {"absence": {"values": typed.values, "errors": errors}}
        ),
    )


@bp.post("/absences/<int:absence_id>/end")
@permission(SIGNED_IN)
def end_absence(absence_id: int) -> ResponseReturnValue:
    ended = in_transaction(absences.end_absence, absence_id=absence_id)
    reviewer_id = reading().scalar(
        sa.select(RoundReviewer.id).where(
            RoundReviewer.round_id == ended.round_id, RoundReviewer.person_id == ended.person_id
        )
    )
    return _back(reviewer_id or 0, "The absence is over; new reviews come here again.")


@bp.post("/reviewers/<int:reviewer_id>/co-authors")
@permission(SIGNED_IN)
def state_co_authors(reviewer_id: int) -> ResponseReturnValue:
    service.find_reviewer(reading(), actor(), reviewer_id)
    table = request.form.get("table", "")[:200_000]
    return submit(
        lambda: in_transaction(co_authors.state_co_authors, reviewer_id=reviewer_id, table=table),
        lambda count: _back(
            reviewer_id, gettext("%(count)s on the list.", count=plural(count, "co-author"))
        ),
        lambda errors, is_stale: _page(
            reviewer_id, {"co_authors": {"values": {"table": table}, "errors": errors}}
        ),
    )
