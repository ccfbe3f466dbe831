"""What years and conditions tie together: the pairs that must be seen one by one because of them.

Most money needs no identity on its way to a proposal (cells.py). It does where it is released
later than it is needed, where it matches what others pay, or where it waits for others.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from optimizer.cells import Mask
from optimizer.pairs import Pairs
from optimizer.problem import Commitment, Proposal


@dataclass(frozen=True)
class Ties:
    """The pairs by what they need; all False, and `is_none`, in a round of version 1.

    `own`: pairs that must have a variable. `timed`: money that may come too late for the
    proposal. `matched`, `conditional`: the commitment has a match, an only_if. `joining`:
    commitments with a joins_if.
    """

    own: Mask
    timed: Mask
    matched: Mask
    conditional: Mask
    joining: tuple[int, ...]

    @property
    def is_none(self) -> bool:
        return not (self.own.any() or self.joining)


def ties_of(pairs: Pairs) -> Ties:
    """The ties of a round. Counting who pays, in the round or a proposal, needs every payer."""
    problem, able = pairs.problem, pairs.cap > 0
    late = np.array([bool(cuts(c)) for c in problem.commitments], dtype=bool)
    due = np.array([bool(needs(p)) for p in problem.proposals], dtype=bool)
    timed: Mask = able & late[:, np.newaxis] & due[np.newaxis, :]
    matched, conditional = np.zeros_like(able), np.zeros_like(able)
    own: Mask = timed.copy()
    joining = []
    for row, c in enumerate(problem.commitments):
        if c.match is not None:
            matched[row] = able[row]
            own |= able & pairs.by_funder(c.funder)[:, np.newaxis] & able[row]
        if c.only_if is not None:
            conditional[row] = able[row]
            own[row] |= able[row]
            if c.only_if.funders:
                own |= able & able[row]
        if c.joins_if is not None:
            joining.append(row)
            if c.joins_if.funders:
                own |= able
    return Ties(own, timed, matched, conditional, tuple(joining))


def available_by(commitment: Commitment, year: int) -> int:
    """Minor units this round may have paid by the end of a year, promises kept to the last.

    What is not spent carries forward; what earlier awards are owed later must still be there.
    """
    if not commitment.releases:
        return commitment.available
    years = {r.year for r in commitment.releases} | {r.year for r in commitment.promised}
    return min(
        sum(r.amount for r in commitment.releases if r.year <= y)
        - sum(r.amount for r in commitment.promised if r.year <= y)
        for y in {year, *(y for y in years if y > year)}
    )


def cuts(commitment: Commitment) -> list[tuple[int, int]]:
    """(last year, minor units available through it) for as long as not all is available."""
    years = sorted({r.year for r in (*commitment.releases, *commitment.promised)})
    steps = [(y - 1, available_by(commitment, y - 1)) for y in years]
    return [(y, amount) for y, amount in steps if amount < commitment.available]


def needs(proposal: Proposal) -> list[tuple[int, Fraction]]:
    """(year, share of its money that a proposal needs through the year's end), where any."""
    found, through = [], 0
    for part in proposal.budget:
        through += part.amount
        if through:
            found.append((part.year, Fraction(through, proposal.ask)))
    return found
