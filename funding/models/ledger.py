"""The ledger: accounts and transfers. Balances move by trigger; nothing is updated or deleted.

The triggers are in `funding.models.triggers`; the table of events and accounts is RELIABILITY §1.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, Money, UTCDateTime, money_check, now


class AccountKind(StrEnum):
    COMMITTED = "committed"
    AVAILABLE = "available"
    RESERVED = "reserved"
    AWARDED = "awarded"
    SCHEDULED = "scheduled"
    PAID = "paid"


class Account(Base):
    """A place where money of one funder and currency stands; `balance` in minor units."""

    __tablename__ = "account"
    __table_args__ = (
        sa.UniqueConstraint("id", "funder_id", "currency"),
        sa.UniqueConstraint("kind", "commitment_id", "award_id", "tranche_id"),
        sa.CheckConstraint("may_be_negative or balance >= 0", name="balance"),
        sa.CheckConstraint(
            "kind in ('committed', 'available', 'reserved', 'awarded', 'scheduled', 'paid')",
            name="kind",
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id", "funder_id", "currency"],
            ["commitment.id", "commitment.funder_id", "commitment.currency"],
        ),
        sa.Index(None, "commitment_id"),
        sa.Index(None, "award_id"),
        sa.Index(None, "tranche_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    currency: Mapped[str] = mapped_column(sa.Text)
    commitment_id: Mapped[int]
    award_id: Mapped[int | None] = mapped_column(sa.ForeignKey("award.id"))
    tranche_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tranche.id"))
    may_be_negative: Mapped[bool] = mapped_column(default=False)
    balance: Mapped[int] = mapped_column(Money, default=0)
    last_transfer_id: Mapped[int | None] = mapped_column(sa.BigInteger)


class Transfer(Base):
    """Money moving between two accounts of one funder and currency; `amount` is positive."""

    __tablename__ = "transfer"
    __table_args__ = (
        money_check("amount", least=1),
        sa.CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        sa.ForeignKeyConstraint(
            ["debit_id", "funder_id", "currency"],
            ["account.id", "account.funder_id", "account.currency"],
            name="fk_transfer_debit",
        ),
        sa.ForeignKeyConstraint(
            ["credit_id", "funder_id", "currency"],
            ["account.id", "account.funder_id", "account.currency"],
            name="fk_transfer_credit",
        ),
        sa.UniqueConstraint("reverses_id"),
        sa.Index(None, "debit_id"),
        sa.Index(None, "credit_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(sa.Text)
    debit_id: Mapped[int] = mapped_column()
    credit_id: Mapped[int] = mapped_column()
    funder_id: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.Text)
    amount: Mapped[int] = mapped_column(Money)
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("transfer.id"))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    posted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    posted_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    debit: Mapped[Account] = relationship(
        primaryjoin="Transfer.debit_id == Account.id", foreign_keys=[debit_id], viewonly=True
    )
    credit: Mapped[Account] = relationship(
        primaryjoin="Transfer.credit_id == Account.id", foreign_keys=[credit_id], viewonly=True
    )


class IdempotencyKey(Base):
    """One effect a key: kept in the transaction of the effect, with the answer given."""

    __tablename__ = "idempotency_key"
    __table_args__ = (sa.UniqueConstraint("person_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(sa.Text)
    request_hash: Mapped[str] = mapped_column(sa.Text)
    answer: Mapped[dict[str, object] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
