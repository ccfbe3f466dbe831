"""Amounts in files that other programs read: whole units, exact to the last decimal."""

from __future__ import annotations

from decimal import Decimal

from funding.formatting import minor_units


def decimal_amount(minor: int, currency: str) -> Decimal:
    """Minor units as a decimal in whole units, with as many decimals as the currency has."""
    return Decimal(minor).scaleb(-minor_units(currency))


def plain_amount(minor: int, currency: str) -> int | float:
    """The same as JSON writes numbers; a double holds every amount below 10^13 to its decimals."""
    return plain_number(decimal_amount(minor, currency))


def plain_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
