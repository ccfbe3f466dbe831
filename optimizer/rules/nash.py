"""Nash product with funding caps: the Lindahl equilibrium of Kroer and Peters (2025).

Commitments c bring B_c and have a value u_cp for each unit in p, whoever pays it (merit times the
funder's weights; 0 where c may not pay p). A_p is the ask, K_cp the most of a line. The programme

    maximise  sum_cp b_cp log(u_cp x_p / b_cp)
    subject to  sum_p b_cp <= B_c,   x_p = sum_c b_cp <= A_p,   0 <= b_cp <= K_cp

says at once what is funded (x) and who pays (b). Without caps its optimum maximises the product of
the funders' values, each to the power of its money. With caps it is the equilibrium at which c,
facing its own prices b_cp / x_p, wants exactly x.

`lindahl.py` solves it to a proven gap, in the geometric mean of what a unit of each funder's money
buys it, weighted by money.

What is found is divisible. Minimums, tickets and co-funders are then met as `viable.py` says, and
the equilibrium is that of the round with the proposals and lines that remain; the plan's
`objective` states its value and its bound. What tickets and co-funders then keep from being shared
is given in order of merit, as `greedy` does.

| property | held | why |
|---|---|---|
| efficient | yes, for the funders' values | an equilibrium is |
| in the core | yes, the weak core | no group does better for each of its own with its own money |
| individually rational | yes, against 'alone' | a single funder is such a group |
| proportional | yes | follows from the core |
| strategyproof | no | a funder gains by not showing that it values what others pay |

Held by the divisible optimum without caps on single lines, where each commitment is a funder that
values what it may pay for; minimums, tickets and rounding can break each of them.

Source: C. Kroer and D. Peters, Computing Lindahl equilibrium for public goods with and without
funding caps, arXiv 2503.16414 (2025).
"""

from __future__ import annotations

import numpy as np

from optimizer.clock import Clock
from optimizer.found import Found
from optimizer.pairs import Pairs
from optimizer.problem import Objective
from optimizer.rules.giving import Giving, Matrix, finish, worth
from optimizer.rules.lindahl import Equilibrium, equilibrium
from optimizer.rules.viable import Room, hand_out

NAME = "geometric mean of value per unit of own money"


def nash(pairs: Pairs, floors: dict[str, float], gap: float, clock: Clock) -> Found:
    """The Lindahl equilibrium, to a proven relative `gap`; `floors` are not used.

    Raises Infeasible where the locks cannot be kept, OutOfTime, Cancelled.
    """
    giving = Giving.begin(pairs, clock)
    value = worth(pairs)
    found: list[Equilibrium] = []

    def spread(room: Room) -> Matrix:
        start = found[-1].prices if found else None
        able = np.where(room.cap > 0, value, 0.0)
        found.append(equilibrium(able, room.budget, room.ask, room.cap, gap, clock, start))
        return found[-1].payments

    hand_out(giving, spread, clock)
    giving.by_merit()
    last = found[-1]
    plan = finish(giving, clock)
    plan.objective = Objective(NAME, last.mean, last.mean * (1 + last.gap))
    return plan
