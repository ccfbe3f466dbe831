"""Max-min: against all plans of tiny rounds, level by level."""

from __future__ import annotations

import math
from typing import Any

import pytest

from optimizer.baselines import alone
from optimizer.clock import Clock
from optimizer.found import Infeasible
from optimizer.pairs import in_order, pairs_of
from optimizer.problem import Problem
from optimizer.read import read_round
from optimizer.rules.maxmin import ratios, references_of
from optimizer.solve import solve
from tests.optimizer import by_hand
from tests.optimizer.rounds import random_round
from tests.optimizer.rules.scenes import a_round, plan_by

FEATURES = ("weights", "minimum", "steps", "ticket", "max_cofunders", "area_cap", "at_least")


def test_no_plan_of_a_tiny_round_is_better_level_by_level() -> None:
    tried = 0
    for seed in range(160):
        document = random_round(
            seed,
            commitments=1 + seed % 3,
            proposals=1 + seed // 3 % 3,
            features=FEATURES[: 1 + seed % len(FEATURES)],
            scale="tiny",
        )
        if plans(document) > 1500:
            continue
        problem = read_round(document)
        try:
            plan = solve(problem, rule="maxmin", gap=1e-6)
        except Infeasible:
            continue
        if plan.objective is None:  # nobody can gain anything
            continue
        against = plan.objective.against
        promises = {f["id"]: f["at_least"] for f in document["funders"] if f.get("at_least")}
        strict, eased = (levels(document, promises, against, slack) for slack in (0.0, 1.0))
        ours = sorted(plan.funders[f]["value"] / most for f, most in against.items())
        # whole units may use the format's tolerance, but never miss what can be had without it
        assert first_difference(ours, strict or eased) > -1e-4, seed
        assert first_difference(ours, eased) < 1e-4, seed
        tried += len(ours) > 1
    assert tried > 30


def levels(
    document: dict[str, Any], promises: dict[str, float], against: dict[str, float], slack: float
) -> list[float]:
    """The funders' ratios, smallest first, of the plan that is best level by level."""
    totals = map(by_hand.totals_of, by_hand.every_plan(document, promises, slack=slack))
    return max(
        (
            sorted(by_hand.funder_value(document, f, t) / most for f, most in against.items())
            for t in totals
        ),
        default=[],
    )


def first_difference(ours: list[float], theirs: list[float]) -> float:
    return next((a - b for a, b in zip(ours, theirs, strict=True) if abs(a - b) > 1e-4), 0.0)


def plans(document: dict[str, Any]) -> int:
    pairs = [(c, p) for c in document["commitments"] for p in document["proposals"]]
    return math.prod(1 + by_hand.cap(c, p) for c, p in pairs if by_hand.may_pay(c, p))


def test_money_is_divided_so_that_the_worst_served_funder_is_best_served() -> None:
    # one purse of two that both may spend: by value all goes to A, by max-min half to each
    problem = a_round(
        {"f1": 100, "f2": 100},
        {"f1": {"A": 1}, "f2": {"B": 1}},
        {"A": 200, "B": 200},
        minimum=1,
        merit={"A": 1.0, "B": 0.9},
    )
    assert plan_by("welfare", problem).totals == {"A": 200}
    assert plan_by("maxmin", problem).totals == {"A": 100, "B": 100}


def test_gains_are_over_the_baseline_where_the_round_promises_one() -> None:
    problem = a_round(
        {"f1": 150, "f2": 50},
        {"f1": {"A": 1}, "f2": {"B": 1}},
        {"A": 200, "B": 200},
        minimum=1,
    )
    promised = [{"id": f.id, "weights": f.weights, "guarantee": "alone"} for f in problem.funders]
    held = a_round(
        {"f1": 150, "f2": 50},
        {"f1": {"A": 1}, "f2": {"B": 1}},
        {"A": 200, "B": 200},
        minimum=1,
        funders=promised,
    )
    plan = plan_by("maxmin", held)
    assert plan.totals == {"A": 150, "B": 50}
    assert plan.objective is not None
    assert plan.objective.against == {"f1": alone(held, "f1"), "f2": alone(held, "f2")}
    assert plan.objective.value == pytest.approx(1)


def test_the_objective_is_the_smallest_ratio_and_within_its_bound() -> None:
    for seed in range(6):
        document = random_round(
            seed, commitments=4, proposals=10, features=("weights", "minimum"), scale="real"
        )
        problem = read_round(document)
        plan = plan_by("maxmin", problem, gap=1e-3)
        assert plan.objective is not None
        assert plan.objective.gap <= 1e-3
        worst = min(plan.funders[f]["value"] / most for f, most in plan.objective.against.items())
        assert plan.objective.value == pytest.approx(worst)
        best = solve(problem, gap=1e-3)
        assert smallest(problem, best.totals, plan.objective.against) <= plan.objective.bound


def smallest(problem: Problem, totals: dict[str, int], against: dict[str, float]) -> float:
    ordered = in_order(problem)
    place = {p.id: k for k, p in enumerate(ordered.proposals)}
    lines = {(0, place[p]): amount for p, amount in totals.items()}
    return min(ratios(ordered, lines, against).values())


def test_a_funder_who_can_gain_nothing_is_left_out_of_the_comparison() -> None:
    problem = a_round(
        {"f1": 100, "f2": 100}, {"f1": {"A": 1}, "f2": {}}, {"A": 150, "B": 10}, minimum=1
    )
    references, _ = references_of(pairs_of(in_order(problem)), {}, Clock.of(10))
    assert set(references) == {"f1"}
    assert plan_by("maxmin", problem).totals["A"] == 150


def test_a_group_with_most_of_the_money_may_do_better_by_itself() -> None:
    problem = a_round(
        {"f1": 100, "f2": 100, "f3": 10},
        {"f1": {"A": 1}, "f2": {"A": 1}, "f3": {"B": 1}},
        {"A": 210, "B": 210},
        minimum=1,
    )
    plan = plan_by("maxmin", problem)
    assert plan.totals == {"A": 105, "B": 105}  # f1 and f2 alone could give A 200
