"""Max-min of the funders' gain, and then the next smallest: leximin.

What is compared is a ratio for each funder: its value in the plan over its baseline, where the
round promises one (a guarantee or `at_least`); if the round promises nobody anything, its share of
the highest value that any plan of the round could have for it. Where some ask and others do not,
the others are held against 'alone'. A funder whose reference is 0 cannot gain and is left out.

The smallest ratio is made as large as possible; then the sum of the two smallest, of the three, and
so on up to LEVELS, which for these sums is the same as the next smallest, and the next (leximin).
Of the plans that remain, the one worth most is taken. All limits of the round hold, as for
`welfare`. Each step is a mixed-integer programme solved to the gap asked for; `objective` states
the smallest ratio of the whole lines and the bound on it.

| property | held | why |
|---|---|---|
| efficient | yes, within the gap | to raise one funder and lower none would be found |
| individually rational | yes, where it can be | the smallest gain over a baseline is largest |
| in the core | no | a group with much money may do better by itself |
| proportional | no | a small funder counts as much as a large one |
| strategyproof | no | stating narrower interests lowers the reference |

'Efficient' is said of the funders' values, with no more funders than LEVELS.

Source: leximin after J. Rawls and A. Sen; sums of the k smallest by linear rows after W. Ogryczak
and T. Sliwinski, On solving linear programs with the ordered weighted averaging objective,
European Journal of Operational Research 148 (2003).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from optimizer.backend import Solver, open_model
from optimizer.baselines import reach_alone
from optimizer.clock import Clock
from optimizer.highs import Vector
from optimizer.model import add_quality, build
from optimizer.pairs import Pairs
from optimizer.problem import Objective, Problem
from optimizer.programme import GE, Detail, Expression, Model
from optimizer.rules.giving import value_bound
from optimizer.search import Found, Infeasible, OutOfTime
from optimizer.value import Lines, funder_value, quality, totals_of, value_of
from optimizer.whole import draft

LEVELS = 12
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
