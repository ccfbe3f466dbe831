"""One row being read: its cells by field, and the faults found on the way."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from funding.imports.amounts import (
    Number,
    read_currency,
    read_number,
    symbol_fits,
    to_minor,
)
from funding.imports.dates import ReadDate, read_date
from funding.imports.faults import BadValue, Fault, shown
from funding.imports.known import Known
from funding.imports.recognise import Column
from funding.imports.tables import Cell, Merged, is_blank
from funding.imports.texts import mended, read_text
from funding.language import gettext as _

T = TypeVar("T")

_NOTHING = frozenset(
    ["-", "–", "—", "n/a", "na", "none", "null", "nil", "unknown", "not known", "tbc", "tbd"]
)
"""Words that people put where no amount or date is known."""

_BLANK: tuple[Cell, Column | None] = (None, None)


@dataclass
class RowContext:
    """How all rows of a file are read.

    `places`: the columns of each field. `defaults`: values for fields that a row leaves blank.
    `tally` counts what the notes will say.
    """

    places: Mapping[str, list[Column]]
    known: Known
    defaults: Mapping[str, str]
    month_first: bool
    tally: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.all_rows = {name: (value, None) for name, value in self.defaults.items() if value}


class Row:
    """The cells of one row by field. What is wrong with one is added to `faults`, never raised."""

    def __init__(self, number: int, cells: list[Cell], context: RowContext) -> None:
        self.number = number
        self.known = context.known
        self.tally = context.tally
        self.faults: list[Fault] = []
        self._context = context
        self._found = self._find_all(cells)

    def fault(self, name: str | None, value: object, rule: str) -> None:
        """Add a fault of this row; `value` None where nothing stood there."""
        self.faults.append(Fault(self.number, name, None if value is None else shown(value), rule))

    def cell(self, name: str) -> Cell:
        """What stands in the field's columns, or its value for all rows; None where blank."""
        return self._found.get(name, _BLANK)[0]

    def read(self, name: str, reader: Callable[[Cell], T], otherwise: T) -> T:
        """The cell through `reader`; `otherwise` where it is blank or breaks a rule."""
        cell = self.cell(name)
        if cell is None:
            return otherwise
        try:
            return reader(cell)
        except BadValue as error:
            self.fault(name, cell, error.rule)
            return otherwise

    def text(
        self, name: str, most: int, *, is_long: bool = False, is_required: bool = False
    ) -> str:
        """A text, "" where blank. A required one that is blank is a fault."""
        cell = self.cell(name)
        text = ""
        if cell is not None:
            text = self.read(name, lambda cell: read_text(cell, most, is_long=is_long), "")
        if not text.isascii():
            self.tally["lost_letters"] += "\ufffd" in text
            self.tally["mended"] += isinstance(cell, str) and mended(cell) != cell
        if is_required and not text and not self._has_fault(name):
            self.fault(name, None, "is missing")
        return text

    def date(self, name: str) -> ReadDate | None:
        """A date with its precision; None where blank, or a word such as `unknown`."""
        cell = self.cell(name)
        if cell is None or _says_nothing(cell):
            return None
        month_first = self._context.month_first
        read = self.read(name, lambda cell: read_date(cell, month_first=month_first), None)
        if read is not None and read.is_ambiguous:
            self.tally["month_first" if month_first else "day_first"] += 1
        return read

    def period(self) -> tuple[datetime.date | None, datetime.date | None]:
        """The fields `starts` and `ends`, in order."""
        starts, ends = self.date("starts"), self.date("ends")
        if starts and ends and ends.date < starts.date:
            self.fault(
                "ends", ends.date, _("must not be before the start, %(date)s", date=starts.date)
            )
        return starts.date if starts else None, ends.date if ends else None

    def currency(self, name: str) -> str | None:
        """The currency of the amount in field `name`, and of all amounts of the row.

        From the row's own column, else the amount's heading, else the sign beside the amount,
        else the value for all rows; None, with a fault if there is an amount, where none says.
        """
        cell, column = self._found.get(name, _BLANK)
        own = self.read("currency", read_currency, "") if self._stands("currency") else ""
        if self._has_fault("currency"):
            return None
        heading = column.currency if column else ""
        number = self._number(name) if cell is not None and not _says_nothing(cell) else None
        symbol = number.symbol if number else ""
        from_symbol = read_currency(symbol) if symbol and symbol != "¥" else ""
        found = own or heading or from_symbol or self._context.defaults.get("currency", "")
        if not found:
            if number is not None:
                rule = "is missing; give a column, a heading such as amount_usd, or one for all"
                self.fault("currency", None, rule)
            return None
        if symbol == "$" and not (own or heading):
            self.tally["dollars"] += 1
        return found

    def amount(
        self,
        name: str,
        currency: str | None,
        *,
        may_be_zero: bool = False,
        may_be_negative: bool = False,
    ) -> int | None:
        """The amount in minor units; None where blank or at fault."""
        cell, column = self._found.get(name, _BLANK)
        if cell is None or _says_nothing(cell):
            return None
        try:
            number = read_number(cell)
            if number.value < 0 and not may_be_negative:
                raise BadValue("must not be negative")
            if currency is None:
                return None
            if column and column.currency and column.currency != currency:
                raise BadValue(
                    _(
                        "the heading says %(currency)s, the row %(currency2)s",
                        currency=column.currency,
                        currency2=currency,
                    )
                )
            if number.symbol and not symbol_fits(number.symbol, currency):
                raise BadValue(_("is not in %(currency)s", currency=currency))
            return to_minor(
                number, currency, may_be_zero=may_be_zero, may_be_negative=may_be_negative
            )
        except BadValue as error:
            self.fault(name, cell, error.rule)
            return None

    def refuse_merged(self, *names: str) -> None:
        """A fault for each of these fields whose cell is merged: whose amount is it?"""
        for name in names:
            if name in self._merged:
                rule = _(
                    "is merged with row %(merged)s; give each row its own amount",
                    merged=self._merged[name],
                )
                self.fault(name, self.cell(name), rule)

    def _find_all(self, cells: list[Cell]) -> dict[str, tuple[Cell, Column | None]]:
        """What each field's columns hold; the first that is not blank counts."""
        found: dict[str, tuple[Cell, Column | None]] = dict(self._context.all_rows)
        self._merged: dict[str, int] = {}
        for name, columns in self._context.places.items():
            for column in columns:
                cell = cells[column.index] if column.index < len(cells) else None
                if isinstance(cell, Merged):
                    self._merged[name] = cell.first_row
                    cell = cell.value
                if not is_blank(cell):
                    found[name] = (cell, column)
                    break
        return found

    def _stands(self, name: str) -> bool:
        """Whether the row itself says it, rather than the value for all rows."""
        return self._found.get(name, _BLANK)[1] is not None

    def _number(self, name: str) -> Number | None:
        try:
            return read_number(self.cell(name))
        except BadValue:
            return None

    def _has_fault(self, name: str) -> bool:
        return any(fault.field == name for fault in self.faults)


def _says_nothing(cell: Cell) -> bool:
    return isinstance(cell, str) and cell.strip().lower() in _NOTHING
