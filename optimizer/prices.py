"""Shadow prices: what one more unit of each limit would add to the plan's value.

From the LP with everything funded as the plan has it, so that the integers do not hide prices;
lines are free to change. The sign is an economist's: a limit from above that binds has a price
above 0, a demand from below (a floor, a region's share, a guarantee) one below 0. PuLP's HiGHS
returns the opposite under maximisation; it is turned once, in highs.py. Where the corner is
degenerate a dual can promise more than a unit more would bring; so each is tried by solving
again with a little more, and what that brings is stated.

What the policy charges has a price, too: one more unit of the weight of overlaps, or of the cost
of an agreement, takes from this plan what it counts; by the envelope theorem no other plan is
better for a small enough one. The number of co-funders is counted in whole steps: cofunders.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pulp

from optimizer.backend import Solver, open_model
from optimizer.clock import Clock
from optimizer.model import Detail, Model, build
from optimizer.pairs import pairs_of
from optimizer.problem import Plan, Problem
from optimizer.value import spent_twice

KINDS = {
    "commitment": "commitment",
    "area_cap": "area cap",
    "floor": "area floor",
    "institution": "institution_share",
    "risk": "risk_most",
    "region": "region_least",
    "guarantee": "guarantee",
}
STEP = 1e-4  # of a limit, tried on top of it
SAME = 1e-3


@dataclass(frozen=True)
class Price:
    """Value per unit of one limit: `kind` and `where` as the format has them.

    `is_tried`: solving again with a little more brought this much. `where` is empty for what the
    policy sets for the whole round.
    """

    kind: str
    where: str
    price: float
    is_tried: bool


def shadow_prices(
    problem: Problem, plan: Plan, floors: Mapping[str, float], clock: Clock
) -> tuple[Price, ...]:
    """A price for every commitment and every hard limit or demand, for a round `in_order`."""
    model = build(pairs_of(problem, is_tight=False), dict(floors), Detail(is_eased=True))
    live = open_model(model.lp, clock, model.unit)
    fix_funded(model, live, plan)
    base = live.relax()
    if base.x is None:
        return ()
    duals = live.row_duals
    prices = []
    for (family, name), row in model.rows.items():
        if family in KINDS:
            dual = float(duals[row.index])
            tried = None
            if abs(dual) > 1e-9 and clock.left:
                tried = _try(live, row, base.value, dual)
            price = dual if tried is None else tried
            prices.append(Price(KINDS[family], name, price + 0.0, tried is not None or dual == 0))
    prices += charges(problem, plan)
    live.restore()
    priced = {price.where for price in prices if price.kind == "commitment"}
    idle = [c.id for c in problem.commitments if c.id not in priced]  # nothing it may pay
    return tuple(prices + [Price("commitment", id_, 0.0, True) for id_ in idle])


def charges(problem: Problem, plan: Plan) -> list[Price]:
    """What one more unit of each of the policy's charges adds to the value; none above 0."""
    funded = {p for p, total in plan.totals.items() if total}
    twice = spent_twice(problem, funded)
    found = []
    if problem.overlaps or any(p.paid_before for p in problem.proposals):
        found.append(Price("overlap_weight", "", -twice + 0.0, True))
    if problem.policy.agreement_cost:
        found.append(Price("agreement_cost", "", -float(len(plan.lines)), True))
    return found


def fix_funded(model: Model, live: Solver, plan: Plan) -> None:
    """Fund exactly what the plan funds."""
    funded = {p for p, total in plan.totals.items() if total}
    columns, values = [], []
    for p, proposal in enumerate(model.problem.proposals):
        if p in model.y:
            columns.append(model.y[p].index)
            values.append(float(proposal.id in funded))
    live.set_columns(columns, values, values)


def _try(live: Solver, row: pulp.LpConstraint, value: float, dual: float) -> float | None:
    """What a unit more of this limit adds, by solving again with a little more of it."""
    right = -float(row.constant)
    step = max(STEP * abs(right), STEP)
    found = None
    for _ in range(3):
        more = right + step
        is_most = row.sense == pulp.LpConstraintLE
        live.set_rows([row.index], -np.inf if is_most else more, more if is_most else np.inf)
        answer = live.relax()
        if answer.x is not None:
            found = (answer.value - value) / step
            if abs(found - dual) <= SAME * abs(dual):
                found = dual
                break
        step /= 16
    live.set_rows([row.index], -np.inf if is_most else right, right if is_most else np.inf)
    return found
