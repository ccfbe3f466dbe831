"""Greedy by merit: what most committees do today.

Proposals are taken in order of merit, the higher first, ties by id. Each is paid what it asks from
the money that may still pay it; if that is less than the ask, what there is; if less than its
minimum, nothing, and the next is looked at. Who pays: the commitment that may pay fewest proposals
first. Money once given is not moved again.

| property | held | why |
|---|---|---|
| respects merit | yes | those before it left a refused proposal less than its minimum |
| efficient | no | one large proposal can use up the money of several that together do more |
| individually rational | no | a funder's money follows merit, not its own weights |
| in the core, proportional | no | the best-scored proposals may all be of one funder's kind |
| strategyproof | yes, for funders | their weights are not read; merit comes from reviewers |

Source: folklore; as 'GreedAV' in the literature on participatory budgeting (Talmon and Faliszewski,
A framework for approval-based budgeting methods, AAAI 2019), here with merit in place of approvals.
"""

from __future__ import annotations

from optimizer.clock import Clock
from optimizer.found import Found
from optimizer.pairs import Pairs
from optimizer.rules.giving import Giving, finish


def greedy(pairs: Pairs, floors: dict[str, float], gap: float, clock: Clock) -> Found:
    """By merit. `floors` and `gap` are not used: the rule promises limits of lines only.

    Raises Infeasible where the locks cannot be kept, OutOfTime, Cancelled.
    """
    giving = Giving.begin(pairs, clock)
    giving.by_merit()
    return finish(giving, clock)
