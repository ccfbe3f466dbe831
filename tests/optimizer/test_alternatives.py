"""Portfolios nearly as good: found where they are, far apart, checked, and named."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.alternatives import Mark, alternatives, marks, names_of
from optimizer.check import check
from optimizer.clock import Cancelled
from optimizer.problem import Plan, Problem
from optimizer.read import read_plan, read_round
from optimizer.solve import Infeasible, OutOfTime, solve
from tests.optimizer.rounds import Document, small_rounds
from tests.optimizer.small_rounds import a_problem, solved

TWINS = {
    "commitments": [{"id": "open", "funder": "harbour", "amount": 1000}],
    "proposals": [
        {"id": "a", "ask": 1000, "minimum": 1000, "merit": 0.9, "areas": {"theory": 1}},
        {"id": "b", "ask": 1000, "minimum": 1000, "merit": 0.895, "areas": {"governance": 1}},
        {"id": "c", "ask": 1000, "minimum": 1000, "merit": 0.5, "areas": {"theory": 1}},
    ],
    "areas": [{"id": "governance"}, {"id": "theory"}],
}
"""Money for one of three; the second is worth 99.4 % of the first, the third far less."""

ALIKE = {
    "commitments": [{"id": "open", "funder": "harbour", "amount": 400}],
    "proposals": [
        {"id": f"p{k}", "ask": 100, "minimum": 100, "merit": 0.8, "areas": {"theory": 1}}
        for k in range(12)
    ],
    "areas": [{"id": "theory"}],
}
"""Twelve of a kind, and money for four."""


def plans_of(document: dict, problem: Problem) -> list[Plan]:
    return [read_plan(one["plan"], problem) for one in document["portfolios"]]


def test_the_one_portfolio_that_is_nearly_as_good_is_found_and_named() -> None:
    problem = a_problem(**TWINS)
    plan = solved(problem)
    found = alternatives(problem, plan, tolerance=0.01)
    (other,) = plans_of(found, problem)
    assert other.totals == {"b": 1000}
    assert found["portfolios"][0]["moved"] == 1000
    said = [Mark(**mark) for mark in found["portfolios"][0]["marks"]]
    assert names_of([said], {"governance": "governance"}) == ["more governance, less theory"]


def test_nothing_worth_less_than_the_tolerance_allows_is_a_portfolio() -> None:
    problem = a_problem(**TWINS)
    assert alternatives(problem, solved(problem), tolerance=0.005)["portfolios"] == []


def test_several_portfolios_are_far_from_each_other_not_only_from_the_plan() -> None:
    problem = a_problem(**ALIKE)
    plan = solved(problem)
    found = alternatives(problem, plan, tolerance=0.01)["portfolios"]
    assert len(found) >= 3
    assert found[0]["moved"] == 400  # all of it
    assert all(one["nearest"] >= 100 for one in found)
    assert found[1]["nearest"] == 400  # twelve of a kind: three portfolios share nothing


def test_a_search_that_stopped_goes_on_as_if_it_had_not() -> None:
    problem = a_problem(**ALIKE)
    plan = solved(problem)
    whole = alternatives(problem, plan, most=4)
    kept: list[dict] = []
    with pytest.raises(Cancelled):
        alternatives(
            problem,
            plan,
            most=4,
            keep=lambda partial: kept.append(json.loads(json.dumps(partial))),
            cancelled=lambda: len(kept) == 1,
        )
    assert len(kept) == 1
    again = alternatives(problem, plan, most=4, known=kept[0])
    assert again["portfolios"][0] == kept[0]["portfolios"][0]
    assert [one["plan"]["lines"] for one in again["portfolios"]] == [
        one["plan"]["lines"] for one in whole["portfolios"]
    ]
    assert len(again["portfolios"]) > 1


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(document=small_rounds())
def test_every_portfolio_keeps_every_limit_and_is_worth_enough(document: Document) -> None:
    problem = read_round(document)
    try:
        plan = solve(problem, gap=1e-4)
    except (Infeasible, OutOfTime):
        return
    found = alternatives(problem, plan, tolerance=0.02, most=3)
    least = plan.value - 0.02 * abs(plan.value)
    for other in plans_of(found, problem):
        assert [str(fault) for fault in check(problem, other)] == []
        assert other.value >= least - 1e-6 * max(1.0, abs(least))
        assert other.totals != plan.totals


def test_two_portfolios_never_share_a_name() -> None:
    same = [Mark("area", "x", 5, 0.5), Mark("region", "y", 1, 0.1)]
    said = names_of([same, same, [Mark("agreements", "", -3, 0.2)], []], {})
    assert len(set(said)) == 4
    assert said[2] == "fewer agreements"


def test_what_sets_a_portfolio_apart_is_counted_from_its_lines() -> None:
    problem = a_problem(**TWINS)
    plan = solved(problem)
    assert marks(problem, plan, plan) == []
