"""Amounts as people and programs write them, into integer minor units; and shares of a whole."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import NamedTuple

import pycountry
from babel.numbers import format_decimal, get_currency_precision

from funding.imports.faults import BadValue
from funding.imports.tables import Cell, Trouble
from funding.language import gettext as _
from funding.sayings import exact_amount

MOST_MINOR_UNITS = 10**15
"""The most that one amount may be, as the ledger's columns have it."""

# Metals, test codes and units of account, which ISO 4217 lists beside the currencies.
_NOT_MONEY = frozenset(
    [
        "XAG",
        "XAU",
        "XBA",
        "XBB",
        "XBC",
        "XBD",
        "XDR",
        "XPD",
        "XPT",
        "XSU",
        "XTS",
        "XUA",
        "XXX",
        "BOV",
        "CHE",
        "CHW",
        "COU",
        "MXV",
        "USN",
        "UYI",
        "UYW",
    ]
)

_SYMBOLS = {
    "£": ("GBP",),
    "€": ("EUR",),
    "US$": ("USD",),
    "$": ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "TWD", "MXN", "CLP", "COP", "ARS"),
    "¥": ("JPY", "CNY"),
    "₹": ("INR",),
}

_NUMBER = re.compile(
    r"""
    (?P<plain>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    | (?P<comma>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})(?:\.[0-9]+)?)
    | (?P<space>[0-9]{1,3}(?:[ '’][0-9]{3})+(?:[.,][0-9]+)?)
    | (?P<dots>[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,})
    | (?P<decimal_comma>[0-9]+,[0-9]{1,2})
    """,
    re.VERBOSE,
)
_DRESS = re.compile(
    r"(?P<sign>[-−–(]?)\s*(?P<before>[A-Z]{3}\b|US\$|[$£€¥₹])?\s*(?P<inner>[-−–]?)"
    r"(?P<body>[0-9.,' ’]+?)\s*(?P<after>[A-Z]{3}|[$£€¥₹])?\s*\)?"
)
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " "})

_IN_DIGITS = "must be an amount in digits, such as 1200.50"
_TINY = Decimal("1e-6")


class Number(NamedTuple):
    """A number from a cell. `symbol` is the currency written beside it, "" where none is.

    `is_machine`: the file stores it as a number, so its last digits may be a binary fraction's.
    """

    value: Decimal
    symbol: str = ""
    is_machine: bool = False


@cache
def is_currency(code: str) -> bool:
    """Whether `code` is a currency of ISO 4217 in which money can be paid."""
    return pycountry.currencies.get(alpha_3=code) is not None and code not in _NOT_MONEY


@cache
def decimals_of(currency: str) -> int:
    """Decimal places of the currency: 2 for USD, 0 for JPY, 3 for BHD."""
    return get_currency_precision(currency)


def written(minor: int, currency: str) -> str:
    """An amount in minor units as people read it: `1,200.50 USD`."""
    places = decimals_of(currency)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    major = Decimal(minor).scaleb(-places)
    text = f"{format_decimal(major, format=pattern, locale='en')} {currency}"
    return exact_amount(text, minor, currency)


def read_currency(cell: Cell) -> str:
    """An ISO 4217 code, from the code in any case or from a symbol that means only one."""
    text = str(cell).strip()
    code = text.upper()
    if len(code) == 3 and code.isascii() and is_currency(code):
        return code
    codes = _SYMBOLS.get(code, ())
    if codes and (len(codes) == 1 or code == "$"):
        return codes[0]
    raise BadValue("is no currency code of ISO 4217, such as USD")


def symbol_fits(symbol: str, currency: str) -> bool:
    """Whether an amount written with `symbol` can be in `currency`."""
    return currency in _SYMBOLS.get(symbol, (symbol,))


def read_number(cell: Cell) -> Number:
    """The number in a cell that is not blank. Raises BadValue."""
    if isinstance(cell, Decimal):
        if not cell.is_finite():
            raise BadValue(_IN_DIGITS)
        return Number(cell, is_machine=True)
    if isinstance(cell, Trouble):
        raise BadValue(cell.rule)
    if not isinstance(cell, str):
        raise BadValue(_IN_DIGITS)
    return _read_text(cell)


@lru_cache(maxsize=65_536)
def _read_text(text: str) -> Number:
    text = text.translate(_SPACES).strip()
    dress = _DRESS.fullmatch(text) if len(text) <= 60 else None
    body = _NUMBER.fullmatch(dress["body"]) if dress else None
    if dress is None or body is None or (dress["sign"] == "(") != text.endswith(")"):
        raise BadValue(_IN_DIGITS)
    digits = body[0]
    if body["comma"]:
        digits = digits.replace(",", "")
    elif body["space"]:
        digits = re.sub(r"[ '’]", "", digits).replace(",", ".")
    elif body["dots"]:
        digits = digits.replace(".", "").replace(",", ".")
    elif body["decimal_comma"]:
        digits = digits.replace(",", ".")
    symbol = dress["before"] or dress["after"] or ""
    if symbol not in _SYMBOLS and symbol and not is_currency(symbol):
        raise BadValue(_("%(symbol)s is no currency code of ISO 4217", symbol=symbol))
    value = Decimal(digits)
    return Number(-value if dress["sign"] or dress["inner"] else value, symbol)


def to_minor(
    number: Number, currency: str, *, may_be_zero: bool, may_be_negative: bool = False
) -> int:
    """The number in minor units of `currency`, at most MOST_MINOR_UNITS. Raises BadValue.

    A number that the file stores as a binary fraction (41133.770000000004) is taken at the minor
    unit it stands for; anything further off than a millionth of a unit is a fault.
    """
    places = decimals_of(currency)
    if number.value < 0 and not may_be_negative:
        raise BadValue("must not be negative")
    if number.value.adjusted() > 18:
        raise BadValue(_("at most %(written)s", written=written(MOST_MINOR_UNITS, currency)))
    try:
        scaled = number.value.scaleb(places)
    except InvalidOperation as error:
        raise BadValue(_IN_DIGITS) from error
    whole = int(scaled.to_integral_value())
    if scaled != whole and not (number.is_machine and abs(scaled - whole) <= _TINY):
        if places == 0:
            raise BadValue(_("no decimals in %(currency)s", currency=currency))
        raise BadValue(
            _("at most %(places)s decimals in %(currency)s", places=places, currency=currency)
        )
    if abs(whole) > MOST_MINOR_UNITS:
        sign = "-" if whole < 0 else ""
        raise BadValue(
            _("at most %(sign)s%(written)s", sign=sign, written=written(MOST_MINOR_UNITS, currency))
        )
    if whole == 0 and not may_be_zero:
        raise BadValue("must be more than 0")
    return whole


def read_share(cell: Cell) -> float:
    """A share between 0 and 1, written `0.4` or `40%`. Raises BadValue."""
    rule = "must be a share between 0 and 1, or a percentage such as 40%"
    text = cell.strip() if isinstance(cell, str) else cell
    is_percentage = isinstance(text, str) and text.endswith("%")
    try:
        number = read_number(text[:-1] if is_percentage else text)
    except BadValue as error:
        raise BadValue(rule) from error
    share = number.value / 100 if is_percentage else number.value
    if number.symbol or not 0 <= share <= 1:
        raise BadValue(rule)
    return float(share)


def read_ratio(cell: Cell) -> float:
    """How many for 1 a match pays, written `1`, `0.5`, `2 for 1` or `2:1`. Raises BadValue."""
    rule = "must be how many for 1 it matches, above 0 and at most 100, such as 1 or 0.5"
    text = re.sub(r"\s*(for|:)\s*1$", "", cell.strip()) if isinstance(cell, str) else cell
    number = read_number(text)
    if number.symbol or not 0 < number.value <= 100:
        raise BadValue(rule)
    return float(number.value)


def read_count(cell: Cell) -> int:
    """A number of funders. Raises BadValue."""
    number = read_number(cell)
    if number.symbol or number.value != int(number.value) or not 0 <= number.value <= 100:
        raise BadValue("must be a whole number of funders, at most 100")
    return int(number.value)
