"""Past grants as a replay needs them, and the years and rounds in which they were made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PastGrant:
    """One grant of a list.

    | field | unit | meaning |
    |---|---|---|
    | row | | its row in the file, as a spreadsheet counts |
    | amount | minor units of the list's one currency | more than 0, returns taken off |
    | year | or None | of the award; None: the list has no date for it |
    | on | ISO date or "" | its day, or the first of its period |
    | ask, minimum | minor units or None | from columns of the file, where it has them |
    | merit | 0 to 1 or None | the same |
    """

    row: int
    funder: str
    recipient: str
    amount: int
    year: int | None
    on: str
    area: str = ""
    purpose: str = ""
    title: str = ""
    round: str = ""
    ask: int | None = None
    minimum: int | None = None
    merit: float | None = None


@dataclass(frozen=True)
class GrantList:
    """A list of grants in one currency, with names written one way.

    `notes`: what was left out or converted, one sentence each. `merged`: spellings taken for one
    name, of recipients and of funders, each list longest use first.
    """

    name: str
    currency: str
    grants: tuple[PastGrant, ...]
    notes: tuple[str, ...] = ()
    merged: tuple[tuple[str, ...], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """In plain values, for JSON; `from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> GrantList:
        return cls(
            kept["name"],
            kept["currency"],
            tuple(PastGrant(**grant) for grant in kept["grants"]),
            tuple(kept["notes"]),
            tuple(tuple(names) for names in kept["merged"]),
        )


@dataclass(frozen=True)
class Period:
    """A year or a round of the list; amounts in minor units. `several`: recipients that more
    than one funder paid in it."""

    name: str
    grants: int
    amount: int
    funders: int
    recipients: int
    several: int


def years_of(grants: Sequence[PastGrant]) -> list[Period]:
    """Every year with a grant, latest first."""
    by_year: dict[int, list[PastGrant]] = defaultdict(list)
    for grant in grants:
        if grant.year is not None:
            by_year[grant.year].append(grant)
    return [_period(str(year), by_year[year]) for year in sorted(by_year, reverse=True)]


def rounds_of(grants: Sequence[PastGrant]) -> list[Period]:
    """Every named round, in the order in which they were held."""
    by_round = _by_round(grants)
    return [_period(name, by_round[name]) for name in order_of_rounds(grants)]


def order_of_rounds(grants: Sequence[PastGrant]) -> list[str]:
    """Names of the rounds by the date of their first grant; those without any date come last."""
    first = {
        name: min((grant.on for grant in members if grant.on), default="9999")
        for name, members in _by_round(grants).items()
    }
    return sorted(first, key=lambda name: (first[name], name))


def likely_year(grants: Sequence[PastGrant]) -> int | None:
    """The year to offer first: most recipients paid by several funders, the latest of equals."""
    years = [period for period in years_of(grants) if period.funders > 1] or years_of(grants)
    best = max(years, key=lambda period: (period.several, int(period.name)), default=None)
    return int(best.name) if best else None


def _by_round(grants: Sequence[PastGrant]) -> dict[str, list[PastGrant]]:
    by_round: dict[str, list[PastGrant]] = defaultdict(list)
    for grant in grants:
        if grant.round:
            by_round[grant.round].append(grant)
    return by_round


def _period(name: str, grants: Sequence[PastGrant]) -> Period:
    pairs = {(grant.recipient, grant.funder) for grant in grants}
    payers = Counter(recipient for recipient, _ in pairs)
    return Period(
        name=name,
        grants=len(grants),
        amount=sum(grant.amount for grant in grants),
        funders=len({funder for _, funder in pairs}),
        recipients=len(payers),
        several=sum(count > 1 for count in payers.values()),
    )
