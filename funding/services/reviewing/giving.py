"""The act of giving one proposal to one reviewer, whoever asks for it, and the mail about it."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import NotFound, RuleBroken
from funding.formatting import format_date, format_number
from funding.language import gettext as _
from funding.language import ngettext
from funding.models import (
    CANDIDATE_STATES,
    COUNTED_STATES,
    AssignmentState,
    Person,
    Proposal,
    ReviewAssignment,
    Round,
    RoundReviewer,
)
from funding.permissions import Actor, fetch, visible_proposals
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail
from funding.services.reviewing.found_conflicts import in_words, kinds_of_pair
from funding.services.reviewing.settings import settings_of


def loads(session: Session, round_id: int) -> dict[int, int]:
    """By person, how many reviews of the round are theirs: to come or handed in."""
    rows = session.execute(
        sa.select(ReviewAssignment.person_id, sa.func.count())
        .join(Proposal, Proposal.id == ReviewAssignment.proposal_id)
        .where(Proposal.round_id == round_id, ReviewAssignment.state.in_(COUNTED_STATES))
        .group_by(ReviewAssignment.person_id)
    )
    return dict(rows.all())


def obstacle(
    session: Session, proposal: Proposal, reviewer: RoundReviewer, load: int
) -> str | None:
    """Why this reviewer cannot be given this proposal, in a sentence; None where nothing is."""
    name = reviewer.person.name
    kinds = kinds_of_pair(session, proposal.id, reviewer.person_id)
    if kinds:
        return f"{name} {in_words(kinds)}."
    if load >= reviewer.most:
        return f"{name} has {load} reviews already and takes {reviewer.most}."
    return None


def candidate(session: Session, by: Actor, proposal_id: int) -> Proposal:
    query = visible_proposals(by, "review.assign").with_for_update(key_share=True, of=Proposal)
    proposal: Proposal = fetch(session, query, proposal_id, "proposal")
    if proposal.state not in CANDIDATE_STATES:
        raise RuleBroken(
            _("This proposal is %(state)s; it is not reviewed any more.", state=proposal.state)
        )
    return proposal


def reviewer_of(session: Session, round_id: int, person_id: int | None) -> RoundReviewer:
    """A reviewer of the round, held while a load is counted; raises NotFound."""
    found = session.scalars(
        sa.select(RoundReviewer)
        .where(RoundReviewer.round_id == round_id, RoundReviewer.person_id == person_id)
        .with_for_update(key_share=True, of=RoundReviewer)
    ).one_or_none()
    if found is None:
        raise NotFound("reviewer")
    return found


def give(
    session: Session,
    by: Actor | None,
    proposal: Proposal,
    reviewer: RoundReviewer,
    reason: str,
    *,
    load: int,
    taken_from: ReviewAssignment | None = None,
) -> ReviewAssignment:
    """Make the assignment, or take up an earlier one of the same pair; the mail is the caller's.

    Raises RuleBroken with what stands in the way.
    """
    there = session.scalars(
        sa.select(ReviewAssignment).where(
            ReviewAssignment.proposal_id == proposal.id,
            ReviewAssignment.person_id == reviewer.person_id,
        )
    ).one_or_none()
    if there is not None and there.state in COUNTED_STATES:
        raise RuleBroken(_("%(name)s reviews this proposal already.", name=reviewer.person.name))
    stopped = obstacle(session, proposal, reviewer, load)
    if stopped:
        raise RuleBroken(stopped)
    due_at = settings_of(session, proposal.round_id).due_at
    if there is None:
        there = ReviewAssignment(
            proposal_id=proposal.id, person_id=reviewer.person_id, taken_from=taken_from
        )
        session.add(there)
    else:
        there.state = AssignmentState.ASSIGNED
    there.reason, there.says = reason, getattr(reason, "kept", None)
    there.due_at, there.reminded_at = due_at, None
    there.assigned_by_id, there.assigned_at = (by.person_id if by else None), now()
    session.flush()
    record(
        session,
        by,
        "review assigned",
        proposal,
        round_id=proposal.round_id,
        assignment=there.id,
        person=reviewer.person_id,
        instead_of=taken_from.id if taken_from else None,
    )
    return there


def tell(session: Session, round_: Round, counts: dict[int, int], public_url: str) -> None:
    """Mail each person how many proposals wait for their declaration."""
    settings = settings_of(session, round_.id)
    people = session.scalars(sa.select(Person).where(Person.id.in_(counts)).order_by(Person.id))
    for person in people:
        post_mail(
            session,
            person,
            partial(_to_review, round_, counts[person.id], settings.due_at, public_url),
        )


def _to_review(round_: Round, number: int, due_at: datetime | None, public_url: str) -> Written:
    counted = {"num": format_number(number), "round": round_.name}
    asked = (
        ngettext(
            "You are asked to review a proposal in %(round)s by %(day)s.",
            "You are asked to review %(num)s proposals in %(round)s by %(day)s.",
            number,
            **counted,
            day=format_date(due_at),
        )
        if due_at
        else ngettext(
            "You are asked to review a proposal in %(round)s.",
            "You are asked to review %(num)s proposals in %(round)s.",
            number,
            **counted,
        )
    )
    return (
        ngettext(
            "A proposal to review in %(round)s",
            "%(num)s proposals to review in %(round)s",
            number,
            **counted,
        ),
        paragraphs(
            asked,
            _("First say for each whether you have a conflict of interest; it then opens:")
            + f"\n{public_url}/reviews",
        ),
    )
