"""What is left of a rule's lines when matching, conditions and years are held to.

Rules that look at one line at a time cannot know whether others will join, or when all the money
will be there. So their lines come first, and what a commitment's own terms then do not allow is
withheld: a match is cut to what others pay, money that waits in vain stays with its funder, and so
does money that comes too late; a proposal left below its minimum gets nothing. As less money can
break a condition anew, this is repeated until all hold. Locked lines are never touched.
"""

from __future__ import annotations

from optimizer.pairs import Pairs, exact
from optimizer.schedule import schedule
from optimizer.ties import cuts, ties_of
from optimizer.value import Lines, missing_for, others_pay, paid_by, totals_of

Pair = tuple[int, int]


def withheld(pairs: Pairs, lines: Lines) -> dict[Pair, int]:
    """Lines that keep every match, condition and year; the same lines where all hold already."""
    kept = dict(lines)
    if ties_of(pairs).is_none:
        return kept
    while True:
        fewer = _within_minimums(pairs, _in_time(pairs, _under_conditions(pairs, kept)))
        if fewer == kept:
            return kept
        kept = fewer


def _under_conditions(pairs: Pairs, lines: Lines) -> dict[Pair, int]:
    """Without what a match or a condition does not allow, all judged on the same lines."""
    paid, kept = paid_by(pairs, lines), {}
    for (c, p), amount in lines.items():
        commitment = pairs.problem.commitments[c]
        most = amount
        for condition, where in ((commitment.only_if, p), (commitment.joins_if, None)):
            if condition and any(missing_for(condition, paid[where], commitment.funder)):
                most = 0
        if commitment.match is not None:
            limit = int(exact(commitment.match.ratio) * others_pay(paid[p], commitment.funder))
            most = min(most, limit // pairs.grid * pairs.grid)
        if (c, p) in pairs.fixed:
            kept[c, p] = amount
        elif most >= max(1, int(pairs.ticket[c])):
            kept[c, p] = most
    return kept


def _in_time(pairs: Pairs, lines: Lines) -> dict[Pair, int]:
    """Without the late money of proposals that would get too much of it too late."""
    problem = pairs.problem
    late = schedule(problem, lines).missing
    return {
        (c, p): amount
        for (c, p), amount in lines.items()
        if p not in late or (c, p) in pairs.fixed or not cuts(problem.commitments[c])
    }


def _within_minimums(pairs: Pairs, lines: Lines) -> dict[Pair, int]:
    """Without the proposals that are left with less than they need."""
    totals = totals_of(pairs.problem, lines)
    return {
        (c, p): amount
        for (c, p), amount in lines.items()
        if totals[p] >= pairs.least[p] or (c, p) in pairs.fixed
    }
