"""The compensating review: what a small funder does where it lacks a second pair of eyes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Money, UTCDateTime, money_check, now
from funding.models.decisions import PlanLine
from funding.models.payments import Tranche
from funding.models.people import Organisation, Person


class Verdict(StrEnum):
    AGREED = "agreed"
    OBJECTED = "objected"


class CompensatingReview(Base):
    """Another person looks at what one person of a funder did alone: a line, or a tranche.

    `asked_by` is who does both parts for want of a colleague, and says why; `reviewed_by` looks at
    it before or afterwards. Open until there is a verdict. It holds for one amount, in minor units
    of the commitment's currency.
    """

    __tablename__ = "compensating_review"
    __table_args__ = (
        sa.CheckConstraint("(plan_line_id is null) <> (tranche_id is null)", name="one_subject"),
        sa.CheckConstraint("reviewed_by_id <> asked_by_id", name="four_eyes"),
        sa.CheckConstraint("verdict in ('agreed', 'objected')", name="verdict"),
        sa.CheckConstraint(
            "(verdict is null and reviewed_by_id is null and reviewed_at is null)"
            " or (verdict is not null and reviewed_by_id is not null"
            " and reviewed_at is not null and finding <> '')",
            name="whole",
        ),
        sa.CheckConstraint("reason <> ''", name="reason"),
        sa.UniqueConstraint("plan_line_id", "amount"),
        sa.UniqueConstraint("tranche_id"),
        money_check("amount", least=1),
        sa.Index(None, "funder_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    plan_line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("plan_line.id"))
    # a tranche refers to its review; a trigger checks this way back
    tranche_id: Mapped[int | None] = mapped_column()
    amount: Mapped[int] = mapped_column(Money)
    reason: Mapped[str] = mapped_column(sa.Text)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    verdict: Mapped[str | None] = mapped_column(sa.Text)
    finding: Mapped[str] = mapped_column(sa.Text, default="")
    reviewed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    reviewed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    funder: Mapped[Organisation] = relationship()
    line: Mapped[PlanLine | None] = relationship(foreign_keys=[plan_line_id])
    tranche: Mapped[Tranche | None] = relationship(
        primaryjoin=lambda: CompensatingReview.tranche_id == Tranche.id,
        foreign_keys=[tranche_id],
        viewonly=True,
    )
    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id])
    reviewed_by: Mapped[Person | None] = relationship(foreign_keys=[reviewed_by_id])

    @property
    def is_open(self) -> bool:
        return self.verdict is None
