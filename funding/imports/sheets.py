"""One worksheet's XML, element by element, into rows of cells; driven by `workbooks`."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from decimal import Decimal, InvalidOperation

from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.escape import unescape

from funding.formatting import format_number
from funding.imports.faults import FileRefused
from funding.imports.limits import Limits
from funding.imports.tables import Cell, Merged, SourceRow, Trouble, is_blank
from funding.language import gettext as _

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_LAST_ROW = 1_048_576


class Survey:
    """A first pass: how much there is, and which cells are merged downwards."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.last_row = 1
        self.merges: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._rows = self._cells = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            self._cells += 1
        elif tag == "row":
            self._rows += 1
            self.last_row = max(self._rows, _row_number(attributes) or 0, self.last_row)
        elif tag == "mergeCell":
            self._merge(attributes.get("ref", ""))
        if self._cells > self.limits.cells or self._rows > self.limits.rows:
            raise FileRefused(
                _(
                    "A worksheet may have at most %(rows)s rows and %(cells)s cells; split the "
                    "file.",
                    rows=format_number(self.limits.rows),
                    cells=format_number(self.limits.cells),
                )
            )

    def _merge(self, reference: str) -> None:
        corners = [_REFERENCE.fullmatch(corner) for corner in reference.split(":")]
        if len(corners) == 2 and all(corners):
            first, last = (int(corner[2]) for corner in corners if corner)
            if last > first and corners[0]:
                column = column_index_from_string(corners[0][1]) - 1
                self.merges[first].append((column, last))


class Sheet:
    """The second pass: cells with their values. Rows that the file leaves out stay out."""

    def __init__(
        self,
        survey: Survey,
        texts: list[str],
        date_styles: frozenset[int],
        epoch: datetime.datetime,
    ) -> None:
        self._survey = survey
        self._texts = texts
        self._date_styles = date_styles
        self._epoch = epoch
        self._ready: list[SourceRow] = []
        self._number = 0
        self._cells: list[Cell] = []
        self._merged: dict[int, tuple[Cell, int, int]] = {}
        self._attributes: dict[str, str] = {}
        self._column = -1
        self._value: list[str] = []
        self._collects = self._has_formula = self._has_value = self._is_phonetic = False

    def take_rows(self) -> list[SourceRow]:
        """The rows finished since the last call."""
        rows, self._ready = self._ready, []
        return rows

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "v" or (tag == "t" and not self._is_phonetic):
            self._collects = self._has_value = True
        elif tag == "f":
            self._has_formula = True
        elif tag == "rPh":
            self._is_phonetic = True
        elif tag == "row":
            self._number = _row_number(attributes) or self._number + 1
            self._cells = []
            self._column = -1

    def text(self, data: str) -> None:
        if self._collects:
            self._value.append(data)

    def end(self, tag: str) -> None:
        if tag in ("v", "t"):
            self._collects = False
        elif tag == "rPh":
            self._is_phonetic = False
        elif tag == "c":
            self._end_cell()
        elif tag == "row":
            self._end_row()

    def _start_cell(self, attributes: dict[str, str]) -> None:
        match = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._column = column_index_from_string(match[1]) - 1 if match else self._column + 1
        self._attributes = attributes
        self._value.clear()
        self._has_formula = self._has_value = False

    def _end_cell(self) -> None:
        value = self._read_value()
        if value is None:
            return
        if self._column >= self._survey.limits.columns:
            raise FileRefused(
                _(
                    "At most %(columns)s columns are read.",
                    columns=format_number(self._survey.limits.columns),
                ),
                self._number,
            )
        self._cells += [None] * (self._column + 1 - len(self._cells))
        self._cells[self._column] = value

    def _read_value(self) -> Cell:
        text = "".join(self._value)
        kind = self._attributes.get("t", "n")
        if self._has_formula and not (self._has_value and text) and kind != "str":
            return Trouble("=…", "is a formula without a stored value; paste its value instead")
        if kind in ("inlineStr", "str"):
            return unescape(text) or None
        if not text:
            return None
        if kind == "s":
            return self._shared(text)
        if kind == "b":
            return text.strip() == "1"
        if kind == "e":
            return Trouble(text, "is an error of the spreadsheet")
        if kind == "d":
            return text
        return self._number_or_date(text)

    def _shared(self, text: str) -> Cell:
        if not (text.isascii() and text.isdigit() and int(text) < len(self._texts)):
            return Trouble(text, "refers to a text that the workbook does not hold")
        return unescape(self._texts[int(text)]) or None

    def _number_or_date(self, text: str) -> Cell:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return Trouble(text, "is not a number")
        style = self._attributes.get("s", "0")
        if not (style.isascii() and style.isdigit() and int(style) in self._date_styles):
            return number
        try:
            moment = from_excel(float(number), self._epoch)
        except (OverflowError, ValueError):
            return Trouble(text, "is formatted as a date, but no date has this number")
        return moment.date() if isinstance(moment, datetime.datetime) else moment.isoformat()

    def _end_row(self) -> None:
        number, cells = self._number, self._cells
        for column, last in self._survey.merges.get(number, ()):
            value = cells[column] if column < len(cells) else None
            self._merged[column] = (value, number, last)
        for column, (value, first, last) in list(self._merged.items()):
            if number > last:
                del self._merged[column]
            elif number > first and not is_blank(value):
                cells += [None] * (column + 1 - len(cells))
                if is_blank(cells[column]):
                    cells[column] = Merged(value, first)
        self._ready.append(SourceRow(number, cells, min(1.0, number / self._survey.last_row)))


def _row_number(attributes: dict[str, str]) -> int | None:
    """The row's stated number; None where it is left to be counted."""
    text = attributes.get("r", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:8]) <= _LAST_ROW):
        raise FileRefused("The workbook numbers its rows in a way no spreadsheet does.")
    return int(text)
