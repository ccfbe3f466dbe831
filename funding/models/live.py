"""A live session: a committee tries changes on a solved run while it meets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, UTCDateTime, now
from funding.models.people import Person
from funding.models.rounds import Round
from funding.models.scenarios import Run


class StepState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    IMPOSSIBLE = "impossible"
    FAILED = "failed"


class LiveSession(Base):
    """One meeting over one run; at most one of a round is open.

    `current`: the number of the step that the room looks at. `holder` is the process that keeps
    the round's model warm, until `held_until`; whoever finds that past takes over.
    """

    __tablename__ = "live_session"
    __table_args__ = (
        sa.Index(
            "uq_live_session_open",
            "round_id",
            unique=True,
            sqlite_where=sa.text("closed_at is null"),
            postgresql_where=sa.text("closed_at is null"),
        ),
        sa.Index(None, "run_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id"))
    opened_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    current: Mapped[int] = mapped_column(default=0)
    is_voting_open: Mapped[bool] = mapped_column(default=False)
    holder: Mapped[str | None] = mapped_column(sa.Text)
    held_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    """When the chair last did something: a session that nobody uses need not be kept warm."""

    round: Mapped[Round] = relationship()
    run: Mapped[Run] = relationship()
    opened_by: Mapped[Person] = relationship()
    steps: Mapped[list[LiveStep]] = relationship(
        back_populates="session", order_by="LiveStep.number"
    )


class LiveStep(Base):
    """One plan of a session. Step 0 is the run's own.

    `changes`: all that differs from the run, `what`: what differs from the step it was made from
    (`parent`), in the form of `funding.studies.live`. `result`: the plan that passed its check.
    `says`: what `message` was made of (`optimizer.sentences`).
    Once it is settled the database lets nothing of it change.
    """

    __tablename__ = "live_step"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "number"),
        sa.CheckConstraint("state in ('waiting', 'done', 'impossible', 'failed')", name="state"),
        sa.CheckConstraint("(state = 'done') = (solved_at is not null)", name="solved"),
        sa.CheckConstraint("parent is null or parent < number", name="order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("live_session.id"))
    number: Mapped[int]
    parent: Mapped[int | None]
    changes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    what: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(sa.Text, default=StepState.WAITING)
    message: Mapped[str] = mapped_column(sa.Text, default="")
    says: Mapped[Any | None] = mapped_column(Json)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json, deferred=True)
    seconds: Mapped[float | None]
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    solved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    session: Mapped[LiveSession] = relationship(back_populates="steps")


class LiveVote(Base):
    """A member's signal on one step: for, against or abstain. It binds nobody, and may be changed
    while the chair keeps the vote open."""

    __tablename__ = "live_vote"
    __table_args__ = (
        sa.UniqueConstraint("step_id", "person_id"),
        sa.CheckConstraint("choice in ('for', 'against', 'abstain')", name="choice"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[int] = mapped_column(sa.ForeignKey("live_step.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    choice: Mapped[str] = mapped_column(sa.Text)
    given_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    person: Mapped[Person] = relationship()


class LiveRemark(Base):
    """What a member wrote while a step was shown."""

    __tablename__ = "live_remark"
    __table_args__ = (
        sa.Index(None, "step_id"),
        sa.CheckConstraint("words <> ''", name="in_words"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[int] = mapped_column(sa.ForeignKey("live_step.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    words: Mapped[str] = mapped_column(sa.Text)
    said_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    person: Mapped[Person] = relationship()
