"""What a commitment makes of other funders: matching their money, and waiting for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from funding.formatting import format_amount, format_figure
from funding.language import gettext as _
from funding.language import ngettext

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
    ratio = format_figure(match.ratio)
    if match.up_to:
        return _(
            "Matches what other funders pay a proposal, %(ratio)s for 1, "
            "up to %(up_to)s a proposal.",
            ratio=ratio,
            up_to=format_amount(match.up_to, currency),
        )
    return _("Matches what other funders pay a proposal, %(ratio)s for 1.", ratio=ratio)


def waits_in_words(only_if: Others | None, joins_if: Others | None, currency: str) -> list[str]:
    """A sentence for each condition."""
    said = []
    if only_if is not None:
        parts = []
        if only_if.funders:
            parts.append(_paying(only_if, currency))
        if only_if.total:
            total = format_amount(only_if.total, currency)
            parts.append(_("it gets at least %(total)s in all", total=total))
        said.append(_("Pays a proposal only if %(asked)s.", asked=_both(parts)))
    if joins_if is not None:
        parts = []
        if joins_if.funders:
            parts.append(_giving(joins_if, currency))
        if joins_if.total:
            total = format_amount(joins_if.total, currency)
            parts.append(_("the round gives at least %(total)s in all", total=total))
        said.append(_("Pays nothing unless %(asked)s.", asked=_both(parts)))
    return said


def _both(parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return _("%(first)s and %(second)s", first=parts[0], second=parts[1])


def _paying(others: Others, currency: str) -> str:
    if not others.least:
        return ngettext(
            "at least %(num)s other funder pays it",
            "at least %(num)s other funders pay it",
            others.funders,
        )
    return ngettext(
        "at least %(num)s other funder pays it, each %(least)s or more",
        "at least %(num)s other funders pay it, each %(least)s or more",
        others.funders,
        least=format_amount(others.least, currency),
    )


def _giving(others: Others, currency: str) -> str:
    if not others.least:
        return ngettext(
            "at least %(num)s other funder gives to the round",
            "at least %(num)s other funders give to the round",
            others.funders,
        )
    return ngettext(
        "at least %(num)s other funder gives to the round, each %(least)s or more",
        "at least %(num)s other funders give to the round, each %(least)s or more",
        others.funders,
        least=format_amount(others.least, currency),
    )
