"""Levels of the relaxed round: worked out by hand, and above what any plan reaches."""

from __future__ import annotations

import pytest

from optimizer.clock import Clock
from optimizer.pairs import in_order, pairs_of
from optimizer.problem import Problem
from optimizer.read import read_round
from optimizer.rules.levels import levels_of
from optimizer.rules.maxmin import ratios, references_of
from optimizer.solve import solve
from tests.optimizer.rounds import random_round
from tests.optimizer.rules.scenes import a_round, plan_by


def found(
    problem: Problem, references: dict[str, float], solver: str = "highs"
) -> dict[str, float]:
    levels = levels_of(pairs_of(in_order(problem)), {}, references, Clock.of(60, solver=solver))
    assert levels is not None
    return levels


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_who_can_have_no_more_is_settled_and_the_others_rise(solver: str) -> None:
    problem = a_round(
        {"f1": 100, "f2": 100, "f3": 100},
        {"f1": {"A": 1}, "f2": {"B": 1}, "f3": {"C": 1}},
        {"A": 40, "B": 110, "C": 500},
        minimum=1,
    )
    levels = found(problem, {"f1": 100, "f2": 100, "f3": 100}, solver)
    assert levels == pytest.approx({"f1": 0.4, "f2": 1.1, "f3": 1.5})


@pytest.mark.parametrize("seed", range(4))
def test_no_plan_is_better_level_by_level(seed: int) -> None:
    document = random_round(
        seed, commitments=5, proposals=12, features=("weights", "minimum"), scale="real"
    )
    problem = read_round(document)
    ordered = in_order(problem)
    references, _ = references_of(pairs_of(ordered), {}, Clock.of(60))
    most = sorted(found(problem, references).values())
    for rule in ("welfare", "maxmin", "nash", "greedy"):
        totals = solve(problem, rule=rule).totals
        place = {p.id: k for k, p in enumerate(ordered.proposals)}
        lines = {(0, place[p]): amount for p, amount in totals.items()}
        reached = sorted(ratios(ordered, lines, references).values())
        first = next((a - b for a, b in zip(reached, most, strict=True) if abs(a - b) > 1e-6), 0)
        assert first <= 0


def test_every_funder_has_its_level_but_for_the_gap_where_whole_lines_allow_it() -> None:
    document = random_round(
        3, commitments=6, proposals=60, features=("weights", "minimum"), scale="real"
    )
    problem = read_round(document)
    plan = plan_by("maxmin", problem, gap=1e-2)
    assert plan.objective is not None
    levels = found(problem, plan.objective.against)
    for f, level in levels.items():
        assert plan.funders[f]["value"] / plan.objective.against[f] >= level * (1 - 1e-2) - 1e-9
