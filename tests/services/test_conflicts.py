"""Conflicts of interest are lifted by a second person, and what they were is kept."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import InvalidInput, NotFound, RuleBroken
from funding.models import Event, LiftedConflict, Role
from funding.permissions import Actor, fetch, visible_proposals
from funding.services import conflicts
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_proposal,
    make_round,
)


class Office:
    """Three officers of one funder and a stranger's, with a proposal of their round."""

    def __init__(self, session: Session) -> None:
        round_ = make_round(session)
        funder, foreign = make_organisation(session), make_organisation(session)
        for each in (funder, foreign):
            make_commitment(session, round_, each)
        people = [make_person(session, funder, Role.PROGRAM_OFFICER) for _ in range(3)]
        self.first, self.second, self.third = map(Actor.of, people)
        self.stranger = make_actor(session, foreign)
        self.proposal_id = make_proposal(session, round_, score=70).id

    def sees(self, database: Database, by: Actor) -> bool:
        with database.reading() as session:
            query = visible_proposals(by).where(sa.true())
            return self.proposal_id in {p.id for p in session.scalars(query)}

    def conflict_ids(self, database: Database, by: Actor) -> list[int]:
        with database.reading() as session:
            proposal = fetch(session, visible_proposals(by), self.proposal_id, "proposal")
            return [c.id for c in conflicts.of_colleagues(session, by, proposal)]


def test_a_colleague_lets_somebody_back_in_and_what_it_was_is_kept(
    each_database: Database,
) -> None:
    office = each_database.in_transaction(Office)
    where = {"proposal_id": office.proposal_id}
    each_database.in_transaction(conflicts.declare, by=office.first, reason="Adviser", **where)
    assert not office.sees(each_database, office.first)
    (conflict,) = office.conflict_ids(each_database, office.second)
    lift = {**where, "conflict_id": conflict, "reason": " Named by mistake "}
    with pytest.raises(NotFound):  # it is not there for who is in conflict
        each_database.in_transaction(conflicts.lift, by=office.first, **lift)
    with pytest.raises(NotFound):  # nor for officers of other funders
        each_database.in_transaction(conflicts.lift, by=office.stranger, **lift)
    with pytest.raises(InvalidInput):
        each_database.in_transaction(conflicts.lift, by=office.second, **{**lift, "reason": " "})
    each_database.in_transaction(conflicts.lift, by=office.second, **lift)
    assert office.sees(each_database, office.first)
    with each_database.reading() as session:
        kept = session.scalars(sa.select(LiftedConflict)).one()
        assert (kept.reason, kept.lifted_because) == ("Adviser", "Named by mistake")
        assert kept.lifted_by_id == office.second.person_id
        told = session.scalars(sa.select(Event).where(Event.action == "conflict lifted")).one()
        assert told.detail == {"person": office.first.person_id}
    # and it can be declared anew
    each_database.in_transaction(conflicts.declare, by=office.first, reason="After all", **where)
    assert not office.sees(each_database, office.first)


def test_who_recorded_a_conflict_does_not_lift_it(each_database: Database) -> None:
    office = each_database.in_transaction(Office)
    where = {"proposal_id": office.proposal_id}
    each_database.in_transaction(
        conflicts.declare_for,
        by=office.second,
        person_id=office.first.person_id,
        reason="Neighbours",
        **where,
    )
    (conflict,) = office.conflict_ids(each_database, office.second)
    lift = {**where, "conflict_id": conflict, "reason": "They moved."}
    with pytest.raises(RuleBroken, match="a colleague has to lift it"):
        each_database.in_transaction(conflicts.lift, by=office.second, **lift)
    each_database.in_transaction(conflicts.lift, by=office.third, **lift)
    assert office.sees(each_database, office.first)


@pytest.mark.parametrize("role", ["person_id", "declared_by_id"])
def test_the_database_refuses_who_may_not_lift(each_database: Database, role: str) -> None:
    office = each_database.in_transaction(Office)
    people = {
        "person_id": office.first.person_id,
        "declared_by_id": office.second.person_id,
        "lifted_by_id": office.third.person_id,
    }

    def forge(session: Session) -> None:
        values = people | {"lifted_by_id": people[role]}
        session.add(
            LiftedConflict(
                proposal_id=office.proposal_id,
                reason="",
                lifted_because="",
                declared_at=sa.func.now(),
                **values,
            )
        )

    with pytest.raises(RuleBroken, match="four_eyes"):
        each_database.in_transaction(forge)
