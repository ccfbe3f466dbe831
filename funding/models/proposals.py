"""Proposals: what applicants request, their drafts, attachments, scores and conflicts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, Money, UTCDateTime, money_check, now
from funding.models.people import Organisation, Person
from funding.models.rounds import Round


class ProposalState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in review"
    FUNDED = "funded"
    NOT_FUNDED = "not funded"
    WITHDRAWN = "withdrawn"


class RiskTier(StrEnum):
    MINIMAL = "minimal"
    LIMITED = "limited"
    HIGH = "high"
    PROHIBITED = "prohibited"


CANDIDATE_STATES = (ProposalState.SUBMITTED, ProposalState.IN_REVIEW)


class Proposal(Base):
    """One request. `ask` and `minimum` are in minor units of the round's base currency."""

    __tablename__ = "proposal"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "key"),
        money_check("ask"),
        money_check("minimum"),
        sa.CheckConstraint("minimum <= ask", name="minimum_within_ask"),
        sa.CheckConstraint("starts_on <= ends_on", name="period"),
        sa.Index(None, "round_id", "state"),
        sa.Index(None, "institution_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=ProposalState.DRAFT)
    title: Mapped[str] = mapped_column(sa.Text, default="")
    abstract: Mapped[str] = mapped_column(sa.Text, default="")
    ask: Mapped[int] = mapped_column(Money, default=0)
    minimum: Mapped[int] = mapped_column(Money, default=0)
    institution_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"))
    lead_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    country: Mapped[str | None] = mapped_column(sa.Text)
    region: Mapped[str | None] = mapped_column(sa.Text)
    risk_tier: Mapped[str | None] = mapped_column(sa.Text)
    risk_answers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    answers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    keywords: Mapped[list[str]] = mapped_column(Json, default=list)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawal_reason: Mapped[str] = mapped_column(sa.Text, default="")
    personal_removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    round: Mapped[Round] = relationship()
    institution: Mapped[Organisation | None] = relationship()
    lead: Mapped[Person] = relationship()
    areas: Mapped[list[ProposalArea]] = relationship(
        order_by="ProposalArea.id", cascade="all, delete-orphan"
    )
    budget: Mapped[list[BudgetLine]] = relationship(
        order_by="BudgetLine.position", cascade="all, delete-orphan"
    )
    years: Mapped[list[YearOfAsk]] = relationship(
        order_by="YearOfAsk.year", cascade="all, delete-orphan"
    )
    team: Mapped[list[TeamMember]] = relationship(
        order_by="TeamMember.position", cascade="all, delete-orphan"
    )
    attachments: Mapped[list[Attachment]] = relationship(order_by="Attachment.id")
    scores: Mapped[list[Score]] = relationship(order_by="Score.id")


class ProposalArea(Base):
    """A tag: which area, with what share of the work; shares sum to 1 on submission."""

    __tablename__ = "proposal_area"
    __table_args__ = (
        sa.UniqueConstraint("proposal_id", "area_key"),
        sa.CheckConstraint("weight > 0 and weight <= 1", name="weight"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    area_key: Mapped[str] = mapped_column(sa.Text)
    weight: Mapped[float]


class BudgetLine(Base):
    """One line of the budget, in minor units of the round's base currency."""

    __tablename__ = "budget_line"
    __table_args__ = (money_check("amount"), sa.Index(None, "proposal_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.Text)
    amount: Mapped[int] = mapped_column(Money)


class YearOfAsk(Base):
    """How much of the ask is needed in a calendar year, in minor units of the base currency.

    Without any the ask is taken to be needed evenly over the proposal's period.
    """

    __tablename__ = "year_of_ask"
    __table_args__ = (
        sa.UniqueConstraint("proposal_id", "year"),
        sa.CheckConstraint("year between 2000 and 2100", name="year"),
        money_check("amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    year: Mapped[int]
    amount: Mapped[int] = mapped_column(Money)


class TeamMember(Base):
    """Someone named in the team. With `person_id`, a co-applicant who may edit the proposal."""

    __tablename__ = "team_member"
    __table_args__ = (sa.Index(None, "proposal_id"), sa.Index(None, "person_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.Text)
    role: Mapped[str] = mapped_column(sa.Text, default="")
    email: Mapped[str | None] = mapped_column(sa.Text)
    orcid: Mapped[str | None] = mapped_column(sa.Text)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))


class Attachment(Base):
    """A file of a proposal; its bytes are in the data folder under `sha256`."""

    __tablename__ = "attachment"
    __table_args__ = (sa.Index(None, "proposal_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    name: Mapped[str] = mapped_column(sa.Text)
    media_type: Mapped[str] = mapped_column(sa.Text)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.Text)
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class ParkedForm(Base):
    """What somebody typed, exactly as typed, valid or not, until it is saved properly.

    One row a form and person; `form` names it (for example `proposal:17`). A form sent with an
    expired session is parked without a person under the hash of a token in that browser's cookie.
    """

    __tablename__ = "parked_form"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "form"),
        sa.UniqueConstraint("token_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(sa.Text)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    token_hash: Mapped[str | None] = mapped_column(sa.Text)
    fields: Mapped[dict[str, Any]] = mapped_column(Json)
    base_version: Mapped[int | None]
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Score(Base):
    """A reviewer's score from 0 to 100: that of a review, or entered or imported by an officer."""

    __tablename__ = "score"
    __table_args__ = (
        sa.UniqueConstraint("proposal_id", "reviewer"),
        sa.Index(None, "review_id", unique=True),
        sa.CheckConstraint("score >= 0 and score <= 100", name="score"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    reviewer: Mapped[str] = mapped_column(sa.Text)
    score: Mapped[float]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    entered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    review_id: Mapped[int | None] = mapped_column(sa.ForeignKey("review.id"))


class ConflictOfInterest(Base):
    """A person who is out of the room for a proposal: it is not there for them at all."""

    __tablename__ = "conflict_of_interest"
    __table_args__ = (
        sa.UniqueConstraint("proposal_id", "person_id"),
        sa.Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(sa.Text)
    declared_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    declared_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class LiftedConflict(Base):
    """A conflict that holds no more: what it was, and who let the person back in, and why.

    Neither the person in conflict nor whoever declared it can lift it.
    """

    __tablename__ = "lifted_conflict"
    __table_args__ = (
        sa.CheckConstraint(
            "lifted_by_id <> person_id and lifted_by_id <> declared_by_id", name="four_eyes"
        ),
        sa.Index(None, "proposal_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(sa.Text)
    declared_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    declared_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lifted_because: Mapped[str] = mapped_column(sa.Text)
    lifted_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    lifted_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
