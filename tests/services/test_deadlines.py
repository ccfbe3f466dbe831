"""Deadlines, extended on record for all or for one proposal; the database counts the same way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import InvalidInput, NotFound, RuleBroken
from funding.forms import Typed
from funding.models import Mail, Proposal, Role, Round, RoundExtension
from funding.services import deadlines
from tests.builders import make_actor, make_organisation, make_proposal, make_round

CLOSED = timedelta(minutes=-5)


def make_world(session: Session, closes: timedelta = CLOSED) -> dict[str, Any]:
    """An open round past its deadline, with two drafts."""
    committee = make_organisation(session, "committee")
    round_ = make_round(session, committee, state="open", closes_at=now() + closes)
    first = make_proposal(session, round_, key="P001", state="draft", submitted_at=None)
    second = make_proposal(session, round_, key="P002", state="draft", submitted_at=None)
    return {
        "by": make_actor(session, committee, Role.COMMITTEE),
        "stranger": make_actor(session, make_organisation(session, "committee"), Role.COMMITTEE),
        "round_id": round_.id,
        "drafts": [first.id, second.id],
        "leads": [first.lead.email, second.lead.email],
    }


def extend(database: Database, world: dict[str, Any], **values: Any) -> RoundExtension:
    return database.in_transaction(
        deadlines.extend_deadline,
        **{
            "by": world["by"],
            "round_id": world["round_id"],
            "to_at": now() + timedelta(hours=1),
            "reason": "The site was slow on the last day.",
            **values,
        },
    )


def submit(database: Database, proposal_id: int) -> None:
    def act(session: Session) -> None:
        session.get_one(Proposal, proposal_id).state = "submitted"

    database.in_transaction(act)


def test_the_database_refuses_what_is_submitted_late(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    with pytest.raises(RuleBroken, match="deadline has passed"):
        submit(each_database, world["drafts"][0])


def test_an_extension_for_all_lets_everybody_submit(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    extend(each_database, world)
    for proposal_id in world["drafts"]:
        submit(each_database, proposal_id)


def test_an_extension_for_one_proposal_is_for_that_one_only(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    made = extend(each_database, world, proposal_key="p001")
    submit(each_database, world["drafts"][0])
    with pytest.raises(RuleBroken):
        submit(each_database, world["drafts"][1])
    with each_database.reading() as session:
        round_ = session.get_one(Round, world["round_id"])
        assert deadlines.deadline(session, round_) == round_.closes_at
        assert deadlines.deadline(session, round_, world["drafts"][0]) == made.to_at
        assert deadlines.last_deadline(session, round_) == made.to_at


def test_those_with_drafts_are_told_and_the_first_deadline_stays_on_record(
    database: Database,
) -> None:
    world = database.in_transaction(make_world)
    first = extend(database, world)
    second = extend(database, world, to_at=now() + timedelta(hours=2), proposal_key="P002")
    with database.reading() as session:
        round_ = session.get_one(Round, world["round_id"])
        assert (first.from_at, second.from_at) == (round_.closes_at, first.to_at)
        told = session.scalars(sa.select(Mail.to).order_by(Mail.id)).all()
        assert sorted(told[:2]) == sorted(world["leads"])
        assert told[2:] == [world["leads"][1]]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"to_at": None}, "to_at"),
        ({"to_at": now() - timedelta(days=9)}, "to_at"),
        ({"to_at": now() - timedelta(minutes=1)}, "to_at"),
        ({"reason": ""}, "reason"),
        ({"proposal_key": "P999"}, "proposal_key"),
    ],
)
def test_an_extension_is_later_ahead_and_has_a_reason(
    database: Database, values: dict[str, Any], field: str
) -> None:
    world = database.in_transaction(make_world)
    with pytest.raises(InvalidInput) as refusal:
        extend(database, world, **values)
    assert [fault.field for fault in refusal.value.faults] == [field]


def test_only_owners_extend(database: Database) -> None:
    world = database.in_transaction(make_world)
    with pytest.raises(NotFound):
        extend(database, world, by=world["stranger"])


def test_only_a_round_that_takes_proposals_is_extended(database: Database) -> None:
    world = database.in_transaction(make_world)

    def review(session: Session) -> None:
        session.get_one(Round, world["round_id"]).state = "in review"

    database.in_transaction(review)
    with pytest.raises(InvalidInput):
        extend(database, world)


def test_a_deadline_in_the_night_the_clocks_change_is_the_later_of_the_two_hours(
    each_database: Database,
) -> None:
    """02:30 on 25 October 2026 comes twice in Zurich; nobody is cut off by the first."""
    world = each_database.in_transaction(make_world)
    meant = Typed({"at": "2026-10-25T02:30"}).moment("at", "Europe/Zurich")
    assert meant == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    def close(session: Session) -> None:
        round_ = session.get_one(Round, world["round_id"])
        round_.timezone, round_.opens_at, round_.closes_at = (
            "Europe/Zurich",
            meant - timedelta(days=60),
            meant,
        )

    each_database.in_transaction(close)
    with each_database.reading() as session:
        assert session.get_one(Round, world["round_id"]).closes_at == meant


def test_extensions_for_one_proposal_are_seen_by_owners_and_not_by_the_public(
    database: Database,
) -> None:
    world = database.in_transaction(make_world)
    extend(database, world)
    extend(database, world, to_at=now() + timedelta(hours=2), proposal_key="P002")
    with database.reading() as session:
        round_ = session.get_one(Round, world["round_id"])
        assert len(deadlines.extensions_for(session, round_, None)) == 1
        assert len(deadlines.extensions_for(session, round_, world["stranger"])) == 1
        assert len(deadlines.extensions_for(session, round_, world["by"])) == 2
