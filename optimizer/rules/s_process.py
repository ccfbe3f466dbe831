"""The S-process of the Survival and Flourishing Fund: the next unit goes where it is worth most.

Each funder says what the first unit to a proposal is worth to it and where more is worth nothing;
in between worth falls in a straight line. Here the first is merit times the funder's own weights,
and the last is the ask, so the marginal value to a funder of a proposal that has received X from
anybody is worth * (1 - X / ask). Turns: the commitment that has spent the smallest part of its
money, ties by id, gives one step to the proposal with the highest marginal value to its funder,
counting all money received so far, ties by id. A step is one thousandth of all commitments'
amounts, rounded up to `round_to`; the first payment to a proposal is at least the ticket.

At the end proposals below their minimum give their money back, a tenth of them at a time and at
least one, those furthest below first, and the turns go on without them.

| property | held | why |
|---|---|---|
| efficient | no | a funder looks at its own next step only |
| individually rational | no | others' money can fill up what a funder would have paid |
| in the core, proportional | no | nobody pays for what others like; shared goods stay short |
| strategyproof | no | waiting for others to pay first is rewarded |
| each funder's favourite comes first | yes | its first step goes to what it values most |

Source: A. Critch, J. Tallinn and O. Habryka, as described by the fund at
survivalandflourishing.fund/s-process. There a funder gives to recommenders and they to
applications; here each funder is its own recommender.
"""

from __future__ import annotations

import numpy as np

from optimizer.clock import Clock
from optimizer.found import Found
from optimizer.pairs import Pairs
from optimizer.rules.giving import Giving, finish, worth

STEPS = 1000
DROPPED = 10  # one in so many of the proposals below their minimum is dropped at a time


def s_process(pairs: Pairs, floors: dict[str, float], gap: float, clock: Clock) -> Found:
    """Marginal value by turns. `floors` and `gap` are not used: limits of lines only.

    Raises Infeasible where the locks cannot be kept, OutOfTime, Cancelled.
    """
    turns = _Turns(Giving.begin(pairs, clock))
    while True:
        clock.look()
        turns.go_on()
        low = turns.giving.unviable()
        if not low:
            return finish(turns.giving, clock)
        for p in low[: max(1, len(low) // DROPPED)]:
            turns.drop(p)


def step_of(pairs: Pairs) -> int:
    """Minor units a turn: a thousandth of the pool, rounded up to the grid."""
    return max(1, -(-pairs.total // (STEPS * pairs.grid))) * pairs.grid


class _Turns:
    def __init__(self, giving: Giving) -> None:
        self.giving = giving
        pairs = giving.pairs
        self.step = step_of(pairs)
        self.worth = worth(pairs)
        self.ask = np.array(giving.asked, dtype=np.float64)
        self.got = np.array(giving.totals, dtype=np.float64)

    def go_on(self) -> None:
        """Turns until nobody with money left values anything it may still pay."""
        able = [c for c, left in enumerate(self.giving.left) if left]
        while able:
            c = min(able, key=self._part_spent)
            if not self._turn(c):
                able.remove(c)

    def _part_spent(self, c: int) -> tuple[float, int]:
        budget = int(self.giving.pairs.budget[c])
        return (1 - self.giving.left[c] / budget, c)

    def _turn(self, c: int) -> bool:
        """One step of one commitment; False if there is nothing it would and could pay."""
        giving = self.giving
        value = self.worth[c] * (1 - self.got / self.ask)
        while True:
            p = int(np.argmax(value)) if value.size else -1
            if p < 0 or value[p] <= 0:
                return False
            room = min(giving.room(c, p), giving.ask[p] - giving.totals[p])
            if room >= giving.first(c, p):
                amount = min(room, max(self.step, giving.first(c, p)))
                giving.pay(c, p, amount)
                self.got[p] += amount
                return True
            value[p] = 0.0

    def drop(self, p: int) -> None:
        self.giving.take_back(p)
        self.got[p] = self.giving.totals[p]
        self.worth[:, p] = 0.0
