"""Nash product with funding caps: the equilibrium itself, its bound, and what follows from it.

The conditions are those by which Kroer and Peters (arXiv 2503.16414) define a Lindahl equilibrium
with caps; they are looked at directly, by code that knows nothing of how it was found.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from optimizer.clock import Clock
from optimizer.rules.lindahl import Equilibrium, equilibrium
from tests.optimizer.rules.scenes import a_round, paid, plan_by

Instance = tuple[np.ndarray, np.ndarray, np.ndarray]  # value, budget, ask


def found(instance: Instance, gap: float = 1e-6) -> Equilibrium:
    value, budget, ask = instance
    cap = np.minimum(np.broadcast_to(ask, value.shape), budget[:, np.newaxis])
    return equilibrium(value, budget, ask, cap, gap, Clock.of(60))


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    """Up to 4 funders and 6 proposals; money is scarce, and everybody can spend what it has."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    funders, proposals = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    value = rng.uniform(0.1, 1, (funders, proposals))
    ask = rng.uniform(1, 10, proposals)
    budget = rng.uniform(0.5, 1, funders)
    return value, budget * draw(st.sampled_from([0.2, 0.5, 0.9])) * ask.sum() / budget.sum(), ask


@settings(max_examples=12, deadline=None)
@given(instances())
def test_at_its_own_prices_every_funder_wants_just_what_is_funded(instance: Instance) -> None:
    value, budget, ask = instance
    result = found(instance)
    x = result.payments.sum(axis=0)
    is_funded = x > 1e-6 * ask
    price = result.payments[:, is_funded] / x[is_funded]
    assert price.sum(axis=0) == pytest.approx(1)  # prices of a unit add up to its cost
    assert result.payments.sum(axis=1) == pytest.approx(budget, rel=1e-5)
    for c in range(len(budget)):
        # the best that c could buy at its prices, each proposal up to its ask
        best = linprog(
            -value[c, is_funded],
            A_ub=price[[c]],
            b_ub=[budget[c]],
            bounds=[(0, a) for a in ask[is_funded]],
        )
        assert -best.fun <= value[c] @ x * (1 + 1e-3)


@settings(max_examples=12, deadline=None)
@given(instances())
def test_no_group_of_funders_does_better_with_its_own_money(instance: Instance) -> None:
    value, budget, ask = instance
    x = found(instance).payments.sum(axis=0)
    reached = value @ x
    for size in range(1, len(budget) + 1):
        for group in map(list, itertools.combinations(range(len(budget)), size)):
            # the largest factor by which every member could be better off
            rows = np.hstack([-value[group], reached[group][:, np.newaxis]])
            money = np.append(np.ones(len(ask)), 0.0)
            best = linprog(
                np.append(np.zeros(len(ask)), -1.0),
                A_ub=np.vstack([rows, money]),
                b_ub=np.append(np.zeros(size), budget[group].sum()),
                bounds=[*((0, a) for a in ask), (0, None)],
            )
            assert -best.fun <= 1 + 1e-3, group


@settings(max_examples=10, deadline=None)
@given(instances())
def test_without_caps_it_maximises_the_product_of_values(instance: Instance) -> None:
    value, budget, ask = instance
    money = budget.sum()
    wide = np.full_like(ask, 10 * money)
    x = found((value, budget, wide), gap=1e-8).payments.sum(axis=0)

    def loss(y: np.ndarray) -> float:
        return -float(budget @ np.log(value @ np.abs(y))) / money

    start = np.full(len(ask), money / len(ask))
    best = minimize(
        loss,
        start,
        bounds=[(0, money)] * len(ask),
        constraints={"type": "ineq", "fun": lambda y: money - y.sum()},
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert loss(x) <= best.fun + 1e-5


@settings(max_examples=12, deadline=None)
@given(instances(), st.integers(0, 2**32))
def test_no_payments_within_the_limits_are_above_the_bound(instance: Instance, seed: int) -> None:
    value, budget, ask = instance
    cap = np.minimum(np.random.default_rng(seed).uniform(0.1, 1, value.shape) * ask, ask)
    result = equilibrium(value, budget, ask, cap, 1e-6, Clock.of(60))
    assert 0 <= result.gap <= 1e-6
    assert (result.payments <= cap * (1 + 1e-9)).all()
    assert (result.payments.sum(axis=1) <= budget * (1 + 1e-9)).all()
    assert (result.payments.sum(axis=0) <= ask * (1 + 1e-9)).all()
    rng = np.random.default_rng(seed)
    spent = result.payments.sum()
    for _ in range(5):
        # towards other payments that keep every limit and spend as much
        other = linprog(
            rng.uniform(-1, 1, value.size),
            A_ub=np.vstack(
                [
                    np.kron(np.eye(len(budget)), np.ones(len(ask))),
                    np.kron(np.ones(len(budget)), np.eye(len(ask))),
                ]
            ),
            b_ub=np.append(result.payments.sum(axis=1), ask),
            A_eq=np.ones((1, value.size)),
            b_eq=[spent * (1 - 1e-9)],
            bounds=[(0, k) for k in cap.ravel()],
        )
        if other.x is None:
            continue
        for part in (0.01, 0.3, 1.0):
            tried = (1 - part) * result.payments + part * other.x.reshape(value.shape)
            assert mean_of(value, tried) <= result.mean * (1 + result.gap) * (1 + 1e-5)


def mean_of(value: np.ndarray, payments: np.ndarray) -> float:
    x = payments.sum(axis=0)
    ratio = np.where(payments > 0, value * x / np.where(payments > 0, payments, 1), 1)
    return float(np.exp((payments * np.log(ratio)).sum() / payments.sum()))


# Examples worked out by hand


def test_the_gap_is_of_what_is_spent_where_most_of_the_money_cannot_be() -> None:
    value = np.array([[0.8, 0.5, 0.9, 0.7], [0.8, 0.5, 0.9, 0.7], [0.0, 0.5, 0.9, 0.7]])
    cap = np.array([[10.0, 5, 5, 80], [10, 5, 5, 80], [0, 5, 5, 110]])
    ask = np.array([20.0, 15, 15, 270])
    for gap in (1e-2, 1e-3, 1e-4):
        found = equilibrium(value, np.array([80.0, 8_000, 8_000]), ask, cap, gap, Clock.of(60))
        assert found.payments.sum() == pytest.approx(300)
        assert found.gap <= gap


def test_funders_who_agree_on_nothing_each_buy_their_own() -> None:
    problem = a_round(
        {"north": 300, "south": 100},
        {"north": {"P": 1}, "south": {"Q": 1}},
        {"P": 1000, "Q": 1000},
        minimum=1,
    )
    assert paid(plan_by("nash", problem)) == {("north", "P"): 300, ("south", "Q"): 100}


def test_a_shared_good_is_paid_by_both_where_it_is_liked_enough() -> None:
    # two equal funders, each with a favourite at 1 and a common one at w: the product of values is
    # largest with all money in the common one as soon as w is above 1/2
    likes = {"north": {"P": 1, "C": 0.6}, "south": {"Q": 1, "C": 0.6}}
    asks = {"P": 1000, "Q": 1000, "C": 1000}
    problem = a_round({"north": 100, "south": 100}, likes, asks, minimum=1)
    assert paid(plan_by("nash", problem)) == {("north", "C"): 100, ("south", "C"): 100}


def test_a_capped_shared_good_is_filled_and_the_rest_goes_to_favourites() -> None:
    likes = {"north": {"P": 1, "C": 0.6}, "south": {"Q": 1, "C": 0.6}}
    problem = a_round(
        {"north": 100, "south": 100}, likes, {"P": 1000, "Q": 1000, "C": 80}, minimum=1
    )
    assert paid(plan_by("nash", problem)) == {
        ("north", "C"): 40,
        ("north", "P"): 60,
        ("south", "C"): 40,
        ("south", "Q"): 60,
    }


def test_where_a_cap_binds_the_plain_product_of_values_is_not_the_equilibrium() -> None:
    # 'north' likes only the capped good, 'south' both. The product of values under the cap cannot
    # tell who pays for it; the equilibrium lets 'north', who has nothing else to buy, pay most
    problem = a_round(
        {"north": 100, "south": 100},
        {"north": {"C": 1}, "south": {"C": 1, "Q": 1}},
        {"C": 100, "Q": 1000},
        minimum=1,
    )
    plan = paid(plan_by("nash", problem))
    assert plan["north", "C"] == 100
    assert plan == {("north", "C"): 100, ("south", "Q"): 100}


# What does not hold


def test_a_funder_gains_by_hiding_that_it_likes_the_common_good() -> None:
    asks = {"P": 1000, "C": 100}
    honest = {"north": {"P": 1, "C": 0.9}, "south": {"C": 1}}
    hiding = {"north": {"P": 1}, "south": {"C": 1}}
    money = {"north": 100, "south": 80}
    truth = a_round(money, honest, asks, minimum=1)
    plans = [plan_by("nash", a_round(money, likes, asks, minimum=1)) for likes in (honest, hiding)]
    worth = [p.totals.get("P", 0) + 0.9 * p.totals.get("C", 0) for p in plans]
    assert worth[1] > worth[0] + 1
    assert truth.funders[0].weights["area of C"] == 0.9


def test_a_minimum_can_break_the_equilibrium() -> None:
    # each alone could pay for half of its own; nothing of it is viable, so one of them goes without
    problem = a_round(
        {"north": 50, "south": 40}, {"north": {"P": 1}, "south": {"Q": 1}}, {"P": 50, "Q": 100}
    )
    plan = plan_by("nash", problem)
    assert plan.totals == {"P": 50}
