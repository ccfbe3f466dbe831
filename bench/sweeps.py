"""What a sweep saves by keeping one live model: `python -m bench.sweeps`.

Resampled reviews of one round: each sample anew (model, relaxation, plan in whole lines), and as
sweeps do it, on a live model whose costs change. Processor seconds, medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np

from bench.rounds import make_round
from optimizer.clock import Clock
from optimizer.live_round import LiveRound
from optimizer.problem import Plan, Problem
from optimizer.read import read_round
from optimizer.solve import solve
from optimizer.sureness import reviewed_again, spreads

SIZE = (20, 1000)
SAMPLES = 9
SECONDS = 600.0


def report() -> Iterator[str]:
    """One figure a line."""
    problem = read_round(make_round(*SIZE))
    plan = solve(problem, seconds=SECONDS)
    size = f"{SIZE[0]} x {SIZE[1]}"
    cold, cold_plan = _measure(problem, plan, is_warm=False)
    warm, warm_plan = _measure(problem, plan, is_warm=True)
    yield f"{size}: model and relaxation anew {cold:.3f} s, re-solved warm {warm:.3f} s"
    yield f"{size}: relaxation, warm over anew: {warm / cold:.2f}"
    yield f"{size}: to a plan in whole lines, anew {cold_plan:.3f} s, warm {warm_plan:.3f} s"
    yield f"{size}: to a plan in whole lines, warm over anew: {warm_plan / cold_plan:.2f}"


def _measure(problem: Problem, plan: Plan, *, is_warm: bool) -> tuple[float, float]:
    """Median seconds of a sample to its corner, and to its plan."""
    spread = spreads(problem, {})
    kept = LiveRound(problem, plan, Clock.of(SECONDS))
    kept.corner()
    merit = np.array([p.merit for p in kept.problem.proposals])
    corners, plans = [], []
    for sample in range(SAMPLES):
        judged = reviewed_again(kept.problem, spread, 1, sample)
        extra = np.array([p.merit for p in judged.proposals]) - merit
        started = time.process_time()
        live = kept if is_warm else LiveRound(problem, plan, Clock.of(SECONDS))
        live.aim(live.cost + live.of_totals(extra))
        corner = live.corner()
        corners.append(time.process_time() - started)
        live.whole(corner, live.standing(), judged=judged, gap=1e-3, nodes=5)
        plans.append(time.process_time() - started)
    return statistics.median(corners), statistics.median(plans)


def main(show: Callable[[str], None] = print) -> None:
    for line in report():
        show(line)


if __name__ == "__main__":
    main()
