"""What `check` finds wrong with a plan, and how it says so."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Violation:
    """One limit that a plan breaks, or one figure that it states wrongly.

    `limit` is a name of the format (`cap`, `minimum`, `value`); `where` the id or ids it is about;
    `by` how far off, in minor units or in the figure's own unit; `text` says it in words.
    """

    limit: str
    where: str
    by: float
    text: str

    def __str__(self) -> str:
        return self.text


def over(limit: str, where: str, by: Fraction | int | float, what: str) -> Violation:
    return Violation(limit, where, float(by), f"{limit}, {where}: {what}")


def money(amount: Fraction | int) -> str:
    """Minor units in words: whole ones with separators, others to a hundredth."""
    if Fraction(amount).denominator == 1:
        return f"{int(amount):,}"
    return f"{float(amount):,.2f}"
