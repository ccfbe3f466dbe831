"""What must hold of every round, tried on rounds made at random."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from optimizer.backend import open_model
from optimizer.check import check
from optimizer.clock import Clock
from optimizer.explain import explain
from optimizer.highs import Live
from optimizer.model import Detail, build
from optimizer.pairs import in_order, pairs_of
from optimizer.problem import Plan
from optimizer.read import read_round
from optimizer.solve import Infeasible, solve
from tests.optimizer import by_hand
from tests.optimizer.degenerate import scaled
from tests.optimizer.rounds import FEATURES, small_rounds
from tests.optimizer.test_determinism import shuffled

Document = dict[str, Any]

SHARES = {"institution_share", "region_least", "risk_most"}
PROMISES = {"alone", "leave", "at_least"}
WITH_TOLERANCES = SHARES | PROMISES | {"area_cap"}
LOCKS = {"lock_line", "lock_total", "lock_in", "lock_out"}


def without(*left_out: set[str]) -> list[str]:
    return sorted(set(FEATURES).difference(*left_out))


def every(examples: int) -> Any:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


def solved(document: Document, gap: float = 0.0) -> Plan:
    """The plan; the example is passed over where there is none."""
    try:
        return solve(read_round(document), gap=gap)
    except Infeasible:
        assume(False)
        raise


@every(40)
@given(small_rounds("real"))
def test_no_plan_exceeds_any_limit(document: Document) -> None:
    plan = solved(document, gap=1e-3)
    assert [str(violation) for violation in check(read_round(document), plan, gap=1e-3)] == []


@every(40)
@given(small_rounds(features=without(SHARES, PROMISES)), st.data())
def test_more_money_never_lowers_the_value(document: Document, data: st.DataObject) -> None:
    assume(document["commitments"])
    less = solved(document)
    row = data.draw(st.sampled_from(document["commitments"]))
    row["amount"] += data.draw(st.integers(1, 500))
    more = solve(read_round(document), gap=0.0)
    assert more.value >= less.value - 1e-6 * max(1.0, abs(less.value))


@every(40)
@given(small_rounds(), st.integers(0, 1000))
def test_the_order_of_a_file_never_changes_the_plan(document: Document, seed: int) -> None:
    plan = solved(document)
    other = solve(read_round(shuffled(document, random.Random(seed))), gap=0.0)
    assert (other.lines, other.value, other.bound) == (plan.lines, plan.value, plan.bound)


@every(40)
@given(small_rounds(features=without(WITH_TOLERANCES)), st.sampled_from([7, 100, 10**6]))
def test_money_in_other_units_gives_the_same_plan(document: Document, factor: int) -> None:
    """With the grid in the other unit as well; tolerances are units and do not scale."""
    document["policy"].setdefault("round_to", 1)
    plan = solved(document)
    other = solve(read_round(scaled(document, factor)), gap=0.0)
    assert [(x.commitment, x.proposal, x.amount) for x in other.lines] == [
        (x.commitment, x.proposal, x.amount * factor) for x in plan.lines
    ]
    assert other.value == pytest.approx(plan.value * factor, rel=1e-9, abs=1e-6)


@every(60)
@given(small_rounds("real"))
def test_the_relaxed_models_prices_prove_its_value(document: Document) -> None:
    """Strong duality: what prices and reduced costs charge for all limits is the LP's value."""
    pairs = pairs_of(in_order(read_round(document)))
    assume(not pairs.blockers)
    model = build(pairs, {}, Detail(is_eased=True))
    live = open_model(model.lp, Clock.of(60), model.unit)
    assert isinstance(live, Live)
    answer = live.relax()
    assume(answer.x is not None)
    held = live.highs.getLp()
    charged = 0.0
    for prices, low, high in (
        (live.row_duals, np.array(held.row_lower_), np.array(held.row_upper_)),
        (live.reduced_costs, live.low, live.high),
    ):
        limit = np.where(prices > 0, high, low)
        binds = np.abs(prices) > 1e-9
        assert np.isfinite(limit[binds]).all()  # no price on what does not limit
        charged += float(prices[binds] @ limit[binds])
    assert charged == pytest.approx(answer.value, rel=1e-6, abs=1e-6)


@every(40)
@given(small_rounds(features=without(PROMISES)))
def test_every_reason_stated_as_fact_is_true(document: Document) -> None:
    plan = solved(document)
    problem = read_round(document)
    rows = {p["id"]: p for p in document["proposals"]}
    pinned = {lock["proposal"] for lock in document["locks"]}
    for id_, reason in explain(problem, plan, has_baselines=False).proposals.items():
        payers = [c for c in document["commitments"] if by_hand.may_pay(c, rows[id_])]
        able = [c for c in payers if most(c, rows[id_]) >= max(1, c.get("ticket", 0))]
        if reason.kind == "no_eligible_money":
            assert able == []
        elif reason.kind == "out_of_reach":
            assert by_force(document, id_) is None
        elif reason.kind == "locked_out":
            assert id_ in pinned
        else:
            assert {c["id"] for c in able}.issuperset(reason.commitments)
        if reason.kind == "overlap":
            partners = {
                p for o in document["overlaps"] if id_ in o["proposals"] for p in o["proposals"]
            }
            assert (partners - {id_}).issuperset(reason.others)
            assert set(plan.totals).issuperset(reason.others)


def most(commitment: Document, proposal: Document) -> int:
    return min(by_hand.cap(commitment, proposal), commitment["amount"])


def by_force(document: Document, proposal: str) -> Plan | None:
    """The best plan that funds a proposal; None if none does."""
    locks = [*document["locks"], {"proposal": proposal, "funded": True}]
    try:
        return solve(read_round({**document, "locks": locks}), gap=0.0)
    except Infeasible:
        return None
