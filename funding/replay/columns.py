"""What a list of grants may say beyond the grants: the ask, the least amount and the merit.

Readers of past grants pass these columns over; a replay prefers them to rules of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from funding.imports.amounts import decimals_of, read_number, read_share, to_minor
from funding.imports.faults import BadValue, Fault, FileRefused, shown
from funding.imports.headings import normal, with_currency
from funding.imports.limits import STANDARD
from funding.imports.readers import open_table
from funding.imports.reading import FileReading
from funding.imports.recognise import UNUSED, find_layout
from funding.imports.sources import Source
from funding.imports.tables import is_blank

_HEADINGS = {
    "ask": ("ask", "asked", "amount applied for", "amount requested", "requested amount"),
    "minimum": ("minimum", "least amount", "least viable amount", "minimum amount"),
    "merit": ("merit", "merit score", "score"),
}
FIELDS = tuple(_HEADINGS)


def read_extra_columns(
    content: Path | str | bytes,
    reading: FileReading,
    mapping: Mapping[str, str],
    *,
    filename: str | None = None,
    sheet: str | None = None,
) -> tuple[dict[int, dict[str, Any]], list[Fault]]:
    """By row number: `ask` and `minimum` in minor units of the row's currency, `merit` 0 to 1.

    `mapping` may name a column for each (COLUMN=ask); else headings decide. Columns that hold a
    field of a past grant are never taken.
    """
    places = _places(reading, mapping)
    if not places:
        return {}, []
    currencies = {entry.row: entry.record.currency for entry in reading.entries}
    try:
        table = open_table(Source(content, filename, STANDARD))
        layout = find_layout(table, "history", without_extra(mapping), sheet)
        rows = layout.view.rows()
    except FileRefused as refusal:
        return {}, [refusal.as_fault()]
    found: dict[int, dict[str, Any]] = {}
    faults: list[Fault] = []
    for row in rows:
        currency = currencies.get(row.number)
        if row.number <= layout.header_row or currency is None:
            continue
        for field, place in places.items():
            cell = row.cells[place] if place < len(row.cells) else None
            if is_blank(cell):
                continue
            try:
                value: Any = read_share(cell) if field == "merit" else _amount(cell, currency)
            except BadValue as error:
                faults.append(Fault(row.number, field, shown(cell), error.rule))
                continue
            if value is not None:
                found.setdefault(row.number, {})[field] = value
        faults += _minimum_above_ask(row.number, found.get(row.number, {}), currency)
    return found, faults


def without_extra(mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping as the reader of past grants needs it: these columns are none of its own."""
    return {column: UNUSED if field in FIELDS else field for column, field in mapping.items()}


def _amount(cell: Any, currency: str) -> int | None:
    """0 is how lists write that an ask is not known."""
    return to_minor(read_number(cell), currency, may_be_zero=True) or None


def _minimum_above_ask(row: int, values: Mapping[str, Any], currency: str) -> list[Fault]:
    ask, minimum = values.get("ask"), values.get("minimum")
    if ask is None or minimum is None or minimum <= ask:
        return []
    text = f"{minimum / 10 ** decimals_of(currency):,.2f}"
    return [Fault(row, "minimum", text, "must not be more than the ask")]


def _places(reading: FileReading, mapping: Mapping[str, str]) -> dict[str, int]:
    said = {normal(heading): field for heading, field in mapping.items() if field in FIELDS}
    places: dict[str, int] = {}
    for column in reading.columns:
        field = said.get(normal(column.heading))
        if field is not None:
            places[field] = column.index
    for column in reading.columns:
        if column.field is not None or column.how == "ignored":
            continue
        names = {normal(column.heading), with_currency(column.heading).normal}
        for field, headings in _HEADINGS.items():
            if field not in places and names & {normal(heading) for heading in headings}:
                places[field] = column.index
    return places
