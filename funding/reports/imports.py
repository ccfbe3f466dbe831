"""Imports as a list, and what the page of one shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, load_only

from funding.formatting import plural
from funding.imports.fields import FIELDS, Field
from funding.imports.recognise import UNUSED
from funding.language import gettext as _
from funding.language import said
from funding.listing import Listing
from funding.models import Import, ImportKind, Organisation, Round, RoundFunder, RoundState
from funding.permissions import Actor, visible_imports, visible_rounds, working_rounds
from funding.services.run_words import said_again

KIND_NAMES = {
    ImportKind.HISTORY.value: "Past grants",
    ImportKind.COMMITMENTS.value: "Commitments",
    ImportKind.PROPOSALS.value: "Proposals",
}

_LISTED = (
    Import.kind,
    Import.filename,
    Import.state,
    Import.counts,
    Import.created_at,
    Import.organisation_id,
    Import.round_id,
    Import.created_by_id,
)
"""What the list shows; the previews of large files stay where they are."""


def import_rows(session: Session, by: Actor, listing: Listing) -> tuple[list[Import], Listing]:
    """One page of the imports of the person's organisations: two queries."""
    query = visible_imports(by)
    if kind := listing.args.get("kind"):
        query = query.where(Import.kind == kind)
    if state := listing.args.get("state"):
        query = query.where(Import.state == state)
    if words := listing.args.get("q"):
        query = query.where(Import.filename.icontains(words, autoescape=True))
    ids = query.with_only_columns(Import.id).subquery()
    total = session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0
    listing = listing.counting(total)
    order = Import.filename if listing.sort_key == "file" else Import.created_at
    rows = session.scalars(
        query.options(
            load_only(*_LISTED),
            joinedload(Import.created_by),
            joinedload(Import.organisation),
            joinedload(Import.round),
        )
        .order_by(order.desc() if listing.is_descending else order, Import.id.desc())
        .limit(listing.per_page)
        .offset(listing.offset)
    )
    return list(rows), listing


# -- putting a file in ----------------------------------------------------------------------------


def kinds_for(by: Actor) -> list[tuple[str, str]]:
    """What the person may import: (kind, words)."""
    return [(kind, name) for kind, name in KIND_NAMES.items() if by.where(f"import.{kind}")]


def organisations_for(session: Session, by: Actor, kind: str) -> list[Organisation]:
    """For whom the person may import this kind."""
    return list(
        session.scalars(
            sa.select(Organisation)
            .where(Organisation.id.in_(list(by.where(f"import.{kind}"))))
            .order_by(Organisation.name)
        )
    )


def rounds_for(session: Session, by: Actor, kind: str) -> list[Round]:
    """Rounds that the person may import this kind into, newest first; none for history."""
    if kind == ImportKind.PROPOSALS:
        query = working_rounds(by, "import.proposals")
    elif kind == ImportKind.COMMITMENTS:
        takes_part = sa.exists().where(
            RoundFunder.round_id == Round.id,
            RoundFunder.funder_id.in_(list(by.where("import.commitments"))),
        )
        query = visible_rounds(by).where(sa.or_(takes_part, Round.may_join == "any funder"))
    else:
        return []
    query = query.where(Round.state != RoundState.CLOSED)
    return list(session.scalars(query.order_by(Round.opens_at.desc(), Round.id.desc())))


# -- one import -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ColumnRow:
    """A column of the file: `how` it was recognised in words, `is_guess` where it wants a look."""

    heading: str
    examples: list[str]
    field: str
    how: str
    is_guess: bool


_HOW = {
    "name": "by its heading",
    "alias": "by its heading",
    "similar": "a guess, by likeness",
    "mapped": "as you said",
    "stand-in": "fills blanks of the other column",
    "ignored": "as you said",
    "": "not recognised",
}


def column_rows(batch: Import) -> list[ColumnRow]:
    """The file's columns with the field each holds, `-` where it is not used."""
    return [
        ColumnRow(
            heading=column["heading"],
            examples=column["examples"],
            field=column["field"] or UNUSED,
            how=_HOW[column["how"]],
            is_guess=column["how"] == "similar",
        )
        for column in batch.preview.get("columns", ())
    ]


def field_choices(kind: str) -> list[tuple[str, str]]:
    """The fields of a kind, those that are needed said so; last, for a column not to be used."""
    fields = [
        (f.name, _("%(field)s (needed)", field=said(f.label)) if f.is_required else f.label)
        for f in FIELDS[kind]
    ]
    return [*fields, (UNUSED, "not used")]


_SAID_ELSEWHERE = ("currency", "date_precision")
_SAMPLE = 5


@dataclass(frozen=True)
class Sample:
    """The first rows as they will be stored: the fields that one of them has, and
    (row, one text a field). Amounts carry their currency, dates are as exact as they are known.
    """

    fields: list[Field]
    rows: list[tuple[int, list[str]]]


def sample_of(batch: Import) -> Sample:
    rows: list[Mapping[str, Any]] = batch.preview.get("sample", [])[:_SAMPLE]
    fields = [
        field
        for field in FIELDS[batch.kind]
        if field.name not in _SAID_ELSEWHERE and any(field.label in row for row in rows)
    ]
    return Sample(fields, [(row["row"], [row.get(f.label, "") for f in fields]) for row in rows])


def fields_in_words(kind: str) -> tuple[Field, ...]:
    """The fields of a kind, for the help beside the form."""
    return FIELDS[kind]


def fault_rows(batch: Import, offset: int, most: int) -> list[dict[str, Any]]:
    """Some of the faults, each with its field's `label` and its `rule` in the current language."""
    return [
        {
            **fault,
            "label": label_of(batch.kind, fault["field"]),
            "rule": said_again(fault["rule"], fault.get("says")),
        }
        for fault in batch.faults[offset : offset + most]
    ]


def stage_in_words(stage: str) -> str:
    """How far the work is: a worker notes a stage, or `stage: 1,234 rows`."""
    name, _colon, rows = stage.partition(": ")
    if not rows:
        return str(said(name))
    count = int(rows.removesuffix(" rows").replace(",", ""))
    return _("%(stage)s: %(rows)s", stage=said(name), rows=plural(count, "row"))


def label_of(kind: str, field: str | None) -> str:
    """A field as people read it."""
    return str(said(next((f.label for f in FIELDS[kind] if f.name == field), field or "")))
