"""Tables as XLSX workbooks: amounts as numbers with their decimals, words as words."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from funding.exports.cells import safe_cell

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """One sheet; a Decimal keeps its decimals in the cell's format, a moment becomes UTC's."""
    # here, since it takes longer to load than all else that answers a page
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(c for c in title if c not in "[]:*?/\\")[:31] or "Table")
    sheet.freeze_panes = "A2"
    sheet.append(list(headers))
    for row in rows:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, _plain(value))
            if isinstance(value, Decimal):
                decimals = max(0, -int(value.as_tuple().exponent))
                cell.number_format = "#,##0" + ("." + "0" * decimals if decimals else "")
            elif isinstance(value, datetime):
                cell.number_format = "yyyy-mm-dd hh:mm"
            elif isinstance(value, date):
                cell.number_format = "yyyy-mm-dd"
            cells.append(cell)
        sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, str):
        return safe_cell("".join(c for c in value if c.isprintable() or c in "\t\n"))
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value
