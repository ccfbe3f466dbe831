"""Max-min of the funders' gain, and then the next smallest: leximin.

What is compared is a ratio for each funder: its value in the plan over its baseline, where the
round promises one (a guarantee or `at_least`); if the round promises nobody anything, its share of
the highest value that any plan of the round could have for it. Where some ask and others do not,
the others are held against 'alone'. A funder whose reference is 0 cannot gain and is left out.

The smallest ratio is made as large as possible, then the next smallest, and the next (leximin). Of
the plans that remain, the one worth most is taken. All limits of the round hold, as for `welfare`.
`objective` states the smallest ratio of the whole lines and the bound on it.

First every funder's level is found in the relaxed round (`levels.py`); no plan is better level by
level. Then the plan worth most is searched that gives each funder its level, but for the gap asked
for. Where minimums, tickets or rounding lose more than that, none is found: then the smallest ratio
is made as large as possible in whole lines, then the sum of the two smallest, of the three, and so
on up to LEVELS, which for these sums is the same as level by level. Each such step is a
mixed-integer programme solved to the gap.

| property | held | why |
|---|---|---|
| efficient | yes, within the gap | to raise one funder and lower none would be found |
| individually rational | yes, where it can be | the smallest gain over a baseline is largest |
| in the core | no | a group with much money may do better by itself |
| proportional | no | a small funder counts as much as a large one |
| strategyproof | no | stating narrower interests lowers the reference |

'Efficient' is said of the funders' values; where the steps are integer programmes, with no more
funders than LEVELS.

Source: leximin after J. Rawls and A. Sen; sums of the k smallest by linear rows after W. Ogryczak
and T. Sliwinski, On solving linear programs with the ordered weighted averaging objective,
European Journal of Operational Research 148 (2003).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from optimizer.backend import Solver, open_model
from optimizer.baselines import reach_alone
from optimizer.clock import Clock
from optimizer.found import Found, Infeasible, OutOfTime
from optimizer.highs import Vector
from optimizer.mend import NODES, can_mend, mend
from optimizer.model import add_quality, build
from optimizer.pairs import Pairs
from optimizer.problem import Objective, Problem
from optimizer.programme import GE, Detail, Expression, Model
from optimizer.rules.giving import value_bound
from optimizer.rules.levels import levels_of
from optimizer.value import Lines, funder_value, quality, totals_of, value_of
from optimizer.whole import draft

LEVELS = 12
NEAR = 4  # a model is held so many times nearer to the levels than the gap, for whole lines' sake
KEPT = 1e-7  # of a level found, given up in the next because numbers are not exact
OF_BASELINE = "smallest value of a funder over its baseline"
OF_HIGHEST = "smallest value of a funder over the highest it could have"


def maxmin(pairs: Pairs, floors: dict[str, float], gap: float, clock: Clock) -> Found:
    """The leximin plan. `floors`: least value promised to funders, minor units, which hold.

    Raises Infeasible, OutOfTime, Cancelled.
    """
    if pairs.blockers:
        raise Infeasible("; ".join(pairs.blockers))
    most = value_bound(pairs, floors, clock, is_eased=True)
    references, name = references_of(pairs, floors, clock)
    best = _by_levels(pairs, floors, references, gap, clock)
    if best is None:
        best = _by_search(pairs, floors, references, gap, clock)
    value = value_of(pairs.problem, best.lines)
    objective = Objective(name, best.least, best.bound, references) if references else None
    return Found(best.lines, value, max(value, most), objective)


def references_of(
    pairs: Pairs, floors: dict[str, float], clock: Clock
) -> tuple[dict[str, float], str]:
    """What each funder with money is held against, minor units of its value; and its name."""
    problem = pairs.problem
    names = sorted({c.funder for c in problem.commitments})
    if floors:
        found = {
            f: floors[f] if f in floors else reach_alone(problem, f, clock.within("alone")).value
            for f in names
        }
        return {f: least for f, least in found.items() if least > 0}, OF_BASELINE
    model = build(pairs, {}, Detail(is_eased=True))
    add_quality(model)
    live = open_model(model.lp, clock, model.unit)
    found = {}
    for f in names:
        live.set_costs(_costs(live, model.worth[f]))
        found[f] = live.relax().bound * model.unit
    return {f: most for f, most in found.items() if 0 < most < math.inf}, OF_HIGHEST


def ratios(problem: Problem, lines: Lines, references: dict[str, float]) -> dict[str, float]:
    """Each funder's value in whole lines over its reference."""
    done = quality(problem, totals_of(problem, lines))
    by_id = problem.funder_by_id
    return {f: funder_value(by_id[f], done) / most for f, most in references.items()}


@dataclass(frozen=True)
class _Climbed:
    """Whole lines with their smallest ratio, and what no plan's smallest ratio exceeds."""

    lines: Lines
    least: float
    bound: float

    @property
    def gap(self) -> float:
        return (self.bound - self.least) / max(self.least, 1e-12)


def _by_levels(
    pairs: Pairs,
    floors: dict[str, float],
    references: dict[str, float],
    gap: float,
    clock: Clock,
) -> _Climbed | None:
    """The plan worth most with every funder at its level of the relaxed round, within the gap.

    None where there is no such plan, or none was found in so many nodes and half of the time.
    """
    levels = levels_of(pairs, floors, references, clock) if references else None
    if levels is None:
        return None
    goal = _promised(levels, references, floors, gap / NEAR)
    model = build(pairs, goal, Detail())
    # whole lines and mended ones may be a little below it
    model.floors = _promised(levels, references, floors, gap)
    live = open_model(model.lp, clock.within("plan", clock.left / 2), model.unit)
    answer = live.search(gap / 2, nodes=NODES)
    plan = None if answer.x is None else draft(model, live, answer.x)
    if plan is not None and plan.broken and can_mend(pairs.problem, plan):
        plan = mend(model, plan, live.clock, gap)
    if plan is None or plan.broken:
        return None
    reached = ratios(pairs.problem, plan.lines, references)
    if any(reached[f] < level * (1 - gap) for f, level in levels.items()):
        return None  # in a small round the format's tolerance of promises is more than the gap
    least = min(reached.values())
    return _Climbed(plan.lines, least, max(min(levels.values()), least))


def _promised(
    levels: Mapping[str, float],
    references: Mapping[str, float],
    floors: Mapping[str, float],
    less: float,
) -> dict[str, float]:
    """Least values by funder, minor units: what was promised, and its level but for `less`."""
    held = {f: level * references[f] * (1 - less) for f, level in levels.items()}
    return {f: max(floors.get(f, 0.0), held.get(f, 0.0)) for f in sorted({*floors, *held})}


def _by_search(
    pairs: Pairs,
    floors: dict[str, float],
    references: dict[str, float],
    gap: float,
    clock: Clock,
) -> _Climbed:
    """Level by level in whole lines. Raises Infeasible, OutOfTime, Cancelled."""
    has_parts = bool((pairs.ticket > pairs.grid).any())
    has_parts |= pairs.problem.policy.max_cofunders is not None
    best: _Climbed | None = None
    for is_eased in (False, True):
        for is_whole in (False, True):
            detail = Detail(lines=has_parts or is_whole, whole=is_whole, is_eased=is_eased)
            model = build(pairs, floors, detail)
            climbed = _climb(model, references, gap, clock)
            if climbed is None:
                break  # no plan keeps every limit: try with the format's tolerances
            if best is None or climbed.least > best.least:
                best = replace(climbed, bound=min(climbed.bound, best.bound if best else math.inf))
            if best.gap <= gap or clock.has_run_out:
                break
        if best is not None:
            break
    if best is None:
        if clock.has_run_out:
            raise OutOfTime
        raise Infeasible
    return best


@dataclass
class _Ladder:
    """Sums of the k smallest ratios, for k = 1, 2, ...: theta_k = k r_k - sum_f d_kf with
    d_kf >= r_k - ratio_f, each in a row theta_k >= what was reached."""

    sums: list[Expression] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)

    @classmethod
    def on(cls, model: Model, references: dict[str, float]) -> _Ladder:
        ladder = cls()
        add_quality(model)
        for k in range(min(len(references), LEVELS)):
            level = model.variable("r", k)
            total: Expression = {level: float(k + 1)}
            for f, (name, most) in enumerate(references.items()):
                below = model.variable("e", k, f)
                ratio = {v: w * model.unit / most for v, w in model.worth[name].items()}
                model.add(f"below {k}", name, {**ratio, below: 1.0, level: -1.0}, GE, 0)
                total[below] = -1.0
            model.add("level", str(k), total, GE, 0)
            ladder.sums.append(total)
            ladder.rows.append(model.rows["level", str(k)])
        return ladder


def _climb(model: Model, references: dict[str, float], gap: float, clock: Clock) -> _Climbed | None:
    """Level by level, then by value; None where no plan keeps the limits or none was found."""
    ladder = _Ladder.on(model, references)
    live = open_model(model.lp, clock, model.unit)
    bound, x = math.inf, None
    for k, total in enumerate(ladder.sums):
        clock.tell("level")
        live.clock = clock.within("level", clock.left / (len(ladder.sums) - k + 1))
        live.set_costs(_costs(live, total))
        answer = live.search(gap / 2)
        clock.has_run_out |= not answer.is_finished and not answer.is_infeasible
        if answer.x is None:
            break
        x = answer.x
        bound = answer.bound if k == 0 else bound
        live.set_rows([ladder.rows[k].index], answer.value * (1 - KEPT), np.inf)
    if x is None and references:
        return None
    live.clock = clock.within("plan")
    live.set_costs(_costs(live, model.objective))
    answer = live.search(gap / 2)
    clock.has_run_out |= not answer.is_finished and not answer.is_infeasible
    x = x if answer.x is None else answer.x
    plan = None if x is None else draft(model, live, x)
    if plan is None or plan.broken:
        return None
    least = min(ratios(model.problem, plan.lines, references).values(), default=0.0)
    return _Climbed(plan.lines, least, max(bound, least) + 0.0)  # never -0.0


def _costs(live: Solver, expression: Expression) -> Vector:
    costs = np.zeros(len(live.low))
    for variable, weight in expression.items():
        costs[variable.index] = weight
    return costs
