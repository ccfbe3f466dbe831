"""What an import would do, to be looked at before it is done."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from funding.imports.amounts import written
from funding.imports.dates import written_date
from funding.imports.faults import Fault
from funding.imports.fields import FIELDS
from funding.imports.known import Known
from funding.imports.limits import STANDARD, Limits
from funding.imports.reading import (
    NAMED_ROWS,
    Entry,
    FileReading,
    Kind,
    Progress,
    read_records,
    returned_rows,
)
from funding.imports.recognise import Column
from funding.imports.records import BudgetLine, ImportedRecord, TeamMember

SAMPLE = 10

_MONEY = frozenset(
    {
        "amount",
        "cap_per_proposal",
        "ticket",
        "match_up_to",
        "only_if_least",
        "only_if_total",
        "joins_if_least",
        "joins_if_total",
        "ask",
        "minimum",
    }
)


@dataclass(frozen=True)
class Preview:
    """A summary of a `FileReading`, small enough to keep and to send.

    `sample` holds the first records, ready to be shown: (row, {label: text}). `totals` sums the
    amounts by currency, in minor units. `rows_read` = `rows_good` + `rows_refused`, where the
    file could be read at all. `returned` are the first rows with an amount below zero.
    """

    kind: str
    format: str
    sheet: str
    sheets: tuple[str, ...]
    header_row: int
    columns: tuple[Column, ...]
    examples: Mapping[int, tuple[str, ...]]
    unused: tuple[str, ...]
    sample: tuple[tuple[int, dict[str, str]], ...]
    totals: Mapping[str, int]
    rows_read: int
    rows_good: int
    rows_refused: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    returned: tuple[int, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """In plain values, for JSON."""
        return {
            "kind": self.kind,
            "format": self.format,
            "sheet": self.sheet,
            "sheets": list(self.sheets),
            "columns": [
                {
                    "heading": column.heading,
                    "field": column.field,
                    "how": column.how,
                    "examples": list(self.examples.get(column.index, ())),
                }
                for column in self.columns
            ],
            "unused": list(self.unused),
            "read": self.rows_read,
            "good": self.rows_good,
            "refused": self.rows_refused,
            "totals": dict(self.totals),
            "sample": [{"row": row, **texts} for row, texts in self.sample],
            "faults": [
                {
                    "row": fault.row,
                    "field": fault.field,
                    "value": fault.value,
                    "rule": fault.rule,
                    "text": str(fault),
                }
                for fault in self.faults
            ],
            "notes": list(self.notes),
            "returned": list(self.returned),
        }


def preview(
    content: Path | str | bytes,
    kind: Kind,
    mapping: Mapping[str, str] | None = None,
    filename: str | None = None,
    *,
    known: Known | None = None,
    defaults: Mapping[str, str] | None = None,
    month_first: bool = False,
    sheet: str | None = None,
    progress: Progress | None = None,
    limits: Limits = STANDARD,
) -> Preview:
    """Read the whole file as `read_records` does and summarise it; nothing is kept of the rest."""
    return summary(
        read_records(
            content,
            kind,
            mapping=mapping,
            filename=filename,
            known=known,
            defaults=defaults,
            month_first=month_first,
            sheet=sheet,
            progress=progress,
            limits=limits,
        )
    )


def summary(reading: FileReading) -> Preview:
    """The preview of a file that has been read."""
    return Preview(
        kind=reading.kind,
        format=reading.format,
        sheet=reading.sheet,
        sheets=reading.sheets,
        header_row=reading.header_row,
        columns=reading.columns,
        examples=reading.examples or {},
        unused=reading.unused_columns(),
        sample=tuple((row, as_texts(record)) for row, record in reading.entries[:SAMPLE]),
        totals=_totals(reading.entries),
        rows_read=reading.rows_read,
        rows_good=len(reading.entries),
        rows_refused=reading.rows_refused,
        faults=reading.faults,
        notes=reading.notes,
        returned=tuple(returned_rows(reading.entries)[:NAMED_ROWS]),
    )


def as_texts(record: ImportedRecord) -> dict[str, str]:
    """The record as it will be stored, by label, each value as people read it; blanks left out."""
    labels = {field.name: field.label for field in FIELDS[record.KIND]}
    texts = {}
    for field in fields(record):
        text = _as_text(record, field.name, getattr(record, field.name))
        if text and field.name in labels:
            texts[labels[field.name]] = text
    return texts


def _as_text(record: Any, name: str, value: Any) -> str:
    if value is None or value == ():
        return ""
    if name in _MONEY:
        return written(value, record.currency)
    if isinstance(value, datetime.date):
        return written_date(value, getattr(record, "date_precision", None) or "day")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return "; ".join(_entry_as_text(record, name, entry) for entry in value)
    return str(value)


def _entry_as_text(record: Any, name: str, entry: Any) -> str:
    if isinstance(entry, TeamMember):
        role = f" ({entry.role})" if entry.role else ""
        return f"{entry.name}{role}"
    if isinstance(entry, BudgetLine):
        return f"{entry.line}: {written(entry.amount, record.currency)}"
    if name == "releases":
        return f"{entry[0]}: {written(entry[1], record.currency)}"
    return f"{entry[0]}: {entry[1]:g}" if isinstance(entry, tuple) else str(entry)


def _totals(entries: tuple[Entry, ...]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for _, record in entries:
        amount = getattr(record, "amount", None) or getattr(record, "ask", None)
        if amount:
            totals[record.currency] += amount
    return dict(sorted(totals.items()))
