"""The steering committee: its rule in a round, votes on a plan, and what came of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, UTCDateTime, now
from funding.models.decisions import PlanPutForward
from funding.models.people import Person

DEFAULT_QUORUM = 50


class Majority(StrEnum):
    """What a plan needs to be endorsed."""

    SIMPLE = "simple"
    """More votes for than against."""
    TWO_THIRDS = "two thirds"
    """Two thirds of the votes for or against."""
    ABSOLUTE = "absolute"
    """More than half of the members who count."""


class Choice(StrEnum):
    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


class CommitteeRule(Base):
    """How a round's committee votes; without a row: half of the members, a simple majority, and
    lines may be approved whatever the committee says."""

    __tablename__ = "committee_rule"
    __table_args__ = (
        sa.CheckConstraint("quorum_percent between 1 and 100", name="quorum"),
        sa.CheckConstraint("majority in ('simple', 'two thirds', 'absolute')", name="majority"),
    )

    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"), primary_key=True)
    quorum_percent: Mapped[int] = mapped_column(default=DEFAULT_QUORUM)
    majority: Mapped[str] = mapped_column(sa.Text, default=Majority.SIMPLE)
    must_endorse: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling


class Vote(Base):
    """One member's vote on one plan; it is not changed. `words`: dissent, or what a member wants
    on record. Whoever votes declares to be in no conflict with a proposal of the plan."""

    __tablename__ = "vote"
    __table_args__ = (
        sa.UniqueConstraint("plan_id", "person_id"),
        sa.CheckConstraint("choice in ('for', 'against', 'abstain')", name="choice"),
        sa.CheckConstraint("choice <> 'against' or words <> ''", name="dissent_in_words"),
        sa.CheckConstraint("declares_no_conflict", name="declared"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plan.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    choice: Mapped[str] = mapped_column(sa.Text)
    words: Mapped[str] = mapped_column(sa.Text, default="")
    declares_no_conflict: Mapped[bool]
    cast_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    person: Mapped[Person] = relationship()


class Endorsement(Base):
    """What a vote came to, with the counts it rests on; `members` leaves out those in conflict."""

    __tablename__ = "endorsement"
    __table_args__ = (
        sa.UniqueConstraint("plan_id"),
        sa.CheckConstraint("result in ('endorsed', 'not endorsed')", name="result"),
        sa.CheckConstraint(
            "votes_for + votes_against + abstentions <= members", name="votes_of_members"
        ),
        sa.CheckConstraint(
            "(votes_for + votes_against + abstentions) * 100 >= quorum_percent * members",
            name="quorum",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plan.id"))
    result: Mapped[str] = mapped_column(sa.Text)
    members: Mapped[int]
    in_conflict: Mapped[int]
    quorum_percent: Mapped[int]
    majority: Mapped[str] = mapped_column(sa.Text)
    votes_for: Mapped[int]
    votes_against: Mapped[int]
    abstentions: Mapped[int]
    minutes: Mapped[str] = mapped_column(sa.Text, default="")
    closed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    closed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    plan: Mapped[PlanPutForward] = relationship()
    closed_by: Mapped[Person] = relationship()
