"""Studies: what is worked out in the background about a finished run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, UTCDateTime, now
from funding.models.people import Person
from funding.models.scenarios import Run, RunState


class Study(Base):
    """One analysis of a run's plan; `kind` is a name of `funding.studies.KINDS`.

    `parameters` hold all that it depends on besides the run. `result` is its document: whole once
    the state is done, until then what is kept of it, from which it can go on. Its life is that of
    a run (`RunState`), and `progress` is from 0 to 1.
    """

    __tablename__ = "study"
    __table_args__ = (
        sa.Index(None, "run_id", "kind"),
        sa.CheckConstraint("progress between 0 and 1", name="progress_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    parameters: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(sa.Text, default=RunState.QUEUED)
    progress: Mapped[float] = mapped_column(default=0.0)
    stage: Mapped[str] = mapped_column(sa.Text, default="")
    is_cancel_requested: Mapped[bool] = mapped_column(default=False)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json, deferred=True)
    message: Mapped[str] = mapped_column(sa.Text, default="")
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    run: Mapped[Run] = relationship()
    asked_by: Mapped[Person | None] = relationship()
