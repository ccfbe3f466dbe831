"""How far a person is in a guided tour of the demo round."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from funding.db import Base, UTCDateTime, now


class TourProgress(Base):
    """One person in one tour. `place`: steps that are done; `dismissed_at`: put aside."""

    __tablename__ = "tour_progress"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "tour"),
        sa.CheckConstraint("place between 0 and 50", name="place"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    tour: Mapped[str] = mapped_column(sa.Text)
    place: Mapped[int] = mapped_column(default=0)
    dismissed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
