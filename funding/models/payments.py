"""Tranches of awards, whom they are paid to, the payments in files for the bank, reversals."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Money, UTCDateTime, money_check, now
from funding.models.decisions import Award
from funding.models.ledger import Transfer
from funding.models.people import Organisation, Person


class TrancheState(StrEnum):
    SCHEDULED = "scheduled"
    DUE = "due"
    RELEASED = "released"
    PAID = "paid"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class BatchState(StrEnum):
    MADE = "made"
    APPROVED = "approved"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class ReversalState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"


class Tranche(Base):
    """One scheduled part of an award. Who prepares it cannot release it.

    A funder with a single finance officer can, with a compensating review. It is due on `due_on`;
    one with a `milestone` once an officer has said, with the evidence, that this was reached.
    `paid_rate`: what a unit was worth in the round's currency when it was paid.
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
    milestone: Mapped[str] = mapped_column(sa.Text, default="")
    milestone_evidence: Mapped[str] = mapped_column(sa.Text, default="")
    milestone_reached_on: Mapped[date | None]
    milestone_reached_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    paid_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    paid_on: Mapped[date | None]
    paid_rate: Mapped[str | None] = mapped_column(sa.Text)
    paid_rate_on: Mapped[date | None]
    reference: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    award: Mapped[Award] = relationship(back_populates="tranches")
    payments: Mapped[list[Payment]] = relationship(
        back_populates="tranche", order_by="Payment.id", viewonly=True
    )


class BankDetails(Base):
    """Where an organisation is paid in one currency, as a funder keeps it: one row a version.

    An account is an IBAN, or a number with the code of its bank. A funder's own account has the
    funder on both sides. Rows are only added; the highest `number` holds.
    """

    __tablename__ = "bank_details"
    __table_args__ = (
        sa.UniqueConstraint("funder_id", "organisation_id", "currency", "number"),
        sa.CheckConstraint("(iban <> '') <> (account <> '')", name="one_account"),
        sa.CheckConstraint("account = '' or bank_code <> '' or bic <> ''", name="bank"),
        sa.CheckConstraint("holder <> ''", name="holder"),
        sa.CheckConstraint("length(currency) = 3", name="currency"),
        sa.CheckConstraint("length(country) = 2", name="country"),
        sa.Index(None, "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    currency: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[int]
    holder: Mapped[str] = mapped_column(sa.Text)
    iban: Mapped[str] = mapped_column(sa.Text, default="")
    account: Mapped[str] = mapped_column(sa.Text, default="")
    bank_code: Mapped[str] = mapped_column(sa.Text, default="")
    bic: Mapped[str] = mapped_column(sa.Text, default="")
    country: Mapped[str] = mapped_column(sa.Text)
    checked_how: Mapped[str] = mapped_column(sa.Text, default="")
    entered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    funder: Mapped[Organisation] = relationship(foreign_keys=[funder_id])
    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    entered_by: Mapped[Person] = relationship()

    @property
    def account_id(self) -> str:
        """The IBAN, else the account's number: what a bank's statement names it by."""
        return self.iban or self.account

    @property
    def masked(self) -> str:
        """Enough to tell two accounts apart, too little to pay to one."""
        known = self.account_id
        return f"{known[:2] if self.iban else ''}•••• {known[-4:]}"


class PaymentBatch(Base):
    """Released tranches of one funder and currency for the bank: made by one, approved by another.

    `total` in minor units and `count` are the control sums of the file; `message_id` names it.
    """

    __tablename__ = "payment_batch"
    __table_args__ = (
        money_check("total", least=1),
        sa.CheckConstraint("count > 0", name="count"),
        sa.Index(None, "funder_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    currency: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text, default=BatchState.MADE)
    execution_on: Mapped[date]
    details_id: Mapped[int] = mapped_column(sa.ForeignKey("bank_details.id"))
    message_id: Mapped[str] = mapped_column(sa.Text, unique=True)
    count: Mapped[int]
    total: Mapped[int] = mapped_column(Money)
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    approved_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    funder: Mapped[Organisation] = relationship()
    details: Mapped[BankDetails] = relationship()
    made_by: Mapped[Person] = relationship(foreign_keys=[made_by_id])
    approved_by: Mapped[Person | None] = relationship(foreign_keys=[approved_by_id])
    payments: Mapped[list[Payment]] = relationship(back_populates="batch", order_by="Payment.id")


class Payment(Base):
    """One tranche in one batch, to one version of its payee's bank details.

    `is_live` until its batch is cancelled or the bank sends it back: a tranche has at most one
    that is. `end_to_end_id` travels with the money and comes back on the bank's statement.
    """

    __tablename__ = "payment"
    __table_args__ = (
        money_check("amount", least=1),
        sa.Index(
            "uq_payment_live",
            "tranche_id",
            unique=True,
            sqlite_where=sa.text("is_live = 1"),
            postgresql_where=sa.text("is_live"),
        ),
        sa.Index(None, "batch_id"),
        sa.Index(None, "tranche_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("payment_batch.id"))
    tranche_id: Mapped[int] = mapped_column(sa.ForeignKey("tranche.id"))
    details_id: Mapped[int] = mapped_column(sa.ForeignKey("bank_details.id"))
    amount: Mapped[int] = mapped_column(Money)
    end_to_end_id: Mapped[str] = mapped_column(sa.Text, unique=True)
    is_live: Mapped[bool] = mapped_column(default=True)

    batch: Mapped[PaymentBatch] = relationship(back_populates="payments")
    tranche: Mapped[Tranche] = relationship(back_populates="payments")
    details: Mapped[BankDetails] = relationship()


class Reversal(Base):
    """A transfer that is to be undone: one person asks and says why, another approves.

    `bank_line_id`: the booking by which the bank sent a payment back, where there is one.
    """

    __tablename__ = "reversal"
    __table_args__ = (
        sa.CheckConstraint("reason <> ''", name="reason"),
        sa.Index(
            "uq_reversal_live",
            "transfer_id",
            unique=True,
            sqlite_where=sa.text("state <> 'refused'"),
            postgresql_where=sa.text("state <> 'refused'"),
        ),
        sa.Index(None, "transfer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(sa.ForeignKey("transfer.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=ReversalState.ASKED)
    reason: Mapped[str] = mapped_column(sa.Text)
    bank_line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bank_line.id"))
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    transfer: Mapped[Transfer] = relationship()
    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])
