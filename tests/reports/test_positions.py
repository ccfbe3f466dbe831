"""The dashboards' figures against plain SQL over the transfers, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.models import Round
from funding.reports import breakdowns
from funding.reports.positions import Filters, Money, Stage, money_of, releases_by_year
from tests.builders import make_commitment, make_round
from tests.money_scene import RATES, MoneyScene, make_money_scene

STAGE_OF = {
    "available": Stage.AVAILABLE,
    "reserved": Stage.ALLOCATED,
    "awarded": Stage.AWARDED,
    "scheduled": Stage.SCHEDULED,
    "paid": Stage.PAID,
}
BY_ACCOUNT = """
    select a.commitment_id, a.kind, a.funder_id, a.currency, p.region, p.id,
           substr(cast(case a.kind when 'awarded' then cast(w.awarded_at as text)
                  when 'scheduled' then cast(t.due_on as text)
                  else cast(t.paid_on as text) end as text), 1, 4),
           sum(case when x.credit_id = a.id then x.amount else -x.amount end)
    from account a join commitment c on c.id = a.commitment_id
    join transfer x on x.credit_id = a.id or x.debit_id = a.id
    left join award w on w.id = a.award_id
    left join tranche t on t.id = a.tranche_id
    left join proposal p on p.id = w.proposal_id
    where c.round_id = :round and a.kind not in ('committed', 'reserved')
    group by a.id, a.commitment_id, a.kind, a.funder_id, a.currency, p.region, p.id,
             w.awarded_at, t.due_on, t.paid_on
    union all
    select l.commitment_id, 'reserved', c.funder_id, c.currency, p.region, p.id, null, l.amount
    from plan_line l join commitment c on c.id = l.commitment_id
    join proposal p on p.id = l.proposal_id
    where c.round_id = :round and l.state in ('recommended', 'amended')
"""
BY_COMMITMENT = """
    select a.commitment_id, a.kind,
           sum(case when x.credit_id = a.id then x.amount else -x.amount end)
    from account a join commitment c on c.id = a.commitment_id
    join transfer x on x.credit_id = a.id or x.debit_id = a.id
    where c.round_id = :round group by a.commitment_id, a.kind
"""


@dataclass(frozen=True)
class Held:
    """What SQL says one account (or waiting line) holds."""

    stage: Stage
    funder_id: int
    region: str | None
    proposal_id: int | None
    year: int | None
    base: int


def in_dollars(amount: int, currency: str) -> int:
    minor = Fraction(1) if currency == "JPY" else Fraction(1, 100)
    return floor(amount * minor * Fraction(RATES[currency]) * 100)


def held(session: Session, scene: MoneyScene) -> list[Held]:
    rows = session.execute(sa.text(BY_ACCOUNT), {"round": scene.round_id})
    return [
        Held(
            STAGE_OF[kind],
            funder_id,
            region,
            proposal_id,
            int(year) if year else None,
            in_dollars(int(amount), currency),
        )
        for _, kind, funder_id, currency, region, proposal_id, year, amount in rows
        if amount
    ]


def sums(rows: list[Held], key: Callable[[Held], object]) -> dict[object, int]:
    counted: Counter[object] = Counter()
    for row in rows:
        counted[key(row), row.stage] += row.base
    return {key: amount for key, amount in counted.items() if amount}


def shown(breakdown: breakdowns.Breakdown) -> dict[object, int]:
    return {
        (row.key, stage): amount
        for row in breakdown.rows
        for stage, amount in row.by_stage.items()
        if amount
    }


@dataclass(frozen=True)
class Read:
    """What the report and SQL say of one scene."""

    money: Money
    held: list[Held]
    by_commitment: dict[tuple[int, str], int]
    areas: dict[int, dict[str, float]]
    released: dict[int, int]
    released_by_first: dict[int, int]
    releases: list[tuple[int, int, str, int]]
    scene: MoneyScene


_read: dict[tuple[str, int], Read] = {}
"""By engine and seed: a scene takes seconds to make, and nobody changes what was read of it."""


@pytest.fixture(params=[3, 11])
def read(request: pytest.FixtureRequest, each_database: Database) -> Read:
    known = (each_database.engine.dialect.name, request.param)
    if known not in _read:
        scene = each_database.in_transaction(make_money_scene, seed=request.param)
        _read[known] = _read_scene(each_database, scene)
    return _read[known]


def _read_scene(database: Database, scene: MoneyScene) -> Read:
    with database.reading() as session:
        round_ = session.get_one(Round, scene.round_id)
        money = money_of(session, scene.reader, round_)
        in_sql = session.execute(sa.text(BY_COMMITMENT), {"round": scene.round_id})
        tags = session.execute(
            sa.text("select proposal_id, area_key, weight from proposal_area order by id")
        )
        areas: dict[int, dict[str, float]] = {}
        for proposal_id, key, weight in tags:
            top = "evaluations" if key == "evaluations-capability" else key
            areas.setdefault(proposal_id, {})[top] = weight
        releases = session.execute(
            sa.text(
                "select c.funder_id, r.year, c.currency, r.amount from commitment_release r"
                " join commitment c on c.id = r.commitment_id where c.round_id = :round"
            ),
            {"round": scene.round_id},
        )
        return Read(
            money,
            held(session, scene),
            {(commitment, kind): int(amount) for commitment, kind, amount in in_sql},
            areas,
            releases_by_year(session, round_, money.rates),
            releases_by_year(session, round_, money.rates, scene.funder_ids[0]),
            [tuple(row) for row in releases],
            scene,
        )


def test_the_generated_money_is_in_every_stage_and_has_come_back(read: Read) -> None:
    assert {row.stage for row in read.held} == set(Stage)
    assert {p.currency for p in read.money.positions if p.stage is Stage.PAID} == set(RATES)


def test_each_commitments_stages_are_its_transfers_to_the_last_unit(read: Read) -> None:
    by_stage: Counter[tuple[int, str]] = Counter()
    for position in read.money.positions:
        by_stage[position.commitment_id, position.stage] += position.amount
    expected = {
        (commitment, STAGE_OF[kind].value): amount
        for (commitment, kind), amount in read.by_commitment.items()
        if kind != "committed" and amount
    }
    assert dict(by_stage) == expected


def test_the_stages_of_a_commitment_add_up_to_what_was_committed(read: Read) -> None:
    totals: Counter[int] = Counter()
    for position in read.money.positions:
        totals[position.commitment_id] += position.amount
    assert totals == {
        commitment: -amount
        for (commitment, kind), amount in read.by_commitment.items()
        if kind == "committed"
    }


def test_the_totals_by_stage_are_those_of_sql(read: Read) -> None:
    expected = dict.fromkeys(Stage, 0)
    for row in read.held:
        expected[row.stage] += row.base
    assert breakdowns.by_stage(read.money.positions) == expected


def test_the_totals_by_funder_are_those_of_sql(read: Read) -> None:
    assert shown(breakdowns.by_funder(read.money.positions)) == sums(
        read.held, lambda row: str(row.funder_id)
    )


def test_the_totals_by_region_are_those_of_sql(read: Read) -> None:
    placed = [row for row in read.held if row.proposal_id]
    assert shown(breakdowns.by_region(read.money.positions)) == sums(placed, lambda row: row.region)


def test_the_parts_by_area_add_up_and_follow_the_tags(read: Read) -> None:
    expected: Counter[tuple[str, Stage]] = Counter()
    for row in read.held:
        if row.proposal_id is None:
            continue
        tags = read.areas[row.proposal_id]
        largest = max(tags, key=lambda key: tags[key])
        rest = {key: int(row.base * tags[key]) for key in tags if key != largest}
        for key, part in {**rest, largest: row.base - sum(rest.values())}.items():
            expected[key, row.stage] += part
    breakdown = breakdowns.by_area(read.money.positions, {})
    assert shown(breakdown) == {key: part for key, part in expected.items() if part}
    assert breakdown.total == sum(row.base for row in read.held if row.proposal_id)


def test_the_totals_by_year_are_those_of_sql(read: Read) -> None:
    rows = breakdowns.by_year(read.money.positions, read.released)
    in_report = {
        (row.year, stage): amount
        for row in rows
        for stage, amount in (
            (Stage.AWARDED, row.awarded),
            (Stage.SCHEDULED, row.scheduled),
            (Stage.PAID, row.paid),
        )
        if amount
    }
    dated = [row for row in read.held if row.year is not None]
    assert in_report == sums(dated, lambda row: row.year)


def test_releases_are_summed_by_currency_and_then_converted(read: Read) -> None:
    def expected(funder_id: int | None) -> dict[int, int]:
        native: Counter[tuple[int, str]] = Counter()
        for of, year, currency, amount in read.releases:
            if funder_id in (None, of):
                native[year, currency] += amount
        years: Counter[int] = Counter()
        for (year, currency), amount in native.items():
            years[year] += in_dollars(amount, currency)
        return dict(years)

    assert read.released == expected(None)
    assert read.released_by_first == expected(read.scene.funder_ids[0])
    assert read.released_by_first != read.released


def test_filters_keep_what_they_name_and_nothing_else(read: Read) -> None:
    positions = read.money.positions
    funder = read.scene.funder_ids[3]
    for filters, keep in (
        (Filters(funder_id=funder), lambda row: row.funder_id == funder),
        (Filters(region="africa"), lambda row: row.region == "africa"),
        (Filters(stage="paid"), lambda row: row.stage is Stage.PAID),
        (Filters(year=2027), lambda row: row.year == 2027),
        (
            Filters(funder_id=funder, stage="paid"),
            lambda row: (row.funder_id, row.stage) == (funder, Stage.PAID),
        ),
    ):
        expected = [row.base for row in read.held if keep(row)]
        assert expected
        assert sorted(p.base for p in filters.applied(positions)) == sorted(expected)


def test_under_an_area_rows_add_up_to_that_areas_total(read: Read) -> None:
    positions = read.money.positions
    by_area = {row.key: row.total for row in breakdowns.by_area(positions, {}).rows}
    for area in ("interpretability", "evaluations"):
        kept = Filters(area=area).applied(positions)
        assert sum(p.base for p in kept) == by_area[area]
        assert breakdowns.by_area(kept, {}).total == by_area[area]


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
    scene = each_database.in_transaction(make_money_scene, seed=1)
    with each_database.reading() as session:
        money = money_of(session, scene.reader, session.get_one(Round, round_id))
    assert [(p.amount, p.base) for p in money.positions] == [(1_000_00, 7_70)]
