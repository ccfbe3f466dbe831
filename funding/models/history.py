"""Imported files and the past grants that came from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, Money, UTCDateTime, money_check, now
from funding.models.people import Organisation, Person


class Import(Base):
    """One file, from upload to done. `counts`: read, new, same, refused; `faults` as sentences."""

    __tablename__ = "import"
    __table_args__ = (
        sa.CheckConstraint("kind in ('history', 'commitments', 'proposals')", name="kind"),
        sa.CheckConstraint(
            "state in ('preview', 'running', 'done', 'refused', 'cancelled')", name="state"
        ),
        sa.Index(None, "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    round_id: Mapped[int | None] = mapped_column(sa.ForeignKey("round.id"))
    filename: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.Text)
    mapping: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(sa.Text, default="preview")
    counts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    faults: Mapped[list[Any]] = mapped_column(Json, default=list)
    notes: Mapped[list[str]] = mapped_column(Json, default=list)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    organisation: Mapped[Organisation] = relationship()
    created_by: Mapped[Person | None] = relationship()


class HistoricGrant(Base):
    """A past grant as its file gave it. `amount` is null where the file has none.

    `organisation_id` is who imported it. `fingerprint` and `occurrence` (how many equal rows
    came before it in the file) make an import safe to repeat.
    """

    __tablename__ = "historic_grant"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "fingerprint", "occurrence"),
        money_check("amount"),
        sa.Index(None, "organisation_id", "awarded_on"),
        sa.Index(None, "area_key"),
        sa.Index(None, "import_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("import.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    funder: Mapped[str] = mapped_column(sa.Text)
    recipient: Mapped[str] = mapped_column(sa.Text)
    amount: Mapped[int | None] = mapped_column(Money)
    currency: Mapped[str | None] = mapped_column(sa.Text)
    awarded_on: Mapped[date | None]
    date_precision: Mapped[str | None] = mapped_column(sa.Text)
    area_text: Mapped[str | None] = mapped_column(sa.Text)
    area_key: Mapped[str | None] = mapped_column(sa.Text)
    title: Mapped[str | None] = mapped_column(sa.Text)
    purpose: Mapped[str | None] = mapped_column(sa.Text)
    source_url: Mapped[str | None] = mapped_column(sa.Text)
    external_id: Mapped[str | None] = mapped_column(sa.Text)
    fingerprint: Mapped[str] = mapped_column(sa.Text)
    occurrence: Mapped[int] = mapped_column(default=0)
