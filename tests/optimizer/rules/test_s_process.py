"""The S-process: marginal value by turns, counting what others gave."""

from __future__ import annotations

import pytest

from optimizer.pairs import in_order, pairs_of
from optimizer.rules.s_process import STEPS, step_of
from tests.optimizer.rules.scenes import a_round, paid, plan_by


def test_a_step_is_a_thousandth_of_the_pool_on_the_grid() -> None:
    problem = a_round({"f": 1_000_001}, {"f": {"A": 1}}, {"A": 10}, policy={"round_to": 10})
    assert step_of(pairs_of(in_order(problem))) == 1010
    assert STEPS == 1000


def test_two_proposals_fill_up_so_that_the_next_unit_is_worth_the_same_in_each() -> None:
    # worth 1 - X/100 against 0.5 (1 - Y/100): of 100, A takes 200/3 and B 100/3
    problem = a_round(
        {"f": 100_000}, {"f": {"A": 1, "B": 0.5}}, {"A": 100_000, "B": 100_000}, minimum=1
    )
    totals = plan_by("s-process", problem).totals
    assert totals["A"] == pytest.approx(200_000 / 3, abs=100)
    assert totals["A"] + totals["B"] == 100_000


def test_money_of_others_is_counted() -> None:
    # both like A best; once it fills up, each goes on to its own second choice
    likes = {"f1": {"A": 1, "B": 0.4}, "f2": {"A": 1, "C": 0.4}}
    problem = a_round({"f1": 1000, "f2": 1000}, likes, {"A": 1000, "B": 5000, "C": 5000}, minimum=1)
    lines = paid(plan_by("s-process", problem))
    assert lines["f1", "A"] == pytest.approx(lines["f2", "A"], abs=4)
    assert lines["f1", "B"] == pytest.approx(lines["f2", "C"], abs=4)


def test_the_first_step_of_each_funder_goes_to_what_it_values_most() -> None:
    likes = {"f1": {"A": 0.3, "B": 0.2}, "f2": {"A": 0.1, "B": 0.9}}
    problem = a_round({"f1": 2, "f2": 2}, likes, {"A": 1000, "B": 1000}, minimum=1)
    assert {("f1", "A"), ("f2", "B")} <= paid(plan_by("s-process", problem)).keys()


def test_what_stays_below_its_minimum_gives_its_money_back() -> None:
    problem = a_round({"f": 100}, {"f": {"A": 1, "B": 0.9}}, {"A": 100, "B": 100}, minimum=60)
    assert plan_by("s-process", problem).totals == {"A": 100}


def test_waiting_for_others_is_rewarded() -> None:
    # f1 likes A and, less, B; saying that it does not care for A leaves A to f2
    money, asks = {"f1": 1000, "f2": 1000}, {"A": 1000, "B": 1000}
    honest = {"f1": {"A": 1, "B": 0.8}, "f2": {"A": 1}}
    hiding = {"f1": {"B": 0.8}, "f2": {"A": 1}}
    worth = []
    for likes in (honest, hiding):
        totals = plan_by("s-process", a_round(money, likes, asks, minimum=1)).totals
        worth.append(totals["A"] + 0.8 * totals["B"])
    assert worth[1] > worth[0] + 50


def test_a_shared_good_that_nobody_values_most_stays_short_for_both() -> None:
    likes = {"f1": {"P": 1, "C": 0.6}, "f2": {"Q": 1, "C": 0.6}}
    problem = a_round({"f1": 100, "f2": 100}, likes, {"P": 1000, "Q": 1000, "C": 1000}, minimum=1)
    plan = plan_by("s-process", problem)
    assert plan.totals == {"P": 100, "Q": 100}
    assert all(plan.funders[f]["value"] < 0.6 * 200 for f in likes)  # all money in C
