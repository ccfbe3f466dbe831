"""Explaining everything about a round's plan, over solving it once; goal: less than 10 solves."""

from __future__ import annotations

import time

from bench.rounds import make_round
from optimizer.explain import explain
from optimizer.read import read_round
from optimizer.solve import solve

GAP = 1e-3
SECONDS = 600.0
GOAL = 10.0


def measure(commitments: int = 20, proposals: int = 1000, turns: int = 3) -> dict[str, float]:
    """Seconds of a solve and of all estimates and prices after it, the best of some turns each."""
    problem = read_round(make_round(commitments, proposals))
    solves, explanations = [], []
    for _ in range(turns):
        started = time.perf_counter()
        plan = solve(problem, gap=GAP, seconds=SECONDS)
        solves.append(time.perf_counter() - started)
        started = time.perf_counter()
        found = explain(problem, plan, seconds=SECONDS, has_baselines=False)
        explanations.append(time.perf_counter() - started)
    return {
        "solve": min(solves),
        "explain": min(explanations),
        "ratio": min(explanations) / min(solves),
        "proposals": float(len(found.proposals)),
        "prices": float(len(found.prices)),
    }


def report() -> list[str]:
    """What was measured, a sentence a line."""
    found = measure()
    is_met = "met" if found["ratio"] < GOAL else "missed"
    return [
        f"20 x 1,000: one solve {found['solve']:.2f} s; the reasons and smallest changes of "
        f"{found['proposals']:.0f} proposals and {found['prices']:.0f} prices "
        f"{found['explain']:.2f} s",
        f"explaining over one solve: {found['ratio']:.1f} (goal: below {GOAL:.0f}): {is_met}",
    ]


if __name__ == "__main__":
    print("\n".join(report()))
