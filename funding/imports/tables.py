"""What every reader hands on: rows of cells with the row numbers of the source.

A cell is None or "" (blank), a str, a Decimal (a number the file stores as a number), a bool, a
date, a list or dict (JSON only), or one of the two classes below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Cell = Any


@dataclass(frozen=True, slots=True)
class Trouble:
    """A cell that holds something which cannot be taken as a value; `shown` is what it is."""

    shown: str
    rule: str

    def __str__(self) -> str:
        return self.shown


@dataclass(frozen=True, slots=True)
class Merged:
    """A cell under a merged one: it shows the value of `first_row`, but does not hold it."""

    value: Cell
    first_row: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row; `number` counts as a spreadsheet does, from 1, blank rows included.

    `trouble` says why the row as a whole cannot be read; `share` is how much of the file has been
    read by now, between 0 and 1.
    """

    number: int
    cells: list[Cell]
    share: float = 0.0
    trouble: str | None = None

    def is_blank(self) -> bool:
        """Whether nothing of its own stands in the row."""
        return self.trouble is None and all(map(is_blank, self.cells))


@dataclass(frozen=True)
class View:
    """One way to see the file as a table: a worksheet, a list in JSON, a choice of separator."""

    name: str
    rows: Callable[[], Iterator[SourceRow]]


@dataclass(frozen=True)
class Table:
    """An opened file: what it is, in words; its views; what to say about it.

    `has_even_rows`: every row has as many cells as there are headings, unless something is wrong.
    """

    format: str
    views: list[View]
    notes: list[str] = field(default_factory=list)
    are_sheets: bool = False
    has_even_rows: bool = False


def is_blank(cell: Cell) -> bool:
    """Whether a cell holds nothing of its own."""
    if cell is None or isinstance(cell, Merged):
        return True
    return isinstance(cell, str) and not cell.strip()
