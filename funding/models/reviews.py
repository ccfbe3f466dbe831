"""Reviews: who may review in a round, what they were asked, what they declared and handed in.

What somebody types before handing in is a `ParkedForm`; a handed-in review is never changed.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, UTCDateTime, now
from funding.models.people import Person
from funding.models.proposals import Proposal, Score
from funding.models.rounds import Round


class AssignmentState(StrEnum):
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    IN_CONFLICT = "in conflict"
    HANDED_IN = "handed in"
    DELEGATED = "delegated"
    WITHDRAWN = "withdrawn"


WAITING_STATES = (AssignmentState.ASSIGNED, AssignmentState.ACCEPTED)
"""A review is still to come."""
COUNTED_STATES = (*WAITING_STATES, AssignmentState.HANDED_IN)
"""The proposal has, or will have, a review of this person's."""


class ReviewSettings(Base):
    """How a round is reviewed; one row a round, made when first set.

    `least`: reviews that each proposal should have. `counts`: which scores the allocation uses.
    """

    __tablename__ = "review_settings"
    __table_args__ = (
        sa.UniqueConstraint("round_id"),
        sa.CheckConstraint("least between 1 and 20", name="least"),
        sa.CheckConstraint("remind_days between 0 and 60", name="remind_days"),
        sa.CheckConstraint("counts in ('raw', 'calibrated')", name="counts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    least: Mapped[int] = mapped_column(default=3)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    remind_days: Mapped[int] = mapped_column(default=3)
    counts: Mapped[str] = mapped_column(sa.Text, default="raw")
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling


class ReviewForm(Base):
    """One version of a round's review form. An edit makes the next; handed-in reviews keep theirs.

    Every criterion is marked from `lowest` to `highest`.
    """

    __tablename__ = "review_form"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "number"),
        sa.CheckConstraint("lowest >= 0 and lowest < highest and highest <= 100", name="scale"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    number: Mapped[int]
    lowest: Mapped[int]
    highest: Mapped[int]
    guidance: Mapped[str] = mapped_column(sa.Text, default="")
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    criteria: Mapped[list[ReviewCriterion]] = relationship(order_by="ReviewCriterion.position")


class ReviewCriterion(Base):
    """What is marked, with what weight; `anchors`: [[point of the scale, what it means], ...]."""

    __tablename__ = "review_criterion"
    __table_args__ = (
        sa.UniqueConstraint("form_id", "key"),
        sa.CheckConstraint("weight > 0 and weight <= 100", name="weight"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(sa.ForeignKey("review_form.id"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    help: Mapped[str] = mapped_column(sa.Text, default="")
    weight: Mapped[float]
    anchors: Mapped[list[list[Any]]] = mapped_column(Json, default=list)


class RoundReviewer(Base):
    """A person who reviews in a round: areas known well, expertise in words, how many at most."""

    __tablename__ = "round_reviewer"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "person_id"),
        sa.CheckConstraint("most between 0 and 1000", name="most"),
        sa.Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    areas: Mapped[list[str]] = mapped_column(Json, default=list)
    expertise: Mapped[str] = mapped_column(sa.Text, default="")
    most: Mapped[int] = mapped_column(default=8)
    added_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    round: Mapped[Round] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class ReviewerAbsence(Base):
    """When a reviewer of a round is away, and who then does what waits for them."""

    __tablename__ = "reviewer_absence"
    __table_args__ = (
        sa.CheckConstraint("from_on <= until_on", name="period"),
        sa.CheckConstraint("delegate_id <> person_id", name="somebody_else"),
        sa.Index(None, "round_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    from_on: Mapped[date]
    until_on: Mapped[date]
    delegate_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    recorded_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    delegate: Mapped[Person] = relationship(foreign_keys=[delegate_id])


class CoAuthor(Base):
    """Somebody a reviewer has published with: stated, or imported by an officer, whose rows the
    reviewer does not take out.

    `last_on`: the day of the last joint work; the last of its year where only the year is known.
    """

    __tablename__ = "co_author"
    __table_args__ = (sa.UniqueConstraint("person_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(sa.Text)
    orcid: Mapped[str | None] = mapped_column(sa.Text)
    last_on: Mapped[date]
    doi: Mapped[str | None] = mapped_column(sa.Text)
    stated_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    imported_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    stated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class ReviewAssignment(Base):
    """A person is asked to review a proposal; `reason` says why this person, and `says` what that
    was made of (`funding.sayings`; None where somebody wrote it).

    `from_id`: the assignment that this one takes the place of, by delegation or reassignment.
    """

    __tablename__ = "review_assignment"
    __table_args__ = (
        sa.UniqueConstraint("proposal_id", "person_id"),
        sa.UniqueConstraint("id", "proposal_id", "person_id"),
        sa.Index(None, "person_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=AssignmentState.ASSIGNED)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    says: Mapped[Any | None] = mapped_column(Json)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    assigned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    assigned_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    from_id: Mapped[int | None] = mapped_column(sa.ForeignKey("review_assignment.id"))
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    proposal: Mapped[Proposal] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    taken_from: Mapped[ReviewAssignment | None] = relationship(remote_side=[id])


class ReviewDeclaration(Base):
    """What an assigned reviewer declared before access: no conflict, or a conflict and which."""

    __tablename__ = "review_declaration"
    __table_args__ = (sa.Index(None, "proposal_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    has_conflict: Mapped[bool]
    words: Mapped[str] = mapped_column(sa.Text, default="")
    declared_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class WaiverRequest(Base):
    """An officer asks that a conflict found by itself be waived; another one answers.

    `kind` is one of `funding.models.triggers.reviews.FOUND`. A waiver is `WaivedConflict`.
    """

    __tablename__ = "waiver_request"
    __table_args__ = (sa.UniqueConstraint("proposal_id", "person_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    found: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class WaivedConflict(Base):
    """A conflict found by itself that a second person waived, with a reason. Kept as it is."""

    __tablename__ = "waived_conflict"
    __table_args__ = (
        sa.UniqueConstraint("proposal_id", "person_id", "kind"),
        sa.CheckConstraint(
            "waived_by_id <> asked_by_id and waived_by_id <> person_id"
            " and asked_by_id <> person_id",
            name="four_eyes",
        ),
        sa.CheckConstraint("length(trim(reason)) > 0", name="reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    found: Mapped[str] = mapped_column(sa.Text)
    asked_because: Mapped[str] = mapped_column(sa.Text)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(sa.Text)
    waived_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    waived_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Review(Base):
    """A review as handed in. `marks`: by criterion; `score`: their weighted mean, 0 to 100.

    `for_committee` and `for_applicant` are kept apart; only the latter is ever released.
    """

    __tablename__ = "review"
    __table_args__ = (
        sa.UniqueConstraint("proposal_id", "person_id"),
        sa.UniqueConstraint("assignment_id"),
        sa.ForeignKeyConstraint(
            ["assignment_id", "proposal_id", "person_id"],
            [
                "review_assignment.id",
                "review_assignment.proposal_id",
                "review_assignment.person_id",
            ],
        ),
        sa.CheckConstraint("score >= 0 and score <= 100", name="score"),
        sa.Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int]
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    form_id: Mapped[int] = mapped_column(sa.ForeignKey("review_form.id"))
    marks: Mapped[dict[str, float]] = mapped_column(Json)
    score: Mapped[float]
    for_committee: Mapped[str] = mapped_column(sa.Text, default="")
    for_applicant: Mapped[str] = mapped_column(sa.Text, default="")
    handed_in_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    released_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    assignment: Mapped[ReviewAssignment] = relationship(viewonly=True)
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    form: Mapped[ReviewForm] = relationship()


class ReviewRemark(Base):
    """One contribution to the discussion of a proposal among its reviewers and the officers."""

    __tablename__ = "review_remark"
    __table_args__ = (sa.Index(None, "proposal_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    person: Mapped[Person] = relationship()


class ReviewerEffect(Base):
    """How much higher than others a reviewer scores in a round, estimated from the scores there.

    `applied` is what counts in the allocation: the effect, or 0 where raw scores count.
    """

    __tablename__ = "reviewer_effect"
    __table_args__ = (sa.UniqueConstraint("round_id", "reviewer"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    reviewer: Mapped[str] = mapped_column(sa.Text)
    effect: Mapped[float]
    applied: Mapped[float]
    scores: Mapped[int]


class ReviewSuggestion(Base):
    """An assignment that was worked out in the background; the newest of a round counts.

    `answer`: what cannot be met, in words by proposal, and figures of the whole.
    """

    __tablename__ = "review_suggestion"
    __table_args__ = (
        sa.CheckConstraint("state in ('queued', 'done', 'failed', 'taken')", name="state"),
        sa.Index(None, "round_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    state: Mapped[str] = mapped_column(sa.Text, default="queued")
    least: Mapped[int]
    answer: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class SuggestedPair(Base):
    """One suggested assignment, with why; an officer keeps, changes or drops it.

    `others`: [[person id, fit], ...] that would do as well, the closest first. `says`: what
    `reason` was made of (`funding.sayings`).
    """

    __tablename__ = "suggested_pair"
    __table_args__ = (
        sa.UniqueConstraint("suggestion_id", "proposal_id", "person_id"),
        sa.Index(None, "proposal_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    suggestion_id: Mapped[int] = mapped_column(sa.ForeignKey("review_suggestion.id"))
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    fit: Mapped[float]
    reason: Mapped[str] = mapped_column(sa.Text)
    says: Mapped[Any | None] = mapped_column(Json)
    others: Mapped[list[list[Any]]] = mapped_column(Json, default=list)
    is_dropped: Mapped[bool] = mapped_column(default=False)


COUNTED_SCORE = sa.case(
    (Score.score - sa.func.coalesce(ReviewerEffect.applied, 0) < 0, 0.0),
    (Score.score - sa.func.coalesce(ReviewerEffect.applied, 0) > 100, 100.0),
    else_=Score.score - sa.func.coalesce(ReviewerEffect.applied, 0),
)
"""A score as it counts in the allocation, 0 to 100; in a query that `with_effects` has joined."""


def with_effects(scores: sa.Select[Any]) -> sa.Select[Any]:
    """A query of scores and their proposals, joined with what is known of each reviewer."""
    return scores.outerjoin(
        ReviewerEffect,
        sa.and_(
            ReviewerEffect.round_id == Proposal.round_id,
            ReviewerEffect.reviewer == Score.reviewer,
        ),
    )
