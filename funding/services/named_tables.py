"""Small tables whose first row names the columns: CSV or XLSX, read whole, a fault a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from funding.errors import Fault, InvalidInput
from funding.imports.faults import FileRefused, shown
from funding.imports.limits import MIB, Limits
from funding.imports.readers import open_table
from funding.imports.sources import Source
from funding.imports.tables import SourceRow, Trouble
from funding.language import gettext as _

LIMITS = Limits(file_bytes=20 * MIB, unpacked_bytes=80 * MIB, rows=200_000, columns=60)
MOST_FAULTS = 200


@dataclass(frozen=True)
class NamedRow:
    """One row as it stands in the file, by column; `row` counts as a spreadsheet does."""

    row: int
    cells: Mapping[str, str]

    def fault(self, column: str, rule: str) -> Fault:
        """What is wrong with a cell, beginning with what stands in it."""
        value = self.cells[column]
        return Fault(
            _("row %(row)s, %(column)s", row=self.row, column=column),
            f"“{shown(value)}”: {rule}" if value else rule,
        )


def read_named(
    content: bytes,
    filename: str,
    headings: Mapping[str, tuple[str, ...]],
    needed: frozenset[str],
) -> tuple[NamedRow, ...]:
    """The rows of the first sheet that names the `needed` columns; `headings`: column -> spellings.

    Raises InvalidInput (field `file`) where it is no such table, or has no rows.
    """
    try:
        table = open_table(Source(content, filename, LIMITS))
        for view in table.views:
            rows = [row for row in view.rows() if not row.is_blank()]
            places = _places(rows[0], headings) if rows else {}
            if needed <= places.keys():
                if len(rows) == 1:
                    raise InvalidInput(Fault("file", "The table has no rows below its headings."))
                return tuple(_named(row, headings, places) for row in rows[1:])
    except FileRefused as refusal:
        raise InvalidInput(Fault("file", str(refusal))) from refusal
    words = ", ".join(headings)
    raise InvalidInput(
        Fault("file", _("The first row must name the columns: %(words)s.", words=words))
    )


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _places(heading: SourceRow, headings: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(heading.cells):
        words = _text(cell).casefold().replace("_", " ")
        for name, spellings in headings.items():
            if words in spellings:
                found.setdefault(name, place)
    return found


def _named(
    row: SourceRow, headings: Mapping[str, tuple[str, ...]], places: dict[str, int]
) -> NamedRow:
    def cell(name: str) -> str:
        place = places.get(name)
        if place is None or place >= len(row.cells):
            return ""
        value = row.cells[place]
        return value.shown if isinstance(value, Trouble) else _text(value)

    return NamedRow(row.number, {name: cell(name) for name in headings})
