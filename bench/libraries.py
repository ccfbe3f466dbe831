"""The same rounds in modelling libraries, as their own tutorials have it: one variable a pair.

Each function returns the value of the plan found in minor units, 0 where there is none, and the
proven gap where the library tells.
"""

from __future__ import annotations

import linopy
import numpy as np
import pandas as pd
import pulp
import xarray as xr
from pulp.apis.coin_api import pulp_cbc_path

from bench.by_hand import UNIT
from optimizer.pairs import Pairs, tags

linopy.options["semantics"] = "v1"  # a row of a pair that is not eligible drops out


def in_pulp(pairs: Pairs, solver: pulp.LpSolver) -> float:
    """lpSum over dictionaries of variables, and PuLP's own way to the solver."""
    problem = pairs.problem
    lp = pulp.LpProblem("allocation", pulp.LpMaximize)
    able = [(int(c), int(p)) for c, p in np.argwhere(pairs.cap > 0)]
    x = {(c, p): lp.add_variable(f"x_{c}_{p}", 0) for c, p in able}
    y = [lp.add_variable(f"y_{p}", cat=pulp.LpBinary) for p in range(len(pairs.ask))]
    g = {
        (a, s): lp.add_variable(f"g_{a}_{s}", 0, step.width / UNIT)
        for a, area in enumerate(problem.areas)
        for s, step in enumerate(area.steps)
    }
    paid: list[list[pulp.LpVariable]] = [[] for _ in pairs.ask]
    spent: list[list[pulp.LpVariable]] = [[] for _ in pairs.budget]
    for (c, p), variable in x.items():
        paid[p].append(variable)
        spent[c].append(variable)
    merit = pulp.lpSum(problem.proposals[p].merit * v for (_, p), v in x.items())
    need = pulp.lpSum(problem.areas[a].steps[s].weight * v for (a, s), v in g.items())
    lp += merit + need
    for c, variables in enumerate(spent):
        lp += pulp.lpSum(variables) <= pairs.budget[c] / UNIT
    for p, variables in enumerate(paid):
        lp += pulp.lpSum(variables) <= pairs.ask[p] / UNIT * y[p]
        lp += pulp.lpSum(variables) >= pairs.least[p] / UNIT * y[p]
    for a, area in enumerate(problem.areas):
        inside = [
            weight * v
            for p, q in enumerate(problem.proposals)
            if (weight := q.areas.get(area.id))
            for v in paid[p]
        ]
        lp += pulp.lpSum(inside) >= pulp.lpSum(v for (b, _), v in g.items() if b == a)
    for c, p in able:
        if pairs.ticket[c]:
            z = lp.add_variable(f"z_{c}_{p}", cat=pulp.LpBinary)
            lp += x[c, p] <= min(int(pairs.cap[c, p]), int(pairs.budget[c])) / UNIT * z
            lp += x[c, p] >= int(pairs.ticket[c]) / UNIT * z
    lp.solve(solver)
    is_solved = lp.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)
    return float(pulp.value(lp.objective)) * UNIT if is_solved else 0.0


def cbc(gap: float, seconds: float) -> pulp.LpSolver:
    return pulp.COIN_CMD(path=pulp_cbc_path, msg=False, gapRel=gap, timeLimit=seconds, threads=1)


def highs(gap: float, seconds: float) -> pulp.LpSolver:
    return pulp.HiGHS(msg=False, gapRel=gap, timeLimit=seconds, threads=1)


def in_linopy(pairs: Pairs, gap: float, seconds: float) -> float:
    """Labelled arrays, handed to HiGHS without a file."""
    problem = pairs.problem
    c, p = pd.RangeIndex(len(pairs.budget), name="c"), pd.RangeIndex(len(pairs.ask), name="p")
    a, s = pd.RangeIndex(len(problem.areas), name="a"), pd.RangeIndex(3, name="s")
    cap = xr.DataArray(pairs.cap / UNIT, coords=[c, p])
    model = linopy.Model()
    x = model.add_variables(lower=0, coords=[c, p], mask=cap > 0, name="x")
    total = model.add_variables(lower=0, coords=[p], name="total")
    y = model.add_variables(binary=True, coords=[p], name="y")
    width = xr.DataArray(
        [[step.width / UNIT for step in q.steps] for q in problem.areas], coords=[a, s]
    )
    weight = xr.DataArray([[step.weight for step in q.steps] for q in problem.areas], coords=[a, s])
    g = model.add_variables(lower=0, upper=width, coords=[a, s], name="g")
    model.add_constraints(x.sum("c") - total == 0, name="total")
    budget = xr.DataArray(pairs.budget / UNIT, coords=[c])
    model.add_constraints(x.sum("p") <= budget, name="commitment")
    model.add_constraints(total - xr.DataArray(pairs.ask / UNIT, coords=[p]) * y <= 0, name="ask")
    least = xr.DataArray(pairs.least / UNIT, coords=[p])
    model.add_constraints(total - least * y >= 0, name="least")
    weights = tags(problem)
    for k in a:
        inside = np.flatnonzero(weights[:, k])
        part = xr.DataArray(weights[inside, k], coords=[p[inside]])
        taken = (part * total.sel(p=inside)).sum() - g.sel(a=k).sum()
        model.add_constraints(taken >= 0, name=f"coverage_{k}")
    if pairs.ticket.any():
        z = model.add_variables(binary=True, coords=[c, p], mask=cap > 0, name="z")
        ticket = xr.DataArray(pairs.ticket / UNIT, coords=[c])
        most = np.minimum(cap, budget)
        model.add_constraints(x - most * z <= 0, name="most")
        model.add_constraints(x - ticket * z >= 0, name="ticket")
    merit = xr.DataArray([q.merit for q in problem.proposals], coords=[p])
    model.add_objective((merit * total).sum() + (weight * g).sum(), sense="max")
    model.solve(
        solver_name="highs",
        io_api="direct",
        progress=False,
        mip_rel_gap=gap,
        time_limit=seconds,
        threads=1,
        output_flag=False,
    )
    return float(model.objective.value or 0.0) * UNIT
