"""The decision pack of a plan, what members say of it, and its seal at the decision."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, UTCDateTime, now
from funding.models.committee import Endorsement
from funding.models.decisions import PlanPutForward
from funding.models.people import Person


class PackState(StrEnum):
    MAKING = "making"
    READY = "ready"
    CANCELLED = "cancelled"
    FAILED = "failed"


class RemarkKind(StrEnum):
    AGREE = "agree"
    DISSENT = "dissent"
    COMMENT = "comment"


class Pack(Base):
    """What a committee decides on: figures of a plan's run and its studies, frozen.

    `content` is canonical JSON as text (docs/decision-pack.md), `digest` its SHA-256; both are
    there once the state is ready, and the database then lets nothing of the row change. `studies`:
    {kind: id of the study that is waited for or was read}. `progress` is from 0 to 1.
    """

    __tablename__ = "pack"
    __table_args__ = (
        sa.Index(
            "uq_pack_making",
            "plan_id",
            unique=True,
            sqlite_where=sa.text("state = 'making'"),
            postgresql_where=sa.text("state = 'making'"),
        ),
        sa.CheckConstraint("state in ('making', 'ready', 'cancelled', 'failed')", name="state"),
        sa.CheckConstraint(
            "(state = 'ready') = (content is not null)"
            " and (content is null) = (digest is null) and (content is null) = (made_at is null)",
            name="whole",
        ),
        sa.CheckConstraint("progress between 0 and 1", name="progress_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plan.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=PackState.MAKING)
    stage: Mapped[str] = mapped_column(sa.Text, default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    is_cancel_requested: Mapped[bool] = mapped_column(default=False)
    message: Mapped[str] = mapped_column(sa.Text, default="")
    studies: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    content: Mapped[str | None] = mapped_column(sa.Text, deferred=True)
    digest: Mapped[str | None] = mapped_column(sa.Text)
    made_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    plan: Mapped[PlanPutForward] = relationship()
    asked_by: Mapped[Person | None] = relationship()


class PackRemark(Base):
    """What a member said of a pack, or of one of its portfolios (`portfolio`, from 0).

    Rows only grow: who agrees after dissenting has said both, and the later one stands.
    """

    __tablename__ = "pack_remark"
    __table_args__ = (
        sa.Index(None, "pack_id"),
        sa.CheckConstraint("kind in ('agree', 'dissent', 'comment')", name="kind"),
        sa.CheckConstraint("kind = 'agree' or words <> ''", name="in_words"),
        sa.CheckConstraint("portfolio is null or portfolio >= 0", name="portfolio"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pack_id: Mapped[int] = mapped_column(sa.ForeignKey("pack.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    portfolio: Mapped[int | None]
    words: Mapped[str] = mapped_column(sa.Text, default="")
    said_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    person: Mapped[Person] = relationship()


class PackSeal(Base):
    """A pack closed by the committee's decision on its plan.

    `record` is canonical JSON of the result, the votes and the remarks, with the pack's digest in
    it; `digest` is its SHA-256.
    """

    __tablename__ = "pack_seal"
    __table_args__ = (sa.UniqueConstraint("pack_id"), sa.UniqueConstraint("endorsement_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    pack_id: Mapped[int] = mapped_column(sa.ForeignKey("pack.id"))
    endorsement_id: Mapped[int] = mapped_column(sa.ForeignKey("endorsement.id"))
    record: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.Text)
    sealed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    pack: Mapped[Pack] = relationship()
    endorsement: Mapped[Endorsement] = relationship()


class PackFile(Base):
    """A PDF of a sealed pack, in the data folder under its SHA-256."""

    __tablename__ = "pack_file"
    __table_args__ = (sa.UniqueConstraint("pack_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pack_id: Mapped[int] = mapped_column(sa.ForeignKey("pack.id"))
    sha256: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
