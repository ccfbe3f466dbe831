"""Who takes part in a round: invited, joined with a guarantee, left; weights for areas."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import Mail, Organisation, Role, Round, RoundFunder
from funding.services import joining
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_round,
)


def make_world(session: Session) -> dict[str, Any]:
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    round_ = make_round(session, committee)
    open_round = make_round(session, committee, may_join="any funder")
    other = make_organisation(session)
    return {
        "owner": make_actor(session, committee, Role.COMMITTEE),
        "admin": make_actor(session, funder, Role.FUNDER_ADMIN),
        "officer": make_actor(session, funder, Role.PROGRAM_OFFICER),
        "other": make_actor(session, other, Role.FUNDER_ADMIN),
        "told": make_person(session, funder, Role.FUNDER_ADMIN).email,
        "round_id": round_.id,
        "open_round_id": open_round.id,
        "funder_id": funder.id,
        "other_id": other.id,
        "institution_id": make_organisation(session, "institution").id,
    }


def invite(database: Database, world: dict[str, Any], **values: Any) -> None:
    database.in_transaction(
        joining.invite_funder,
        **{
            "by": world["owner"],
            "round_id": world["round_id"],
            "funder_id": world["funder_id"],
            "public_url": "https://site.example",
            **values,
        },
    )


def join(database: Database, world: dict[str, Any], **values: Any) -> RoundFunder:
    return database.in_transaction(
        joining.join_round,
        **{
            "by": world["admin"],
            "round_id": world["round_id"],
            "funder_id": world["funder_id"],
            "guarantee": "leave",
            **values,
        },
    )


def test_an_invited_funder_is_told_and_joins_with_its_guarantee(database: Database) -> None:
    world = database.in_transaction(make_world)
    with pytest.raises(NotFound):
        join(database, world)
    invite(database, world)
    joined = join(database, world, guarantee="alone")
    again = join(database, world, guarantee="none")
    assert (again.joined_at, again.guarantee) == (joined.joined_at, "none")
    with database.reading() as session:
        mails = session.scalars(sa.select(Mail)).all()
        assert world["told"] in {mail.to for mail in mails}
        assert f"https://site.example/rounds/{world['round_id']}/join" in mails[0].body


def test_a_round_for_any_funder_needs_no_invitation(database: Database) -> None:
    world = database.in_transaction(make_world)
    assert join(database, world, round_id=world["open_round_id"]).joined_at


def test_only_the_funders_own_administrator_accepts_for_it(database: Database) -> None:
    world = database.in_transaction(make_world)
    invite(database, world)
    with pytest.raises(NotPermitted):
        join(database, world, by=world["officer"])
    with pytest.raises(NotFound):
        join(database, world, by=world["other"])
    with pytest.raises(InvalidInput):
        join(database, world, guarantee="everything")


def test_only_funders_are_invited_and_each_once(database: Database) -> None:
    world = database.in_transaction(make_world)
    invite(database, world)
    for funder_id in (world["funder_id"], world["institution_id"], None, 10**6):
        with pytest.raises(InvalidInput):
            invite(database, world, funder_id=funder_id)
    with pytest.raises(NotFound):
        invite(database, world, by=world["other"], funder_id=world["other_id"])


def test_an_invitation_is_withdrawn_only_until_it_is_taken_up(database: Database) -> None:
    world = database.in_transaction(make_world)
    invitation = {"round_id": world["round_id"], "funder_id": world["funder_id"]}
    invite(database, world)
    database.in_transaction(joining.withdraw_invitation, by=world["owner"], **invitation)
    with pytest.raises(NotFound):
        database.in_transaction(joining.withdraw_invitation, by=world["owner"], **invitation)
    invite(database, world)
    join(database, world)
    with pytest.raises(RuleBroken, match="joined already"):
        database.in_transaction(joining.withdraw_invitation, by=world["owner"], **invitation)


def test_a_funder_leaves_only_while_it_has_promised_nothing(database: Database) -> None:
    world = database.in_transaction(make_world)
    invite(database, world)
    part = {"by": world["admin"], "round_id": world["round_id"], "funder_id": world["funder_id"]}
    with pytest.raises(NotFound):
        database.in_transaction(joining.leave_round, **part)
    join(database, world)
    set_weights(database, world, {"evaluations": 2.0}, {})
    database.in_transaction(joining.leave_round, **part)
    with database.reading() as session:
        assert session.scalars(sa.select(RoundFunder)).all() == []

    def promise(session: Session) -> None:
        make_commitment(
            session,
            session.get_one(Round, world["round_id"]),
            session.get_one(Organisation, world["funder_id"]),
        )

    database.in_transaction(promise)
    with pytest.raises(RuleBroken, match="stays in the round"):
        database.in_transaction(joining.leave_round, **part)


def set_weights(
    database: Database,
    world: dict[str, Any],
    weights: dict[str, float],
    before: dict[str, float],
    **values: Any,
) -> None:
    database.in_transaction(
        joining.set_weights,
        **{
            "by": world["admin"],
            "round_id": world["round_id"],
            "funder_id": world["funder_id"],
            "weights": weights,
            "before": before,
            **values,
        },
    )


def test_weights_are_kept_where_they_differ_from_one(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    invite(each_database, world)
    join(each_database, world)
    set_weights(each_database, world, {"evaluations": 2.0, "interpretability": 1.0}, {})
    set_weights(
        each_database, world, {"evaluations": 1.0, "interpretability": 0.0}, {"evaluations": 2.0}
    )
    with each_database.reading() as session:
        part = session.scalars(sa.select(RoundFunder)).one()
        assert joining.weights_of(part) == {"interpretability": 0.0}


def test_weights_seen_before_anothers_edit_are_stale(database: Database) -> None:
    world = database.in_transaction(make_world)
    invite(database, world)
    join(database, world)
    set_weights(database, world, {"evaluations": 2.0}, {})
    with pytest.raises(Conflict):
        set_weights(database, world, {"evaluations": 3.0}, {})


@pytest.mark.parametrize(
    "weights", [{"evaluations": 101.0}, {"evaluations": -1.0}, {"evaluations-capability": 2.0}]
)
def test_weights_are_for_top_areas_from_0_to_100(
    database: Database, weights: dict[str, float]
) -> None:
    world = database.in_transaction(make_world)
    invite(database, world)
    join(database, world)
    with pytest.raises(InvalidInput):
        set_weights(database, world, weights, {})
    with pytest.raises(NotPermitted):
        set_weights(database, world, {}, {}, by=world["officer"])
