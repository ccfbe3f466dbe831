"""What a commitment makes of other funders: matching their money, and waiting for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from funding.formatting import format_amount, plural

Convert = Callable[[int], int]
"""Minor units of a commitment to the round's own."""


@dataclass(frozen=True)
class Match:
    """Pays at most `ratio` times what other funders pay a proposal, and at most `up_to`.

    `up_to` in minor units of the commitment; None: as far as its other limits go.
    """

    ratio: float
    up_to: int | None = None

    def document(self, convert: Convert) -> dict[str, Any]:
        return {
            "ratio": self.ratio,
            "up_to": None if self.up_to is None else convert(self.up_to),
        }


@dataclass(frozen=True)
class Others:
    """At least so many other funders, each with at least `least`, and so much `total` in all.

    Amounts in minor units of the commitment; 0 asks nothing.
    """

    funders: int = 0
    least: int = 0
    total: int = 0

    @classmethod
    def stored(cls, kept: Mapping[str, int] | None) -> Others | None:
        return None if not kept else cls(**kept)

    def kept(self) -> dict[str, int] | None:
        """As a commitment keeps it; None where nothing is asked."""
        asked = {
            "funders": self.funders,
            "least": self.least if self.funders else 0,
            "total": self.total,
        }
        return {key: value for key, value in asked.items() if value} or None

    def document(self, convert: Convert) -> dict[str, int]:
        """As the exchange format has it; an amount too small for the round's money is one unit."""
        found = {"funders": self.funders}
        if self.funders and self.least:
            found["least"] = max(1, convert(self.least))
        if self.total:
            found["total"] = max(1, convert(self.total))
        return found


def match_in_words(match: Match, currency: str) -> str:
    """`Matches what other funders pay, 1 for 1, up to USD 50,000 a proposal.`"""
    most = f", up to {format_amount(match.up_to, currency)} a proposal" if match.up_to else ""
    return f"Matches what other funders pay a proposal, {match.ratio:g} for 1{most}."


def waits_in_words(only_if: Others | None, joins_if: Others | None, currency: str) -> list[str]:
    """A sentence for each condition."""
    said = []
    if only_if is not None:
        said.append(f"Pays a proposal only if {_asks(only_if, currency, 'pay', 'it gets')}.")
    if joins_if is not None:
        asked = _asks(joins_if, currency, "give to the round", "the round gives")
        said.append(f"Pays nothing unless {asked}.")
    return said


def _asks(others: Others, currency: str, verb: str, gets: str) -> str:
    parts = []
    if others.funders:
        one = {"pay": "pays", "give to the round": "gives to the round"}
        does = one[verb] if others.funders == 1 else verb
        who = plural(others.funders, "other funder")
        each = f", each {format_amount(others.least, currency)} or more" if others.least else ""
        parts.append(f"at least {who} {does}{' it' if verb == 'pay' else ''}{each}")
    if others.total:
        parts.append(f"{gets} at least {format_amount(others.total, currency)} in all")
    return " and ".join(parts)
