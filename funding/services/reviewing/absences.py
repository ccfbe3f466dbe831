"""Reviewers who are away: on record, with who stands in, and what was passed on to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput, NotFound
from funding.forms import without_repeats
from funding.models import (
    CANDIDATE_STATES,
    WAITING_STATES,
    AssignmentState,
    Person,
    Proposal,
    ReviewAssignment,
    ReviewerAbsence,
    Round,
    RoundReviewer,
)
from funding.permissions import Actor
from funding.sayings import as_written, day, sentence
from funding.services.log import record
from funding.services.reviewing.giving import give, loads, obstacle, tell
from funding.services.reviewing.people import find_reviewer


def away_today(session: Session, round_id: int, today: date) -> dict[int, ReviewerAbsence]:
    """By person, the absence that holds today."""
    rows = session.scalars(
        sa.select(ReviewerAbsence)
        .where(
            ReviewerAbsence.round_id == round_id,
            ReviewerAbsence.from_on <= today,
            ReviewerAbsence.until_on >= today,
            ReviewerAbsence.ended_at.is_(None),
        )
        .order_by(ReviewerAbsence.id)
    )
    return {row.person_id: row for row in rows}


@dataclass(frozen=True)
class Passed:
    """What came of an absence: how many reviews were passed on, and which could not be, and why."""

    moved: int
    kept: list[str]


def record_absence(
    session: Session,
    *,
    by: Actor,
    reviewer_id: int,
    from_on: date | None,
    until_on: date | None,
    delegate_id: int | None,
    public_url: str,
    faults: tuple[Fault, ...] = (),
) -> ReviewerAbsence:
    """Record that a reviewer is away and who stands in: by themselves, or by an officer.

    What waits for them is passed on as soon as the absence begins (`pass_on_of_absent`), and so is
    what comes while it lasts. Raises NotFound, InvalidInput.
    """
    reviewer = find_reviewer(session, by, reviewer_id)
    ruled = []
    if from_on is None:
        ruled.append(Fault("from_on", "Say from when."))
    if until_on is None:
        ruled.append(Fault("until_on", "Say until when."))
    elif from_on is not None and until_on < from_on:
        ruled.append(Fault("until_on", "The last day is before the first."))
    elif until_on < now().date():
        ruled.append(Fault("until_on", "This has passed already."))
    delegate = session.scalars(
        sa.select(RoundReviewer).where(
            RoundReviewer.round_id == reviewer.round_id, RoundReviewer.person_id == delegate_id
        )
    ).one_or_none()
    if delegate is None or delegate_id == reviewer.person_id:
        ruled.append(Fault("delegate", "Choose another reviewer of the round."))
    wrong = without_repeats(faults, ruled)
    if wrong:
        raise InvalidInput(*wrong)
    absence = ReviewerAbsence(
        round_id=reviewer.round_id,
        person_id=reviewer.person_id,
        from_on=from_on,
        until_on=until_on,
        delegate_id=delegate_id,
        recorded_by_id=by.person_id,
    )
    session.add(absence)
    session.flush()
    record(
        session,
        by,
        "absence recorded",
        reviewer,
        round_id=reviewer.round_id,
        person=reviewer.person_id,
        delegate=delegate_id,
        start=str(from_on),
        end=str(until_on),
    )
    if from_on is not None and from_on <= now().date():
        pass_on(session, by, absence, public_url)
    return absence


def end_absence(session: Session, *, by: Actor, absence_id: int) -> ReviewerAbsence:
    """The reviewer is back: nothing more is passed on. What was passed on stays where it is."""
    absence = session.get(ReviewerAbsence, absence_id)
    if absence is None or absence.ended_at is not None:
        raise NotFound("absence")
    reviewer_id = session.scalar(
        sa.select(RoundReviewer.id).where(
            RoundReviewer.round_id == absence.round_id,
            RoundReviewer.person_id == absence.person_id,
        )
    )
    reviewer = find_reviewer(session, by, reviewer_id or 0)
    absence.ended_at = now()
    record(
        session,
        by,
        "absence ended",
        reviewer,
        round_id=absence.round_id,
        person=absence.person_id,
    )
    return absence


def pass_on(
    session: Session, by: Actor | None, absence: ReviewerAbsence, public_url: str
) -> Passed:
    """Pass everything that waits for who is away to who stands in, as far as that person can."""
    waiting = session.scalars(
        sa.select(ReviewAssignment)
        .join(Proposal, Proposal.id == ReviewAssignment.proposal_id)
        .where(
            Proposal.round_id == absence.round_id,
            Proposal.state.in_(CANDIDATE_STATES),
            ReviewAssignment.person_id == absence.person_id,
            ReviewAssignment.state.in_(WAITING_STATES),
        )
        .order_by(ReviewAssignment.id)
    ).all()
    moved, kept = 0, []
    for assignment in waiting:
        if pass_on_one(session, by, assignment, absence) is None:
            kept.append(assignment.proposal.key)
        else:
            moved += 1
    if moved:
        round_ = session.get_one(Round, absence.round_id)
        tell(session, round_, {absence.delegate_id: moved}, public_url)
    return Passed(moved, kept)


def pass_on_one(
    session: Session, by: Actor | None, assignment: ReviewAssignment, absence: ReviewerAbsence
) -> ReviewAssignment | None:
    """The assignment of who stands in; None where it stays, since that person cannot take it."""
    proposal = assignment.proposal
    delegate = session.scalars(
        sa.select(RoundReviewer).where(
            RoundReviewer.round_id == absence.round_id,
            RoundReviewer.person_id == absence.delegate_id,
        )
    ).one_or_none()
    if delegate is None:
        return None
    load = loads(session, absence.round_id).get(delegate.person_id, 0)
    taken = session.scalar(
        sa.select(ReviewAssignment.id).where(
            ReviewAssignment.proposal_id == proposal.id,
            ReviewAssignment.person_id == delegate.person_id,
        )
    )
    if taken is not None or obstacle(session, proposal, delegate, load):
        return None
    assignment.state = AssignmentState.DELEGATED
    session.flush()
    name = session.get_one(Person, absence.person_id).name
    reason = sentence(
        "Stands in for %(name)s, away until %(day)s.",
        name=as_written(name),
        day=day(absence.until_on),
    )
    return give(session, by, proposal, delegate, reason, load=load, taken_from=assignment)


def begun_absences(session: Session, today: date) -> Sequence[ReviewerAbsence]:
    """Those that hold today, in the order in which they were recorded."""
    return session.scalars(
        sa.select(ReviewerAbsence)
        .where(
            ReviewerAbsence.from_on <= today,
            ReviewerAbsence.until_on >= today,
            ReviewerAbsence.ended_at.is_(None),
        )
        .order_by(ReviewerAbsence.id)
    ).all()
