"""What a commitment owes to earlier awards: kept by the database, told to the optimizer, said."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import InvalidInput, RuleBroken
from funding.models import Commitment, EarlierPromise, Release, Round
from funding.permissions import Actor
from funding.services import commitments as service
from funding.services.decisions import approve_lines
from funding.services.promises import promise_of
from funding.services.restrictions import Terms, in_words
from funding.services.round_document import build_problem
from optimizer.read import read_round
from optimizer.solve import solve
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)
from tests.runs import make_scenario
from tests.services.test_commitment_import import HEADINGS, Scene, scene
from tests.services.test_commitments import change, make_world, promise, register

__all__ = ["scene"]


def scenario_document(session: Session, round_: Round) -> dict:
    by = make_actor(session, make_organisation(session))
    return build_problem(session, make_scenario(session, round_, by)).document


def test_what_is_owed_is_kept_and_edited(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    made = register(each_database, world, promise(amount=100_00, earlier={2027: 30_00}))
    with each_database.reading() as session:
        kept = session.get_one(Commitment, made)
        assert promise_of(kept).terms.earlier == {2027: 30_00}
        version = kept.version
    for wanted in ({2027: 20_00, 2028: 40_00}, {}):
        edited = each_database.in_transaction(
            service.edit_commitment,
            by=world["finance"],
            commitment_id=made,
            version=version,
            promise=promise(amount=100_00, earlier=wanted),
        )
        version = edited.version
        with each_database.reading() as session:
            assert promise_of(session.get_one(Commitment, made)).terms.earlier == wanted


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"earlier": {2027: 101_00}}, "no more than USD 100 "),
        ({"earlier": {2027: 0}}, "above 0"),
        (
            {"earlier": {2027: 50_00}, "releases": {2027: 40_00, 2028: 60_00}},
            "By the end of 2027 no more than USD 40 ",
        ),
    ],
)
def test_more_than_is_there_by_a_year_cannot_be_owed(
    each_database: Database, values: dict, words: str
) -> None:
    world = each_database.in_transaction(make_world)
    with pytest.raises(InvalidInput) as refused:
        register(each_database, world, promise(amount=100_00, **values))
    (fault,) = refused.value.faults
    assert fault.field == "earlier"
    assert words in fault.rule.replace("\N{NO-BREAK SPACE}", " ")


def test_what_is_owed_is_not_taken_back_from_the_round(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    made = register(each_database, world, promise(amount=100_00, earlier={2027: 70_00}))
    change(each_database, world, made, -30_00)
    with pytest.raises(RuleBroken, match="kept for earlier awards"):
        change(each_database, world, made, -1, idempotency_key="again")


def test_a_years_release_stays_enough_for_what_is_owed(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    wanted = promise(amount=100_00, earlier={2027: 40_00}, releases={2027: 50_00, 2028: 50_00})
    made = register(each_database, world, wanted)
    with pytest.raises(InvalidInput, match="Earlier awards need") as refused:
        change(each_database, world, made, -20_00, year=2027)
    assert [fault.field for fault in refused.value.faults] == ["year"]
    change(each_database, world, made, -20_00, year=2028, idempotency_key="later")


def owing(session: Session) -> tuple[int, Actor, Actor]:
    """A commitment of 100.00 of which 40.00 is owed; a line of 70.00 would need more."""
    round_ = make_round(session)
    commitment = make_commitment(session, round_, amount=100_00)
    commitment.earlier = [EarlierPromise(year=2028, amount=40_00)]
    session.flush()
    proposal = make_proposal(session, round_, ask=70_00, minimum=1)
    proposer, officer = (make_actor(session, commitment.funder) for _ in range(2))
    make_plan(session, round_, [(commitment, proposal, 70_00)], proposer)
    return commitment.id, proposer, officer


def test_no_line_takes_what_is_owed(each_database: Database) -> None:
    with pytest.raises(RuleBroken, match="kept for earlier awards"):
        each_database.in_transaction(owing)


def spent(session: Session) -> int:
    round_ = make_round(session)
    commitment = make_commitment(session, round_, amount=100_00)
    proposal = make_proposal(session, round_, ask=70_00, minimum=1)
    proposer, officer = (make_actor(session, commitment.funder) for _ in range(2))
    plan = make_plan(session, round_, [(commitment, proposal, 70_00)], proposer)
    approve_lines(session, by=officer, lines={plan.lines[0].id: None}, key="spent")
    return commitment.id


def test_the_database_refuses_to_owe_what_lines_hold_even_in_sql(each_database: Database) -> None:
    made = each_database.in_transaction(spent)
    insert = "insert into earlier_promise (commitment_id, year, amount) values (:id, :year, :much)"

    def write(session: Session, statement: str, **values: int) -> None:
        session.execute(sa.text(statement), {"id": made, **values})

    each_database.in_transaction(write, statement=insert, year=2027, much=20_00)
    for statement, values in (
        (insert, {"year": 2028, "much": 10_01}),
        ("update earlier_promise set amount = :much where commitment_id = :id", {"much": 30_01}),
    ):
        with pytest.raises(RuleBroken, match="than is available"):
            each_database.in_transaction(write, statement=statement, **values)
    each_database.in_transaction(write, statement=insert, year=2028, much=10_00)


def test_the_optimizer_honours_it_first(session: Session) -> None:
    round_ = make_round(session)
    commitment = make_commitment(session, round_, amount=100_00)
    commitment.earlier = [EarlierPromise(year=2028, amount=40_00)]
    make_proposal(session, round_, ask=90_00, minimum=1)
    session.flush()
    asked = scenario_document(session, round_)
    assert asked["format"] == "tributary-round/2"
    assert asked["commitments"][0]["promised"] == [{"year": 2028, "amount": 40_00}]
    assert sum(solve(read_round(asked)).totals.values()) == 60_00


def test_what_decided_lines_hold_of_a_year_puts_it_off_to_the_next(session: Session) -> None:
    round_ = make_round(session)
    commitment = make_commitment(session, round_, amount=100_00)
    commitment.releases = [Release(year=2027, amount=50_00), Release(year=2028, amount=50_00)]
    commitment.earlier = [EarlierPromise(year=2027, amount=30_00)]
    proposal = make_proposal(session, round_, ask=60_00, minimum=1)
    proposal.starts_on, proposal.ends_on = date(2027, 1, 1), date(2027, 12, 31)
    session.flush()
    proposer, officer = (make_actor(session, commitment.funder) for _ in range(2))
    plan = make_plan(session, round_, [(commitment, proposal, 40_00)], proposer)
    approve_lines(session, by=officer, lines={plan.lines[0].id: None}, key="k")
    make_proposal(session, round_, ask=90_00, minimum=1)
    asked = scenario_document(session, round_)
    assert asked["commitments"][0]["promised"] == [
        {"year": 2027, "amount": 10_00},
        {"year": 2028, "amount": 20_00},
    ]
    assert sum(solve(read_round(asked)).totals.values()) == 70_00  # 40 stand, 30 are free


@pytest.mark.parametrize(
    ("earlier", "said"),
    [
        ({2027: 50_00}, "Keeps USD 50 of 2027 for earlier awards, which are paid first."),
        (
            {2027: 50_00, 2028: 20_00},
            "Keeps USD 70 for earlier awards, which are paid first: "
            "USD 50 in 2027 and USD 20 in 2028.",
        ),
    ],
)
def test_it_is_said_in_words(earlier: dict[int, int], said: str) -> None:
    words = in_words(Terms(amount=100_00, currency="USD", earlier=earlier), {})
    assert words.replace("\N{NO-BREAK SPACE}", " ").endswith(said)


def test_it_comes_in_from_a_file(scene: Scene) -> None:
    heading = HEADINGS.replace("releases", "releases,owed to earlier awards")
    row = "a1,alder,Open,1000,USD,,,,,,,,,2027:100|2028:50.50\n"
    scene.desk.bring_in("commitments", (heading + row).encode())
    with scene.desk.database.reading() as session:
        (kept,) = session.scalars(sa.select(Commitment))
        assert promise_of(kept).terms.earlier == {2027: 100_00, 2028: 50_50}


def test_too_much_owed_in_a_file_is_a_fault_of_its_row(scene: Scene) -> None:
    heading = HEADINGS.replace("releases", "releases,promised")
    row = "a1,alder,Open,1000,USD,,,,,,,,,2027:1001\n"
    batch = scene.desk.look("commitments", (heading + row).encode())
    assert [fault["field"] for fault in batch.faults] == ["promised"]
