"""Money of none and of three decimals, from promise to award, on both databases."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.formatting import format_amount
from funding.models import Account, Award, PlanLine
from funding.permissions import Actor
from funding.services.decisions import amend_line, approve_lines
from funding.services.plans import put_forward
from funding.services.rates import stored_rate
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_proposal,
    make_round,
)
from tests.runs import make_scenario, solve

RATES = {"USD": "3.27", "JPY": "480"}
"""One dinar in each base currency, as its funder states it: no reference rate is published."""
ASKS = {"USD": 25_000_00, "JPY": 3_000_000}
"""About the same money in minor units of each base currency."""


def set_scene(session: Session, base: str) -> tuple[Actor, Actor, Actor, int]:
    """A proposer, an officer of the funder in yen and one in dinars, and a scenario."""
    committee = make_organisation(session, "committee")
    round_ = make_round(session, committee, base_currency=base)
    yen, dinar = make_organisation(session), make_organisation(session)
    make_commitment(session, round_, yen, amount=2_000_001, currency="JPY")
    stated = {"own_rate": RATES[base], "own_rate_on": date(2026, 1, 2)}
    make_commitment(session, round_, dinar, amount=6_000_007, currency="KWD", **stated)
    for _ in range(3):
        make_proposal(session, round_, ask=ASKS[base], minimum=ASKS[base] // 10)
    proposer = make_actor(session, committee)
    scenario = make_scenario(session, round_, proposer)
    return proposer, make_actor(session, yen), make_actor(session, dinar), scenario.id


@pytest.mark.parametrize("base", ["USD", "JPY"])
def test_yen_and_dinars_are_whole_minor_units_from_the_plan_to_the_award(
    each_database: Database, tmp_path: Path, base: str
) -> None:
    proposer, yen, dinar, scenario_id = each_database.in_transaction(set_scene, base)
    run = solve(each_database, tmp_path, proposer, scenario_id)
    assert run.status == "optimal"
    assert run.rates["KWD"] == {"rate": RATES[base], "on": "2026-01-02"}
    each_database.in_transaction(put_forward, by=proposer, run_id=run.id, note="", key="plan")
    with each_database.reading() as session:
        lines = session.scalars(sa.select(PlanLine).order_by(PlanLine.id)).all()
        kept = {
            line.id: (line.commitment.currency, line.amount, line.base_amount, line.version)
            for line in lines
        }
    assert {currency for currency, *_ in kept.values()} == {"JPY", "KWD"}
    for currency, amount, base_amount, _ in kept.values():
        rate = stored_rate(currency, base, run.rates[currency])
        assert 0 <= base_amount - rate.to_base(amount) <= rate.to_base_at_least(1)
    for currency, limit in (("JPY", 2_000_001), ("KWD", 6_000_007)):
        spent = sum(amount for code, amount, *_ in kept.values() if code == currency)
        assert limit * 0.98 < spent <= limit  # money is scarce: nearly all of it is used

    line_id = next(id for id, (currency, *_) in kept.items() if currency == "KWD")
    less = kept[line_id][1] - 1  # one fils
    each_database.in_transaction(
        amend_line, by=dinar, line_id=line_id, version=None, amount=less, reason="a fils", key="a"
    )
    colleague = each_database.in_transaction(_colleague, line_id)
    for by, currency in ((yen, "JPY"), (colleague, "KWD")):
        own = {id: None for id, (code, *_) in kept.items() if code == currency}
        each_database.in_transaction(approve_lines, by=by, lines=own, key="approve")
    with each_database.reading() as session:
        awards = session.scalars(sa.select(Award)).all()
        amounts = {award.plan_line_id: award.amount for award in awards}
        expected = {id: amount for id, (_, amount, *_) in kept.items()} | {line_id: less}
        assert amounts == expected
        for currency, limit in (("JPY", 2_000_001), ("KWD", 6_000_007)):
            balances = session.scalars(
                sa.select(Account.balance).where(
                    Account.currency == currency, Account.kind != "committed"
                )
            ).all()
            assert sum(balances) == limit


def _colleague(session: Session, line_id: int) -> Actor:
    return make_actor(session, session.get_one(PlanLine, line_id).commitment.funder)


def test_each_currency_is_written_with_its_own_decimals() -> None:
    assert format_amount(1_234_567, "JPY").replace("\xa0", " ") == "JPY 1,234,567"
    assert format_amount(1_234_567, "KWD").replace("\xa0", " ") == "KWD 1,234.567"
