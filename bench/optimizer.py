"""How fast the optimizer is, as ratios within one run (machines are noisy, ratios less so).

Each measurement runs in a process of its own, in turns, and the median of the turns counts:
processor seconds from a round in memory to the answer, the solver's included, and how far the
process's memory grew. Everything runs on one thread. `python -m bench.optimizer METHOD KIND
COMMITMENTS PROPOSALS GAP` makes a single measurement and prints it as JSON.
"""

from __future__ import annotations

import gc
import importlib
import json
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.by_hand import cells_by_hand, pairs_by_hand
from bench.rounds import KINDS, TERMS, make_round
from optimizer.backend import open_model
from optimizer.clock import Clock
from optimizer.model import Detail, build
from optimizer.pairs import Pairs, in_order, pairs_of
from optimizer.problem import Problem
from optimizer.read import read_round
from optimizer.solve import solve

SECONDS = 300.0  # for a solver, besides the time to build its model
LONG = 60.0  # processor seconds after which one turn is enough
SMALL, MIDDLE, LARGE = (20, 1000), (50, 5000), (100, 20_000)
CURVE = (5, 100), (10, 300), SMALL, (30, 2500), MIDDLE, (70, 10_000), LARGE
LIBRARIES = {"pulp_cbc", "pulp_highs", "linopy"}
Measured = dict[str, float]


@dataclass(frozen=True)
class Task:
    """One thing to measure: a method on a kind and size of round, to a gap."""

    method: str
    kind: str
    size: tuple[int, int]
    gap: float

    @property
    def key(self) -> str:
        return f"{self.method} | {self.kind} | {self.size[0]} x {self.size[1]} | {self.gap:g}"

    def run(self) -> Measured:
        """Measure once, in a new process. Raises CalledProcessError where that fails."""
        command = [sys.executable, "-m", "bench.optimizer", self.method, self.kind]
        command += [str(self.size[0]), str(self.size[1]), str(self.gap)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: Measured = json.loads(done.stdout.splitlines()[-1])
        return found


def ours(problem: Problem, gap: float) -> Measured:
    plan = solve(problem, gap=gap, seconds=SECONDS)
    return {"value": plan.value, "gap": plan.gap}


def ours_relaxed(problem: Problem, _gap: float) -> Measured:
    model = build(_pairs(problem), {}, Detail())
    return {"value": open_model(model.lp, Clock.of(SECONDS), 1.0).relax().value * model.unit}


def cells(problem: Problem, gap: float) -> Measured:
    value, bound = cells_by_hand(_pairs(problem)).solve(gap, SECONDS)
    return {"value": value, "gap": (bound - value) / value}


def pairs(problem: Problem, gap: float) -> Measured:
    value, bound = pairs_by_hand(_pairs(problem)).solve(gap, SECONDS)
    return {"value": value, "gap": (bound - value) / max(1.0, value)}


def pulp_cbc(problem: Problem, gap: float) -> Measured:
    from bench import libraries  # needs the extra `bench`

    return {"value": libraries.in_pulp(_pairs(problem), libraries.cbc(gap, SECONDS))}


def pulp_highs(problem: Problem, gap: float) -> Measured:
    from bench import libraries

    return {"value": libraries.in_pulp(_pairs(problem), libraries.highs(gap, SECONDS))}


def linopy(problem: Problem, gap: float) -> Measured:
    from bench import libraries

    return {"value": libraries.in_linopy(_pairs(problem), gap, SECONDS)}


def resolved(problem: Problem, _gap: float) -> Measured:
    """Steps of a sweep, new scores in the live model, over the same model solved from nothing."""
    model = build(_pairs(problem), {}, Detail())
    live = open_model(model.lp, Clock.of(SECONDS), 1.0)
    cold = _processor(live.relax)
    rng = np.random.default_rng(0)
    cost = np.zeros(live.columns)
    for variable, worth in model.objective.items():
        cost[variable.index] = worth

    def warm(spread: float) -> float:
        live.set_costs(cost * (1 + spread * rng.standard_normal(len(cost))))
        return _processor(live.relax)

    near = [warm(0.02) for _ in range(9)]
    live.set_costs(cost)
    live.relax()
    far = [warm(0.1) for _ in range(9)]
    return {
        "cold": cold,
        "ratio": statistics.median(near) / cold,
        "worst": max(near) / cold,
        "far": statistics.median(far) / cold,
        "worst far": max(far) / cold,
    }


def _processor(act: Callable[[], object]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def _pairs(problem: Problem) -> Pairs:
    return pairs_of(in_order(problem))


METHODS: dict[str, Callable[[Problem, float], Measured]] = {
    f.__name__: f
    for f in (ours, ours_relaxed, cells, pairs, pulp_cbc, pulp_highs, linopy, resolved)
}


def tasks(*, full: bool) -> list[Task]:
    """What is measured, the small first; `full` adds large sizes and libraries on harder rounds."""
    found = [Task("ours", "plain", size, 1e-3) for size in CURVE if full or size[1] <= 1000]
    for size in (SMALL, MIDDLE, LARGE) if full else (SMALL,):
        found += [Task(m, "plain", size, 1e-2) for m in ("ours", "cells", "pairs")]
        found += [Task(m, "plain", size, 1e-3) for m in ("ours_relaxed", "resolved")]
        if size != LARGE:
            found += [Task(m, "plain", size, 1e-2) for m in ("linopy", "pulp_highs", "pulp_cbc")]
    for kind in KINDS[1:]:
        for size in (SMALL, MIDDLE) if full else (SMALL,):
            if kind == TERMS:
                found += [Task("ours", kind, size, gap) for gap in (1e-2, 1e-3) if size == SMALL]
                continue
            by_hand = ("pairs",) if kind == "tickets" else ("cells", "pairs")
            found += [Task(m, kind, size, 1e-2) for m in ("ours", *by_hand)]
            if full and size == SMALL:
                found += [Task(m, kind, size, 1e-2) for m in ("linopy", "pulp_highs", "pulp_cbc")]
    return sorted(dict.fromkeys(found), key=lambda t: t.size[0] * t.size[1])


def measure_here(task: Task) -> Measured:
    """One measurement in this process."""
    problem = read_round(make_round(*task.size, task.kind))
    if task.method in LIBRARIES:
        importlib.import_module("bench.libraries")  # loading it is not part of the time
    gc.collect()
    before = _memory(forget=True)
    started, began = _spent(), time.perf_counter()
    found = METHODS[task.method](problem, task.gap)
    found["wall"] = time.perf_counter() - began
    found["seconds"] = _spent() - started
    found["megabytes"] = _memory() - before
    return found


def _spent() -> float:
    """Processor seconds of this process and of solvers it ran."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def _memory(*, forget: bool = False) -> float:
    """The most memory held so far, in megabytes; `forget` starts counting here where it can."""
    process = Path("/proc/self")
    if not process.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if forget:
        (process / "clear_refs").write_text("5")
    most = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
    assert most is not None
    return int(most.group(1)) / 1024


def main(arguments: Sequence[str]) -> int:
    method, kind, commitments, proposals, gap = arguments
    task = Task(method, kind, (int(commitments), int(proposals)), float(gap))
    print(json.dumps(measure_here(task)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
