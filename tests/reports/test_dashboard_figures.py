"""Every figure of every dashboard against plain SQL, on SQLite and PostgreSQL.

The rounds are generated through the services (tests/dashboard_scene.py) or solved by a worker; the
SQL is text (tests/reports/dashboard_sql.py), and what each page must show is made of it alone
(tests/reports/dashboard_proof.py): whatever has a digit, under every filter, beside another round.
Where figures are also in a statement, they are the same there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.models import AreaNeed, Commitment, Overlap, Round
from funding.permissions import Actor
from funding.reports.dashboards.model import Asked, Links
from funding.reports.ground import Filters, Ground, Position, funders_of, ground_of
from funding.reports.ledger_statement import ledger_statement, subject_of_commitment
from funding.routes.dashboards.asking import QUESTIONS
from funding.services.rates import rate
from funding.services.studies import ask_for_study
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_proposal,
    make_round,
)
from tests.dashboard_scene import RATES, make_dashboard_scene
from tests.reports import proof_of_gaps, proof_of_money
from tests.reports.dashboard_proof import Proof
from tests.reports.dashboard_shown import Places, shown
from tests.reports.dashboard_sql import Facts, converter
from tests.runs import make_scenario, solve, work

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
LINKS = Links(
    **dict.fromkeys(("rows", "changes", "off_plan"), lambda **_: "/x"),
    **dict.fromkeys(("award", "run", "overlap", "study"), lambda _: "/x"),
    **dict.fromkeys(("commitments", "needs", "scenarios", "overlaps"), "/x"),
)
AREAS = {"interpretability": "Interpretability", "evaluations": "Evaluations"}
PROOFS = {
    "where": proof_of_money.where,
    "gaps": proof_of_gaps.gaps,
    "pooling": proof_of_gaps.pooling,
    "promises": proof_of_money.promises,
    "off-plan": proof_of_money.off_plan,
    "changes": proof_of_money.changes,
}
CASES = {"spent": (3, "USD"), "beside": (11, "EUR"), "solved": (0, "EUR")}
"""A generated round, another one beside a third, and one that a worker solved."""


@dataclass(frozen=True)
class Made:
    """The rounds of a case: the one that is looked at, and the one beside it."""

    reader: Actor
    round_id: int
    other_id: int | None = None


@dataclass(frozen=True)
class Seen:
    """What the dashboards show of one case, and what SQL says they must."""

    facts: Facts
    shown: dict[tuple[str, Filters], Places]
    proven: dict[tuple[str, Filters], Places]
    rows: dict[Filters, list[Position]]
    statements: dict[int, dict[str, int]]


_seen: dict[tuple[str, str], Seen] = {}
"""By engine and case: a scene takes seconds to make, and nobody changes what was read."""


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def seen(case: str, each_database: Database, tmp_path: Path) -> Seen:
    key = (each_database.engine.dialect.name, case)
    if key not in _seen:
        seed, currency = CASES[case]
        if case == "solved":
            made = _solved(each_database, tmp_path)
        else:
            made = _generated(each_database, seed, with_other=case == "beside")
        with each_database.reading() as session:
            _seen[key] = _look(session, made, currency)
    return _seen[key]


def _generated(database: Database, seed: int, *, with_other: bool) -> Made:
    scene = database.in_transaction(make_dashboard_scene, seed=seed)
    other = database.in_transaction(make_dashboard_scene, seed=seed + 1) if with_other else None
    return Made(scene.reader, scene.round_id, other and other.round_id)


def _solved(database: Database, folder: Path) -> Made:
    """A round whose floor binds; of its overlaps one is avoided; with the study of pooling."""

    def prepare(session: Session) -> tuple[Actor, int, int]:
        round_ = make_round(session, key="solved")
        funder = make_organisation(session)
        make_commitment(session, round_, funder, amount=12_000_00, key="open")
        make_commitment(session, round_, amount=2_500_000, currency="JPY", key="yen")
        make_commitment(session, round_, amount=9_000_33, currency="EUR", key="euro")
        for part in round_.participants:
            part.guarantee = "none"
        made = [
            make_proposal(session, round_, key=key, score=score, areas=areas, region="africa")
            for key, score, areas in (
                ("A", 95, {"interpretability": 1.0}),
                ("B", 85, {"interpretability": 1.0}),
                ("C", 80, {"interpretability": 0.7, "evaluations": 0.3}),
                ("D", 40, {"evaluations": 1.0}),
                ("E", 30, {"evaluations-capability": 1.0}),
                ("F", 75, {"interpretability": 1.0}),
            )
        ]
        for one, other, degree in ((0, 1, 1.0), (2, 5, 0.37)):
            round_id = round_.id
            pair = Overlap(round_id=round_id, first=made[one], second=made[other], degree=degree)
            pair.verdict = "duplicate"
            session.add(pair)
        round_.needs.append(
            AreaNeed(
                area_key="evaluations",
                steps=[[40_000_00, 0.01]],
                floor=15_000_00,
                spent=1_234_56,
            )
        )
        round_.needs.append(AreaNeed(area_key="interpretability", steps=[[90_000_00, 0.5]]))
        by = make_actor(session, funder)
        return by, make_scenario(session, round_, by).id, round_.id

    by, scenario_id, round_id = database.in_transaction(prepare)
    run_id = solve(database, folder, by, scenario_id).id
    database.in_transaction(ask_for_study, by=by, run_id=run_id, kind="pooling", parameters={})
    work(database, folder)
    return Made(by, round_id)


def _look(session: Session, made: Made, currency: str) -> Seen:
    round_ = session.get_one(Round, made.round_id)
    # a return is asked for with thirty days to pay it
    later = now().date() + timedelta(days=31)
    ground = ground_of(session, made.reader, round_, currency, later)
    facts = _facts(session, ground)
    areas, funders = AREAS, dict(funders_of(session, round_))
    other = other_facts = None
    if made.other_id is not None:
        beside = session.get_one(Round, made.other_id)
        other = ground_of(session, made.reader, beside, currency, later)
        other_facts = _facts(session, other)
        funders = {**dict(funders_of(session, beside)), **funders}
    ids = [id_ for id_, _name in funders_of(session, round_)]
    found: dict[tuple[str, Filters], Places] = {}
    proven: dict[tuple[str, Filters], Places] = {}
    rows = {}
    for filters in (
        Filters(),
        Filters(funder_id=ids[1]),
        Filters(area="evaluations"),
        Filters(region="africa"),
        Filters(year=now().year - 1),
        Filters(funder_id=ids[0], area="interpretability"),
    ):
        asked = Asked(ground, filters, LINKS, BEGINNING, areas, funders)
        if other is not None:
            also = Asked(other, filters, LINKS, BEGINNING, areas, funders)
            asked = Asked(ground, filters, LINKS, BEGINNING, areas, funders, also)
        for key, build in QUESTIONS.items():
            found[key, filters] = shown(build(asked), currency)
            proof = Proof(facts, filters, currency, ground.on, areas, funders)
            if other is not None:
                proof.other, proof.other_name = other_facts, other.round.name
            PROOFS[key](proof)
            proven[key, filters] = proof.found
        rows[filters] = ground.rows(filters)
    statements = {
        commitment.id: ledger_statement(
            session, made.reader, subject_of_commitment(commitment), None, None
        ).closing
        for commitment in session.scalars(
            sa.select(Commitment).where(Commitment.round_id == round_.id)
        )
        if made.other_id is None
    }
    return Seen(facts, found, proven, rows, statements)


def _facts(session: Session, ground: Ground) -> Facts:
    """At the rates that the round was solved with, or the day's where the page is in another."""
    rates = {code: Fraction(rate.rate) for code, rate in ground.conversion.rates.items()}
    codes = (*RATES, ground.round.base_currency)
    return Facts(
        session,
        ground.round.id,
        ground.on,
        converter(rates, ground.currency),
        run_id=ground.run.id if ground.run else 0,
        is_suggested=ground.is_suggested,
        reference={
            code: Fraction(rate(code, ground.round.base_currency, ground.on).rate) for code in codes
        },
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_figure_of_a_dashboard_is_that_of_sql_under_every_filter(
    seen: Seen, question: str
) -> None:
    for key, filters in seen.shown:
        if key != question:
            continue
        found, proven = seen.shown[key, filters], seen.proven[key, filters]
        unknown = {place for place in found if place not in proven}
        assert not unknown, (filters, "shown, and not proven")
        for place, value in proven.items():
            assert found.get(place) == value, (filters, place)


@pytest.mark.parametrize("case", ["spent", "beside"], indirect=True)
def test_the_generated_money_has_been_through_everything(seen: Seen) -> None:
    facts = seen.facts
    assert {row.stage for row in facts.positions} == {
        "available", "reserved", "awarded", "scheduled", "paid",
    }  # fmt: skip
    assert {row.currency for row in facts.positions if row.stage == "paid"} == set(RATES)
    assert facts.spent
    assert facts.returned
    assert {row.stage for row in facts.moved} >= {
        "commitment expired", "commitment increased", "line released", "payment sent back",
        "award terminated", "award refused", "tranche cancelled", "money returned",
    }  # fmt: skip
    assert {row.stage for row in facts.deviations} == {
        "tranche late", "milestone missed", "report late", "line overspent", "spend behind plan",
        "return late", "award ended early", "change asked for", "award changed",
    }  # fmt: skip
    assert len({row.year for row in facts.positions if row.year}) > 2
    assert all(need and others for need, others in facts.needs.values())


@pytest.mark.parametrize("case", ["solved"], indirect=True)
def test_the_solved_round_has_a_priced_floor_overlaps_and_what_pooling_gains(seen: Seen) -> None:
    facts = seen.facts
    assert set(facts.floor_prices) == {"evaluations"}
    assert {pair.is_avoided for pair in facts.overlaps} == {True, False}
    assert len(facts.study) == 3
    reserved = sum(row.base for row in facts.positions if row.stage == "reserved")
    assert abs(reserved - sum(facts.most_of.values())) < 10


# -- where every unit is --------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["spent"], indirect=True)
def test_each_commitments_positions_are_its_statement_to_the_last_unit(seen: Seen) -> None:
    held: Counter[tuple[int, str]] = Counter()
    for position in seen.rows[Filters()]:
        held[position.commitment_id, position.stage.value] += position.amount
    stated = {
        (commitment, kind): amount
        for commitment, closing in seen.statements.items()
        for kind, amount in closing.items()
        if kind != "committed" and amount
    }
    assert dict(held) == stated


@pytest.mark.parametrize("case", ["spent"], indirect=True)
def test_the_stages_of_a_commitment_add_up_to_what_was_committed(seen: Seen) -> None:
    totals: Counter[int] = Counter()
    for position in seen.rows[Filters()]:
        totals[position.commitment_id] += position.amount
    assert totals == {c: -closing["committed"] for c, closing in seen.statements.items()}


def test_the_rows_behind_the_money_add_up_to_it_under_every_filter(seen: Seen) -> None:
    for filters, rows in seen.rows.items():
        (_value, whole, _note) = seen.proven["where", filters]["stat", "Committed"]
        assert sum(row.base for row in rows) == whole, filters


# -- rates ----------------------------------------------------------------------------------------


def test_a_currency_without_a_published_rate_takes_the_one_its_funder_stated(
    each_database: Database,
) -> None:
    def prepare(session: Session) -> int:
        round_ = make_round(session)
        make_commitment(
            session,
            round_,
            amount=1_000_00,
            currency="KES",
            own_rate="0.0077",
            own_rate_on=sa.func.current_date(),
        )
        return round_.id

    round_id = each_database.in_transaction(prepare)
    reader = each_database.in_transaction(lambda s: make_actor(s, make_organisation(s)))
    with each_database.reading() as session:
        ground = ground_of(session, reader, session.get_one(Round, round_id))
        (row,) = ground.rows(Filters())
        assert (row.amount, row.base) == (1_000_00, 7_70)
        in_euro = ground_of(session, reader, session.get_one(Round, round_id), "EUR")
        ((code, rate, _on),) = [s for s in in_euro.conversion.said if s[0] == "KES"]
        (row,) = in_euro.rows(Filters())
    assert code == "KES"
    assert row.base == int(Decimal(1_000_00) * rate)


def test_python_and_the_database_convert_alike(each_database: Database) -> None:
    from funding.reports.conversion import Conversion
    from funding.services.rates import Rate

    day = date(2026, 1, 2)
    conversion = Conversion(
        "USD",
        {
            "USD": Rate("USD", "USD", Decimal(1), day),
            "JPY": Rate("JPY", "USD", Decimal("0.006712312345678901234"), day),
            "IDR": Rate("IDR", "USD", Decimal("0.0000612"), day),
            "GBP": Rate("GBP", "USD", Decimal("1.268312345678901"), day),
        },
    )
    amounts = [0, 1, 7, 99, 100, 12_345_67, 999_999_999_99, 10**15, -1, -12_345_67]
    with each_database.reading() as session:
        for code in conversion.rates:
            for amount in amounts:
                said = conversion.in_sql(
                    sa.literal(amount, sa.BigInteger), sa.literal(code, sa.Text)
                )
                assert session.scalar(sa.select(said)) == conversion.convert(amount, code)
