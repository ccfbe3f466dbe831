"""Plans put forward, the decision on each line, and awards."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, Money, UTCDateTime, money_check, now
from funding.models.commitments import Commitment
from funding.models.people import Person
from funding.models.proposals import Proposal
from funding.models.rounds import Round
from funding.models.scenarios import Run

if TYPE_CHECKING:
    from funding.models.payments import Tranche


class LineState(StrEnum):
    SUGGESTED = "suggested"
    RECOMMENDED = "recommended"
    AMENDED = "amended"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


UNDECIDED = (LineState.RECOMMENDED, LineState.AMENDED)


class AwardState(StrEnum):
    """`to be offered` only where the funder offers by letter, after its due diligence."""

    TO_BE_OFFERED = "to be offered"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class PlanPutForward(Base):
    """A run that an officer put before the round's funders. At most one of a round is current."""

    __tablename__ = "plan"
    __table_args__ = (
        sa.Index(
            "uq_plan_current",
            "round_id",
            unique=True,
            sqlite_where=sa.text("is_current = 1"),
            postgresql_where=sa.text("is_current"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id"))
    is_current: Mapped[bool] = mapped_column(default=True)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    put_forward_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    put_forward_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    round: Mapped[Round] = relationship()
    run: Mapped[Run] = relationship()
    put_forward_by: Mapped[Person] = relationship()
    lines: Mapped[list[PlanLine]] = relationship(back_populates="plan", order_by="PlanLine.id")


class PlanLine(Base):
    """Money of one commitment for one proposal, waiting for its funder's decision.

    `amount` is in the commitment's currency and is what is reserved on the ledger; `base_amount`
    is the same in the round's. `recommended_by` put this amount forward and may not approve it.
    `reason` and `says` are those of the run's line.
    """

    __tablename__ = "plan_line"
    __table_args__ = (
        sa.UniqueConstraint("plan_id", "commitment_id", "proposal_id"),
        sa.UniqueConstraint("id", "commitment_id", "proposal_id"),
        money_check("amount"),
        money_check("base_amount"),
        money_check("suggested_amount"),
        sa.Index(None, "commitment_id", "state"),
        sa.Index(None, "proposal_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plan.id"))
    commitment_id: Mapped[int] = mapped_column(sa.ForeignKey("commitment.id"))
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=LineState.RECOMMENDED)
    suggested_amount: Mapped[int] = mapped_column(Money)
    amount: Mapped[int] = mapped_column(Money)
    base_amount: Mapped[int] = mapped_column(Money)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    says: Mapped[Any | None] = mapped_column(Json)
    recommended_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decision_reason: Mapped[str] = mapped_column(sa.Text, default="")
    approvals_needed: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    plan: Mapped[PlanPutForward] = relationship(back_populates="lines")
    commitment: Mapped[Commitment] = relationship()
    proposal: Mapped[Proposal] = relationship()
    recommended_by: Mapped[Person] = relationship(foreign_keys=[recommended_by_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])
    approvals: Mapped[list[Approval]] = relationship(order_by="Approval.id")


class Approval(Base):
    """One person's yes to one amount of a line, put forward by another.

    Who put it forward can approve it only with a compensating review (`CompensatingReview`).
    """

    __tablename__ = "approval"
    __table_args__ = (
        sa.UniqueConstraint("plan_line_id", "person_id", "amount"),
        money_check("amount", least=1),
        sa.CheckConstraint(
            "put_forward_by_id <> person_id or compensating_review_id is not null",
            name="four_eyes",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_line_id: Mapped[int] = mapped_column(sa.ForeignKey("plan_line.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    amount: Mapped[int] = mapped_column(Money)
    given_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    # empty only where approvals from before this column were of an amount amended away since
    put_forward_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    compensating_review_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("compensating_review.id")
    )

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Award(Base):
    """An approved line: one funder's decision to pay one proposal, in the commitment's currency."""

    __tablename__ = "award"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["plan_line_id", "commitment_id", "proposal_id"],
            ["plan_line.id", "plan_line.commitment_id", "plan_line.proposal_id"],
        ),
        sa.UniqueConstraint("plan_line_id"),
        money_check("amount", least=1),
        money_check("base_amount"),
        sa.Index(None, "commitment_id"),
        sa.Index(None, "proposal_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_line_id: Mapped[int]
    commitment_id: Mapped[int] = mapped_column(sa.ForeignKey("commitment.id"))
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=AwardState.OFFERED)
    amount: Mapped[int] = mapped_column(Money)
    base_amount: Mapped[int] = mapped_column(Money)
    awarded_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    commitment: Mapped[Commitment] = relationship()
    proposal: Mapped[Proposal] = relationship()
    plan_line: Mapped[PlanLine] = relationship(viewonly=True)
    tranches: Mapped[list[Tranche]] = relationship(
        back_populates="award", order_by="Tranche.due_on"
    )
