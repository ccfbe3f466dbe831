"""Amounts, dates, shares and counts: how they are written for people, and amounts read back.

Money is integer minor units of an ISO 4217 currency everywhere; this module alone knows how
many decimals a currency has (Babel's CLDR data). Reading is strict: an amount that could mean
two things is refused with the way to write it, never guessed.
"""

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global
from babel.numbers import get_currency_precision
from flask import Flask

LARGEST_AMOUNT = 10**15  # minor units; the database's own limit on any amount
MINUS = "\N{MINUS SIGN}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"

_SPACES = f" {NO_BREAK_SPACE}{NARROW_SPACE}\N{THIN SPACE}"
# Whole part plain, or in threes by one kind of separator; then a point and decimals.
_AMOUNT = re.compile(
    rf"(?P<whole>[0-9]+|[0-9]{{1,3}}(?:(?P<sep>[,{_SPACES}])[0-9]{{3}}(?:(?P=sep)[0-9]{{3}})*))"
    r"(?:\.(?P<decimals>[0-9]+))?"
)
_DECIMAL_COMMA = re.compile(rf"[0-9][0-9.{_SPACES}]*,[0-9]+")
_THREE_FIGURES = Context(prec=3, rounding=ROUND_HALF_UP)
_STEPS = (("bn", 10**9), ("M", 10**6), ("k", 10**3))


class AmountRefused(ValueError):
    """An amount cannot be read; the message says why and how to write it."""


class UnknownCurrency(ValueError):
    """A code is not an ISO 4217 currency."""


@cache
def minor_units(currency: str) -> int:
    """How many decimals `currency` has: 2 for EUR, 0 for JPY, 3 for BHD, 4 for CLF (CLDR's data).

    Raises UnknownCurrency, so that a mistyped code is never taken to have two decimals.
    """
    if currency not in get_global("all_currencies"):
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency code such as EUR or KES.")
    return get_currency_precision(currency)


def parse_amount(text: str, currency: str) -> int:
    """Minor units of what a person wrote: "1,234.50", "1 234.50", "1234.5", "EUR 1,234".

    Zero is read as 0; whether it is allowed is the caller's rule. Raises AmountRefused for
    anything else: signs, exponents, decimal commas, more decimals than the currency has, and
    amounts above LARGEST_AMOUNT. Raises UnknownCurrency.
    """
    digits = minor_units(currency)
    cleaned = text.strip()
    if cleaned.upper().startswith(currency):
        cleaned = cleaned[len(currency) :].strip()
    elif cleaned.upper().endswith(currency):
        cleaned = cleaned[: -len(currency)].strip()
    if not cleaned:
        raise AmountRefused("Write an amount.")
    match = _AMOUNT.fullmatch(cleaned)
    if match is None:
        raise AmountRefused(_why_refused(cleaned, currency))
    decimals = match["decimals"] or ""
    if len(decimals) > digits:
        raise AmountRefused(_too_many_decimals(currency, digits))
    whole = re.sub(r"[^0-9]", "", match["whole"])
    # Checked by length first: int() itself refuses thousands of digits with another error.
    if len(whole.lstrip("0")) > len(str(LARGEST_AMOUNT)):
        raise AmountRefused(_too_large(currency))
    amount = int(whole) * 10**digits + int(decimals.ljust(digits, "0") or "0")
    if amount > LARGEST_AMOUNT:
        raise AmountRefused(_too_large(currency))
    return amount


def _why_refused(text: str, currency: str) -> str:
    if text[0] in f"-{MINUS}(":
        return "An amount cannot be negative."
    if text[0] == "+":
        return "Write the amount without a sign."
    if _DECIMAL_COMMA.fullmatch(text):
        return "Write decimals after a point and thousands with commas or spaces: 1,234.50."
    if re.fullmatch(r"[0-9.]+[eE][+-]?[0-9]+", text):
        return "Write the amount in full, without an exponent."
    if text.count(".") > 1:
        return "Write thousands with commas or spaces, and one point before decimals: 1,234.50."
    if re.search(r"[^\W\d_]|[$€£¥]", text):
        return f"Write the amount in {currency} with digits only, such as 1,234.50."
    return f"“{text[:40]}” is not an amount. Write digits, such as 1,234.50."


def _too_many_decimals(currency: str, digits: int) -> str:
    if digits == 0:
        return f"{currency} has no decimals: write a whole amount."
    return f"{currency} has at most {digits} decimals."


def _too_large(currency: str) -> str:
    return f"The largest amount is {format_amount(LARGEST_AMOUNT, currency)}."


def format_number(number: int) -> str:
    """A whole number with thousands in commas and a true minus sign: −1,234."""
    return f"{number:,}".replace("-", MINUS)


def format_amount_number(minor: int, currency: str, exact: bool = False) -> str:
    """format_amount without the currency: 1,234.50."""
    digits = minor_units(currency)
    whole, rest = divmod(abs(minor), 10**digits)
    text = f"{whole:,}"
    if digits and (rest or exact):
        text += f".{rest:0{digits}d}"
    return MINUS + text if minor < 0 else text


def format_amount(minor: int, currency: str, exact: bool = False) -> str:
    """EUR 1,234.50; decimals are left out when all zero (EUR 1,234) unless `exact`."""
    number = format_amount_number(minor, currency, exact)
    code = f"{currency}{NO_BREAK_SPACE}"
    return f"{MINUS}{code}{number[1:]}" if minor < 0 else code + number


def format_short_number(minor: int, currency: str) -> str:
    """format_short without the currency: 1.23 M."""
    figures = _THREE_FIGURES.create_decimal(abs(Decimal(minor)) / 10 ** minor_units(currency))
    sign = MINUS if minor < 0 else ""
    for suffix, step in _STEPS:
        if figures >= step:
            return f"{sign}{_plain(figures / step)}{NARROW_SPACE}{suffix}"
    return sign + _plain(figures)


def format_short(minor: int, currency: str) -> str:
    """Three figures and a step: EUR 1.23 M, EUR 250 k, EUR 3.4 bn, EUR 950."""
    number = format_short_number(minor, currency)
    code = f"{currency}{NO_BREAK_SPACE}"
    return f"{MINUS}{code}{number[1:]}" if minor < 0 else code + number


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_percent(share: float, decimals: int = 0) -> str:
    """A fraction as a percentage: 0.42 is 42%.

    What is not quite none or all never looks like it: 0.001 is <1%, 0.999 is >99%, -0.001 is >−1%.
    """
    value = Decimal(str(share)) * 100
    step = Decimal(1).scaleb(-decimals)
    rounded = value.quantize(step, ROUND_HALF_UP)
    if value > 0 and rounded == 0:
        return f"<{step}%"
    if value < 100 and rounded >= 100:
        return f">{100 - step}%"
    if value < 0 and rounded == 0:
        return f">{MINUS}{step}%"
    return f"{rounded:f}%".replace("-", MINUS)


def format_date(day: date) -> str:
    """14 March 2026."""
    return f"{day.day} {day:%B %Y}"


def format_day(day: date) -> str:
    """14 Mar 2026, for tables."""
    return f"{day.day} {day:%b %Y}"


def format_when(moment: datetime, zone: str = "UTC") -> str:
    """14 March 2026, 17:00 Nairobi time (UTC+3): a moment in a named zone, the zone always said.

    `moment` must carry its own zone; raises ValueError if it does not, or if `zone` is unknown.
    """
    if moment.tzinfo is None:
        raise ValueError("A moment without a time zone cannot be shown: give it one.")
    if zone == "UTC":
        local = moment.astimezone(UTC)
        return f"{format_date(local)}, {local:%H:%M} UTC"
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a path is no name of a zone
        raise ValueError(f"{zone!r} is not a time zone such as Africa/Nairobi.") from error
    place = zone.rsplit("/", 1)[-1].replace("_", " ")
    return f"{format_date(local)}, {local:%H:%M} {place} time ({_offset(local)})"


def _offset(local: datetime) -> str:
    minutes = int(local.utcoffset().total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = MINUS if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def plural(number: int, one: str, many: str | None = None) -> str:
    """1 proposal, 2 proposals, 1,234 proposals; `many` for words that do not just take an s."""
    word = one if number == 1 else many or f"{one}s"
    return f"{format_number(number)} {word}"


def shortened(text: str, most: int) -> str:
    """At most so many letters, for what stands beside a bar; the end is then an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def register_filters(app: Flask) -> None:
    """Make the formats available in templates: money, percent, date, when, number, plural, ..."""
    app.jinja_env.filters.update(
        date=format_date,
        day=format_day,
        money=format_amount,
        money_number=format_amount_number,
        money_short=format_short,
        money_short_number=format_short_number,
        number=format_number,
        percent=format_percent,
        plural=plural,
        when=format_when,
    )
