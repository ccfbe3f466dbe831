"""Dates as people write them, with how exact they are."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from funding.imports.faults import BadValue
from funding.imports.tables import Cell, Trouble
from funding.language import gettext as _

DAY, MONTH, QUARTER, YEAR = "day", "month", "quarter", "year"
PRECISIONS = (DAY, MONTH, QUARTER, YEAR)
"""How exact a date is, finest first; a coarser one is kept as the first day of its period."""

MULTI_YEAR = "multi-year"
"""What lists of donations say of a grant over several years: its date is that of the first."""

FIRST_YEAR, LAST_YEAR = 1900, 2100

_RULE = "must be a date, such as 2014-06-05, 5 June 2014, 2014-06, 2014 Q2 or 2014"

_MONTH_NAMES = (
    "january february march april may june july august september october november december"
)
_MONTHS = {"sept": 9} | {
    spelling: number
    for number, name in enumerate(_MONTH_NAMES.split(), start=1)
    for spelling in (name, name[:3])
}

_TIME = (
    r"(?:[T ]\s*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?\s*(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})" + _TIME)
_BASIC = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_NUMERIC = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})" + _TIME)
_ISO_MONTH = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})")
_QUARTERS = (
    re.compile(r"(?P<year>[0-9]{4})[ -]?q(?P<quarter>[1-4])", re.IGNORECASE),
    re.compile(r"q(?P<quarter>[1-4])[ /-]?(?P<year>[0-9]{4})", re.IGNORECASE),
)
_YEAR = re.compile(r"[0-9]{4}")
_DAY_NAMED = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[ -]([A-Za-z]+)\.?,?[ -]([0-9]{4})")
_NAMED_DAY = re.compile(r"([A-Za-z]+)\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})")
_NAMED_MONTH = re.compile(r"([A-Za-z]+)\.?,?[ -]([0-9]{4})")


class ReadDate(NamedTuple):
    """A date, its precision, and whether day and month could be read the other way round too."""

    date: datetime.date
    precision: str
    is_ambiguous: bool = False


def read_date(cell: Cell, *, month_first: bool = False) -> ReadDate:
    """The date in a cell that is not blank.

    `05/06/2014` is the 5th of June, or with `month_first` the 6th of May. A time of day and its
    zone are left aside: the date is the one written. Raises BadValue.
    """
    if isinstance(cell, datetime.date):
        return _made(cell.year, cell.month, cell.day)
    if isinstance(cell, Trouble):
        raise BadValue(cell.rule)
    if isinstance(cell, Decimal):
        if not cell.is_finite() or cell != cell.to_integral_value() or not 0 < cell < 10_000:
            raise BadValue("is a number; format the column as dates, or write them as 2014-06-05")
        cell = str(int(cell))
    if not isinstance(cell, str):
        raise BadValue(_RULE)
    return _read_text(cell, month_first)


def read_precision(cell: Cell) -> str:
    """`day`, `month`, `quarter` or `year`, or MULTI_YEAR as a file may say. Raises BadValue."""
    word = str(cell).strip().lower()
    if word not in (*PRECISIONS, MULTI_YEAR):
        raise BadValue("must be day, month, quarter or year")
    return word


def coarser(one: str, other: str) -> str:
    """The less exact of two precisions."""
    return max(one, other, key=PRECISIONS.index)


def start_of_period(date: datetime.date, precision: str) -> datetime.date:
    """The first day of the month, quarter or year in which `date` lies; `date` itself for a day."""
    if precision == YEAR:
        return date.replace(month=1, day=1)
    if precision == QUARTER:
        return date.replace(month=(date.month - 1) // 3 * 3 + 1, day=1)
    return date.replace(day=1) if precision == MONTH else date


def written_date(date: datetime.date, precision: str) -> str:
    """A date no more exact than it is: `2014-06-05`, `2014-06`, `2014 Q2`, `2014`."""
    if precision == YEAR:
        return f"{date.year}"
    if precision == QUARTER:
        return f"{date.year} Q{(date.month + 2) // 3}"
    return date.isoformat() if precision == DAY else f"{date.year}-{date.month:02}"


@lru_cache(maxsize=65_536)
def _read_text(text: str, month_first: bool) -> ReadDate:
    text = " ".join(text.split())
    if len(text) > 40:
        raise BadValue(_RULE)
    if match := _ISO.fullmatch(text) or _BASIC.fullmatch(text):
        year, month, day = map(int, match.groups())
        return _made(year, month, day)
    if match := _NUMERIC.fullmatch(text):
        return _numeric(*map(int, match.groups()), month_first)
    if match := _ISO_MONTH.fullmatch(text):
        return _made(int(match[1]), int(match[2]), 1, MONTH)
    for pattern in _QUARTERS:
        if match := pattern.fullmatch(text):
            return _made(int(match["year"]), 3 * int(match["quarter"]) - 2, 1, QUARTER)
    if _YEAR.fullmatch(text):
        return _made(int(text), 1, 1, YEAR)
    if match := _DAY_NAMED.fullmatch(text):
        return _made(int(match[3]), _month(match[2]), int(match[1]))
    if match := _NAMED_DAY.fullmatch(text):
        return _made(int(match[3]), _month(match[1]), int(match[2]))
    if match := _NAMED_MONTH.fullmatch(text):
        return _made(int(match[2]), _month(match[1]), 1, MONTH)
    raise BadValue(_RULE)


def _numeric(first: int, second: int, year: int, month_first: bool) -> ReadDate:
    day, month = (second, first) if month_first else (first, second)
    is_ambiguous = first <= 12 and second <= 12 and first != second
    try:
        return _made(year, month, day)._replace(is_ambiguous=is_ambiguous)
    except BadValue as error:
        if month > 12 >= day:
            order = "the month" if month_first else "the day"
            raise BadValue(
                _(
                    "there is no such date when %(order)s is read first; write 2014-06-05",
                    order=order,
                )
            ) from error
        raise


def _month(name: str) -> int:
    number = _MONTHS.get(name.lower())
    if number is None:
        raise BadValue(_RULE)
    return number


def _made(year: int, month: int, day: int, precision: str = DAY) -> ReadDate:
    try:
        date = datetime.date(year, month, day)
    except ValueError as error:
        raise BadValue("there is no such date") from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadValue(
            _(
                "must lie between %(first_year)s and %(last_year)s",
                first_year=FIRST_YEAR,
                last_year=LAST_YEAR,
            )
        )
    return ReadDate(date, precision)
