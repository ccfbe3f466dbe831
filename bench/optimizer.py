"""How fast the optimizer is, as ratios within one run (machines are noisy, ratios less so).

Each measurement runs in a process of its own, taken in turns, and the median of the turns counts:
seconds from a round in memory to the answer, and the process's largest memory.
`python -m bench.optimizer [--full] [--turns N]`; `--full` adds 50 x 5,000 and 100 x 20,000.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bench.by_hand import cells_by_hand, pairs_by_hand, pulp_as_usual
from bench.rounds import make_round
from optimizer.backend import open_model
from optimizer.highs import Clock
from optimizer.model import Detail, build
from optimizer.pairs import Pairs, in_order, pairs_of
from optimizer.problem import Problem
from optimizer.read import read_round
from optimizer.solve import solve

SECONDS = 600.0
Measured = dict[str, float]


def ours(problem: Problem, gap: float) -> Measured:
    plan = solve(problem, gap=gap, seconds=SECONDS)
    return {"value": plan.value, "gap": plan.gap}


def ours_relaxed(problem: Problem, _gap: float) -> Measured:
    pairs = pairs_of(in_order(problem))
    model = build(pairs, {}, Detail())
    return {"value": open_model(model.lp, Clock.of(SECONDS), 1.0).relax().value * model.unit}


def by_hand(problem: Problem, gap: float) -> Measured:
    value, bound = cells_by_hand(_pairs(problem)).solve(gap, SECONDS)
    return {"value": value, "gap": (bound - value) / value}


def by_hand_relaxed(problem: Problem, _gap: float) -> Measured:
    return {"value": cells_by_hand(_pairs(problem)).solve(None, SECONDS)[0]}


def by_hand_pairs(problem: Problem, gap: float) -> Measured:
    value, bound = pairs_by_hand(_pairs(problem)).solve(gap, SECONDS)
    return {"value": value, "gap": (bound - value) / value}


def usual_pulp(problem: Problem, gap: float) -> Measured:
    return {"value": pulp_as_usual(_pairs(problem), gap, SECONDS)}


def resolved(problem: Problem, _gap: float) -> Measured:
    """A sweep's step: new scores in the live model, over the same model solved from nothing."""
    model = build(_pairs(problem), {}, Detail())
    live = open_model(model.lp, Clock.of(SECONDS), 1.0)
    started = time.perf_counter()
    live.relax()
    cold = time.perf_counter() - started
    rng = np.random.default_rng(0)
    cost = np.zeros(len(model.lp.variables()))
    for variable, worth in model.objective.items():
        cost[variable.index] = worth
    warm = []
    for _ in range(9):
        live.set_costs(cost * (1 + 0.02 * rng.standard_normal(len(cost))))
        started = time.perf_counter()
        live.relax()
        warm.append(time.perf_counter() - started)
    return {"value": 0.0, "ratio": statistics.median(warm) / cold}


def _pairs(problem: Problem) -> Pairs:
    return pairs_of(in_order(problem))


METHODS: dict[str, Callable[[Problem, float], Measured]] = {
    f.__name__: f
    for f in (
        ours,
        ours_relaxed,
        by_hand,
        by_hand_relaxed,
        by_hand_pairs,
        usual_pulp,
        resolved,
    )
}


def measure_here(method: str, commitments: int, proposals: int, gap: float) -> Measured:
    """One measurement in this process."""
    problem = read_round(make_round(commitments, proposals))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    found = METHODS[method](problem, gap)
    found["seconds"] = time.perf_counter() - started
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found["megabytes"] = (most - before) / 1024
    return found


def measure(methods: Sequence[str], size: tuple[int, int], gap: float, turns: int) -> Any:
    """Medians by method, each turn in a new process, the methods in turns."""
    seen: dict[str, list[Measured]] = {m: [] for m in methods}
    for _ in range(turns):
        for method in methods:
            command = [sys.executable, "-m", "bench.optimizer", "--one", method]
            command += [str(size[0]), str(size[1]), str(gap)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seen[method].append(json.loads(done.stdout.splitlines()[-1]))
    return {
        m: {k: statistics.median(row[k] for row in rows) for k in rows[0]}
        for m, rows in seen.items()
    }


def report(size: tuple[int, int], turns: int) -> list[str]:
    """Lines for one size: seconds, then each ratio with its target."""
    large = size[1] >= 20_000
    methods = ["ours", "by_hand", "by_hand_pairs"] + (["usual_pulp"] if size[1] <= 1000 else [])
    percent = measure(methods, size, 0.01, turns)
    fine = measure(["ours", "ours_relaxed", "by_hand_relaxed", "resolved"], size, 0.001, turns)
    lines = [f"{size[0]} commitments x {size[1]:,} proposals (median of {turns})"]
    for name, rows in (("to 1 %", percent), ("to 0.1 %", fine)):
        for method, row in rows.items():
            gap = f", gap {row['gap']:.4%}" if "gap" in row else ""
            memory = f"{row['megabytes']:7.0f} MB"
            lines.append(f"  {name:9} {method:16} {row['seconds']:8.2f} s {memory}{gap}")

    if size[1] < 1000:
        return lines  # milliseconds: no targets

    def ratio(what: str, value: float, target: str, *, holds: bool) -> None:
        lines.append(f"  {'met ' if holds else 'MISS'} {what}: {value:.2f} (target {target})")

    mine, hand = percent["ours"]["seconds"], percent["by_hand"]["seconds"]
    ratio("ours over by hand, same formulation", mine / hand, "<= 1.3", holds=mine / hand <= 1.3)
    over_pairs = percent["by_hand_pairs"]["seconds"] / mine
    if size[1] > 1000:
        least = 3 if large else 2.5
        ratio("by hand on pairs over ours", over_pairs, f">= {least}", holds=over_pairs >= least)
    else:
        usual = percent["usual_pulp"]["seconds"] / mine
        ratio("PuLP as usual with CBC over ours", usual, ">= 10", holds=usual >= 10)
    memory = percent["ours"]["megabytes"] / max(1.0, percent["by_hand_pairs"]["megabytes"])
    if large:
        ratio("our memory over the pair model's", memory, "<= 0.25", holds=memory <= 0.25)
        twice = fine["ours"]["seconds"] / (2 * fine["ours_relaxed"]["seconds"])
        is_proven = fine["ours"]["gap"] <= 0.001
        ratio("to 0.1 % over twice the LP", twice, "<= 1", holds=twice <= 1 and is_proven)
    warm = fine["resolved"]["ratio"]
    ratio("warm re-solve over cold", warm, "<= 0.17", holds=warm <= 1 / 6)
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.optimizer", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the two large sizes, too")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--one", nargs=4, metavar="", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        method, commitments, proposals, gap = options.one
        found = measure_here(method, int(commitments), int(proposals), float(gap))
        print(json.dumps(found))
        return 0
    sizes = [(5, 100), (20, 1000)] + ([(50, 5000), (100, 20_000)] if options.full else [])
    for size in sizes:
        print("\n".join(report(size, options.turns)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
