"""Rounds: timetable, form, who takes part, questions from applicants, areas and their needs."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, Money, UTCDateTime, money_check, now
from funding.models.people import Organisation


class RoundState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    IN_REVIEW = "in review"
    ALLOCATING = "allocating"
    DECIDING = "deciding"
    CLOSED = "closed"


class Round(Base):
    """One pooled funding round. `policy` holds FORMAT's policy keys (money in base minor units).

    `keep_years`: how long after its closing it keeps what is personal
    (`funding.services.privacy.retention`). `overlaps_count`: which overlaps a plan heeds, only
    those that officers confirmed, or also what is unjudged from `probable_from` on, by its
    probability.
    """

    __tablename__ = "round"
    __table_args__ = (
        sa.CheckConstraint("opens_at < closes_at", name="opens_before_closing"),
        sa.CheckConstraint("keep_years between 1 and 50", name="keep_years"),
        sa.CheckConstraint("overlaps_count in ('confirmed', 'probable')", name="overlaps_count"),
        sa.CheckConstraint("probable_from > 0 and probable_from <= 1", name="probable_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text, unique=True)
    name: Mapped[str] = mapped_column(sa.Text)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=RoundState.DRAFT)
    base_currency: Mapped[str] = mapped_column(sa.Text)
    summary: Mapped[str] = mapped_column(sa.Text, default="")
    eligibility: Mapped[str] = mapped_column(sa.Text, default="")
    timezone: Mapped[str] = mapped_column(sa.Text, default="UTC")
    opens_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closes_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decides_on: Mapped[date | None]
    may_join: Mapped[str] = mapped_column(sa.Text, default="invited")
    keep_years: Mapped[int] = mapped_column(default=7)
    policy: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    overlaps_count: Mapped[str] = mapped_column(sa.Text, default="confirmed")
    probable_from: Mapped[float] = mapped_column(default=0.5)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    owner: Mapped[Organisation] = relationship()
    taxonomies: Mapped[list[Taxonomy]] = relationship(order_by="Taxonomy.number")
    questions: Mapped[list[FormQuestion]] = relationship(order_by="FormQuestion.position")
    participants: Mapped[list[RoundFunder]] = relationship(back_populates="round")
    needs: Mapped[list[AreaNeed]] = relationship(order_by="AreaNeed.area_key")

    @property
    def taxonomy(self) -> Taxonomy:
        """The version of the areas that counts now: the newest."""
        return self.taxonomies[-1]


class RoundExtension(Base):
    """A deadline moved, by whom and why; the first deadline stays on record in `from_at`."""

    __tablename__ = "round_extension"
    __table_args__ = (
        sa.CheckConstraint("to_at > from_at", name="only_later"),
        sa.Index(None, "round_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    proposal_id: Mapped[int | None] = mapped_column(sa.ForeignKey("proposal.id"))
    from_at: Mapped[datetime] = mapped_column(UTCDateTime)
    to_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(sa.Text)
    granted_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    granted_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class FormQuestion(Base):
    """A question of the round's own, asked of every applicant."""

    __tablename__ = "form_question"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "key"),
        sa.CheckConstraint("kind in ('text', 'choice', 'number')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(sa.Text)
    label: Mapped[str] = mapped_column(sa.Text)
    help: Mapped[str] = mapped_column(sa.Text, default="")
    kind: Mapped[str] = mapped_column(sa.Text, default="text")
    choices: Mapped[list[str]] = mapped_column(Json, default=list)
    is_required: Mapped[bool] = mapped_column(default=False)


class RoundFunder(Base):
    """A funder's part in a round: invited or joined, and what it is promised.

    `guarantee` is FORMAT's: its value in the plan is at least that baseline.
    """

    __tablename__ = "round_funder"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "funder_id"),
        sa.CheckConstraint("guarantee in ('none', 'alone', 'leave')", name="guarantee"),
        sa.Index(None, "funder_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    invited_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    joined_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    guarantee: Mapped[str] = mapped_column(sa.Text, default="alone")

    round: Mapped[Round] = relationship(back_populates="participants")
    funder: Mapped[Organisation] = relationship()
    weights: Mapped[list[FunderWeight]] = relationship(order_by="FunderWeight.area_key")


class FunderWeight(Base):
    """How much a funder cares about an area; 1 where there is no row."""

    __tablename__ = "funder_weight"
    __table_args__ = (
        sa.UniqueConstraint("round_funder_id", "area_key"),
        sa.CheckConstraint("weight >= 0 and weight <= 100", name="weight"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_funder_id: Mapped[int] = mapped_column(sa.ForeignKey("round_funder.id"))
    area_key: Mapped[str] = mapped_column(sa.Text)
    weight: Mapped[float]


class RoundEnquiry(Base):
    """A question from an applicant; once answered, all may read it (without the asker's name)."""

    __tablename__ = "round_enquiry"
    __table_args__ = (sa.Index(None, "round_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    question: Mapped[str] = mapped_column(sa.Text)
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    answer: Mapped[str | None] = mapped_column(sa.Text)
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Taxonomy(Base):
    """One version of a round's areas. An edit makes the next version; older ones stay readable.

    `replaced`: keys retired by this edit, each with the key of the area that took its place.
    """

    __tablename__ = "taxonomy"
    __table_args__ = (sa.UniqueConstraint("round_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    number: Mapped[int]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    replaced: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    areas: Mapped[list[Area]] = relationship(order_by="Area.position")


class Area(Base):
    """A field of work, on one of two levels (`parent_key` is null at the top)."""

    __tablename__ = "area"
    __table_args__ = (sa.UniqueConstraint("taxonomy_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    taxonomy_id: Mapped[int] = mapped_column(sa.ForeignKey("taxonomy.id"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(sa.Text)
    parent_key: Mapped[str | None] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    definition: Mapped[str] = mapped_column(sa.Text, default="")


class AreaNeed(Base):
    """How much a top area needs, in the round's base currency.

    `steps`: [[width, weight], ...] with falling weights. `spent`: money others already fund;
    null: taken from the imported history.
    """

    __tablename__ = "area_need"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "area_key"),
        money_check("floor"),
        money_check("cap"),
        money_check("spent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    area_key: Mapped[str] = mapped_column(sa.Text)
    floor: Mapped[int] = mapped_column(Money, default=0)
    cap: Mapped[int | None] = mapped_column(Money)
    spent: Mapped[int | None] = mapped_column(Money)
    steps: Mapped[list[list[float]]] = mapped_column(Json, default=list)
    note: Mapped[str] = mapped_column(sa.Text, default="")
