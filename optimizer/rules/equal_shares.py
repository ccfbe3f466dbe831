"""Method of Equal Shares, for funders with money of their own and proposals with a minimum.

Each commitment is a voter that brings its own amount. A proposal's cost is the least that counts as
funded; what it gives a funder is that cost times its worth to the funder (merit times weights). At
each step every proposal is offered at the lowest rate rho, money paid for a unit of value received,
at which those who may pay it can cover its cost, each paying rho times its value, or all that it
has left, or its cap. The proposal with the lowest rate is funded and paid so; ties by id. It ends
when nobody can cover anything more.

Where a payment would be below its ticket, or payers more than the policy allows, the smallest
payment is left out and the rate found again. Payments are rounded to whole steps of `round_to`, the
largest remainders up.

Completion, since the method leaves money unspent: by merit, as `greedy` does; funded proposals are
raised to their ask, others funded if what is left reaches their minimum (the 'utilitarian'
completion).

| property | held | why |
|---|---|---|
| proportional | yes: EJR up to one project | a group that agrees gets what its money could buy |
| efficient | no | a proposal liked a little by all can lose to several liked by few |
| individually rational | no | but nobody pays for what it does not value |
| in the core | no | only up to a logarithmic factor |
| strategyproof | no | saying less for what others pay anyhow saves money |

'Proportional' holds before completion and without caps, tickets and restrictions.

Source: D. Peters, G. Pierczynski and P. Skowron, Proportional participatory budgeting with additive
utilities, NeurIPS 2021; there all voters bring the same amount.
"""

from __future__ import annotations

import heapq
import math

from optimizer.clock import Clock
from optimizer.found import Found
from optimizer.pairs import Pairs
from optimizer.rules.giving import Giving, Matrix, finish, worth

Payments = dict[int, float]


def equal_shares(pairs: Pairs, floors: dict[str, float], gap: float, clock: Clock) -> Found:
    """Equal shares, then by merit. `floors` and `gap` are not used: limits of lines only.

    Raises Infeasible where the locks cannot be kept, OutOfTime, Cancelled.
    """
    giving = Giving.begin(pairs, clock)
    buy(giving)
    clock.look()
    giving.by_merit()
    return finish(giving, clock)


def buy(giving: Giving) -> list[int]:
    """The method before its completion; the proposals bought, in order."""
    value = worth(giving.pairs)
    costs = giving.least
    # a rate only rises as money is spent, so an old one is a bound on the new one
    waiting = [(0.0, p) for p, cost in enumerate(costs) if cost and not giving.totals[p]]
    heapq.heapify(waiting)
    bought: list[int] = []
    while waiting:
        _, p = heapq.heappop(waiting)
        offer = rate_of(giving, value, p)
        if offer is None:
            continue
        rate, payments = offer
        if waiting and (rate, p) > waiting[0]:
            heapq.heappush(waiting, (rate, p))
            continue
        for c, amount in _in_whole_steps(giving, p, payments).items():
            giving.pay(c, p, amount)
        bought.append(p)
    return bought


def rate_of(giving: Giving, value: Matrix, p: int) -> tuple[float, Payments] | None:
    """The lowest rate at which p's cost is covered, and who then pays what; None: it is not."""
    cost = giving.least[p]
    payers = [c for c in range(len(giving.left)) if value[c, p] > 0 and giving.room(c, p)]
    while payers:
        limit = {c: giving.room(c, p) for c in payers}
        if sum(limit.values()) < cost:
            return None
        rate = _rate(cost, {c: float(value[c, p]) for c in payers}, limit)
        payments = {c: min(float(limit[c]), rate * float(value[c, p])) for c in payers}
        low = [c for c in payers if payments[c] < giving.ticket[c] - 1e-9 * cost]
        if giving.pairs.grid < cost:
            low = [c for c in low if giving.ticket[c] > giving.pairs.grid]
        if not low and len(payers) > giving.slots:
            low = payers
        if not low:
            return rate / cost, payments
        payers.remove(min(low, key=lambda c: (payments[c], c)))
    return None


def _rate(cost: int, value: dict[int, float], limit: dict[int, int]) -> float:
    """The least r with sum_c min(limit_c, r value_c) = cost."""
    order = sorted(value, key=lambda c: (limit[c] / value[c], c))
    missing = float(cost)
    for k, c in enumerate(order):
        rate = missing / math.fsum(value[d] for d in order[k:])
        if rate <= limit[c] / value[c]:
            return rate
        missing -= limit[c]
    return limit[order[-1]] / value[order[-1]]


def _in_whole_steps(giving: Giving, p: int, payments: Payments) -> dict[int, int]:
    """Payments on the grid that add up to the cost; the largest remainders are rounded up."""
    grid, cost = giving.pairs.grid, giving.least[p]
    least = {c: giving.ticket[c] if giving.ticket[c] > grid else 0 for c in payments}
    whole = {c: max(least[c], int(a / grid + 1e-9) * grid) for c, a in payments.items()}
    for c in sorted(payments, key=lambda c: (whole[c] - payments[c], c)):
        if sum(whole.values()) < cost and whole[c] + grid <= giving.room(c, p):
            whole[c] += grid
    for c in sorted(whole, key=lambda c: (-whole[c], c)):  # what rounding itself left over
        off = cost - sum(whole.values())
        whole[c] = max(least[c], min(giving.room(c, p), whole[c] + off))
    return {c: amount for c, amount in sorted(whole.items()) if amount}
