"""Imported files, the past grants that came from them, and what else they brought in."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import MOST_MONEY, Base, Json, Money, UTCDateTime, money_check, now
from funding.models.people import Organisation, Person
from funding.models.rounds import Round


class ImportKind(StrEnum):
    HISTORY = "history"
    COMMITMENTS = "commitments"
    PROPOSALS = "proposals"


class ImportState(StrEnum):
    """READING: looked through, nothing stored. PREVIEW: may go ahead. REFUSED: has faults."""

    READING = "reading"
    PREVIEW = "preview"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Import(Base):
    """One file, from upload to done; its bytes are in the data folder under `sha256`.

    `mapping`: column heading -> field. `options`: what else the person said of the file (values
    for all rows, the order of dates, the sheet). `counts`: read, new, same, refused, and faults
    where not all of them are kept in `faults`. `preview`: what the page shows before the import.
    `attempt` counts readings, so that a late answer to an older question changes nothing.
    `is_public`: what is in the file has been published, so anybody may be told of it.
    """

    __tablename__ = "import"
    __table_args__ = (
        sa.CheckConstraint(f"kind in {tuple(k.value for k in ImportKind)!r}", name="kind"),
        sa.CheckConstraint(f"state in {tuple(s.value for s in ImportState)!r}", name="state"),
        sa.Index(None, "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    round_id: Mapped[int | None] = mapped_column(sa.ForeignKey("round.id"))
    filename: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.Text)
    mapping: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    options: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(sa.Text, default=ImportState.READING)
    attempt: Mapped[int] = mapped_column(default=1)
    is_public: Mapped[bool] = mapped_column(default=False)
    progress: Mapped[float | None]
    stage: Mapped[str] = mapped_column(sa.Text, default="")
    counts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    faults: Mapped[list[Any]] = mapped_column(Json, default=list)
    notes: Mapped[list[str]] = mapped_column(Json, default=list)
    preview: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    organisation: Mapped[Organisation] = relationship()
    round: Mapped[Round | None] = relationship()
    created_by: Mapped[Person | None] = relationship()


class ImportedItem(Base):
    """A commitment or proposal that came from a file; makes an import safe to repeat.

    `fingerprint` is the record's. `external_id` is the file's own identifier, null where none:
    the same one with another fingerprint was changed in the file since.
    """

    __tablename__ = "imported_item"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "kind", "fingerprint"),
        sa.UniqueConstraint("round_id", "kind", "external_id"),
        sa.CheckConstraint(
            "(kind = 'commitments' and commitment_id is not null and proposal_id is null)"
            " or (kind = 'proposals' and proposal_id is not null and commitment_id is null)",
            name="kind",
        ),
        sa.Index(None, "import_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("import.id"))
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    external_id: Mapped[str | None] = mapped_column(sa.Text)
    fingerprint: Mapped[str] = mapped_column(sa.Text)
    commitment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("commitment.id"))
    proposal_id: Mapped[int | None] = mapped_column(sa.ForeignKey("proposal.id"))


class HistoricGrant(Base):
    """A past grant as its file gave it. `amount` is null where the file has none; below 0, it is
    money returned.

    `funder_ref` and `recipient_ref` are their numbers in a register, where the file has them.
    `organisation_id` is who imported it. `fingerprint` and `occurrence` (how many equal rows
    came before it in the file) make an import safe to repeat.
    """

    __tablename__ = "historic_grant"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "fingerprint", "occurrence"),
        money_check("amount", least=-MOST_MONEY),
        sa.Index(None, "organisation_id", "awarded_on"),
        sa.Index(None, "organisation_id", "funder"),
        sa.Index(None, "organisation_id", "recipient"),
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
    round_name: Mapped[str | None] = mapped_column(sa.Text)
    source_url: Mapped[str | None] = mapped_column(sa.Text)
    external_id: Mapped[str | None] = mapped_column(sa.Text)
    funder_ref: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    recipient_ref: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    fingerprint: Mapped[str] = mapped_column(sa.Text)
    occurrence: Mapped[int] = mapped_column(default=0)
