"""A whole file read: its records with their rows, every fault, and what to say about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from funding.imports.amounts import read_currency
from funding.imports.counts import counts_in_words
from funding.imports.faults import BadValue, Fault, FileRefused, shown
from funding.imports.fields import FIELDS, HISTORY
from funding.imports.known import Known
from funding.imports.limits import STANDARD, Limits
from funding.imports.parse import READERS
from funding.imports.readers import open_table
from funding.imports.recognise import (
    Column,
    HeadingsUnknown,
    Layout,
    find_layout,
    mapping_faults,
    missing_fields,
)
from funding.imports.records import HistoryRecord, ImportedRecord
from funding.imports.rows import Row, RowContext
from funding.imports.sources import Source
from funding.imports.tables import SourceRow, Table, is_blank
from funding.language import gettext as _
from funding.sayings import as_written, counted, number, one_by_one, sentence

Kind = Literal["history", "commitments", "proposals"]
Progress = Callable[[int, float], None]
"""Called now and then with the rows read and the share of the file, between 0 and 1."""

_PROGRESS_EVERY = 1_000
_EXAMPLES = 3
NAMED_ROWS = 10
"""Of the rows with an amount below zero, how many a note names."""


class Entry(NamedTuple):
    """A record and the row it came from."""

    row: int
    record: ImportedRecord


@dataclass(frozen=True)
class FileReading:
    """What a file holds.

    | field | meaning |
    |---|---|
    | format | what the file is, in words; "" where it could not be opened |
    | sheet | the worksheet that was read, "" where the file has none |
    | sheets | the names of all worksheets |
    | header_row | the row of the headings |
    | columns | every column with the field it holds |
    | examples | the first values of each column, by its place |
    | entries | records of the rows without fault, in order |
    | faults | all that is wrong; an import goes ahead only where this is empty, or by consent |
    | notes | what a person should know before saying yes, one sentence each |
    | rows_read | rows that hold anything, below the headings |
    """

    kind: str
    format: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    header_row: int = 0
    columns: tuple[Column, ...] = ()
    examples: Mapping[int, tuple[str, ...]] | None = None
    entries: tuple[Entry, ...] = ()
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    rows_read: int = 0

    @property
    def records(self) -> list[ImportedRecord]:
        """The records alone, in the order of the file."""
        return [entry.record for entry in self.entries]

    @property
    def rows_refused(self) -> int:
        """How many rows have a fault."""
        return len({fault.row for fault in self.faults} - {None})

    def unused_columns(self) -> tuple[str, ...]:
        """Headings of the columns that no field takes."""
        return tuple(column.heading for column in self.columns if column.field is None)


def read_records(
    content: Path | str | bytes,
    kind: Kind,
    *,
    mapping: Mapping[str, str] | None = None,
    filename: str | None = None,
    known: Known | None = None,
    defaults: Mapping[str, str] | None = None,
    month_first: bool = False,
    sheet: str | None = None,
    progress: Progress | None = None,
    limits: Limits = STANDARD,
) -> FileReading:
    """Read a file (a path, or its bytes). Whatever is wrong with it comes back as faults.

    `mapping`: column heading -> field name, or recognise.UNUSED. `defaults`: field -> text for
    rows that leave it blank (the funder of a funder's own list, say, or its currency).
    `month_first` reads 05/06/2014 as the 6th of May. `sheet` names one worksheet.
    """
    try:
        source = Source(content, filename, limits)
        table = open_table(source)
        layout = find_layout(table, kind, mapping, sheet)
    except HeadingsUnknown as unknown:
        return FileReading(
            kind,
            format=table.format,
            header_row=unknown.layout.header_row,
            columns=unknown.layout.columns,
            faults=(unknown.as_fault(),),
        )
    except FileRefused as refusal:
        return FileReading(kind, faults=(refusal.as_fault(),))
    return _Reader(kind, table, layout, mapping or {}, defaults or {}, known, month_first).read(
        progress
    )


class _Reader:
    def __init__(
        self,
        kind: str,
        table: Table,
        layout: Layout,
        mapping: Mapping[str, str],
        defaults: Mapping[str, str],
        known: Known | None,
        month_first: bool,
    ) -> None:
        self._kind = kind
        self._table = table
        self._layout = layout
        self._width = 0
        self._faults = [
            *mapping_faults(layout, kind, mapping),
            *_default_faults(kind, defaults),
            *missing_fields(layout, kind, defaults),
        ]
        self._has_all_columns = not self._faults
        if self._has_all_columns and "currency" in defaults:
            defaults = {**defaults, "currency": read_currency(defaults["currency"])}
        self._month_first = month_first
        self._context = RowContext(layout.places(), known or Known(), dict(defaults), month_first)
        self._seen: dict[ImportedRecord, int] = {}
        self._identifiers: dict[str, int] = {}
        self._examples: dict[int, list[str]] = {column.index: [] for column in layout.columns}

    def read(self, progress: Progress | None) -> FileReading:
        entries: list[Entry] = []
        count = 0
        try:
            for row in self._layout.view.rows():
                if row.number < self._layout.header_row:
                    continue
                if row.number == self._layout.header_row:
                    self._width = len(row.cells)
                    continue
                if row.is_blank():
                    self._context.tally["blank"] += 1
                    continue
                count += 1
                self._add_examples(row)
                if self._has_all_columns and (record := self._record_of(row)) is not None:
                    entries.append(Entry(row.number, record))
                if progress and count % _PROGRESS_EVERY == 0:
                    progress(count, row.share)
        except FileRefused as refusal:
            self._faults.append(refusal.as_fault())
        if progress:
            progress(count, 1.0)
        if count == 0 and not self._faults:
            self._faults.append(Fault(None, None, None, "There is nothing below the headings."))
        return FileReading(
            kind=self._kind,
            format=self._table.format,
            sheet=self._layout.view.name if self._table.are_sheets else "",
            sheets=tuple(v.name for v in self._table.views) if self._table.are_sheets else (),
            header_row=self._layout.header_row,
            columns=self._layout.columns,
            examples={place: tuple(values) for place, values in self._examples.items()},
            entries=tuple(entries),
            faults=tuple(self._faults),
            notes=(*self._notes(), *_slips(entries)),
            rows_read=count,
        )

    def _record_of(self, source: SourceRow) -> ImportedRecord | None:
        if trouble := source.trouble or self._too_wide(source):
            self._faults.append(Fault(source.number, None, None, trouble))
            return None
        row = Row(source.number, source.cells, self._context)
        record = READERS[self._kind](row)
        if record is None:
            self._faults += row.faults
            return None
        if not self._is_new_identifier(source.number, record):
            return None
        occurrence = self._seen.get(record, 0) + 1
        self._seen[record] = occurrence
        if occurrence == 1:
            return record
        self._context.tally["same_as_before"] += 1
        return replace(record, occurrence=occurrence)

    def _too_wide(self, row: SourceRow) -> str | None:
        if self._table.has_even_rows and len(row.cells) != self._width:
            if len(row.cells) < self._width:
                self._context.tally["short"] += 1
            elif not all(map(is_blank, row.cells[self._width :])):
                return _(
                    "has %(row)s cells, the headings have %(width)s: does a cell hold the "
                    "separator without quotation marks?",
                    row=len(row.cells),
                    width=self._width,
                )
        return None

    def _is_new_identifier(self, number: int, record: ImportedRecord) -> bool:
        """Note a repeated identifier of a past grant; refuse one of what people will refer to."""
        identifier = getattr(record, "external_id", "")
        if not identifier:
            return True
        earlier = self._identifiers.setdefault(identifier, number)
        if earlier == number:
            return True
        if self._kind == HISTORY:
            self._context.tally["same_identifier"] += 1
            return True
        rule = _("is already the identifier of row %(earlier)s", earlier=earlier)
        self._faults.append(Fault(number, "external_id", shown(identifier), rule))
        return False

    def _add_examples(self, row: SourceRow) -> None:
        if self._context.tally["examples_full"]:
            return
        for place, values in self._examples.items():
            if len(values) < _EXAMPLES and place < len(row.cells):
                cell = row.cells[place]
                if not is_blank(cell):
                    values.append(shown(cell))
        if all(len(values) == _EXAMPLES for values in self._examples.values()):
            self._context.tally["examples_full"] = 1

    def _notes(self) -> list[str]:
        labels = {field.name: field.label for field in FIELDS[self._kind]}
        guesses = [
            sentence(
                'Column "%(heading)s" was taken for “%(field)s”, by likeness: check.',
                heading=as_written(shown(column.heading)),
                field=labels.get(column.field or "", ""),
            )
            for column in self._layout.columns
            if column.how == "similar"
        ]
        passed_over = self._layout.header_row - 1
        above = [
            sentence(
                "Rows above the headings that were passed over: %(passed_over)s.",
                passed_over=number(passed_over),
            )
        ]
        others = [
            shown(view.name)
            for view in self._table.views
            if self._table.are_sheets and view is not self._layout.view
        ]
        return [
            *self._table.notes,
            *(
                [sentence("Sheets that were not read: %(join)s.", join=one_by_one(*others))]
                if others
                else []
            ),
            *(above if passed_over > 0 else []),
            *guesses,
            *counts_in_words(self._context.tally),
        ]


def _slips(entries: list[Entry]) -> list[str]:
    """Where amounts below zero are: money returned, unless somebody mistyped a sign."""
    rows = returned_rows(entries)
    if not rows:
        return []
    named = one_by_one(*(str(row) for row in rows[:NAMED_ROWS]))
    if len(rows) > NAMED_ROWS:
        return [
            sentence(
                "Amounts below 0 are in rows %(named)s and %(more)s more: if a minus is a slip, "
                "mend it first.",
                named=named,
                more=number(len(rows) - NAMED_ROWS),
            )
        ]
    return [
        counted(
            "Amounts below 0 are in row %(named)s: if a minus is a slip, mend it first.",
            "Amounts below 0 are in rows %(named)s: if a minus is a slip, mend it first.",
            len(rows),
            named=named,
        )
    ]


def returned_rows(entries: Iterable[Entry]) -> list[int]:
    """The rows whose amount is below zero; only past grants have such."""
    return [
        entry.row
        for entry in entries
        if isinstance(entry.record, HistoryRecord) and (entry.record.amount or 0) < 0
    ]


def _default_faults(kind: str, defaults: Mapping[str, str]) -> list[Fault]:
    names = {field.name for field in FIELDS[kind]}
    faults = [
        Fault(
            None,
            name,
            shown(value),
            _("is no field; the fields are: %(join)s", join=", ".join(sorted(names))),
        )
        for name, value in defaults.items()
        if name not in names
    ]
    if "currency" in defaults:
        try:
            read_currency(defaults["currency"])
        except BadValue as error:
            faults.append(Fault(None, "currency", shown(defaults["currency"]), error.rule))
    return faults
