"""Everything on a dashboard that has a digit, by its place: what a proof has to know.

A figure that is added to a dashboard is a place that the proof does not have, and fails it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from funding.formatting import format_amount_number, minor_units
from funding.reports.dashboards.model import Dashboard, Entry, Figure

Places = dict[tuple[str, ...], Any]


def has_digit(text: object) -> bool:
    return any(character.isdigit() for character in str(text or ""))


def shown(dashboard: Dashboard, currency: str) -> Places:
    """Amounts in minor units, shares as numbers, sentences as they stand."""
    found: Places = {("answer",): dashboard.answer}
    for number, note in enumerate(dashboard.notes):
        if has_digit(note):
            found["note", str(number)] = note
    for stat in dashboard.stats:
        note = stat.note if has_digit(stat.note) else ""
        found["stat", stat.label] = (stat.value, stat.amount, note)
    for figure in dashboard.figures:
        found.update(_of(figure, currency))
    return found


def _of(figure: Figure, currency: str) -> Places:
    found: Places = {
        (figure.id, "columns"): [head.label for head in figure.heads if head.numeric],
        (figure.id, "rows"): Counter(_cells(figure, row, currency) for row in figure.rows),
    }
    if figure.total:
        found[figure.id, "total"] = _cells(figure, figure.total, currency)
    for place in ("finding", "unit", "note", "source", "rows_label"):
        if has_digit(getattr(figure, place)):
            found[figure.id, place] = getattr(figure, place)
    if figure.strips:
        for strip in figure.strips.rows:
            found[figure.id, "strip", strip.label] = (
                strip.total,
                dict(zip(figure.strips.along, strip.amounts, strict=True)),
                dict(zip(figure.strips.along, strip.behind, strict=False)),
                strip.said,
            )
    if figure.drawing:
        links = _draws_its_table(figure, currency)
        if links:
            found[figure.id, "links"] = links
    return found


def _cells(figure: Figure, row: Any, currency: str) -> tuple[Any, ...]:
    """Names, whatever is numeric, and every other cell with a digit in it."""
    first = next(number for number, head in enumerate(figure.heads) if head.numeric)
    return tuple(
        cell.text if number < first else _value(cell, currency)
        for number, (head, cell) in enumerate(zip(figure.heads, row, strict=True))
        if number < first or head.numeric or has_digit(cell.text)
    )


def _value(cell: Entry, currency: str) -> Any:
    """A cell's value; what is read is what a file holds."""
    if isinstance(cell.value, Decimal):
        amount = int(cell.value.scaleb(minor_units(currency)))
        assert cell.text == format_amount_number(amount, currency)
        return amount
    assert has_digit(cell.text) is (cell.value is not None), cell
    return cell.value


def _draws_its_table(figure: Figure, currency: str) -> Counter[tuple[str, str, int]]:
    """A chart draws the numbers of its table, column by column; answers a flow's links, which a
    table does not have."""
    scale = 10 ** minor_units(currency)
    columns = {
        head.label: [_value(row[number], currency) or 0 for row in figure.rows]
        for number, head in enumerate(figure.heads)
        if head.numeric
    }
    for trace in json.loads(figure.drawing or "")["data"]:
        if trace["type"] == "sankey":
            labels, link = trace["node"]["label"], trace["link"]
            ends = zip(link["source"], link["target"], link["value"], strict=True)
            return Counter((labels[a], labels[b], round(value * scale)) for a, b, value in ends)
        axis = "z" if "z" in trace else "x" if trace.get("orientation") == "h" else "y"
        numbers = sorted(number for number in _flat(trace[axis]) if number)
        if figure.id == "gain":
            shares = [round(number / 100, 4) for number in numbers]
            told = columns["Gain over leaving"]
            assert sorted(filter(None, shares)) == sorted(filter(None, told))
        elif figure.id == "together":
            assert numbers == sorted(columns["Proposals"])
        elif figure.id == "by-kind":
            assert numbers == sorted(columns["How many"])
        else:
            named = [trace["name"]] if trace.get("name") else None
            drawn = named or [
                label for label in columns if label.isdigit() or label.endswith(", paid")
            ]
            told = sorted(amount / scale for name in drawn for amount in columns[name] if amount)
            assert numbers == told, (figure.id, drawn)
    return Counter()


def _flat(of: Any) -> Iterator[Any]:
    for each in of:
        if isinstance(each, list):
            yield from _flat(each)
        else:
            yield each
