"""Lindahl equilibrium with funding caps, in numbers: payments, prices and a proven gap.

    maximise  F(b) = sum_cp b_cp log(u_cp x_p / b_cp)
    subject to  sum_p b_cp <= B_c,   x_p = sum_c b_cp <= A_p,   0 <= b_cp <= K_cp

(Kroer and Peters 2025, arXiv 2503.16414). With l_c >= 0 the price of c's money, its dual

    D(l) = sum_c B_c l_c + sum_p phi_p(l),   phi_p = max of sum_c b_c (log(u_c x / b_c) - l_c)

is convex in l alone. For w_c = u_c exp(-l_c) the best payments of a proposal are min(K_c, s w_c) at
some level s, worth log(x / s) for one more unit; and for every s

    phi_p <= A max(0, log(x / s)) + sum_c K_c max(0, log(s w_c / K_c)),

so every l proves a bound. D has kinks. An entropy of weight t on x_p / A_p makes it smooth, and
Newton's method follows t down until payments and bound meet within the gap asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from optimizer.clock import Clock
from optimizer.highs import Vector
from optimizer.rules.giving import Matrix

WORTH = 1e-6  # least value counted, as a part of a funder's highest, so that money is not idle
FIRST, AGAIN, COOLING, COLDEST = 1.0, 0.03, 0.3, 1e-9  # weights t of the entropy
NEWTON, HALVINGS, BISECTIONS = 50, 40, 64
NEVER = -1e6  # stands for the logarithm of no value at all
LEAST = 1e-300
STILL = 1e-7  # of the money: how far spending may be from what it should be


@dataclass(frozen=True)
class Equilibrium:
    """`payments` by pair, minor units; `prices` l by commitment.

    `mean`: geometric mean of the value that a unit of own money buys, weighted by what is paid; no
    payments reach more than (1 + gap) times it.
    """

    payments: Matrix
    prices: Vector
    mean: float
    gap: float


def equilibrium(
    value: Matrix,
    budget: Vector,
    ask: Vector,
    cap: Matrix,
    gap: float,
    clock: Clock,
    start: Vector | None = None,
) -> Equilibrium:
    """Payments within the relative `gap`, if time allows; `start`: prices to begin with.

    `value[c, p]`: what a unit in p is worth to c, 0 where c pays nothing for it. Money in any one
    unit. Raises Cancelled.
    """
    able = (value > 0) & (cap > 0) & (ask > 0)
    rows = np.flatnonzero(able.any(axis=1) & (budget > 0))
    columns = np.flatnonzero(able[rows].any(axis=0)) if rows.size else np.zeros(0, dtype=np.intp)
    payments, prices = np.zeros(value.shape), np.zeros(len(budget))
    if not columns.size:
        return Equilibrium(payments, prices, 0.0, 0.0)
    part = np.ix_(rows, columns)
    highest = value[rows].max(axis=1)
    programme = _Programme(
        np.where(able[part], value[part], 0.0) / highest[:, np.newaxis],
        budget[rows],
        ask[columns],
        np.where(able[part], cap[part], 0.0),
    )
    best = programme.solve(gap, clock, None if start is None else start[rows])
    payments[part], prices[rows] = best.payments, best.prices
    spent = max(float(best.payments.sum()), LEAST)
    scale = float(best.payments.sum(axis=1) @ np.log(highest * WORTH))
    mean = math.exp((best.value + scale) / spent)
    return Equilibrium(payments, prices, mean, math.expm1((best.bound - best.value) / spent))


@dataclass
class _Best:
    payments: Matrix
    prices: Vector
    value: float
    bound: float


@dataclass(frozen=True)
class _Point:
    """The smooth dual at some prices: its value, payments, and what a Newton step needs."""

    value: float
    payments: Matrix
    gradient: Vector
    hessian: Matrix


class _Programme:
    def __init__(self, relative: Matrix, budget: Vector, ask: Vector, cap: Matrix) -> None:
        self.able = relative > 0
        scaled = np.where(self.able, np.maximum(relative, WORTH) / WORTH, 1.0)
        self.log_value = np.where(self.able, np.log(scaled), NEVER)
        self.budget = budget
        self.ask = np.minimum(ask, np.minimum(cap, ask).sum(axis=0))
        self.cap = np.minimum(cap, self.ask)

    def solve(self, gap: float, clock: Clock, start: Vector | None) -> _Best:
        prices, weight = start, AGAIN
        if prices is None:
            weight, total = FIRST, float(self.ask.sum())
            spread = self.ask * min(1.0, float(self.budget.sum()) / total)
            worth = np.where(self.able, np.exp(self.log_value), 0.0) @ spread
            prices = np.log(np.maximum(worth / self.budget, 1.0))
        best = _Best(np.zeros_like(self.cap), prices, 0.0, math.inf)
        while True:
            prices = self._newton(prices, weight, clock)
            payments = self._affordable(self._point(prices, weight).payments)
            value, bound = self._value(payments), self._bound(prices)
            if value > best.value or not best.payments.any():
                best.payments, best.value = payments, value
            if bound < best.bound:
                best.prices, best.bound = prices, bound
            enough = math.log1p(gap) * float(best.payments.sum())  # a part of what is spent
            if best.bound - best.value <= enough or weight <= COLDEST or not clock.left:
                best.bound = max(best.bound, best.value)
                return best
            weight *= COOLING

    def _newton(self, prices: Vector, weight: float, clock: Clock) -> Vector:
        """Prices at which everybody spends what it has, on the smooth dual."""
        here = self._point(prices, weight)
        for _ in range(NEWTON):
            clock.look()
            free = (prices > 0) | (here.gradient < 0)
            slope = np.where(free, here.gradient, 0.0)
            if np.abs(slope).max(initial=0.0) <= STILL * float(self.budget.max()):
                break
            index = np.flatnonzero(free)
            matrix = here.hessian[np.ix_(index, index)]
            matrix = matrix + np.eye(len(index)) * (1e-12 + 1e-10 * float(np.trace(matrix)))
            step = np.zeros_like(prices)
            step[index] = -np.linalg.solve(matrix, slope[index])
            longest = float(np.abs(step).max())
            length = min(1.0, 5.0 / longest) if longest else 1.0
            for _ in range(HALVINGS):
                there = np.maximum(prices + length * step, 0.0)
                found = self._point(there, weight)
                if found.value <= here.value + 1e-4 * float(slope @ (there - prices)):
                    break
                length /= 2
            else:
                break
            prices, here = there, found
        return prices

    def _levels(self, log_worth: Matrix, weight: float) -> tuple[Vector, Matrix, Vector]:
        """Level (log s), payments and 1 - x / A by proposal, at which log(x / s) is what the
        entropy asks for: weight * log(x / (A - x)); with no weight, 0 as far as the ask allows."""
        peak = log_worth.max(axis=0)
        worth = np.exp(log_worth - peak)  # of the order of 1
        total = worth.sum(axis=0)
        low = np.log(self.ask / total) - 700.0
        filled = np.log(np.maximum(self.cap, LEAST)) - (log_worth - peak)
        high = np.where(self.able, filled, NEVER).max(axis=0) + 1
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            paid = np.minimum(self.cap, np.exp(middle) * worth)
            x = paid.sum(axis=0)
            gain = np.log(np.maximum(x, LEAST)) - middle + peak
            is_full = x >= self.ask
            rest = np.where(is_full, 1.0, self.ask - x)
            wanted = weight * (np.log(np.maximum(x, LEAST)) - np.log(rest)) if weight else 0.0
            is_below = ~is_full & (gain > wanted)
            low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
        paid = np.minimum(self.cap, np.exp(low) * worth)
        x = paid.sum(axis=0)
        gain = np.log(np.maximum(x, LEAST)) - low + peak
        left = 1 / (1 + np.exp(np.clip(gain / weight, -700, 700))) if weight else 1 - x / self.ask
        return low - peak, paid, left

    def _point(self, prices: Vector, weight: float) -> _Point:
        log_worth = self.log_value - prices[:, np.newaxis]
        _, paid, left = self._levels(log_worth, weight)
        x = paid.sum(axis=0)
        part = np.clip(x / self.ask, 0.0, 1.0)
        entropy = -_xlogx(part) - _xlogx(np.maximum(left, 0.0))
        value = float(self.budget @ prices) + self._sum(paid, log_worth)
        value += weight * float((self.ask * entropy).sum())
        open_ = np.where(paid < self.cap * (1 - 1e-12), paid, 0.0)
        moving = open_.sum(axis=0)
        below = left * (x - moving) + moving * weight
        factor = np.divide(
            left - weight, below, out=np.zeros_like(x), where=moving > 1e-12 * self.ask
        )
        hessian = np.diag(open_.sum(axis=1)) + (open_ * factor) @ open_.T
        return _Point(value, paid, self.budget - paid.sum(axis=1), hessian)

    def _affordable(self, payments: Matrix) -> Matrix:
        spent = payments.sum(axis=1)
        fit = np.minimum(
            1.0, np.divide(self.budget, spent, out=np.ones_like(spent), where=spent > 0)
        )
        scaled: Matrix = payments * fit[:, np.newaxis]
        return scaled

    def _value(self, payments: Matrix) -> float:
        """F of payments that keep the limits."""
        return self._sum(payments, self.log_value)

    def _sum(self, payments: Matrix, log_worth: Matrix) -> float:
        """sum_cp b (log w + log x - log b)."""
        terms = np.where(self.able, payments * log_worth, 0.0) - _xlogx(payments)
        return float(terms.sum() + _xlogx(payments.sum(axis=0)).sum())

    def _bound(self, prices: Vector) -> float:
        """D at these prices, from above."""
        log_worth = self.log_value - prices[:, np.newaxis]
        level, paid, _ = self._levels(log_worth, 0.0)
        x = np.maximum(paid.sum(axis=0), LEAST)
        above = level + log_worth - np.log(np.maximum(self.cap, LEAST))
        by_ask = self.ask * np.maximum(0.0, np.log(x) - level)
        by_cap = (self.cap * np.maximum(0.0, np.where(self.able, above, 0.0))).sum(axis=0)
        return float(self.budget @ prices) + float((by_ask + by_cap).sum())


def _xlogx(x: Matrix) -> Matrix:
    product: Matrix = x * np.log(np.maximum(x, LEAST))
    return product
