"""Public figures: to the cent what the ledger and the dashboards of signed-in people say."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.listing import Listing
from funding.models import Award, Round
from funding.permissions import Scope
from funding.reports import areas as areas_inside
from funding.reports import breakdowns
from funding.reports.award_money import award_money
from funding.reports.ground import Filters, Stage, funders_of, ground_of
from funding.reports.public import register
from funding.reports.public.books import entries_of, summed
from funding.reports.public.rounds import round_of, rounds_of
from tests.money_scene import MoneyScene
from tests.public_scene import make_public_scene

SCOPE = Scope(now().date())
IN_AWARDS = (Stage.AWARDED, Stage.SCHEDULED, Stage.PAID)

BY_CURRENCY = """
select a.currency, sum(a.amount) from (
  select commitment.currency, award.amount from award
  join commitment on commitment.id = award.commitment_id
  where award.state in ('accepted', 'active', 'completed')) a group by a.currency
"""
MOVED = """
select debit.kind, credit.kind, transfer.currency, sum(transfer.amount) from transfer
join account debit on debit.id = transfer.debit_id
join account credit on credit.id = transfer.credit_id
group by debit.kind, credit.kind, transfer.currency
"""


@pytest.fixture(params=[7, 8])
def scene(database: Database, request: pytest.FixtureRequest) -> MoneyScene:
    return database.in_transaction(make_public_scene, request.param)


def totals(session: Session, scene: MoneyScene) -> dict[str, dict[str, int]]:
    """By currency: promised, paid, kept, returned and freed of the round's public awards."""
    (whole,) = summed(entries_of(session, SCOPE, {"round": key_of(session, scene)}))
    names = ("promised", "paid", "kept", "returned", "freed")
    return {c: {name: getattr(m, name) for name in names} for c, m in whole.by_currency}


def key_of(session: Session, scene: MoneyScene) -> str:
    return session.get_one(Round, scene.round_id).key


def test_totals_in_each_currency_are_what_sql_says_of_the_ledger(
    database: Database, scene: MoneyScene
) -> None:
    with database.reading() as session:
        found = totals(session, scene)
        promised = dict(session.execute(sa.text(BY_CURRENCY)).all())
        moved: Counter[tuple[str, str, str]] = Counter()
        for debit, credit, currency, amount in session.execute(sa.text(MOVED)):
            moved[debit, credit, currency] += int(amount)
    assert {c: m["promised"] for c, m in found.items()} == promised
    for currency, money in found.items():
        paid = moved["scheduled", "paid", currency] - moved["paid", "scheduled", currency]
        returned = moved["paid", "available", currency] - moved["available", "paid", currency]
        freed = moved["awarded", "available", currency] - moved["available", "awarded", currency]
        assert (money["paid"], money["returned"], money["freed"]) == (paid, returned, freed)
    assert any(money["returned"] for money in found.values())


def test_totals_of_a_round_are_those_of_its_dashboards(
    database: Database, scene: MoneyScene
) -> None:
    with database.reading() as session:
        round_ = session.get_one(Round, scene.round_id)
        found = round_of(session, SCOPE, round_.key)
        ground = ground_of(session, scene.reader, round_)
        inside = ground.cells(ground.positions, Filters())
        stages = breakdowns.by_stage(inside)
        held_by = {str(id_): name for id_, name in funders_of(session, round_)}
        in_awards = [cell for cell in inside if cell.stage in IN_AWARDS]
        by_area = breakdowns.summed(in_awards, breakdowns.by_area)
        by_funder = breakdowns.summed(in_awards, breakdowns.by_funder)
        (row,) = rounds_of(session, SCOPE)
    base = found.sum.base
    assert (base.unscheduled, base.scheduled, base.kept) == tuple(stages[s] for s in IN_AWARDS)
    assert {g.key: g.pool for g in found.gaps if g.pool} == by_area
    held = {f.name: f.base.still_due + f.base.kept for f in found.funders}
    assert {name: amount for name, amount in held.items() if amount} == {
        held_by[key]: amount for key, amount in by_funder.items() if amount
    }
    assert row.sum.base == base


def test_what_of_a_need_stays_open_is_what_the_areas_page_says(
    database: Database, scene: MoneyScene
) -> None:
    """Without past grants that are nobody's business, the same figures inside and outside."""
    with database.reading() as session:
        round_ = session.get_one(Round, scene.round_id)
        inside = {r.area.key: r for r in areas_inside.needs_of(session, round_, now()).rows}
        for gap in round_of(session, SCOPE, round_.key).gaps:
            assert (gap.need, gap.others) == (inside[gap.key].wanted, inside[gap.key].spent)
            assert gap.open == max(0, inside[gap.key].open - gap.pool)


def test_each_award_says_what_its_own_page_says_inside(
    database: Database, scene: MoneyScene
) -> None:
    with database.reading() as session:
        rows = register.all_of(session, SCOPE, {})
        assert len(rows) > 20
        for row in rows:
            parts = dict(award_money(session, session.get_one(Award, row.id)).parts)
            money = row.money
            assert list(parts.values()) == [
                money.unscheduled,
                money.scheduled,
                money.kept,
                money.returned,
                money.freed,
            ]
            assert money.promised == session.get_one(Award, row.id).amount


def test_filters_and_orders_of_the_register_part_the_awards(
    database: Database, scene: MoneyScene
) -> None:
    with database.reading() as session:
        every = {row.id for row in register.all_of(session, SCOPE, {})}
        found = register.choices(session, SCOPE)
        for name in ("funder", "region", "year"):
            values = getattr(found, f"{name}s")
            parts = [
                {row.id for row in register.all_of(session, SCOPE, {name: str(key)})}
                for key, _ in values
            ]
            assert sum(map(len, parts)) == len(every)
            assert set().union(*parts) == every
        for sort in register.SORTABLE:
            listing = Listing.parse("/", {"sort": sort}, sortable=tuple(register.SORTABLE))
            listing, rows = register.page_of(session, SCOPE, listing)
            assert listing.total == len(every)
            assert rows
        assert not register.all_of(session, SCOPE, {"year": "1e9"})
        assert not register.all_of(session, SCOPE, {"area": "no such area"})
        assert not register.all_of(session, SCOPE, {"q": "%"})
