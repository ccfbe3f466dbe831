"""The years of a round: what commitments release, and by when proposals need their money.

Applicants state a period, and may state their ask by year; without that it is needed evenly over
the period's months. What a commitment owes to earlier awards is honoured first. Money
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
    """The ask (base minor units) by year: as its applicants state it, else evenly over the months
    of its period.

    `ask` may be a little less than what they ask for: each year then is so much less as well.
    Empty without years or a period: the money is then needed at no particular time.
    """
    shares = shares_by_year(proposal)
    through, before, parts = 0, 0, []
    for year, share in shares.items():
        through += share
        amount = ask * through // sum(shares.values())
        parts.append({"year": year, "amount": amount - before})
        before = amount
    return parts


def shares_by_year(proposal: Proposal) -> dict[int, int]:
    """How an ask spreads over calendar years: money where that is stated, else months."""
    stated = {part.year: part.amount for part in proposal.years if part.amount}
    if stated:
        return dict(sorted(stated.items()))
    if proposal.starts_on is None or proposal.ends_on is None:
        return {}
    return months_by_year(proposal.starts_on, proposal.ends_on)


def share_by(proposal: Proposal, year: int) -> Fraction:
    """The part of its money that a proposal needs through the end of a year."""
    shares = shares_by_year(proposal)
    if not shares:
        return Fraction(0)
    return Fraction(sum(n for y, n in shares.items() if y <= year), sum(shares.values()))


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


def owed(commitment: Commitment, rate: Rate, amount: int, released: ByYear) -> ByYear:
    """What a commitment owes to earlier awards by year, in base minor units, `amount` at most.

    Where it falls due before the money is `released` (decided lines may hold the early years), it
    waits for the year that has it: no line of the round can take it either way.
    """
    due = {promise.year: promise.amount for promise in commitment.earlier}
    years = sorted({*due, *(part["year"] for part in released)})
    through, before, parts = 0, 0, []
    for year in years:
        through += due.get(year, 0)
        there = sum(part["amount"] for part in released if part["year"] <= year)
        kept = min(rate.to_base(through), there if released else amount)
        if kept > before:
            parts.append({"year": year, "amount": kept - before})
            before = kept
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
    keys = ("releases", "promised", "match", "only_if", "joins_if", "budget", "paid_before")
    rows = [*document["commitments"], *document["proposals"]]
    return any(row.get(key) for row in rows for key in keys)
