"""What people ask about their own data."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, UTCDateTime, now
from funding.models.people import Person


class ErasureRequest(Base):
    """A person's wish to be forgotten, until somebody who runs the site carries it out."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        sa.CheckConstraint("done_by_id <> person_id", name="by_another"),
        sa.Index(
            "uq_erasure_request_open",
            "person_id",
            unique=True,
            sqlite_where=sa.text("done_at is null"),
            postgresql_where=sa.text("done_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
