"""From a round to a plan: baselines first, then the rule, then every figure from whole lines."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from importlib import metadata

from optimizer.baselines import Baseline, promised
from optimizer.currencies import writer
from optimizer.highs import Cancelled, Clock, SolverFault
from optimizer.pairs import Pairs, in_order, pairs_of
from optimizer.problem import LINES_ONLY, PLAN_FORMATS, SUMS, Plan, Problem
from optimizer.rules import RULES
from optimizer.search import ROUNDING, Found, Infeasible, OutOfTime
from optimizer.standings import standings
from optimizer.value import (
    Breach,
    Lines,
    area_amounts,
    as_lines,
    breaches,
    funder_value,
    quality,
    shortfall,
    totals_of,
    value_of,
)
from optimizer.withhold import withheld

__all__ = ["RULES", "Cancelled", "Infeasible", "OutOfTime", "SolverFault", "solve"]

Baselines = Mapping[str, Mapping[str, Baseline]]


def solve(
    problem: Problem,
    *,
    rule: str = "welfare",
    gap: float = 1e-3,
    seconds: float = 60.0,
    progress: Callable[[str, float | None, float | None], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    solver: str = "highs",
    baseline_seconds: float | None = None,
    baselines: Baselines | None = None,
) -> Plan:
    """The plan of a round by a rule: by `welfare` the best, proven to the relative `gap`, or the
    best found in `seconds`.

    `seconds` covers the whole run, baselines included; those take at most `baseline_seconds`, and
    never more than three fifths; `baselines` that are known already are taken as they are. A plan
    held to a baseline that was not proven in time has the status 'time_limit', whatever its own
    gap; one of another rule that ran to its end has the status 'by_rule'. `progress(stage, value,
    bound)` is told of news, value and bound in minor units or None; `cancelled()` is asked often.
    Raises Infeasible, OutOfTime (no plan at all), Cancelled, and SolverFault where a solver's
    answer fails its check.
    """
    started = time.monotonic()
    clock = Clock.of(seconds, progress, cancelled, solver)
    ordered = in_order(problem)
    pairs = pairs_of(ordered)
    if baselines is None:
        baselines = promised(ordered, clock, baseline_seconds)
    floors = floors_of(ordered, baselines)
    try:
        found = RULES[rule](pairs, floors, gap, clock)
    except Infeasible as infeasible:
        infeasible.floors = floors
        raise
    if rule in LINES_ONLY and found.lines is not None:
        found.lines = withheld(pairs, found.lines)
        found.value = value_of(ordered, found.lines)
    lines = found.lines
    if lines is None or (broken := _broken(rule, pairs, lines, floors)):
        raise SolverFault(f"the plan breaks limits: {broken!r}")
    totals = totals_of(ordered, lines)
    amounts, done = area_amounts(ordered, totals), quality(ordered, totals)
    return Plan(
        status=_status(rule, found, gap, baselines, clock),
        rule=rule,
        value=found.value,
        bound=found.bound,
        gap=found.gap,
        lines=as_lines(ordered, lines),
        totals={p.id: x for p, x in zip(ordered.proposals, totals, strict=True) if x},
        areas={
            a.id: {
                "amount": round(amounts[a.id]),
                "shortfall": round(shortfall(a, amounts[a.id])),
            }
            for a in ordered.areas
        },
        funders={
            name: {
                "value": funder_value(funder, done),
                **{kind: b.value for kind, b in baselines.get(name, {}).items()},
            }
            for name, funder in sorted(ordered.funder_by_id.items())
        },
        digest=problem.digest,
        versions=versions(),
        seconds=time.monotonic() - started,
        conditions=standings(pairs, lines, writer(problem.currency)),
        format=PLAN_FORMATS[problem.format],
        objective=found.objective,
    )


def _broken(rule: str, pairs: Pairs, lines: Lines, floors: dict[str, float]) -> list[Breach]:
    """What the lines break of the limits that the rule promises to keep."""
    broken = breaches(pairs, lines, floors)
    return [b for b in broken if b.limit not in SUMS] if rule in LINES_ONLY else broken


def _status(rule: str, found: Found, gap: float, baselines: Baselines, clock: Clock) -> str:
    is_proven = all(b.is_proven for named in baselines.values() for b in named.values())
    if rule == "welfare":
        return "optimal" if found.is_proven(gap) and is_proven else "time_limit"
    is_near = found.objective is None or found.objective.gap <= gap + ROUNDING
    holds = rule in LINES_ONLY or is_proven
    return "by_rule" if is_near and holds and not clock.has_run_out else "time_limit"


def floors_of(problem: Problem, baselines: Baselines) -> dict[str, float]:
    """The least value of each funder with a baseline or an `at_least`, minor units."""
    floors: dict[str, float] = {}
    for funder in problem.funders:
        least = [b.value for b in baselines.get(funder.id, {}).values()]
        if funder.at_least is not None:
            least.append(funder.at_least)
        if least:
            floors[funder.id] = max(least)
    return floors


def versions() -> dict[str, str]:
    """What a plan was made with, so that it can be made again."""
    packages = ("highspy", "numpy", "pulp")
    return {"python": platform.python_version()} | {p: metadata.version(p) for p in packages}
