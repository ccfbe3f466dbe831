"""Amounts of several currencies in the one that a reader wants, at rates of one stated day.

A rate is taken in nine digits, so that the database and Python convert each amount in whole
numbers and come to the same unit; more digits than that no reference rate has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.formatting import minor_units
from funding.models import Commitment, Round, Run
from funding.reports.sql import share_of
from funding.services.rates import Rate, is_published, rate, rate_in_round, stored_rate

MOST = 9 * 10**18  # what both databases count to
DIGITS = 9
WIDELY_READ = ("EUR", "USD", "GBP")


@dataclass(frozen=True)
class Factor:
    """`numerator / scale` minor units of the wanted currency for one of another."""

    numerator: int
    scale: int

    @classmethod
    def of(cls, rate: Rate) -> Factor:
        per_unit = Fraction(rate.rate) * Fraction(10) ** (
            minor_units(rate.base) - minor_units(rate.currency)
        )
        scale = 10**DIGITS
        while scale > 1 and per_unit * scale * scale > MOST:
            scale //= 10
        return cls(floor(per_unit * scale), scale)

    def convert(self, minor: int) -> int:
        """Minor units of the one currency in those of the other, rounded towards nothing."""
        sign = -1 if minor < 0 else 1
        return sign * (abs(minor) * self.numerator // self.scale)


@dataclass(frozen=True)
class Conversion:
    """What every figure of a page is in, and the rate of each other currency that it met."""

    currency: str
    rates: Mapping[str, Rate]

    def convert(self, minor: int, currency: str) -> int:
        """Minor units of `currency` in those of the page's."""
        return Factor.of(self.rates[currency]).convert(minor)

    def in_sql(
        self, amount: sa.ColumnElement[int], currency: sa.ColumnElement[str]
    ) -> sa.ColumnElement[int]:
        """The same as an expression, for amounts in the currency that a column names."""
        factors = {code: Factor.of(rate) for code, rate in self.rates.items()}
        if not factors:
            return amount
        numerator, scale = (
            sa.case(
                {code: sa.literal(value, sa.BigInteger) for code, value in values.items()},
                value=currency,
            )
            for values in (
                {code: factor.numerator for code, factor in factors.items()},
                {code: factor.scale for code, factor in factors.items()},
            )
        )
        return share_of(amount, numerator, scale)

    @property
    def said(self) -> list[tuple[str, Decimal, date]]:
        """(currency, what a unit of it is worth, of which day) of each currency but the page's."""
        return [
            (code, rate.rate, rate.on)
            for code, rate in sorted(self.rates.items())
            if code != self.currency
        ]


def rates_of(run: Run, base: str) -> list[Rate]:
    """At which a run converted each currency to the round's base."""
    return [stored_rate(code, base, kept) for code, kept in run.rates.items()]


def conversion_of(
    session: Session, round_: Round, run: Run | None, currency: str | None = None
) -> Conversion:
    """The round's money in `currency` (its own where none is given).

    In its own, at the rates that the run was solved with, so that figures are those of its plan;
    a currency that the run did not have, and any other wish, at one day's reference rates.
    """
    base = round_.base_currency
    wanted = currency or base
    kept = {rate.currency: rate for rate in rates_of(run, base)} if run else {}
    day = max((rate.on for rate in kept.values()), default=now().date())
    own = {
        code: kept.get(code) or rate_in_round(session, round_, code, day)
        for code in sorted({base, *_currencies(session, round_)})
    }
    if wanted == base:
        return Conversion(base, own)
    onward = rate(base, wanted, day)
    return Conversion(
        wanted,
        {
            code: rate(code, wanted, day)
            if is_published(code, wanted)
            else Rate(code, wanted, to_base.rate * onward.rate, onward.on)
            for code, to_base in own.items()
        },
    )


def choices(session: Session, round_: Round) -> list[str]:
    """The currencies that a reader can have the round's figures in, the round's own first."""
    base = round_.base_currency
    if not is_published(base, "EUR"):
        return [base]
    wanted: Iterable[str] = sorted({*_currencies(session, round_), *WIDELY_READ} - {base})
    return [base, *(code for code in wanted if is_published(code, base))]


def _currencies(session: Session, round_: Round) -> list[str]:
    return list(
        session.scalars(
            sa.select(Commitment.currency).where(Commitment.round_id == round_.id).distinct()
        )
    )
