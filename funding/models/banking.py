"""What the bank says: statements of a funder's own accounts, line by line."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, Money, UTCDateTime, money_check, now
from funding.models.payments import BankDetails, Tranche
from funding.models.people import Organisation, Person


class StatementState(StrEnum):
    PREVIEW = "preview"
    TAKEN_IN = "taken in"
    LEFT = "left"


class LineOfBankState(StrEnum):
    UNMATCHED = "unmatched"
    MATCHED = "matched"
    SET_ASIDE = "set aside"


class BankStatement(Base):
    """One statement of one own account. `read` holds its lines until it is taken in or left.

    `opening` and `closing` in minor units, below zero where overdrawn; null where the file does
    not say. The same file, or the bank's own number of a statement, is taken in once.
    """

    __tablename__ = "bank_statement"
    __table_args__ = (
        sa.CheckConstraint("format in ('camt.053', 'CSV')", name="format"),
        *(
            sa.Index(
                f"uq_bank_statement_{name}",
                *columns,
                unique=True,
                sqlite_where=sa.text(where),
                postgresql_where=sa.text(where),
            )
            for name, columns, where in (
                ("file", ("funder_id", "sha256"), "state <> 'left'"),
                (
                    "reference",
                    ("funder_id", "account", "reference"),
                    "state <> 'left' and reference <> ''",
                ),
            )
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    details_id: Mapped[int] = mapped_column(sa.ForeignKey("bank_details.id"))
    account: Mapped[str] = mapped_column(sa.Text)
    currency: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text, default=StatementState.PREVIEW)
    format: Mapped[str] = mapped_column(sa.Text)
    filename: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.Text)
    reference: Mapped[str] = mapped_column(sa.Text, default="")
    from_on: Mapped[date | None]
    to_on: Mapped[date | None]
    opening: Mapped[int | None] = mapped_column(Money)
    closing: Mapped[int | None] = mapped_column(Money)
    read: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    uploaded_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    taken_in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    funder: Mapped[Organisation] = relationship()
    details: Mapped[BankDetails] = relationship()
    uploaded_by: Mapped[Person] = relationship()
    lines: Mapped[list[BankLine]] = relationship(
        back_populates="statement", order_by="BankLine.row"
    )


class BankLine(Base):
    """One booking: money that left the account (`is_out`) or came in, and what it belongs to.

    `line_key` tells it from every other of the account, so that overlapping statements count a
    booking once. Matched, it confirms one transfer of the ledger.
    """

    __tablename__ = "bank_line"
    __table_args__ = (
        sa.UniqueConstraint("funder_id", "account", "line_key"),
        sa.UniqueConstraint("transfer_id"),
        money_check("amount", least=1),
        sa.CheckConstraint("state in ('unmatched', 'matched', 'set aside')", name="state"),
        sa.CheckConstraint(
            "(state = 'matched') = (transfer_id is not null)", name="matched_to_transfer"
        ),
        sa.CheckConstraint(
            "state = 'unmatched' or decided_by_id is not null", name="decided_by_somebody"
        ),
        sa.Index(None, "statement_id"),
        sa.Index(None, "funder_id", "state"),
        sa.Index(None, "tranche_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("bank_statement.id"))
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    account: Mapped[str] = mapped_column(sa.Text)
    line_key: Mapped[str] = mapped_column(sa.Text)
    row: Mapped[int]
    booked_on: Mapped[date]
    amount: Mapped[int] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(sa.Text)
    is_out: Mapped[bool]
    end_to_end_id: Mapped[str] = mapped_column(sa.Text, default="")
    reference: Mapped[str] = mapped_column(sa.Text, default="")
    party: Mapped[str] = mapped_column(sa.Text, default="")
    return_code: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[str] = mapped_column(sa.Text, default=LineOfBankState.UNMATCHED)
    why: Mapped[str] = mapped_column(sa.Text, default="")
    tranche_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tranche.id"))
    transfer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("transfer.id"))
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    statement: Mapped[BankStatement] = relationship(back_populates="lines")
    tranche: Mapped[Tranche | None] = relationship()
    decided_by: Mapped[Person | None] = relationship()
