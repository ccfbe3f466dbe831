"""What people pin to a round's dashboards for the others to read."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, UTCDateTime, now
from funding.models.people import Person
from funding.models.rounds import Round


class DashboardNote(Base):
    """A dated note on a dashboard, or on the figure `figure` of it. Never changed; whoever wrote
    it can withdraw it, and it is then shown no more."""

    __tablename__ = "dashboard_note"
    __table_args__ = (
        sa.CheckConstraint("words <> ''", name="words"),
        sa.Index(None, "round_id", "dashboard"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    dashboard: Mapped[str] = mapped_column(sa.Text)
    figure: Mapped[str] = mapped_column(sa.Text, default="")
    words: Mapped[str] = mapped_column(sa.Text)
    written_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    round: Mapped[Round] = relationship()
    written_by: Mapped[Person] = relationship()
