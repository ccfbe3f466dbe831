"""From shares that a rule hands out as fractions to whole lines that keep every limit of a line.

A rule that spreads money (`pro_rata`, `nash`) knows no minimum and no ticket. Its shares are found,
then proposals below their minimum are left out, a tenth of them at a time and at least one, those
furthest below first, and the shares are found again; likewise lines below their ticket, and the
smallest lines where a proposal has more co-funders than the policy allows. What is left is rounded
down to the grid, and whole steps go to the largest remainders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optimizer.clock import Clock
from optimizer.rules.giving import Giving, Matrix

DROPPED = 10  # one in so many of what is not viable is left out at a time
SNAP = 1e-6  # of a grid step, or of a limit, taken for inexactness


@dataclass(frozen=True)
class Room:
    """What may still be handed out, minor units: by pair, by commitment, by proposal."""

    cap: Matrix
    budget: Matrix
    ask: Matrix


Spread = Callable[[Room], Matrix]


def hand_out(giving: Giving, spread: Spread, clock: Clock) -> None:
    """Pay by `spread` (pairs to minor units, fractions), leaving out what is not viable."""
    cap = np.array(giving.cap, dtype=np.float64).reshape(giving.pairs.cap.shape)
    for (c, p), amount in giving.lines.items():
        cap[c, p] -= amount
    budget = np.array(giving.left, dtype=np.float64)
    ask = np.array(giving.ask, dtype=np.float64) - giving.totals
    while True:
        clock.look()
        shares = spread(Room(cap, budget, ask))
        dropped = _low_proposals(giving, shares)
        if dropped:
            cap[:, dropped] = 0.0
            continue
        lines = _low_lines(giving, shares)
        if not lines:
            break
        for c, p in lines:
            cap[c, p] = 0.0
    _in_whole_steps(giving, shares)


def _worst(ranked: list[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    return sorted(ranked)[: max(1, len(ranked) // DROPPED)] if ranked else []


def _low_proposals(giving: Giving, shares: Matrix) -> list[int]:
    """Proposals that would get something and less than their minimum, the furthest below."""
    totals = shares.sum(axis=0) + giving.totals
    least = np.maximum(giving.least, 1)
    low = (totals > giving.totals) & (totals < least * (1 - SNAP))
    return [
        p for _, p, _ in _worst([(totals[p] / least[p], int(p), 0) for p in np.flatnonzero(low)])
    ]


def _low_lines(giving: Giving, shares: Matrix) -> list[tuple[int, int]]:
    """New lines below their ticket, or beyond the number of co-funders, the smallest of them."""
    low: list[tuple[float, int, int]] = []
    crowd: list[tuple[float, int, int]] = []
    for p in np.flatnonzero(shares.any(axis=0)):
        new = [int(c) for c in np.flatnonzero(shares[:, p]) if (int(c), int(p)) not in giving.lines]
        for c in new:
            ticket = giving.ticket[c]
            if giving.pairs.grid < ticket and shares[c, p] < ticket * (1 - SNAP):
                low.append((shares[c, p] / ticket, c, int(p)))
        if len(giving.payers[p]) + len(new) > giving.slots:
            crowd.append(min((shares[c, p], c, int(p)) for c in new))
    return [(c, p) for _, c, p in _worst(low)] or [(c, p) for _, c, p in crowd]


def _in_whole_steps(giving: Giving, shares: Matrix) -> None:
    """Pay the shares, rounded so that budgets, asks and minimums hold."""
    grid = giving.pairs.grid
    rest: list[tuple[float, int, int]] = []
    for c, p in zip(*map(np.ndarray.tolist, np.nonzero(shares)), strict=True):
        steps = shares[c, p] / grid
        whole = min(int(steps + SNAP) * grid, giving.room(c, p), giving.ask[p] - giving.totals[p])
        if whole >= giving.first(c, p):
            giving.pay(c, p, whole)
        rest.append((whole / grid - steps, p, c))
    for p in giving.unviable():  # a step short of the minimum
        total = giving.totals[p]
        if not giving.fund(p, giving.least[p]) or giving.totals[p] == total:
            giving.take_back(p)
    for behind, p, c in sorted(rest):
        missing = giving.ask[p] - giving.totals[p]
        if behind < -SNAP and (c, p) in giving.lines and min(giving.room(c, p), missing) >= grid:
            giving.pay(c, p, grid)
