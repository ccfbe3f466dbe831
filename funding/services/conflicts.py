"""Conflicts of interest: who declares one is out of the room for that proposal.

A second person of the same organisation can let them back in, with a reason that is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import (
    WAITING_STATES,
    AssignmentState,
    Binding,
    ConflictOfInterest,
    LiftedConflict,
    Person,
    Proposal,
    ReviewAssignment,
)
from funding.permissions import PERMISSIONS, Actor, fetch, visible_proposals
from funding.services.log import record

LONGEST_REASON = 1_000


def colleagues(session: Session, by: Actor, proposal: Proposal) -> list[Person]:
    """Those of the officer's own organisations who could be in conflict, and who reviews the
    proposal, of whatever organisation; without the officer."""
    return list(
        session.scalars(
            sa.select(Person)
            .where(
                Person.is_active,
                Person.id != by.person_id,
                sa.or_(
                    sa.exists().where(
                        Binding.person_id == Person.id,
                        Binding.organisation_id.in_(list(by.where("score.enter"))),
                        Binding.role.in_(PERMISSIONS["conflict.declare"]),
                    ),
                    sa.exists().where(
                        ReviewAssignment.person_id == Person.id,
                        ReviewAssignment.proposal_id == proposal.id,
                    ),
                ),
            )
            .order_by(Person.name)
        )
    )


def declare(session: Session, *, by: Actor, proposal_id: int, reason: str) -> Proposal:
    """Declare a conflict of one's own: the proposal is not there for this person any more.

    Raises NotFound and InvalidInput.
    """
    proposal = fetch(session, visible_proposals(by, "conflict.declare"), proposal_id, "proposal")
    _add(session, by, proposal, by.person_id, reason)
    return proposal


def declare_for(
    session: Session, *, by: Actor, proposal_id: int, person_id: int | None, reason: str
) -> Person:
    """Record a colleague's conflict, known to the officer. Raises NotFound and InvalidInput."""
    proposal = fetch(session, visible_proposals(by, "score.enter"), proposal_id, "proposal")
    faults = () if person_id else (Fault("person", "Choose the colleague."),)
    person = next((p for p in colleagues(session, by, proposal) if p.id == person_id), None)
    if person_id and person is None:
        raise NotFound("colleague")
    _add(session, by, proposal, person.id if person else None, reason, faults)
    return person


@dataclass(frozen=True)
class OnRecord:
    """A conflict of a colleague's, and whether this officer may lift it."""

    id: int
    person: str
    reason: str
    declared_by: str
    declared_at: datetime
    may_lift: bool


def of_colleagues(session: Session, by: Actor, proposal: Proposal) -> list[OnRecord]:
    """The conflicts on record for a proposal among the officer's colleagues."""
    names = {person.id: person.name for person in colleagues(session, by, proposal)}
    declarer = aliased(Person)
    rows = session.execute(
        sa.select(ConflictOfInterest, declarer.name)
        .join(declarer, declarer.id == ConflictOfInterest.declared_by_id)
        .where(
            ConflictOfInterest.proposal_id == proposal.id,
            ConflictOfInterest.person_id.in_(names),
        )
        .order_by(ConflictOfInterest.id)
    )
    return [
        OnRecord(
            conflict.id,
            names[conflict.person_id],
            conflict.reason,
            declared_by,
            conflict.declared_at,
            may_lift=conflict.declared_by_id != by.person_id,
        )
        for conflict, declared_by in rows
    ]


def lift(session: Session, *, by: Actor, proposal_id: int, conflict_id: int, reason: str) -> Person:
    """Let a colleague back in, and keep what the conflict was and why it holds no more.

    Raises NotFound, InvalidInput without a reason, and RuleBroken for who declared it.
    """
    proposal = fetch(session, visible_proposals(by, "score.enter"), proposal_id, "proposal")
    held = sa.select(ConflictOfInterest).where(
        ConflictOfInterest.proposal_id == proposal.id,
        ConflictOfInterest.person_id.in_(
            [person.id for person in colleagues(session, by, proposal)]
        ),
    )
    conflict = fetch(session, held, conflict_id, "conflict")
    if conflict.declared_by_id == by.person_id:
        raise RuleBroken("You recorded this conflict; a colleague has to lift it.")
    reason = _checked(reason, "Say in a few words why it holds no more.")
    session.add(
        LiftedConflict(
            proposal_id=proposal.id,
            person_id=conflict.person_id,
            reason=conflict.reason,
            declared_by_id=conflict.declared_by_id,
            declared_at=conflict.declared_at,
            lifted_because=reason,
            lifted_by_id=by.person_id,
        )
    )
    session.delete(conflict)
    session.flush()
    # a reviewer declares anew before the proposal opens
    _move_reviews(
        session,
        proposal.id,
        conflict.person_id,
        (AssignmentState.IN_CONFLICT,),
        AssignmentState.ASSIGNED,
    )
    record(
        session,
        by,
        "conflict lifted",
        proposal,
        round_id=proposal.round_id,
        person=conflict.person_id,
    )
    return session.get_one(Person, conflict.person_id)


def _checked(reason: str, if_none: str, *faults: Fault) -> str:
    """The reason, trimmed; raises InvalidInput with all faults."""
    reason = reason.strip()
    if not reason:
        faults = (*faults, Fault("reason", if_none))
    elif len(reason) > LONGEST_REASON:
        faults = (
            *faults,
            Fault(
                "reason",
                _(
                    "At most %(longest_reason)s characters.",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            ),
        )
    if faults:
        raise InvalidInput(*faults)
    return reason


def _add(
    session: Session,
    by: Actor,
    proposal: Proposal,
    person_id: int | None,
    reason: str,
    faults: tuple[Fault, ...] = (),
) -> None:
    reason = _checked(reason, "Say in a few words what the conflict is.", *faults)
    known = sa.select(ConflictOfInterest.id).where(
        ConflictOfInterest.proposal_id == proposal.id, ConflictOfInterest.person_id == person_id
    )
    if session.scalars(known).first():
        raise RuleBroken("This conflict is on record already.")
    session.add(
        ConflictOfInterest(
            proposal_id=proposal.id,
            person_id=person_id,
            reason=reason,
            declared_by_id=by.person_id,
        )
    )
    session.flush()
    _move_reviews(session, proposal.id, person_id, WAITING_STATES, AssignmentState.IN_CONFLICT)
    record(
        session,
        by,
        "conflict declared",
        proposal,
        round_id=proposal.round_id,
        person=person_id,
    )


def _move_reviews(
    session: Session, proposal_id: int, person_id: int | None, states: tuple[str, ...], to: str
) -> None:
    for assignment in session.scalars(
        sa.select(ReviewAssignment).where(
            ReviewAssignment.proposal_id == proposal_id,
            ReviewAssignment.person_id == person_id,
            ReviewAssignment.state.in_(states),
        )
    ):
        assignment.state = to
