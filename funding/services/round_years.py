"""The years of a round: what commitments release, and by when proposals need their money.

Applicants state a period; until they say more, their ask is needed evenly over its months. Money
that earlier awards hold or have been paid comes out of the earliest releases, and lines already
decided are taken to need theirs as their proposal's period has it, so that what is left of a year
is never promised twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from funding.models import Commitment, Proposal
from funding.services.rates import Rate

ByYear = list[dict[str, int]]


def months_by_year(starts_on: date, ends_on: date) -> dict[int, int]:
    """How many months of a period, those begun included, lie in each calendar year."""
    first = starts_on.year * 12 + starts_on.month - 1
    last = ends_on.year * 12 + ends_on.month - 1
    return dict(sorted(Counter(month // 12 for month in range(first, last + 1)).items()))


def budget(proposal: Proposal, ask: int) -> ByYear:
    """The ask (base minor units) by year, evenly over the months of the proposal's period.

    Empty without a period: the money is then needed at no particular time.
    """
    if proposal.starts_on is None or proposal.ends_on is None:
        return []
    months = months_by_year(proposal.starts_on, proposal.ends_on)
    through, before, parts = 0, 0, []
    for year, count in months.items():
        through += count
        amount = ask * through // sum(months.values())
        parts.append({"year": year, "amount": amount - before})
        before = amount
    return parts


def share_by(proposal: Proposal, year: int) -> Fraction:
    """The part of its money that a proposal needs through the end of a year."""
    if proposal.starts_on is None or proposal.ends_on is None:
        return Fraction(0)
    months = months_by_year(proposal.starts_on, proposal.ends_on)
    return Fraction(sum(n for y, n in months.items() if y <= year), sum(months.values()))


def releases(
    commitment: Commitment,
    rate: Rate,
    balance: int,
    amount: int,
    decided: Mapping[str, int],
    proposals: Mapping[str, Proposal],
) -> ByYear:
    """What a commitment can still give by year, in base minor units that sum to `amount`.

    `balance`: what it has left, in its own minor units; `decided`: base minor units of lines that
    stand, by key of the proposal: they are part of `amount`, and their years are gone.
    """
    schedule = [(release.year, release.amount) for release in commitment.releases]
    used = max(0, sum(part for _, part in schedule) - balance)
    through, before, parts = 0, 0, []
    for place, (year, released) in enumerate(schedule):
        through += released
        held = sum(int(share_by(proposals[key], year) * sum_) for key, sum_ in decided.items())
        there = max(before, min(amount, rate.to_base(max(0, through - used)) - held))
        if place == len(schedule) - 1:
            there = amount
        parts.append({"year": year, "amount": there - before})
        before = there
    return parts


def in_own_currency(years: Mapping[str, int], base_amount: int, amount: int) -> dict[str, int]:
    """A line's years (base minor units that sum to `base_amount`) as parts of `amount`."""
    through, before, found = 0, 0, {}
    for year, part in sorted(years.items()):
        through += part
        reached = amount * through // base_amount if base_amount else 0
        if reached > before:
            found[year] = reached - before
        before = max(before, reached)
    return found


def has_terms(document: Mapping[str, Any]) -> bool:
    """Whether a round's document uses anything of the exchange format's second version."""
    keys = ("releases", "match", "only_if", "joins_if", "budget")
    rows = [*document["commitments"], *document["proposals"]]
    return any(row.get(key) for row in rows for key in keys)
