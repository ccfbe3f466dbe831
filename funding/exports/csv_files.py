"""Tables as CSV files: UTF-8 with a mark that spreadsheet programs look for, cells made safe."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from funding.exports.cells import safe_cell


def csv_text(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as text; None becomes an empty cell, words cannot become formulas."""
    return "".join(csv_parts(headers, rows))


def csv_parts(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same in parts of a thousand rows, for tables too long to hold at once."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    writer.writerow(headers)
    for number, row in enumerate(rows, 1):
        writer.writerow(
            [safe_cell(cell) if isinstance(cell, str) or cell is None else cell for cell in row]
        )
        if number % 1_000 == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
