"""Money that came back: a list has it as an amount below 0, a replay as a smaller grant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from funding.replay.grants import PastGrant


def without_returns(
    grants: Sequence[PastGrant], returns: Sequence[PastGrant]
) -> tuple[list[PastGrant], int, int]:
    """The grants less what came back, how many returns were taken off, and how many were not.

    A return (its amount below 0) is taken off the same funder's grants to the same recipient, the
    latest before it first, then any later ones. A grant that came back whole is gone. What is left
    of a return when there is no grant any more counts as not taken off.
    """
    amounts = [grant.amount for grant in grants]
    of_pair: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place in sorted(range(len(grants)), key=lambda place: (grants[place].on, place)):
        of_pair[grants[place].funder, grants[place].recipient].append(place)
    done = 0
    for back in sorted(returns, key=lambda back: (back.on, back.row)):
        places = of_pair[back.funder, back.recipient]
        before = [place for place in reversed(places) if grants[place].on <= back.on]
        rest = -back.amount
        for place in (*before, *(place for place in places if place not in before)):
            taken = min(rest, amounts[place])
            amounts[place] -= taken
            rest -= taken
        done += rest == 0
    kept = [
        replace(grant, amount=amount)
        for grant, amount in zip(grants, amounts, strict=True)
        if amount
    ]
    return kept, done, len(returns) - done
