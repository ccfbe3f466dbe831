"""Greedy by merit: what a committee with a ranked list does."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from optimizer.found import Infeasible
from optimizer.read import read_round
from optimizer.solve import solve
from tests.optimizer import by_hand
from tests.optimizer.rounds import small_rounds
from tests.optimizer.rules.scenes import Document, a_round, paid, plan_by
from tests.optimizer.small_rounds import a_problem


def test_the_best_scored_are_paid_first_and_the_last_gets_what_is_left() -> None:
    plan = plan_by("greedy", a_problem())
    assert paid(plan) == {
        ("open", "audit"): 500,
        ("open", "survey"): 100,
        ("theory", "proofs"): 400,
    }


def test_one_that_is_too_large_is_passed_over_for_the_next() -> None:
    problem = a_round(
        {"f": 100},
        {"f": {"A": 1, "B": 1, "C": 1}},
        {"A": 60, "B": 50, "C": 40},
        merit={"A": 0.9, "B": 0.8, "C": 0.7},
    )
    assert plan_by("greedy", problem).totals == {"A": 60, "C": 40}


def test_equal_scores_are_taken_in_order_of_id() -> None:
    problem = a_round({"f": 100}, {"f": {"B": 1, "A": 1}}, {"B": 70, "A": 70})
    assert plan_by("greedy", problem).totals == {"A": 70}


def test_what_is_locked_in_is_paid_before_the_best_scored() -> None:
    problem = a_round(
        {"f": 100},
        {"f": {"A": 1, "B": 1}},
        {"A": 80, "B": 50},
        merit={"A": 0.9, "B": 0.1},
        locks=[{"proposal": "B", "funded": True}],
    )
    assert plan_by("greedy", problem).totals == {"B": 50}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_rounds(features=("areas", "minimum", "excludes", "cap_per_proposal", "regions")))
def test_a_refused_proposal_could_not_have_had_its_minimum_from_what_was_left(
    document: Document,
) -> None:
    try:
        plan = solve(read_round(document), rule="greedy")
    except Infeasible:
        return
    lines = paid(plan)
    merit = {p["id"]: p["merit"] for p in document["proposals"]}
    for refused in document["proposals"]:
        if refused["id"] in plan.totals:
            continue
        before = {
            pair: amount
            for pair, amount in lines.items()
            if (-merit[pair[1]], pair[1]) < (-merit[refused["id"]], refused["id"])
        }
        left = sum(
            min(
                by_hand.cap(c, refused),
                c["amount"] - sum(v for (name, _), v in before.items() if name == c["id"]),
            )
            for c in document["commitments"]
            if by_hand.may_pay(c, refused)
        )
        assert left < by_hand.minimum(refused)


def test_it_is_not_efficient_and_a_funder_can_be_worse_off_than_alone() -> None:
    problem = a_round(
        {"f1": 60, "f2": 40},
        {"f1": {"A": 0.1, "B": 1, "C": 1}, "f2": {"A": 0.1, "B": 1, "C": 1}},
        {"A": 100, "B": 60, "C": 40},
        merit={"A": 0.9, "B": 0.8, "C": 0.8},
    )
    plan = plan_by("greedy", problem)
    assert plan.totals == {"A": 100}
    assert plan.funders["f1"]["value"] < 0.8 * 60  # B alone


def test_what_funders_say_of_their_weights_changes_nothing() -> None:
    asks, merit = {"A": 60, "B": 50}, {"A": 0.5, "B": 0.6}
    plans = [
        plan_by("greedy", a_round({"f": 80}, {"f": likes}, asks, merit=merit))
        for likes in ({"A": 1, "B": 0}, {"A": 0, "B": 1})
    ]
    assert plans[0].lines == plans[1].lines
