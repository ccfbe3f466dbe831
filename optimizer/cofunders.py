"""What one more co-funder would be worth, by proposal: the price of `max_cofunders`.

A line more is a whole step, so it has no dual. With the plan's funded set and lines held, the row
that keeps a further commitment out of a proposal (x_cp <= cap_cp z_cp, z_cp = 0) has one, which
says about what letting it in would add. The most promising is let in and the round solved again:
what that brings is stated. Nobody else's lines are chosen anew, so it may be more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from optimizer.backend import Solver, open_model
from optimizer.clock import Clock
from optimizer.highs import Vector
from optimizer.model import Detail, Model, build
from optimizer.pairs import pairs_of
from optimizer.prices import Price, fix_funded
from optimizer.problem import Plan, Problem

KIND = "max_cofunders"


def cofunder_prices(
    problem: Problem, plan: Plan, floors: Mapping[str, float], clock: Clock
) -> list[Price]:
    """A price, minor units of value, for each proposal with as many lines as the round allows.

    For a round `in_order`. A proposal that nobody else could join has the price 0.
    """
    most = problem.policy.max_cofunders
    payers: dict[str, set[str]] = defaultdict(set)
    for line in plan.lines:
        payers[line.proposal].add(line.commitment)
    full = {id_ for id_, found in payers.items() if most is not None and len(found) >= most}
    if not full or not clock.left:
        return []
    model = build(
        pairs_of(problem, is_tight=False), dict(floors), Detail(lines=True, is_eased=True)
    )
    live = open_model(model.lp, clock, model.unit)
    fix_funded(model, live, plan)
    counted = [row.index for (family, _), row in model.rows.items() if family == "cofunders"]
    live.set_rows(counted, -np.inf, 1.0)  # room for one more; sum z - K y <= 0 else
    for (c, p), z in model.z.items():
        taking = problem.commitments[c].id in payers[problem.proposals[p].id]
        live.set_columns([z.index], float(taking), float(taking))
    base = live.relax()
    if base.x is None:
        return []
    promising = _promising(model, live.row_duals, full)
    return [
        Price(KIND, id_, _with(live, model, promising.get(id_), base.value) + 0.0, True)
        for id_ in sorted(full)
    ]


def _promising(model: Model, duals: Vector, full: set[str]) -> dict[str, tuple[int, int]]:
    """For each full proposal the pair that would add most, by what its row charges."""
    problem, cost = model.problem, model.problem.policy.agreement_cost / model.unit
    best: dict[str, tuple[float, tuple[int, int]]] = {}
    for c, p in model.z:
        id_ = problem.proposals[p].id
        row = model.rows["pair", f"{problem.commitments[c].id}|{id_}"]
        cap = min(int(model.pairs.cap[c, p]), int(model.pairs.budget[c])) / model.unit
        worth = float(duals[row.index]) * cap - cost
        if id_ in full and worth > 0 and worth > best.get(id_, (0.0, (0, 0)))[0]:
            best[id_] = (worth, (c, p))
    return {id_: pair for id_, (_, pair) in best.items()}


def _with(live: Solver, model: Model, pair: tuple[int, int] | None, before: float) -> float:
    """What letting this pair in adds, minor units, by solving again; 0 where it adds nothing."""
    if pair is None:
        return 0.0
    column = [model.z[pair].index]
    live.set_columns(column, 1.0, 1.0)
    answer = live.relax()
    live.set_columns(column, 0.0, 0.0)
    return max(0.0, answer.value - before) * model.unit if answer.x is not None else 0.0
