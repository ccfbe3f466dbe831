"""An ask stated by year: from the form and from files to the optimizer's document."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import InvalidInput
from funding.models import Proposal, YearOfAsk
from funding.reports.proposal_history import WHOLE
from funding.services.completeness import sums_in_words
from funding.services.form_fields import marks_of, merge, part_text
from funding.services.round_document import build_problem
from funding.services.round_years import budget, share_by
from optimizer.read import read_round
from optimizer.solve import solve
from tests.application_forms import make_applicant, save, saved_form, submit
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_proposal,
    make_round,
)
from tests.runs import make_scenario
from tests.services.test_proposal_import import PROBING, Scene, document, scene

__all__ = ["scene"]

YEARS = {"year_1": "2027", "part_1": "30,000", "year_2": "2028", "part_2": "70,000.00"}


def years(database: Database, proposal_id: int) -> list[tuple[int, int]]:
    with database.reading() as session:
        proposal = session.get_one(Proposal, proposal_id, options=WHOLE)
        return [(part.year, part.amount) for part in proposal.years]


# -- the form -----------------------------------------------------------------------------------


def test_years_are_saved_changed_and_left_out_again(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant, **YEARS)
    assert years(each_database, applicant.proposal_id) == [(2027, 30_000_00), (2028, 70_000_00)]
    form = saved_form(each_database, applicant.proposal_id)["fields"]
    assert {form[name] for name in YEARS} == {"2027", "30,000", "2028", "70,000"}
    moved = {**YEARS, "year_1": "2028", "part_1": "70,000", "year_2": "2029", "part_2": "30,000"}
    save(each_database, applicant, **moved)
    assert years(each_database, applicant.proposal_id) == [(2028, 70_000_00), (2029, 30_000_00)]
    save(each_database, applicant)
    assert years(each_database, applicant.proposal_id) == []


@pytest.mark.parametrize(
    ("typed", "field", "rule"),
    [
        ({"year_1": "soon", "part_1": "1"}, "year_1", "Write a year, such as 2027."),
        ({"year_1": "2027", "part_1": "many"}, "part_1", ""),
        ({"part_1": "5,000"}, "year_1", "Write the year of this amount."),
        (
            {"year_1": "2027", "part_1": "1", "year_2": "2027", "part_2": "2"},
            "year_2",
            "2027 is there twice; add the amounts up.",
        ),
    ],
)
def test_what_cannot_be_stored_is_named(
    database: Database, typed: dict[str, str], field: str, rule: str
) -> None:
    applicant = make_applicant(database)
    with pytest.raises(InvalidInput) as refused:
        save(database, applicant, **typed)
    assert [fault.field for fault in refused.value.faults] == [field]
    assert refused.value.faults[0].rule.startswith(rule)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({**YEARS, "part_2": "69,000"}, "part_1", "add up to"),
        ({**YEARS, "part_2": ""}, "part_2", "leave the year out"),
        ({**YEARS, "year_2": "2029"}, "year_2", "outside the time of the work"),
    ],
)
def test_years_that_do_not_fit_the_ask_are_named_on_handing_in(
    database: Database, typed: dict[str, str], field: str, words: str
) -> None:
    applicant = make_applicant(database)
    save(database, applicant, **typed)
    with pytest.raises(InvalidInput) as refused:
        submit(database, applicant)
    found = {fault.field: fault.rule for fault in refused.value.faults}
    assert words in found[field]


def test_years_that_add_up_are_handed_in(database: Database) -> None:
    applicant = make_applicant(database)
    save(database, applicant, **YEARS)
    assert submit(database, applicant)


def test_two_people_who_change_the_years_are_asked_which_stand() -> None:
    opened = {"title": "A", **YEARS}
    mine, theirs = {**opened, "part_1": "40,000"}, {**opened, "part_1": "20,000"}
    merged = merge(mine, theirs, marks_of(opened))
    assert [clash.group for clash in merged.clashes] == ["years"]
    assert part_text(theirs, "years") == "2027: 20,000\n2028: 70,000.00"


def test_how_the_years_add_up_is_said_while_typing() -> None:
    def said(years: dict[int, int]) -> str:
        words = sums_in_words({}, [], years, 100_00, "USD")["years"]
        return words.replace("\N{NO-BREAK SPACE}", " ")

    assert said({2027: 40_00}) == "The years add up to USD 40, USD 60 less than you ask for."
    assert said({2027: 100_00}) == "The years add up to USD 100, which is what you ask for."
    assert said({}).endswith("needed evenly over the months of work.")


# -- the document -------------------------------------------------------------------------------


def test_stated_years_go_before_the_even_spread(session: Session) -> None:
    proposal = make_proposal(session, make_round(session), ask=100_00, minimum=1)
    proposal.starts_on, proposal.ends_on = date(2027, 1, 1), date(2028, 12, 31)
    assert budget(proposal, 100_00)[0] == {"year": 2027, "amount": 50_00}
    proposal.years = [YearOfAsk(year=2027, amount=90_00), YearOfAsk(year=2028, amount=10_00)]
    assert budget(proposal, 100_00) == [
        {"year": 2027, "amount": 90_00},
        {"year": 2028, "amount": 10_00},
    ]
    # an ask cut to the round's step spreads the same way, and still adds up
    assert budget(proposal, 99_99) == [
        {"year": 2027, "amount": 89_99},
        {"year": 2028, "amount": 10_00},
    ]
    assert share_by(proposal, 2027) == Fraction(9, 10)


def test_the_optimizer_is_told_and_says_when_each_line_is_paid(session: Session) -> None:
    round_ = make_round(session)
    make_commitment(session, round_, amount=900_00)
    proposal = make_proposal(session, round_, ask=800_00, minimum=1_00)
    proposal.years = [YearOfAsk(year=2027, amount=200_00), YearOfAsk(year=2028, amount=600_00)]
    other = make_proposal(session, round_, ask=50_00, minimum=1_00)
    other.starts_on, other.ends_on = date(2027, 7, 1), date(2028, 6, 30)
    session.flush()
    by = make_actor(session, make_organisation(session))
    asked = build_problem(session, make_scenario(session, round_, by)).document
    assert asked["format"] == "tributary-round/2"
    stated, silent = asked["proposals"]
    assert stated["budget"] == [{"year": 2027, "amount": 200_00}, {"year": 2028, "amount": 600_00}]
    assert "budget" not in silent  # nobody releases by year: when it is needed makes no difference
    plan = solve(read_round(asked))
    (line,) = (each for each in plan.lines if each.proposal == proposal.key)
    assert [(part.year, part.amount) for part in line.years] == [(2027, 200_00), (2028, 600_00)]


# -- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [{"2026": 600, "2027": 900}, [{"year": 2026, "amount": 600}, {"year": 2027, "amount": 900}]],
)
def test_years_come_in_from_json(scene: Scene, written: object) -> None:
    row = {**PROBING, "ends": "2027-12-31", "years": written}
    scene.desk.bring_in("proposals", document(row))
    assert [found for _, found in imported(scene)] == [[(2026, 600_00), (2027, 900_00)]]


def test_years_come_in_from_a_table_as_shares(scene: Scene) -> None:
    table = (
        b"Identifier,Title,Areas,Amount Applied For,Currency,Recipient Org:0:Name,Lead,"
        b"Planned Dates:0:Start Date,Planned Dates:0:End Date,Ask By Year\n"
        b"X1,Probing,interpretability,1500,USD,Larkspur Lab,a@larkspur.example,"
        b"2026-01-01,2027-12-31,2026:40%|2027:60%\n"
    )
    scene.desk.bring_in("proposals", table)
    assert imported(scene) == [("X1", [(2026, 600_00), (2027, 900_00)])]


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("2026:600|2027:800", "must sum to the ask"),
        ("2026:600|2029:900", "lies outside the period of the work"),
    ],
)
def test_years_that_do_not_fit_are_refused_by_name(scene: Scene, written: str, rule: str) -> None:
    row = {**PROBING, "ends": "2027-12-31", "years": written}
    batch = scene.desk.look("proposals", document(row))
    assert [fault["field"] for fault in batch.faults] == ["years"]
    assert rule in batch.faults[0]["rule"]
    assert imported(scene) == []


def imported(scene: Scene) -> list[tuple[str, list[tuple[int, int]]]]:
    with scene.desk.database.reading() as session:
        return [
            (each.key, [(part.year, part.amount) for part in each.years])
            for each in session.query(Proposal).order_by(Proposal.id)
        ]
