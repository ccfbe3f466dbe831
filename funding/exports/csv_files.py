"""Tables as CSV files: UTF-8 with a mark that spreadsheet programs look for, cells made safe."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from funding.exports.cells import safe_cell


def csv_text(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as text; None becomes an empty cell, words cannot become formulas."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    writer.writerow(headers)
    for row in rows:
        writer.writerow(
            [safe_cell(cell) if isinstance(cell, str) or cell is None else cell for cell in row]
        )
    return buffer.getvalue()
