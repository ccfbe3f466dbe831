"""Pro rata: everybody gets the same part of what they ask, as far as money may go.

Each commitment, the one that may pay fewest proposals first, divides what it has over those it may
pay, in proportion to what they still miss of their ask; no line is more than its cap, and what that
leaves is divided again. Merit and weights are not read. What is below a minimum or a ticket is left
out as `viable.py` says, and its money divided over the others. What tickets and co-funders then
keep from being divided goes to proposals with the smallest part of their ask.

| property | held | why |
|---|---|---|
| the same part of every ask | yes, of money that may pay all | without minimums and caps |
| efficient | no | merit plays no part |
| individually rational | no | a funder's weights play no part |
| in the core, proportional | no | money is divided by asks, not by what funders value |
| strategyproof | yes, for funders | weights are not read; but who asks more gets more |

Source: the proportional rule for conflicting claims (as in B. O'Neill, A problem of rights
arbitration from the Talmud, Mathematical Social Sciences 1982).
"""

from __future__ import annotations

import numpy as np

from optimizer.clock import Clock
from optimizer.found import Found
from optimizer.highs import Vector
from optimizer.pairs import Pairs
from optimizer.rules.giving import Giving, Matrix, finish
from optimizer.rules.viable import Room, hand_out

ROUNDS = 200
STILL = 1e-9  # of a purse: less than this left ends it


def pro_rata(pairs: Pairs, floors: dict[str, float], gap: float, clock: Clock) -> Found:
    """In proportion to asks. `floors` and `gap` are not used: limits of lines only.

    Raises Infeasible where the locks cannot be kept, OutOfTime, Cancelled.
    """
    giving = Giving.begin(pairs, clock)
    missing = np.array(giving.asked, dtype=np.float64) - giving.totals
    hand_out(giving, lambda room: in_proportion(room, missing, giving.narrow_first), clock)
    giving.by_part()
    return finish(giving, clock)


def in_proportion(room: Room, missing: Vector, order: list[int]) -> Matrix:
    """Shares by pair, minor units; `missing` of each whole ask, however much money may reach it."""
    shares = np.zeros_like(room.cap)
    left = room.ask.copy()
    for c in order:
        given = _divide(room.budget[c], np.minimum(room.cap[c], left), missing)
        shares[c] = given
        left = left - given
        missing = missing - given
    return shares


def _divide(budget: float, most: Vector, wanted: Vector) -> Vector:
    """A purse in proportion to `wanted`, nobody more than `most`, the rest divided again."""
    given = np.zeros_like(most)
    rest = budget
    for _ in range(ROUNDS):
        able = np.where(most > given, wanted, 0.0)
        asked = float(able.sum())
        if rest <= STILL * budget or asked <= 0:
            break
        given = np.minimum(most, given + able * min(1.0, rest / asked))
        rest = budget - float(given.sum())
    return given
