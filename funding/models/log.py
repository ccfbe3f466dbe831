"""The append-only log, moves of state, outgoing mail and background jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, UTCDateTime, now
from funding.models.people import Person


class Event(Base):
    """One act, by whom, on what. Each row holds the hash of the one before it."""

    __tablename__ = "event"
    __table_args__ = (
        sa.UniqueConstraint("chain", "seq"),
        sa.Index(None, "subject_type", "subject_id"),
        sa.Index(None, "actor_id"),
        sa.Index(None, "round_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[str] = mapped_column(sa.Text, default="main")
    seq: Mapped[int]
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"))
    round_id: Mapped[int | None] = mapped_column(sa.ForeignKey("round.id"))
    action: Mapped[str] = mapped_column(sa.Text)
    subject_type: Mapped[str | None] = mapped_column(sa.Text)
    subject_id: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    previous_hash: Mapped[str] = mapped_column(sa.Text)
    hash: Mapped[str] = mapped_column(sa.Text)

    actor: Mapped[Person | None] = relationship()


class ChainHead(Base):
    """Where a chain of events stands; its row is what writers queue on."""

    __tablename__ = "chain_head"

    chain: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(sa.Text)


class AllowedMove(Base):
    """The table of legal moves of state; filled by migration from `funding.models.states`."""

    __tablename__ = "allowed_move"

    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    from_state: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    to_state: Mapped[str] = mapped_column(sa.Text, primary_key=True)


class Transition(Base):
    """One move of one thing, written by trigger whoever moved it."""

    __tablename__ = "transition"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["kind", "from_state", "to_state"],
            ["allowed_move.kind", "allowed_move.from_state", "allowed_move.to_state"],
        ),
        sa.Index(None, "kind", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[int]
    from_state: Mapped[str] = mapped_column(sa.Text)
    to_state: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime, server_default=sa.func.current_timestamp())


class Mail(Base):
    """A mail waiting to go out, or gone. Written in the transaction that it tells of.

    `key` is the letter's own: two with one key cannot be. `organisation_id` is whose letter it is,
    where an organisation sends it; its people see what became of it, but for those in conflict
    with `proposal_id`.
    """

    __tablename__ = "mail"
    __table_args__ = (
        sa.Index(None, "sent_at"),
        sa.Index("uq_mail_key", "key", unique=True),
        sa.Index(None, "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    to: Mapped[str] = mapped_column(sa.Text)
    subject: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    not_before: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(sa.Text, default="")
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    key: Mapped[str | None] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text, default="message")
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"))
    proposal_id: Mapped[int | None] = mapped_column(sa.ForeignKey("proposal.id"))


class Job(Base):
    """Work for a background worker. A worker holds it while it keeps renewing its lease."""

    __tablename__ = "job"
    __table_args__ = (
        sa.CheckConstraint("state in ('queued', 'running', 'done', 'failed')", name="state"),
        sa.Index(None, "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(sa.Text)
    arguments: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(sa.Text, default="queued")
    worker: Mapped[str | None] = mapped_column(sa.Text)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class RegularTask(Base):
    """A task that comes round by itself (`funding.services.regular`), and when it is due next."""

    __tablename__ = "regular_task"

    task: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
