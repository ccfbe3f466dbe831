"""Conflicts of interest: who declares one is out of the room for that proposal."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.models import Binding, ConflictOfInterest, Person, Proposal
from funding.permissions import PERMISSIONS, Actor, fetch, visible_proposals
from funding.services.log import record

LONGEST_REASON = 1_000


def colleagues(session: Session, by: Actor) -> list[Person]:
    """Those of the officer's own organisations who could be in conflict, without the officer."""
    return list(
        session.scalars(
            sa.select(Person)
            .where(
                Person.is_active,
                Person.id != by.person_id,
                sa.exists().where(
                    Binding.person_id == Person.id,
                    Binding.organisation_id.in_(list(by.where("score.enter"))),
                    Binding.role.in_(PERMISSIONS["conflict.declare"]),
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
    person = next((p for p in colleagues(session, by) if p.id == person_id), None)
    if person_id and person is None:
        raise NotFound("colleague")
    _add(session, by, proposal, person.id if person else None, reason, faults)
    return person


def _add(
    session: Session,
    by: Actor,
    proposal: Proposal,
    person_id: int | None,
    reason: str,
    faults: tuple[Fault, ...] = (),
) -> None:
    reason = reason.strip()
    if not reason:
        faults = (*faults, Fault("reason", "Say in a few words what the conflict is."))
    elif len(reason) > LONGEST_REASON:
        faults = (*faults, Fault("reason", f"At most {LONGEST_REASON:,} characters."))
    if faults:
        raise InvalidInput(*faults)
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
    record(
        session,
        by,
        "conflict declared",
        proposal,
        round_id=proposal.round_id,
        person=person_id,
    )
