"""Tranches of awards."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Money, money_check
from funding.models.decisions import Award


class TrancheState(StrEnum):
    SCHEDULED = "scheduled"
    DUE = "due"
    RELEASED = "released"
    PAID = "paid"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Tranche(Base):
    """One scheduled part of an award. Who prepares it cannot release it.

    A funder with a single finance officer can, with a compensating review.
    """

    __tablename__ = "tranche"
    __table_args__ = (
        money_check("amount", least=1),
        sa.CheckConstraint(
            "released_by_id <> prepared_by_id or compensating_review_id is not null",
            name="four_eyes",
        ),
        sa.CheckConstraint(
            "state not in ('released', 'paid', 'returned') or released_by_id is not null",
            name="released_by_somebody",
        ),
        sa.Index(None, "award_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(sa.ForeignKey("award.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=TrancheState.SCHEDULED)
    amount: Mapped[int] = mapped_column(Money)
    due_on: Mapped[date]
    condition: Mapped[str] = mapped_column(sa.Text, default="")
    prepared_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    released_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    compensating_review_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("compensating_review.id")
    )
    paid_on: Mapped[date | None]
    reference: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    award: Mapped[Award] = relationship(back_populates="tranches")
