"""What a run that was cut short says is open: what it calls settled is so in every better plan."""

from __future__ import annotations

import math

from optimizer.clock import Clock
from optimizer.found import Found, Infeasible, OutOfTime
from optimizer.pairs import in_order, pairs_of
from optimizer.read import read_plan, read_round, write_plan
from optimizer.search import best_lines
from optimizer.solve import solve
from optimizer.value import totals_of
from tests.optimizer.rounds import random_round
from tests.optimizer.small_rounds import a_problem

FEATURES = ["minimum", "areas", "steps", "overlaps", "ticket", "max_cofunders", "at_least"]


def cut_short(seed: int, features: list[str]) -> tuple[Found | None, Found | None]:
    """The plan in hand when a search ends at its first one, and the best."""
    problem = in_order(
        read_round(random_round(seed, commitments=3, proposals=8, features=features))
    )
    pairs, floors = pairs_of(problem), {f.id: f.at_least for f in problem.funders if f.at_least}
    clock = Clock.of(600)

    def stop(stage: str, value: float | None, _bound: float | None) -> None:
        if stage == "plan" and value:
            clock.deadline = -math.inf

    clock.progress = stop
    try:
        first = best_lines(pairs, dict(floors), 0.0, clock)
        return first, best_lines(pairs, dict(floors), 0.0, Clock.of(600))
    except (Infeasible, OutOfTime):
        return None, None


def test_every_better_plan_has_what_is_called_settled() -> None:
    better = settled = 0
    for seed in range(60):
        first, best = cut_short(seed, FEATURES)
        if first is None or best is None or first.settled is None:
            continue
        known = first.settled
        settled += len(known.funded) + len(known.unfunded)
        if best.value <= first.value + 1e-6:
            continue
        problem = in_order(
            read_round(random_round(seed, commitments=3, proposals=8, features=FEATURES))
        )
        funded = {p for p, total in enumerate(totals_of(problem, best.lines or {})) if total}
        assert known.funded <= funded, seed
        assert not known.unfunded & funded, seed
        assert funded <= known.funded | set(known.open), seed
        better += 1
    assert better > 2
    assert settled > 25


def test_a_promise_that_was_not_proven_in_time_is_named() -> None:
    problem = a_problem(funders=[{"id": "northlight", "guarantee": "leave"}])
    plan = solve(problem, baseline_seconds=0.0)
    assert plan.status == "time_limit"
    assert plan.open is not None
    assert plan.open.promises == ("northlight",)
    assert plan.open.text[-1] == (
        "The promise to northlight is held at the most that was found in the time."
    )


def test_what_is_open_is_written_and_read_again() -> None:
    problem = a_problem(funders=[{"id": "northlight", "guarantee": "leave"}])
    plan = solve(problem, baseline_seconds=0.0)
    assert read_plan(write_plan(plan), problem) == plan


def test_a_plan_that_is_proven_leaves_nothing_open() -> None:
    plan = solve(a_problem())
    assert plan.open is None
    assert "open" not in write_plan(plan)
