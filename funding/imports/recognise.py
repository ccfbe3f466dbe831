"""Which column holds which field: by name, by alias, by likeness, or as the person says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import islice

from funding.imports.faults import Fault, FileRefused, shown
from funding.imports.fields import FIELDS, Field
from funding.imports.headings import Heading, normal, with_currency
from funding.imports.limits import STANDARD
from funding.imports.tables import Cell, Merged, SourceRow, Table, View, is_blank
from funding.language import gettext as _

UNUSED = "-"
"""In a mapping: this column is not to be used."""

_HEADING_WITHIN = 40
_ALIKE = 0.86
_SHORTEST_GUESSED, _LONGEST_GUESSED = 5, 50
_MOST_COLUMNS = STANDARD.columns


@dataclass(frozen=True)
class Column:
    """One column: its place from 0, its heading, the field it holds (None: not used).

    `how`: "name", "alias", "similar" (a guess, to be shown as one), "mapped" (by the person),
    "stand-in" (fills blanks of the field's own column), "ignored" (by the person), "" where nothing
    fits. `currency` is the one
    the heading names, "" where it names none.
    """

    index: int
    heading: str
    field: str | None = None
    how: str = ""
    currency: str = ""


@dataclass(frozen=True)
class Layout:
    """How a table is read: the view, the row of its headings, the columns."""

    view: View
    header_row: int
    columns: tuple[Column, ...]

    def places(self) -> dict[str, list[Column]]:
        """The columns of each field, its own first and then its stand-ins."""
        found: dict[str, list[Column]] = {}
        for column in sorted(self.columns, key=lambda column: column.how == "stand-in"):
            if column.field is not None:
                found.setdefault(column.field, []).append(column)
        return found


class HeadingsUnknown(FileRefused):
    """No row is recognised as headings; `layout` is of the first, for a person to say."""

    def __init__(self, sentence: str, layout: Layout) -> None:
        super().__init__(sentence)
        self.layout = layout


def find_layout(
    table: Table, kind: str, mapping: Mapping[str, str] | None = None, sheet: str | None = None
) -> Layout:
    """The view and the row of headings that recognise most of the fields of `kind`.

    Raises HeadingsUnknown where no row is recognised, FileRefused for an unknown sheet.
    """
    is_any = sheet is None or not table.are_sheets
    views = [view for view in table.views if is_any or view.name == sheet]
    if not views:
        names = ", ".join(view.name for view in table.views)
        raise FileRefused(
            _(
                'There is no sheet named "%(sheet)s"; the file has: %(names)s.',
                sheet=shown(sheet),
                names=names,
            )
        )
    best = _best_row(views, kind, mapping or {}, are_guessed=False)
    if best is None:
        best = _best_row(views, kind, mapping or {}, are_guessed=True)
    if best is None:
        needed = ", ".join(field.label for field in FIELDS[kind] if field.is_required)
        sentence = _("No row of column headings was recognised. Needed: %(needed)s.", needed=needed)
        first = next((row for view in views for row in _rows_that_hold(view)), None)
        if first is None:
            raise FileRefused(sentence)
        headings = [_as_heading(cell) for cell in first.cells]
        columns = tuple(Column(index, text) for index, text in enumerate(headings) if text)
        begins = shown(", ".join(column.heading for column in columns))
        raise HeadingsUnknown(
            _("%(sentence)s It begins with: %(begins)s.", sentence=sentence, begins=begins),
            Layout(views[0], first.number, columns),
        )
    return replace(best, columns=_guess_the_rest(best.columns, kind))


def _best_row(
    views: Sequence[View], kind: str, mapping: Mapping[str, str], *, are_guessed: bool
) -> Layout | None:
    """The row that names most fields; where headings are guessed at, it must name two."""
    best, best_score = None, 0
    for view in views:
        for row in islice(_rows_that_hold(view), _HEADING_WITHIN):
            columns = _by_name([_as_heading(cell) for cell in row.cells], kind, mapping)
            if are_guessed:
                columns = _guess_the_rest(columns, kind)
                if sum(column.field is not None for column in columns) < 2:
                    continue
            score = _score(columns, kind)
            if score > best_score:
                best, best_score = Layout(view, row.number, columns), score
    return best


def missing_fields(layout: Layout, kind: str, defaults: Mapping[str, str]) -> tuple[Fault, ...]:
    """A fault for each required field that has neither a column nor a value for all rows."""
    found = layout.places().keys() | defaults.keys()
    headings = ", ".join(shown(column.heading) for column in layout.columns[:40])
    return tuple(
        Fault(
            None,
            field.name,
            None,
            _("no column was recognised; the columns are: %(headings)s", headings=headings),
        )
        for field in FIELDS[kind]
        if field.is_required and field.name not in found
    )


def mapping_faults(layout: Layout, kind: str, mapping: Mapping[str, str]) -> tuple[Fault, ...]:
    """A fault for each entry of `mapping` that names no column, or no field of `kind`."""
    names = [field.name for field in FIELDS[kind]]
    headings = {normal(column.heading) for column in layout.columns}
    faults = []
    for heading, name in mapping.items():
        if name != UNUSED and list(mapping.values()).count(name) > 1:
            faults.append(Fault(None, name, shown(heading), "only one column can hold a field"))
        if normal(heading) not in headings:
            known = ", ".join(shown(column.heading) for column in layout.columns[:40])
            faults.append(
                Fault(
                    None,
                    name,
                    shown(heading),
                    _("is no column; the columns are: %(known)s", known=known),
                )
            )
        if name != UNUSED and name not in names:
            rule = _(
                "is no field; the fields are: %(join)s, or %(unused)s for none",
                join=", ".join(names),
                unused=UNUSED,
            )
            faults.append(Fault(None, None, shown(name), rule))
    return tuple(faults)


def _rows_that_hold(view: View) -> Iterator[SourceRow]:
    return (
        row
        for row in view.rows()
        if len(row.cells) <= _MOST_COLUMNS and not all(map(is_blank, row.cells))
    )


def _as_heading(cell: Cell) -> str:
    value = cell.value if isinstance(cell, Merged) else cell
    return "" if value is None else " ".join(str(value).replace("\ufeff", "").split())


def _score(columns: tuple[Column, ...], kind: str) -> int:
    fields = {column.field for column in columns if column.field}
    mapped = sum(column.how == "mapped" for column in columns)
    required = sum(field.is_required and field.name in fields for field in FIELDS[kind])
    return 1000 * mapped + 10 * required + len(fields)


def _by_name(headings: Sequence[str], kind: str, mapping: Mapping[str, str]) -> tuple[Column, ...]:
    """Columns matched by mapping, name and alias."""
    said = {normal(heading): name for heading, name in mapping.items()}
    names = {field.name for field in FIELDS[kind]}
    columns = [Column(index, heading) for index, heading in enumerate(headings) if heading]
    plain = {column.index: Heading(normal(column.heading)) for column in columns}
    priced = {column.index: with_currency(column.heading) for column in columns}
    taken: dict[int, Column] = {}
    settled: set[str] = set()

    def take(column: Column, name: str | None, how: str) -> None:
        taken[column.index] = replace(
            column, field=name, how=how, currency=priced[column.index].currency if name else ""
        )
        if name and how != "stand-in":
            settled.add(name)

    for column in columns:
        name = said.get(plain[column.index].normal)
        if name == UNUSED:
            take(column, None, "ignored")
        elif name in names and name not in settled:
            take(column, name, "mapped")

    by_heading: dict[tuple[str, bool], list[Column]] = {}
    for column in columns:
        by_heading.setdefault((plain[column.index].normal, False), []).append(column)
        by_heading.setdefault((priced[column.index].normal, True), []).append(column)

    def first(alias: str, field: Field) -> Column | None:
        key = normal(alias)
        found = by_heading.get((key, False), [])
        if field.is_money:
            found = found + by_heading.get((key, True), [])
        return next((column for column in found if column.index not in taken), None)

    for how in ("name", "alias"):
        for field in FIELDS[kind]:
            for alias in (field.name,) if how == "name" else (field.label, *field.aliases):
                if field.name not in settled and (column := first(alias, field)):
                    take(column, field.name, how)
    for field in FIELDS[kind]:
        for alias in field.stand_ins:
            if column := first(alias, field):
                how = "stand-in" if field.name in settled else "alias"
                take(column, field.name, how)
    return tuple(taken.get(column.index, column) for column in columns)


def _guess_the_rest(columns: tuple[Column, ...], kind: str) -> tuple[Column, ...]:
    """The columns, with those that are nearly called like a field still without one."""
    settled = {column.field for column in columns}
    guessed = list(columns)
    for field in FIELDS[kind]:
        if field.name in settled:
            continue
        likenesses = [
            (_likeness(column.heading, field), -place)
            for place, column in enumerate(guessed)
            if column.field is None and column.how == ""
        ]
        likeness, place = max(likenesses, default=(0.0, 0))
        if likeness >= _ALIKE:
            column = guessed[-place]
            currency = with_currency(column.heading).currency if field.is_money else ""
            guessed[-place] = replace(column, field=field.name, how="similar", currency=currency)
    return tuple(guessed)


def _likeness(heading: str, field: Field) -> float:
    forms = {normal(heading)} | ({with_currency(heading).normal} if field.is_money else set())
    best = 0.0
    for form in forms:
        if not _SHORTEST_GUESSED <= len(form) <= _LONGEST_GUESSED:
            continue
        for alias in (field.name, field.label, *field.aliases):
            matcher = SequenceMatcher(None, form, normal(alias))
            if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best:
                best = max(best, matcher.ratio())
    return best
