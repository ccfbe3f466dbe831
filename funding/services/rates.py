"""Exchange rates: the European Central Bank's reference rates, by date.

The table ships with the currencyconverter package, so that the site needs no network. A date
without a rate (a weekend, a holiday, or after the table ends) takes the last one before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import ceil

from currency_converter import CurrencyConverter

from funding.errors import Fault, InvalidInput
from funding.formatting import minor_units


@dataclass(frozen=True)
class Rate:
    """One unit of `currency` is worth `rate` units of `base`, as published for the day `on`."""

    currency: str
    base: str
    rate: Decimal
    on: date

    def to_base(self, minor: int) -> int:
        """Minor units of `currency` in minor units of `base`, rounded down.

        Down, both ways: money converted into the model and back never becomes more.
        """
        return int(minor * self._per_minor_unit())

    def to_base_at_least(self, minor: int) -> int:
        """As `to_base`, rounded up: what it takes in the model to come to `minor` outside it."""
        return ceil(minor * self._per_minor_unit())

    def from_base(self, minor: int) -> int:
        """Minor units of `base` in minor units of `currency`, rounded down."""
        return int(minor / self._per_minor_unit())

    def stored(self) -> dict[str, str]:
        """As a run keeps it: the rate in full and the day it was published for."""
        return {"rate": str(self.rate), "on": self.on.isoformat()}

    def _per_minor_unit(self) -> Fraction:
        scale = Fraction(10) ** (minor_units(self.base) - minor_units(self.currency))
        return Fraction(self.rate) * scale


@cache
def _table() -> CurrencyConverter:
    return CurrencyConverter(decimal=True)


def known_currencies() -> list[str]:
    """ISO codes that can be converted, in order."""
    return sorted(_table().currencies)


def rate(currency: str, base: str, on: date) -> Rate:
    """The rate of that day, or the last before it; raises InvalidInput for an unknown currency."""
    table = _table()
    for code in (currency, base):
        if code not in table.currencies:
            raise InvalidInput(Fault("currency", f"there is no exchange rate for {code!r}"))
    # a currency in euro is quoted from the table's first day on: it bounds nothing
    last = min((table.bounds[c].last_date for c in (currency, base) if c != "EUR"), default=on)
    day = min(on, last)
    for _ in range(14):
        quoted = _quote(currency, base, day)
        if quoted is not None:
            return Rate(currency, base, quoted, day)
        day -= timedelta(days=1)
    raise InvalidInput(Fault("currency", f"there is no rate from {currency} to {base} on {on}"))


def stored_rate(currency: str, base: str, kept: dict[str, str]) -> Rate:
    """The inverse of `Rate.stored`."""
    return Rate(currency, base, Decimal(kept["rate"]), date.fromisoformat(kept["on"]))


def _quote(currency: str, base: str, day: date) -> Decimal | None:
    if currency == base:
        return Decimal(1)
    try:
        return Decimal(_table().convert(1, currency, base, date=day))
    except ValueError:  # RateNotFoundError is one
        return None
