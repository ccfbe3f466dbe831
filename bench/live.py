"""How long a room waits for one change: `python -m bench.live` prints medians as a table.

On rounds of 20 commitments and 300 proposals: seven changes one after the other on a warm round,
and the same changed rounds solved from nothing to 1 %. Processor seconds, the solver's included,
on one thread.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from bench.rounds import TERMS, make_round
from optimizer.problem import Plan, Problem
from optimizer.read import read_round
from optimizer.solve import solve
from optimizer.tweaks import Tweaks
from optimizer.warm import WarmRound

SIZE = (20, 300)
KINDS = ("plain", "restricted", "tickets", TERMS)


def changes(problem: Problem, plan: Plan) -> list[Tweaks]:
    """A weight, two, a floor, a cap, a pin in, one out, and another amount."""
    first, second, third = (area.id for area in problem.areas[:3])
    unfunded = next(p.id for p in problem.proposals if not plan.totals.get(p.id))
    largest = max(plan.totals, key=lambda key: (plan.totals[key], key))
    commitment = problem.commitments[0]
    weights = {first: 2.0, second: 0.5}
    return [
        Tweaks(weights={first: 2.0}),
        Tweaks(weights=weights),
        Tweaks(weights=weights, floors={third: plan.areas[third]["amount"] * 13 // 10}),
        Tweaks(caps={first: plan.areas[first]["amount"] * 7 // 10}),
        Tweaks(pins={unfunded: True}),
        Tweaks(pins={unfunded: True, largest: False}),
        Tweaks(amounts={commitment.id: commitment.amount * 3 // 2}),
    ]


def measured(act: Callable[[], object]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def measure(kind: str) -> tuple[list[float], list[float], list[float]]:
    """(seconds warm, seconds from nothing, gaps of the warm plans)."""
    problem = read_round(make_round(*SIZE, kind))
    plan = solve(problem, gap=1e-3)
    warm = WarmRound(problem, plan)
    warm.step(Tweaks())  # the first builds the model, before the room asks for anything
    before, seconds, anew, gaps = plan, [], [], []
    for tweaks in changes(problem, plan):
        started = time.process_time()
        step = warm.step(tweaks, before)
        seconds.append(time.process_time() - started)
        gaps.append(step.plan.gap)
        before = step.plan
        changed = tweaks.applied_to(problem)
        anew.append(measured(lambda changed=changed: solve(changed, gap=1e-2)))
    return seconds, anew, gaps


def main() -> None:
    print("| round of 20 x 300 | median | slowest | solved from nothing | largest gap |")
    print("|---|---|---|---|---|")
    for kind in KINDS:
        seconds, anew, gaps = measure(kind)
        print(
            f"| {kind} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s |"
            f" {statistics.median(anew):.2f} s | {max(gaps):.2%} |"
        )


if __name__ == "__main__":
    main()
