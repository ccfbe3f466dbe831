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

import sqlalchemy as sa
from currency_converter import CurrencyConverter, RateNotFoundError
from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput
from funding.formatting import minor_units
from funding.language import gettext
from funding.models import Commitment, Round

STALE = timedelta(days=31)
"""A currency whose last rate is older than the table's newest by this much has ended."""


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


def rate(currency: str, base: str, on: date) -> Rate:
    """The rate of that day, or the last before it; raises InvalidInput for an unknown currency."""
    if currency == base:
        return Rate(currency, base, Decimal(1), on)
    table = _table()
    for code in (currency, base):
        if code not in table.currencies:
            raise InvalidInput(
                Fault(
                    "currency", gettext("there is no exchange rate for %(code)s", code=f"{code!r}")
                )
            )
    # a currency in euro is quoted from the table's first day on: it bounds nothing
    last = min((table.bounds[c].last_date for c in (currency, base) if c != "EUR"), default=on)
    day = min(on, last)
    for _ in range(14):
        quoted = _quote(currency, base, day)
        if quoted is not None:
            return Rate(currency, base, quoted, day)
        day -= timedelta(days=1)
    raise InvalidInput(
        Fault(
            "currency",
            gettext(
                "there is no rate from %(currency)s to %(base)s on %(on)s",
                currency=currency,
                base=base,
                on=on,
            ),
        )
    )


def is_published(currency: str, base: str) -> bool:
    """Whether both are still quoted: some currencies of the table have ended."""
    bounds = _table().bounds
    newest = bounds["USD"].last_date
    return currency == base or all(
        code == "EUR" or (code in bounds and newest - bounds[code].last_date < STALE)
        for code in (currency, base)
    )


def rate_in_round(session: Session, round_: Round, currency: str, on: date) -> Rate:
    """The published rate, else the one that the funders of the round's commitments stated.

    Raises InvalidInput where there is neither.
    """
    if is_published(currency, round_.base_currency):
        return rate(currency, round_.base_currency, on)
    stated = session.execute(
        sa.select(Commitment.own_rate, Commitment.own_rate_on)
        .where(
            Commitment.round_id == round_.id,
            Commitment.currency == currency,
            Commitment.own_rate.is_not(None),
        )
        .order_by(Commitment.id)
        .limit(1)
    ).one_or_none()
    if stated is None:
        raise InvalidInput(
            Fault(
                "currency",
                gettext("there is no exchange rate for %(currency)s", currency=f"{currency!r}"),
            )
        )
    return Rate(currency, round_.base_currency, Decimal(stated[0]), stated[1])


def stored_rate(currency: str, base: str, kept: dict[str, str]) -> Rate:
    """The inverse of `Rate.stored`."""
    return Rate(currency, base, Decimal(kept["rate"]), date.fromisoformat(kept["on"]))


def _quote(currency: str, base: str, day: date) -> Decimal | None:
    if currency == base:
        return Decimal(1)
    try:
        return Decimal(_table().convert(1, currency, base, date=day))
    except (RateNotFoundError, ValueError):  # a day off, or one outside of the table
        return None
