"""From a round to a plan: baselines first, then the rule, then every figure from whole lines."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import metadata

from optimizer.baselines import Baseline, promised
from optimizer.clock import Cancelled, Clock
from optimizer.found import ROUNDING, Found, Infeasible, OutOfTime
from optimizer.highs import SolverFault
from optimizer.pairs import Pairs, in_order, pairs_of
from optimizer.problem import LINES_ONLY, PLAN_FORMATS, SUMS, Plan, Problem
from optimizer.rules import RULES
from optimizer.stated import figures_of, promises
from optimizer.still_open import still_open
from optimizer.value import Breach, Lines, breaches

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
    stated = {f: {kind: b.value for kind, b in by.items()} for f, by in baselines.items()}
    floors = promises(ordered, stated)
    try:
        found = RULES[rule](pairs, floors, gap, clock)
    except Infeasible as infeasible:
        infeasible.floors = floors
        raise
    lines = found.lines
    if lines is None or (broken := _broken(rule, pairs, lines, floors)):
        raise SolverFault(f"the plan breaks limits: {broken!r}")
    plan = Plan(
        status=_status(rule, found, gap, baselines, clock),
        rule=rule,
        bound=found.bound,
        gap=found.gap,
        digest=problem.digest,
        versions=versions(),
        seconds=time.monotonic() - started,
        format=PLAN_FORMATS[problem.format],
        objective=found.objective,
        **figures_of(pairs, lines, stated),
    )
    if plan.status != "time_limit":
        return plan
    unproven = [f for f, by in baselines.items() if not all(b.is_proven for b in by.values())]
    return replace(plan, open=still_open(ordered, plan, gap, found.settled, unproven))


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


def versions() -> dict[str, str]:
    """What a plan was made with, so that it can be made again."""
    packages = ("highspy", "numpy", "pulp")
    return {"python": platform.python_version()} | {p: metadata.version(p) for p in packages}
