"""Commitments: money a funder firmly promises to a round, with its restrictions."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, Money, UTCDateTime, money_check, now
from funding.models.people import Organisation
from funding.models.rounds import Round


class Commitment(Base):
    """`amount` in minor units of `currency`; restrictions are FORMAT's, null meaning any.

    What was committed is on the ledger; `amount` says what the funder has promised by now and
    changes only together with a transfer. `second_approval_above`: a line of more than this needs
    two approvers. `own_rate`: what one unit is worth in the round's currency, as a decimal, stated
    by the funder on `own_rate_on`, where no reference rate is published for the currency.
    `match_ratio`: it pays at most so many times what other funders pay a proposal, and at most
    `match_up_to`. `only_if` (in a proposal) and `joins_if` (in the round) say what it waits for:
    {funders, least, total}, amounts in its own minor units, keys that ask nothing left out.
    """

    __tablename__ = "commitment"
    __table_args__ = (
        sa.UniqueConstraint("id", "funder_id", "currency"),
        sa.UniqueConstraint("round_id", "key"),
        money_check("amount"),
        money_check("cap_per_proposal", least=1),
        money_check("ticket"),
        money_check("second_approval_above"),
        money_check("match_up_to", least=1),
        sa.CheckConstraint("match_ratio > 0 and match_ratio <= 100", name="match_ratio"),
        sa.CheckConstraint("least_share > 0 and least_share <= 1", name="least_share"),
        sa.CheckConstraint("cap_share_of_ask > 0 and cap_share_of_ask <= 1", name="cap_share"),
        sa.CheckConstraint("length(currency) = 3", name="currency"),
        sa.CheckConstraint("starts_on <= ends_on", name="period"),
        sa.Index(None, "funder_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(sa.Text)
    amount: Mapped[int] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(sa.Text)
    areas: Mapped[list[str] | None] = mapped_column(Json)
    least_share: Mapped[float] = mapped_column(default=0.5)
    pays_share_only: Mapped[bool] = mapped_column(default=False)
    regions: Mapped[list[str] | None] = mapped_column(Json)
    risk_tiers: Mapped[list[str] | None] = mapped_column(Json)
    cap_per_proposal: Mapped[int | None] = mapped_column(Money)
    cap_share_of_ask: Mapped[float] = mapped_column(default=1.0)
    ticket: Mapped[int] = mapped_column(Money, default=0)
    match_ratio: Mapped[float | None]
    match_up_to: Mapped[int | None] = mapped_column(Money)
    only_if: Mapped[dict[str, int] | None] = mapped_column(Json)
    joins_if: Mapped[dict[str, int] | None] = mapped_column(Json)
    second_approval_above: Mapped[int | None] = mapped_column(Money)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    own_rate: Mapped[str | None] = mapped_column(sa.Text)
    own_rate_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    round: Mapped[Round] = relationship()
    funder: Mapped[Organisation] = relationship()
    releases: Mapped[list[Release]] = relationship(
        order_by="Release.year", cascade="all, delete-orphan"
    )
    earlier: Mapped[list[EarlierPromise]] = relationship(
        order_by="EarlierPromise.year", cascade="all, delete-orphan"
    )
    excluded: Mapped[list[ExcludedApplicant]] = relationship(cascade="all, delete-orphan")

    def approvals_needed(self, amount: int) -> int:
        """How many people must approve a line of this amount (minor units of the commitment)."""
        threshold = self.second_approval_above
        return 2 if threshold is not None and amount > threshold else 1


class Release(Base):
    """What a commitment releases in a calendar year, in the commitment's minor units."""

    __tablename__ = "commitment_release"
    __table_args__ = (sa.UniqueConstraint("commitment_id", "year"), money_check("amount"))

    id: Mapped[int] = mapped_column(primary_key=True)
    commitment_id: Mapped[int] = mapped_column(sa.ForeignKey("commitment.id"))
    year: Mapped[int]
    amount: Mapped[int] = mapped_column(Money)


class EarlierPromise(Base):
    """What a commitment owes to awards made before this round, by the year it falls due.

    In the commitment's minor units. It is honoured first: the database keeps so much of what is
    available out of every line of the round.
    """

    __tablename__ = "earlier_promise"
    __table_args__ = (
        sa.UniqueConstraint("commitment_id", "year"),
        sa.CheckConstraint("year between 2000 and 2100", name="year"),
        money_check("amount", least=1),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    commitment_id: Mapped[int] = mapped_column(sa.ForeignKey("commitment.id"))
    year: Mapped[int]
    amount: Mapped[int] = mapped_column(Money)


class ExcludedApplicant(Base):
    """An institution that a commitment may not pay, and why."""

    __tablename__ = "excluded_applicant"
    __table_args__ = (sa.UniqueConstraint("commitment_id", "institution_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    commitment_id: Mapped[int] = mapped_column(sa.ForeignKey("commitment.id"))
    institution_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    reason: Mapped[str] = mapped_column(sa.Text, default="")

    institution: Mapped[Organisation] = relationship()
