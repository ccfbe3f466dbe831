"""The best welfare of elections, real and made at random, against pabutools' at gap 0."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from optimizer.check import check
from optimizer.pabulib import read_election
from optimizer.solve import solve
from tests.optimizer.elections import REAL, best_welfare, random_election

RANDOM = 300


def prove() -> Iterator[str]:
    real = sorted(REAL.glob("*.pb"))
    for path in real:
        compare(path)
    yield f"pabutools' optimum matched on {len(real)} of {len(real)} real elections"
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(RANDOM):
            path = Path(folder) / f"{seed}.pb"
            path.write_text(random_election(seed), encoding="utf-8")
            compare(path)
    yield f"pabutools' optimum matched on {RANDOM} of {RANDOM} small elections made at random"


def compare(path: Path) -> None:
    """Assert that a plan passes its check and has the best welfare, votes times cost."""
    problem = read_election(path)
    plan = solve(problem, gap=0.0)
    assert check(problem, plan, gap=0.0) == [], path.name
    assert plan.status == "optimal", path.name
    welfare, largest = best_welfare(path)
    ours = plan.value * float(largest or 1) / 100
    assert abs(ours - float(welfare)) <= 1e-9 * max(1.0, float(welfare)), path.name
