"""Each 'no' of the table in docs/rules.md that no other test shows: a round in which it is seen.

A funder that reaches more alone is a group of one that does better by itself, and agrees with
itself: such a plan is not individually rational, not in the core and not proportional.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from optimizer.baselines import alone
from optimizer.pairs import in_order
from optimizer.problem import Plan, Problem
from optimizer.read import read_round
from optimizer.solve import solve
from optimizer.value import funder_value, quality


def a_small_round(seed: int) -> Problem:
    """Two funders who weigh two areas differently, four proposals, money for about half."""
    draw = random.Random(seed)
    weights = {f: {a: draw.choice([0.1, 0.5, 1, 3]) for a in ("x", "y")} for f in ("one", "two")}
    asks = [draw.randint(20, 60) for _ in range(4)]
    return read_round(
        {
            "format": "tributary-round/1",
            "currency": "USD",
            "areas": [{"id": "x"}, {"id": "y"}],
            "funders": [{"id": f, "weights": w} for f, w in weights.items()],
            "commitments": [
                {"id": f"c-{f}", "funder": f, "amount": draw.randint(20, 60)} for f in weights
            ],
            "proposals": [
                {
                    "id": f"p{k}",
                    "ask": ask,
                    "minimum": 1,
                    "merit": draw.choice([0.3, 0.6, 0.9]),
                    "areas": {draw.choice("xy"): 1},
                }
                for k, ask in enumerate(asks)
            ],
        }
    )


def values(problem: Problem, plan: Plan) -> dict[str, float]:
    """Each funder's value of a plan at this round's weights."""
    ordered = in_order(problem)
    done = quality(ordered, [plan.totals.get(p.id, 0) for p in ordered.proposals])
    return {id_: funder_value(f, done) for id_, f in ordered.funder_by_id.items()}


def is_worse_than_alone(problem: Problem, rule: str) -> bool:
    found = values(problem, solve(problem, rule=rule, gap=1e-6))
    return any(found[f] < alone(problem, f) * 0.99 - 1 for f in found)


def gains_by_saying_otherwise(problem: Problem, rule: str) -> bool:
    """Whether a funder that states other weights gets what it values more."""
    honest = values(problem, solve(problem, rule=rule, gap=1e-6))
    for k, funder in enumerate(problem.funders):
        for x in (0.0, 0.1, 1.0, 10.0):
            said = list(problem.funders)
            said[k] = replace(funder, weights={"x": x, "y": 1.0})
            plan = solve(replace(problem, funders=tuple(said)), rule=rule, gap=1e-6)
            if values(problem, plan)[funder.id] > honest[funder.id] * 1.01 + 1:
                return True
    return False


def is_improved_on_for_all(problem: Problem, rule: str) -> bool:
    """Whether a plan of another rule gives every funder more."""
    found = values(problem, solve(problem, rule=rule))
    for other in ("welfare", "maxmin", "nash"):
        better = values(problem, solve(problem, rule=other))
        if all(better[f] > found[f] * 1.01 + 1 for f in found):
            return True
    return False


@pytest.mark.parametrize(
    ("rule", "seed"),
    [
        ("welfare", 0),
        ("maxmin", 10),
        ("equal-shares", 0),
        ("s-process", 10),
        ("greedy", 0),
        ("pro-rata", 3),
    ],
)
def test_a_funder_can_be_worse_off_than_alone(rule: str, seed: int) -> None:
    assert is_worse_than_alone(a_small_round(seed), rule)


@pytest.mark.parametrize("seed", range(4))
def test_by_nash_no_funder_is_worse_off_than_alone(seed: int) -> None:
    assert not is_worse_than_alone(a_small_round(seed), "nash")


@pytest.mark.parametrize(("rule", "seed"), [("maxmin", 0), ("nash", 0), ("s-process", 3)])
def test_a_funder_can_gain_by_stating_other_weights(rule: str, seed: int) -> None:
    assert gains_by_saying_otherwise(a_small_round(seed), rule)


def test_a_funder_that_is_promised_as_much_as_alone_can_gain_by_stating_other_weights() -> None:
    problem = a_small_round(0)
    promised = tuple(replace(f, guarantee="alone") for f in problem.funders)
    assert gains_by_saying_otherwise(replace(problem, funders=promised), "welfare")


@pytest.mark.parametrize("rule", ["greedy", "pro-rata", "welfare"])
def test_weights_do_not_count_where_nothing_is_promised(rule: str) -> None:
    assert not gains_by_saying_otherwise(a_small_round(0), rule)


@pytest.mark.parametrize(
    ("rule", "seed"), [("equal-shares", 1), ("s-process", 1), ("greedy", 1), ("pro-rata", 0)]
)
def test_another_plan_can_be_better_for_every_funder(rule: str, seed: int) -> None:
    assert is_improved_on_for_all(a_small_round(seed), rule)
