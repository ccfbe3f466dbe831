"""Every total of every dashboard against plain SQL over the ledger, on SQLite and PostgreSQL.

The rounds are generated through the services (tests/dashboard_scene.py); the SQL is text
(tests/reports/dashboard_sql.py). Where figures are also in a statement, they are the same there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.formatting import minor_units
from funding.models import Commitment, Round
from funding.reports.dashboards.changes import changes
from funding.reports.dashboards.gaps import gaps
from funding.reports.dashboards.model import Asked, Dashboard, Figure, Links
from funding.reports.dashboards.off_plan import deviation_rows, off_plan
from funding.reports.dashboards.pooled import pooled
from funding.reports.dashboards.promises import promises
from funding.reports.dashboards.where import where
from funding.reports.ground import Filters, Position, funders_of, ground_of
from funding.reports.ledger_statement import ledger_statement, subject_of_commitment
from tests.builders import make_commitment, make_round
from tests.dashboard_scene import RATES, DashboardScene, make_dashboard_scene
from tests.reports.dashboard_sql import Facts, Row, by, converter, total

BUILDERS = {
    "where": where,
    "gaps": gaps,
    "pooling": pooled,
    "promises": promises,
    "off-plan": off_plan,
    "changes": changes,
}
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
LINKS = Links(
    **dict.fromkeys(("rows", "changes", "off_plan"), lambda **_: "/x"),
    **dict.fromkeys(("award", "run", "overlap", "study"), lambda _: "/x"),
    **dict.fromkeys(("commitments", "needs", "scenarios", "overlaps"), "/x"),
)
AREAS = {"interpretability": "Interpretability", "evaluations": "Evaluations"}


@dataclass(frozen=True)
class Seen:
    """What the reports and SQL say of one scene, in one currency."""

    scene: DashboardScene
    currency: str
    facts: Facts
    dashboards: dict[Filters, dict[str, Dashboard]]
    rows: dict[Filters, list[Position]]
    deviations: list[tuple[str, int]]
    statements: dict[int, dict[str, int]]
    names: dict[str, str]

    def figure(self, key: str, id_: str, filters: Filters | None = None) -> Figure:
        found = self.dashboards[filters or Filters()][key]
        return next(figure for figure in found.figures if figure.id == id_)

    def column(
        self, key: str, id_: str, number: int, filters: Filters | None = None
    ) -> dict[str, int]:
        """First cell of each row -> the amount in a column, in minor units; none that are 0."""
        figure = self.figure(key, id_, filters)
        found = {row[0].text: self.minor(row[number].value) for row in figure.rows}
        assert sum(found.values()) == self.minor(figure.total[number].value)
        return {name: amount for name, amount in found.items() if amount}

    def stats(self, key: str, filters: Filters | None = None) -> list[int]:
        return [stat.amount for stat in self.dashboards[filters or Filters()][key].stats]

    def minor(self, value: object) -> int:
        return int(Decimal(str(value)).scaleb(minor_units(self.currency))) if value else 0


_seen: dict[tuple[str, int, str], Seen] = {}
"""By engine, seed and currency: a scene takes seconds to make, and nobody changes what was read."""


@pytest.fixture(params=[(3, "USD"), (11, "EUR")], ids=str)
def seen(request: pytest.FixtureRequest, each_database: Database) -> Seen:
    seed, currency = request.param
    engine = each_database.engine.dialect.name
    if (engine, seed, currency) not in _seen:
        scene = each_database.in_transaction(make_dashboard_scene, seed=seed)
        with each_database.reading() as session:
            _seen[engine, seed, currency] = _look(session, scene, currency)
    return _seen[engine, seed, currency]


def _look(session: Session, scene: DashboardScene, currency: str) -> Seen:
    round_ = session.get_one(Round, scene.round_id)
    ground = ground_of(session, scene.reader, round_, currency)
    rates = {code: Fraction(rate) for code, rate in RATES.items()}
    if currency != "USD":
        rates = {code: Fraction(rate.rate) for code, rate in ground.conversion.rates.items()}
    funders = dict(funders_of(session, round_))
    wanted = [
        Filters(),
        Filters(funder_id=scene.funder_ids[1]),
        Filters(area="evaluations"),
        Filters(region="africa"),
        Filters(year=now().year - 1),
        Filters(funder_id=scene.funder_ids[0], area="interpretability"),
    ]
    dashboards, rows = {}, {}
    for filters in wanted:
        asked = Asked(ground, filters, LINKS, BEGINNING, AREAS, funders)
        dashboards[filters] = {key: build(asked) for key, build in BUILDERS.items()}
        rows[filters] = ground.rows(filters)
    statements = {
        commitment.id: ledger_statement(
            session, scene.reader, subject_of_commitment(commitment), None, None
        ).closing
        for commitment in session.scalars(
            sa.select(Commitment).where(Commitment.round_id == round_.id)
        )
    }
    everything = Asked(ground, Filters(), LINKS, BEGINNING, AREAS, funders)
    return Seen(
        scene,
        currency,
        Facts(session, round_.id, ground.on, converter(rates, currency)),
        dashboards,
        rows,
        [(row.kind, row.base) for row in deviation_rows(everything, None, None)],
        statements,
        {str(id_): name for id_, name in funders.items()},
    )


def test_the_generated_money_has_been_through_everything(seen: Seen) -> None:
    assert {row.stage for row in seen.facts.positions} == {
        "available", "reserved", "awarded", "scheduled", "paid",
    }  # fmt: skip
    assert {row.currency for row in seen.facts.positions if row.stage == "paid"} == set(RATES)
    assert seen.facts.spent
    assert seen.facts.returned
    assert seen.facts.late
    assert {row.stage for row in seen.facts.moved} >= {
        "commitment expired", "commitment increased", "line released", "payment sent back",
        "award terminated", "award refused", "tranche cancelled", "money returned",
    }  # fmt: skip


# -- where every unit is --------------------------------------------------------------------------


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


def test_the_stages_of_a_commitment_add_up_to_what_was_committed(seen: Seen) -> None:
    totals: Counter[int] = Counter()
    for position in seen.rows[Filters()]:
        totals[position.commitment_id] += position.amount
    assert totals == {c: -closing["committed"] for c, closing in seen.statements.items()}


def keep(facts: Facts, row: Row, filters: Filters) -> int:
    """What counts of a row under the filters, in the page's minor units."""
    if filters.funder_id is not None and row.funder_id != filters.funder_id:
        return 0
    if filters.region and facts.region.get(row.proposal_id or 0) != filters.region:
        return 0
    if filters.year is not None and row.year != filters.year:
        return 0
    if filters.area:
        return facts.parts(row).get(filters.area, 0)
    return row.base


def test_the_headline_figures_are_those_of_sql_under_every_filter(seen: Seen) -> None:
    facts = seen.facts
    for filters in seen.dashboards:
        sums: Counter[str] = Counter()
        for row in facts.positions:
            sums[row.stage] += keep(facts, row, filters)
        stages = [sums[s] for s in ("available", "reserved", "awarded", "scheduled", "paid")]
        beside = [
            sum(keep(facts, row, filters) for row in rows)
            for rows in (facts.spent, facts.returned, facts.late)
        ]
        assert seen.stats("where", filters) == [sum(stages), *stages, *beside], filters
        assert sum(p.base for p in seen.rows[filters]) == sum(stages), filters


@pytest.mark.parametrize(
    ("column", "stage"),
    [(1, "available"), (2, "reserved"), (3, "awarded"), (4, "scheduled"), (5, "paid"), (6, None)],
)
def test_money_by_funder_and_by_region_is_that_of_sql(
    seen: Seen, column: int, stage: str | None
) -> None:
    rows = [row for row in seen.facts.positions if stage in (None, row.stage)]
    expected = by(rows, lambda row: seen.names[str(row.funder_id)])
    assert seen.column("where", "by-funder", column) == expected
    placed = [row for row in rows if row.proposal_id]
    names = {"": "No region given", "africa": "Sub-Saharan Africa", "south-asia": "South Asia"}
    names["europe-central-asia"] = "Europe and Central Asia"
    expected = by(placed, lambda row: names[seen.facts.region[row.proposal_id or 0]])
    assert seen.column("where", "by-region", column) == expected


@pytest.mark.parametrize(
    ("column", "of"), [(6, "positions"), (7, "spent"), (8, "returned"), (9, "late")]
)
def test_money_by_area_follows_the_tags_and_adds_up(seen: Seen, column: int, of: str) -> None:
    rows = [row for row in getattr(seen.facts, of) if row.proposal_id]
    expected: Counter[str] = Counter()
    for row in rows:
        for area, part in seen.facts.parts(row).items():
            expected[AREAS[area]] += part
    assert seen.column("where", "by-area", column) == dict(expected)
    assert sum(expected.values()) == total(rows)


@pytest.mark.parametrize("of", ["spent", "returned", "late"])
def test_what_was_spent_returned_and_is_late_by_funder_is_that_of_sql(seen: Seen, of: str) -> None:
    column = {"spent": 7, "returned": 8, "late": 9}[of]
    expected = by(getattr(seen.facts, of), lambda row: seen.names[str(row.funder_id)])
    assert seen.column("where", "by-funder", column) == expected


def test_money_by_year_is_that_of_sql(seen: Seen) -> None:
    facts = seen.facts
    columns = [
        facts.released,
        [row for row in facts.positions if row.stage == "awarded"],
        [row for row in facts.positions if row.stage == "scheduled"],
        [row for row in facts.positions if row.stage == "paid"],
        facts.spent,
    ]
    for number, rows in enumerate(columns, 1):
        expected = by(rows, lambda row: str(row.year))
        assert seen.column("where", "years", number) == expected, number


def test_the_small_charts_of_areas_are_those_of_sql(seen: Seen) -> None:
    expected: Counter[tuple[str, int]] = Counter()
    for row in seen.facts.positions:
        if row.year is not None:
            for area, part in seen.facts.parts(row).items():
                expected[AREAS[area], row.year] += part
    figure = seen.figure("where", "areas-over-years")
    assert figure.strips is not None
    drawn = {
        (strip.label, int(year)): amount
        for strip in figure.strips.rows
        for year, amount in zip(figure.strips.along, strip.amounts, strict=True)
        if amount
    }
    assert drawn == {key: amount for key, amount in expected.items() if amount}


# -- gaps and pooling -----------------------------------------------------------------------------


def test_the_flow_carries_the_money_that_has_a_proposal(seen: Seen) -> None:
    expected: Counter[str] = Counter()
    for row in seen.facts.positions:
        if row.proposal_id:
            for area, part in seen.facts.parts(row).items():
                expected[AREAS[area]] += part
    assert seen.column("pooling", "flow", 1) == dict(expected)


def test_pairs_of_funders_are_those_of_sql(seen: Seen) -> None:
    paid: dict[int, Counter[int]] = {}
    for row in seen.facts.positions:
        if row.proposal_id:
            paid.setdefault(row.proposal_id, Counter())[row.funder_id] += row.base
    expected: dict[tuple[str, str], tuple[int, int]] = {}
    for funders in paid.values():
        for first in funders:
            for second in funders:
                if first < second:
                    pair = (seen.names[str(first)], seen.names[str(second)])
                    number, amount = expected.get(pair, (0, 0))
                    both = funders[first] + funders[second]
                    expected[pair] = (number + 1, amount + both)
    figure = seen.figure("pooling", "together")
    shown = {
        (row[0].text, row[1].text): (row[2].value, seen.minor(row[3].value)) for row in figure.rows
    }
    assert shown == expected
    several = sum(len(funders) > 1 for funders in paid.values())
    assert seen.stats("pooling")[1] == several


# -- promises -------------------------------------------------------------------------------------


def test_promises_are_those_of_sql(seen: Seen) -> None:
    facts, year = seen.facts, now().year
    for filters, only in ((Filters(), None), (Filters(funder_id=seen.scene.funder_ids[1]), 1)):
        wanted = None if only is None else seen.scene.funder_ids[only]

        def of(rows: list[Row], *stages: str, wanted: int | None = wanted) -> int:
            return sum(
                row.base
                for row in rows
                if (not stages or row.stage in stages) and wanted in (None, row.funder_id)
            )

        due = of([row for row in facts.released if row.year and row.year <= year])
        assert seen.stats("promises", filters) == [
            of(facts.promised, "commitment registered"),
            of(facts.promised, "commitment increased", "commitment reduced"),
            -of(facts.promised, "commitment expired"),
            of(facts.promised),
            min(due, of(facts.positions)),
            of(facts.positions, "awarded", "scheduled", "paid"),
            of(facts.positions, "paid"),
            of(facts.late),
        ], filters


def test_promises_by_funder_are_those_of_sql(seen: Seen) -> None:
    facts = seen.facts

    def name(row: Row) -> str:
        return seen.names[str(row.funder_id)]

    for column, rows in (
        (1, [r for r in facts.promised if r.stage == "commitment registered"]),
        (3, [r for r in facts.promised if r.stage == "commitment expired"]),
        (4, facts.positions),
        (6, [r for r in facts.positions if r.stage in ("awarded", "scheduled", "paid")]),
        (7, [r for r in facts.positions if r.stage == "paid"]),
        (9, facts.late),
    ):
        assert seen.column("promises", "promised-and-paid", column) == by(rows, name), column
    assert seen.column("promises", "promises-by-year", 1) == by(
        facts.released, lambda row: str(row.year)
    )


# -- changes and what is off plan -----------------------------------------------------------------


def test_what_moved_is_that_of_sql_under_every_filter(seen: Seen) -> None:
    facts = seen.facts
    for filters in seen.dashboards:
        narrowed = Filters(filters.funder_id, filters.area, filters.region)
        sums: Counter[str] = Counter()
        for row in facts.moved:
            sums[row.stage] += keep(facts, row, narrowed)
        found = seen.dashboards[filters]["changes"]
        freed = sum(sums[e] for e in ("award refused", "offer lapsed", "award terminated"))
        declined = sum(keep(facts, row, narrowed) for row in facts.declined)
        assert [stat.amount for stat in found.stats][:6] == [
            sums["commitment registered"] + sums["commitment increased"],
            sums["line approved"],
            sums["tranche paid"],
            sums["money returned"],
            freed,
            declined,
        ], filters


def test_what_moved_counts_every_transfer_once(seen: Seen) -> None:
    figure = seen.figure("changes", "moved")
    numbers = sorted(int(str(row[1].value)) for row in figure.rows)
    assert numbers == sorted(Counter(row.stage for row in seen.facts.moved).values())
    amounts = sorted(seen.minor(row[2].value) for row in figure.rows)
    assert amounts == sorted(by(seen.facts.moved, lambda row: row.stage).values())


def test_what_is_off_plan_is_that_of_sql(seen: Seen) -> None:
    found: dict[str, list[int]] = {}
    for kind, amount in seen.deviations:
        found.setdefault(kind, []).append(amount)
    for kind, rows in (
        ("tranche late", [r for r in seen.facts.late if r.stage == "tranche late"]),
        ("milestone missed", [r for r in seen.facts.late if r.stage == "milestone missed"]),
        ("line overspent", seen.facts.overspent),
        ("award ended early", seen.facts.ended),
        ("spend behind plan", seen.facts.behind),
    ):
        assert sorted(found.get(kind, [])) == sorted(row.base for row in rows), kind
    assert len(found.get("report late", [])) == seen.facts.overdue > 0
    assert found.get("change asked for")
    shown = {stat.label: stat.amount for stat in seen.dashboards[Filters()]["off-plan"].stats}
    assert sum(shown.values()) == len(seen.deviations)


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

    from tests.builders import make_actor, make_organisation

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
