"""What holds for every rule: limits of lines, the same answer again, figures that `check` finds."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.check import check, not_promised
from optimizer.clock import Cancelled, Clock
from optimizer.found import Infeasible
from optimizer.pairs import in_order, pairs_of
from optimizer.problem import LINES_ONLY, SUMS
from optimizer.read import read_plan, read_round, write_plan
from optimizer.rules import RULES
from optimizer.rules.giving import by_lines_only
from optimizer.search import best_lines
from optimizer.solve import solve
from tests.optimizer.rounds import TERMS, any_features, random_round, small_rounds

Document = dict[str, Any]
OTHERS = [rule for rule in RULES if rule != "welfare"]


@pytest.mark.parametrize("rule", OTHERS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_rounds() | small_rounds(features=(*TERMS, "minimum", "ticket")))
def test_no_rule_ever_exceeds_a_limit_it_promises(rule: str, document: Document) -> None:
    problem = read_round(document)
    try:
        plan = solve(problem, rule=rule, gap=1e-3)
    except Infeasible:
        # then nothing else keeps what the rule promises, either
        if rule in LINES_ONLY:
            held = pairs_of(in_order(by_lines_only(problem)))
            with pytest.raises(Infeasible):
                best_lines(held, {}, 1e-3, Clock.of(60))
        else:
            with pytest.raises(Infeasible):
                solve(problem)
        return
    assert [str(wrong) for wrong in check(problem, plan)] == []
    assert plan.status == "by_rule"
    assert plan.bound >= plan.value - 1e-6


@pytest.mark.parametrize("rule", OTHERS)
def test_the_order_of_the_file_and_a_second_run_change_nothing(rule: str) -> None:
    for seed in range(3):
        features = [f for f in any_features(seed) if f != "leave"]
        document = random_round(seed, commitments=4, proposals=9, features=features, scale="real")
        shuffled = copy.deepcopy(document)
        rng = random.Random(seed)
        for part in ("commitments", "proposals", "funders", "areas", "overlaps", "locks"):
            rng.shuffle(shuffled.get(part, []))
        try:
            plans = [solve(read_round(d), rule=rule) for d in (document, document, shuffled)]
        except Infeasible:
            with pytest.raises(Infeasible):
                solve(read_round(shuffled), rule=rule)
            continue
        assert plans[0].lines == plans[1].lines == plans[2].lines
        assert plans[0].value == plans[2].value


@pytest.mark.parametrize("rule", OTHERS)
def test_the_bound_is_not_below_the_best_plan(rule: str) -> None:
    for seed in range(3):
        document = random_round(
            seed, commitments=3, proposals=6, features=("minimum", "steps", "overlaps")
        )
        problem = read_round(document)
        best = solve(problem, gap=1e-6)
        assert solve(problem, rule=rule).bound >= best.value - 1e-6


@pytest.mark.parametrize("rule", OTHERS)
def test_a_plan_of_any_rule_is_written_and_read_again(rule: str) -> None:
    document = random_round(3, commitments=3, proposals=6, features=("minimum", "weights"))
    problem = read_round(document)
    plan = solve(problem, rule=rule)
    written = write_plan(plan)
    assert read_plan(written, problem) == plan
    assert ("objective" in written) == (rule in ("maxmin", "nash"))


@pytest.mark.parametrize("rule", OTHERS)
def test_every_rule_can_be_cancelled(rule: str) -> None:
    document = random_round(3, commitments=3, proposals=6, features=("minimum",))
    with pytest.raises(Cancelled):
        solve(read_round(document), rule=rule, cancelled=lambda: True)


@pytest.mark.parametrize("rule", OTHERS)
def test_an_empty_round_gets_an_empty_plan(rule: str) -> None:
    for size in ((0, 0), (0, 3), (2, 0)):
        document = random_round(1, commitments=size[0], proposals=size[1], features=())
        plan = solve(read_round(document), rule=rule)
        assert plan.lines == ()
        assert plan.value == 0


# What a rule does not promise is said


def capped_round() -> Document:
    return {
        "format": "tributary-round/1",
        "currency": "USD",
        "commitments": [{"id": "c", "funder": "f", "amount": 100}],
        "proposals": [
            {"id": "p1", "ask": 80, "merit": 0.9, "areas": {"a": 1}},
            {"id": "p2", "ask": 60, "merit": 0.5, "areas": {"b": 1}},
        ],
        "areas": [{"id": "a", "cap": 50}, {"id": "b", "floor": 60}],
    }


def test_a_limit_that_greedy_does_not_promise_is_listed_and_not_called_a_violation() -> None:
    problem = read_round(capped_round())
    plan = solve(problem, rule="greedy")
    assert plan.totals == {"p1": 80}
    assert check(problem, plan) == []
    assert [(missed.limit, missed.where, missed.by) for missed in not_promised(problem, plan)] == [
        ("area cap", "a", 30),
        ("floor", "b", 60),
    ]


def test_the_same_lines_called_welfare_are_a_violation() -> None:
    problem = read_round(capped_round())
    document = write_plan(solve(problem, rule="greedy")) | {"rule": "welfare"}
    plan = read_plan(document, problem)
    assert [wrong.limit for wrong in check(problem, plan)] == ["area cap"]
    assert not_promised(problem, plan) == []


def test_a_line_above_its_limit_is_a_violation_for_every_rule() -> None:
    problem = read_round(capped_round())
    plan = write_plan(solve(problem, rule="greedy"))
    plan["lines"] = [{"commitment": "c", "proposal": "p1", "amount": 120}]
    limits = {wrong.limit for wrong in check(problem, read_plan(plan, problem))}
    assert {"amount", "ask", "pair cap"} <= limits
    assert not limits & set(SUMS)


def test_an_objective_that_is_stated_wrongly_is_found() -> None:
    document = random_round(3, commitments=3, proposals=6, features=("minimum", "weights"))
    problem = read_round(document)
    plan = write_plan(solve(problem, rule="maxmin"))
    plan["objective"] = {**plan["objective"], "value": 0.0123}  # type: ignore[dict-item]
    assert [w.limit for w in check(problem, read_plan(plan, problem))] == ["objective"]
