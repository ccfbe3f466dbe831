"""Equal shares: against pabutools on elections, worked out by hand, and proportional."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pabutools.election import (
    Additive_Cardinal_Sat,
    CardinalBallot,
    CardinalProfile,
    Instance,
    Project,
)
from pabutools.rules import method_of_equal_shares

from tests.optimizer.rules.scenes import a_round, bought, paid, plan_by


@st.composite
def elections(draw: st.DrawFn) -> tuple[int, dict[str, int], dict[str, dict[str, float]]]:
    """Equal money, costs, and worth of a unit to each funder, with ties unlikely."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    funders, projects = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    costs = {f"P{k}": int(rng.integers(50_000, 400_000)) for k in range(projects)}
    likes = {
        f"f{i}": {
            p: float(round(rng.uniform(0.1, 1), 6)) * float(rng.random() < 0.7) for p in costs
        }
        for i in range(funders)
    }
    return int(rng.integers(100_000, 300_000)), costs, likes


@settings(max_examples=25, deadline=None)
@given(elections())
def test_it_buys_what_pabutools_buys(
    election: tuple[int, dict[str, int], dict[str, dict[str, float]]],
) -> None:
    money, costs, likes = election
    projects = {p: Project(p, cost) for p, cost in costs.items()}
    instance = Instance(projects.values(), budget_limit=money * len(likes))
    profile = CardinalProfile(
        [
            CardinalBallot(
                {projects[p]: Fraction(str(w)) * costs[p] for p, w in liked.items() if w}
            )
            for liked in likes.values()
        ]
    )
    theirs = method_of_equal_shares(instance, profile, sat_class=Additive_Cardinal_Sat)
    ours = bought(a_round(dict.fromkeys(likes, money), likes, costs))
    assert sorted(ours) == sorted(project.name for project in theirs)


def test_a_minority_with_its_own_money_gets_its_own_project() -> None:
    # three funders like A and B, one likes C; by merit alone C would have to wait
    likes = {f: {"A": 1, "B": 1} for f in ("f1", "f2", "f3")} | {"f4": {"C": 1}}
    problem = a_round(dict.fromkeys(likes, 100), likes, {"A": 180, "B": 120, "C": 100})
    assert sorted(bought(problem)) == ["A", "B", "C"]


def test_payments_are_in_proportion_to_value_until_somebody_has_no_more() -> None:
    problem = a_round(
        {"f1": 100, "f2": 100, "f3": 10},
        {"f1": {"A": 0.5}, "f2": {"A": 1}, "f3": {"A": 1}},
        {"A": 100},
    )
    assert paid(plan_by("equal-shares", problem)) == {
        ("f1", "A"): 30,
        ("f2", "A"): 60,
        ("f3", "A"): 10,
    }


def test_the_completion_raises_what_is_funded_in_order_of_merit() -> None:
    problem = a_round(
        {"f1": 100},
        {"f1": {"A": 1, "B": 1}},
        {"A": 90, "B": 90},
        minimum=20,
        merit={"A": 0.4, "B": 0.6},
    )
    assert sorted(bought(problem)) == ["A", "B"]
    assert plan_by("equal-shares", problem).totals == {"A": 20, "B": 80}


@settings(max_examples=25, deadline=None)
@given(elections())
def test_a_group_that_agrees_gets_what_its_money_buys_but_for_one_project(
    election: tuple[int, dict[str, int], dict[str, dict[str, float]]],
) -> None:
    """EJR up to one project, as Peters, Pierczynski and Skowron prove it."""
    money, costs, likes = election
    outcome = set(bought(a_round(dict.fromkeys(likes, money), likes, costs)))
    for size in range(1, len(likes) + 1):
        for group in itertools.combinations(likes, size):
            for count in range(1, len(costs) + 1):
                for bundle in itertools.combinations(costs, count):
                    if sum(costs[p] for p in bundle) > money * size:
                        continue
                    agreed = sum(min(likes[f][p] for f in group) * costs[p] for p in bundle)
                    assert any(
                        has_at_least(likes[f], costs, outcome, bundle, agreed) for f in group
                    ), (group, bundle)


def has_at_least(
    liked: dict[str, float],
    costs: dict[str, int],
    outcome: set[str],
    bundle: tuple[str, ...],
    agreed: float,
) -> bool:
    mine = sum(liked[p] * costs[p] for p in outcome)
    one_more = max((liked[p] * costs[p] for p in bundle if p not in outcome), default=0.0)
    return mine + one_more >= agreed - 1e-6


@pytest.mark.parametrize(("ticket", "expected"), [(0, 3), (30, 2)])
def test_a_payment_below_its_ticket_is_left_out(ticket: int, expected: int) -> None:
    problem = a_round(
        {"f1": 100, "f2": 100, "f3": 100},
        {"f1": {"A": 1}, "f2": {"A": 1}, "f3": {"A": 0.2}},
        {"A": 99},
        commitments=[
            {"id": f, "funder": f, "amount": 100, "ticket": ticket} for f in ("f1", "f2", "f3")
        ],
    )
    assert len(plan_by("equal-shares", problem).lines) == expected


def test_it_is_not_efficient() -> None:
    # f1 cannot buy either by itself; the completion takes the better scored, not what f1 likes best
    problem = a_round(
        {"f1": 60, "f2": 60},
        {"f1": {"A": 1, "B": 2}, "f2": {}},
        {"A": 100, "B": 100},
        merit={"A": 0.9, "B": 0.8},
    )
    plan = plan_by("equal-shares", problem)
    assert plan.totals == {"A": 100}
    assert plan.funders["f1"]["value"] == 90 < 2 * 0.8 * 100  # B, and f2 is as well off
    assert plan.funders["f2"]["value"] == 0


def test_saying_less_for_what_others_pay_anyhow_saves_money() -> None:
    asks, money = {"A": 100, "B": 60}, {"f1": 60, "f2": 100}
    honest = {"f1": {"A": 1, "B": 1}, "f2": {"A": 1}}
    hiding = {"f1": {"B": 1}, "f2": {"A": 1}}
    assert bought(a_round(money, honest, asks)) == ["A"]
    assert sorted(bought(a_round(money, hiding, asks))) == ["A", "B"]
