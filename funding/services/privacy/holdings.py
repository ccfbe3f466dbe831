"""All that is held on a person, for that person.

The tables are not listed by hand: every column that points at a person is followed, so that what
is added to the house later is in the export by itself.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Base
from funding.models import (
    Attachment,
    EvidenceFile,
    Mail,
    Person,
    ReportFile,
    ReviewerEffect,
    Score,
    TeamMember,
)
from funding.permissions import Actor
from funding.services.attachments import path_of
from funding.services.log import record

SECRETS = frozenset(
    {"password_hash", "token_hash", "calendar_hash", "iban", "account", "bank_code", "read"}
)
"""Columns that would let somebody in, and accounts of organisations and what banks booked on
them, which are no data of whoever typed them in."""

BY_ADDRESS: tuple[sa.ColumnElement[str], ...] = (
    Mail.__table__.c.to,
    TeamMember.__table__.c.email,
    Score.__table__.c.reviewer,
    ReviewerEffect.__table__.c.reviewer,
)
"""Columns that hold an address of mail and may name somebody without pointing at them."""

README = """\
Everything that Tributary holds on you, as it stood when you asked for it.

data.json   one list a table; a row is here because it points at you or holds your address.
            Amounts are in the smallest unit of their currency, moments in UTC.
files/      what you attached to proposals and reports, under its number in data.json.

Not here: secrets such as passwords, of which only digests are kept.
"""


def holdings(session: Session, person_id: int) -> dict[str, list[dict[str, Any]]]:
    """Table -> its rows about the person, secrets left out; tables without any are left out."""
    address = session.get_one(Person, person_id).email
    found = {
        table.name: _rows(session, table, about)
        for table, about in _tables_about(person_id, address)
    }
    return {name: rows for name, rows in found.items() if rows}


def _tables_about(
    person_id: int, address: str
) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    people = Person.__table__
    for table in Base.metadata.sorted_tables:
        about = [
            key.parent == person_id for key in table.foreign_keys if key.column.table is people
        ]
        about += [
            sa.func.lower(column) == address.lower()
            for column in BY_ADDRESS
            if column.table is table
        ]
        if table is people:
            about.append(people.c.id == person_id)
        if about:
            yield table, sa.or_(*about)


def _rows(session: Session, table: sa.Table, about: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    shown = [column for column in table.columns if column.name not in SECRETS]
    rows = session.execute(sa.select(*shown).where(about).order_by(*table.primary_key.columns))
    return [dict(row._mapping) for row in rows]


def export(session: Session, *, by: Actor, data: Path) -> bytes:
    """A ZIP file of one's own holdings, with the files one attached; that it was made is logged."""
    person = session.get_one(Person, by.person_id)
    record(session, by, "own data exported", person)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        tables = holdings(session, by.person_id)
        archive.writestr("data.json", json.dumps(tables, indent=2, default=str))
        kinds = ((Attachment, ""), (ReportFile, "report-"), (EvidenceFile, "evidence-"))
        for kind, prefix in kinds:
            attached = sa.select(kind).where(kind.added_by_id == by.person_id)
            for file in session.scalars(attached.order_by(kind.id)):
                path = path_of(data, file.sha256)
                if path.exists():
                    archive.write(path, f"files/{prefix}{file.id}-{file.name}")
    return written.getvalue()
