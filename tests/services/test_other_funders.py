"""Matching, conditions and years, from what a funder types to the optimizer's document."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy.orm import Session

from funding.db import Database
from funding.models import Release
from funding.services import commitments as service
from funding.services.decisions import approve_lines
from funding.services.other_funders import Match, Others
from funding.services.promises import promise_of
from funding.services.restrictions import Terms, in_words
from funding.services.round_document import build_problem
from funding.services.round_years import budget, in_own_currency, months_by_year, share_by
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
from tests.services.test_commitments import make_world, promise, register


def words(**clauses: Any) -> str:
    said = in_words(Terms(amount=1_000_000_00, currency="USD", **clauses), {})
    return said.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("clauses", "said"),
    [
        (
            {"match": Match(1, 50_000_00)},
            "Matches what other funders pay a proposal, 1 for 1, up to USD 50,000 a proposal.",
        ),
        ({"match": Match(0.5)}, "Matches what other funders pay a proposal, 0.5 for 1."),
        (
            {"only_if": Others(2, 10_000_00, 200_000_00)},
            "Pays a proposal only if at least 2 other funders pay it, each USD 10,000 or more "
            "and it gets at least USD 200,000 in all.",
        ),
        (
            {"only_if": Others(1)},
            "Pays a proposal only if at least 1 other funder pays it.",
        ),
        (
            {"joins_if": Others(3, 0, 5_000_000_00)},
            "Pays nothing unless at least 3 other funders give to the round and the round gives "
            "at least USD 5,000,000 in all.",
        ),
    ],
)
def test_a_term_on_other_funders_is_said_back(clauses: dict[str, Any], said: str) -> None:
    assert words(**clauses).removeprefix("May pay for any proposal. ") == said


def test_terms_on_other_funders_are_kept_and_read_back(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    wanted = promise(
        match=Match(0.5, 40_000_00),
        only_if=Others(2, 1_000_00),
        joins_if=Others(total=9_000_000_00),
    )
    made = register(each_database, world, wanted)
    with each_database.reading() as session:
        assert promise_of(session.get_one(service.Commitment, made)).terms == wanted.terms


def test_a_least_amount_without_a_number_of_funders_is_refused(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    with pytest.raises(service.InvalidInput) as refused:
        register(each_database, world, promise(only_if=Others(least=5_00)))
    assert [fault.field for fault in refused.value.faults] == ["only_if_funders"]


# Years


def test_the_months_of_a_period_are_counted_by_year() -> None:
    assert months_by_year(date(2027, 11, 30), date(2029, 1, 1)) == {2027: 2, 2028: 12, 2029: 1}


def test_an_ask_is_needed_evenly_over_the_months_to_the_last_cent(session: Session) -> None:
    proposal = make_proposal(session, make_round(session), ask=100_01, minimum=1)
    proposal.starts_on, proposal.ends_on = date(2027, 10, 1), date(2028, 6, 30)
    by_year = budget(proposal, 100_01)
    assert by_year == [{"year": 2027, "amount": 33_33}, {"year": 2028, "amount": 66_68}]
    assert share_by(proposal, 2027) == Fraction(1, 3)


def test_years_of_a_line_add_up_in_its_own_currency() -> None:
    assert in_own_currency({"2027": 33, "2028": 66}, 99, 1_000) == {"2027": 333, "2028": 667}


def test_releases_and_periods_become_years_of_the_document(session: Session) -> None:
    round_ = make_round(session)
    commitment = make_commitment(session, round_, amount=900_00)
    commitment.releases = [Release(year=2027, amount=300_00), Release(year=2028, amount=600_00)]
    proposal = make_proposal(session, round_, ask=800_00, minimum=1_00)
    proposal.starts_on, proposal.ends_on = date(2027, 7, 1), date(2028, 6, 30)
    session.flush()
    by = make_actor(session, make_organisation(session))
    document = build_problem(session, make_scenario(session, round_, by)).document
    assert document["format"] == "tributary-round/2"
    assert document["commitments"][0]["releases"] == [
        {"year": 2027, "amount": 300_00},
        {"year": 2028, "amount": 600_00},
    ]
    plan = solve(read_round(document))
    # half is needed in 2027, when only 300 are there
    assert plan.totals == {proposal.key: 600_00}


def test_what_was_awarded_is_taken_from_the_earliest_releases(session: Session) -> None:
    round_ = make_round(session)
    commitment = make_commitment(session, round_, amount=900_00)
    commitment.releases = [Release(year=2027, amount=300_00), Release(year=2028, amount=600_00)]
    first = make_proposal(session, round_, ask=500_00, minimum=1)
    first.starts_on, first.ends_on = date(2027, 1, 1), date(2028, 12, 31)
    session.flush()
    proposer, officer = (make_actor(session, commitment.funder) for _ in range(2))
    plan = make_plan(session, round_, [(commitment, first, 400_00)], proposer)
    approve_lines(session, by=officer, lines={plan.lines[0].id: None}, key="k1")
    by = make_actor(session, make_organisation(session))
    document = build_problem(session, make_scenario(session, round_, by)).document
    (row,) = document["commitments"]
    # of the line of 400, half is needed in 2027: 100 of that year's 300 are left
    assert row["amount"] == 900_00
    assert row["releases"] == [
        {"year": 2027, "amount": 100_00},
        {"year": 2028, "amount": 800_00},
    ]
