"""Pro rata: the same part of every ask."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.optimizer.rules.scenes import a_round, paid, plan_by


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1_000, 100_000), min_size=1, max_size=8), st.integers(1_000, 200_000))
def test_one_purse_pays_the_same_part_of_every_ask(asks: list[int], money: int) -> None:
    named = {f"P{k}": ask for k, ask in enumerate(asks)}
    problem = a_round({"f": money}, {"f": dict.fromkeys(named, 1.0)}, named, minimum=1)
    totals = plan_by("pro-rata", problem).totals
    part = min(1.0, money / sum(asks))
    assert totals == pytest.approx({p: part * ask for p, ask in named.items()}, abs=1)
    assert sum(totals.values()) == min(money, sum(asks))


def test_merit_and_weights_are_not_read() -> None:
    asks = {"A": 100, "B": 300}
    plans = [
        plan_by("pro-rata", a_round({"f": 200}, {"f": likes}, asks, minimum=1, merit=merit))
        for likes, merit in (({"A": 1}, {"A": 0.9, "B": 0.1}), ({"B": 1}, {"A": 0.1, "B": 0.9}))
    ]
    assert plans[0].lines == plans[1].lines
    assert plans[0].totals == {"A": 50, "B": 150}


def test_money_that_may_pay_only_one_frees_the_other_purse_for_the_rest() -> None:
    problem = a_round(
        {"open": 100, "theory": 100},
        {"open": {"A": 1, "B": 1}, "theory": {"A": 1, "B": 1}},
        {"A": 100, "B": 100},
        minimum=1,
        commitments=[
            {"id": "open", "funder": "open", "amount": 100},
            {"id": "theory", "funder": "theory", "amount": 100, "areas": ["area of A"]},
        ],
    )
    assert plan_by("pro-rata", problem).totals == {"A": 100, "B": 100}


def test_all_or_nothing_proposals_drop_out_until_the_others_are_whole() -> None:
    problem = a_round({"f": 100}, {"f": {"A": 1, "B": 1, "C": 1}}, {"A": 60, "B": 60, "C": 40})
    totals = plan_by("pro-rata", problem).totals
    assert sum(totals.values()) == 100
    assert len(totals) == 2


def test_a_larger_ask_brings_more() -> None:
    likes = {"f": {"A": 1, "B": 1}}
    totals = [
        plan_by("pro-rata", a_round({"f": 100}, likes, asks, minimum=1)).totals["A"]
        for asks in ({"A": 100, "B": 100}, {"A": 200, "B": 100})
    ]
    assert totals == [50, 67]


def test_a_funder_can_be_worse_off_than_alone() -> None:
    problem = a_round(
        {"f1": 100, "f2": 100}, {"f1": {"A": 1}, "f2": {"B": 1}}, {"A": 100, "B": 900}, minimum=1
    )
    plan = plan_by("pro-rata", problem)
    assert plan.funders["f1"]["value"] == 20
    assert paid(plan)["f1", "B"] == 90
