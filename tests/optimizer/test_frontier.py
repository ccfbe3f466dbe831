"""The frontier: points that cannot be bettered, from one live model, the same after a stop."""

from __future__ import annotations

import json

import pytest

from optimizer.clock import Cancelled
from optimizer.frontier import Point, frontier, marked
from optimizer.read import read_round
from optimizer.solve import solve
from tests.optimizer.rounds import random_round
from tests.optimizer.small_rounds import a_problem, solved

NEEDY = {
    "commitments": [{"id": "open", "funder": "harbour", "amount": 1000}],
    "proposals": [
        {"id": "a", "ask": 500, "minimum": 500, "merit": 0.9, "areas": {"theory": 1}},
        {"id": "b", "ask": 500, "minimum": 500, "merit": 0.8, "areas": {"theory": 1}},
        {"id": "c", "ask": 500, "minimum": 500, "merit": 0.5, "areas": {"practice": 1}},
    ],
    "areas": [{"id": "practice", "steps": [{"width": 500, "weight": 0.1}]}, {"id": "theory"}],
    "overlaps": [{"proposals": ["a", "b"], "degree": 0.3}],
}
"""By hand: a and b earn 850 less 150 for their overlap: 700; a and c earn 700 and 50: 750."""


def test_weights_trade_merit_for_needs_and_overlaps() -> None:
    problem = a_problem(**NEEDY)
    plan = solved(problem)
    assert set(plan.totals) == {"a", "c"}
    found = frontier(problem, plan, coverage=(0.0, 1.0), overlap=(0.0, 1.0))["points"]
    by_weights = {(p["coverage"], p["overlap"]): p for p in found}
    own, free = by_weights[1.0, 1.0], by_weights[0.0, 0.0]
    assert (own["merit"], own["covered"], own["twice"]) == (700, 50, 0)
    assert (free["merit"], free["covered"], free["twice"]) == (850, 0, 150)
    assert own["is_efficient"]
    assert free["is_efficient"]
    assert found[0] == own


def test_weights_for_which_there_was_no_time_are_counted_not_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("optimizer.frontier.SECONDS", 0.0)
    problem = a_problem(**NEEDY)
    found = frontier(problem, solved(problem), coverage=(0.0, 1.0), overlap=(0.0, 1.0))
    assert len(found["points"]) == 1  # the plan's own
    assert (found["gap"], found["missing"]) == (0.0, 3)


def test_no_efficient_point_is_bettered_by_another() -> None:
    problem = read_round(
        random_round(
            11, commitments=4, proposals=20, features=["areas", "steps", "overlaps", "minimum"]
        )
    )
    plan = solve(problem)
    points = [Point(**p) for p in frontier(problem, plan)["points"]]
    efficient = [point for point in points if point.is_efficient]
    assert efficient
    for one in efficient:
        for other in points:
            is_better = all(a >= b + 1e-6 for a, b in zip(other.rank, one.rank, strict=True))
            assert not is_better


def test_of_points_that_are_the_same_the_first_is_marked() -> None:
    same = [Point(w, 1.0, 5.0, 5.0, 0.0, 1, {}) for w in (1.0, 2.0)]
    assert [point.is_efficient for point in marked(same)] == [True, False]


def test_a_frontier_that_stopped_gives_the_same_as_one_go_and_as_processes() -> None:
    problem = read_round(
        random_round(2, commitments=3, proposals=12, features=["areas", "steps", "overlaps"])
    )
    plan = solve(problem)
    options = {"coverage": (0.5, 2.0), "overlap": (0.0, 1.0)}
    kept: list[dict] = []
    with pytest.raises(Cancelled):
        frontier(
            problem,
            plan,
            keep=lambda partial: kept.append(json.loads(json.dumps(partial))),
            cancelled=lambda: bool(kept),
            **options,
        )
    whole = frontier(problem, plan, **options)
    assert frontier(problem, plan, known=kept[0], **options) == whole
    assert frontier(problem, plan, where="processes", **options) == whole
