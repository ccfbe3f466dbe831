"""Reviews as they are read: a desk, the reviews of a proposal, calibration, what was released."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from funding.db import now
from funding.listing import Listing
from funding.models import (
    COUNTED_SCORE,
    WAITING_STATES,
    AssignmentState,
    Person,
    Proposal,
    Review,
    ReviewAssignment,
    ReviewCriterion,
    ReviewerEffect,
    ReviewForm,
    ReviewRemark,
    Round,
    Score,
    with_effects,
)
from funding.permissions import Actor, own_assignments, visible_proposals

CALIBRATION_SORTABLE = ("key", "raw", "calibrated", "moved", "scores")
RELEASE_FILTERS = ("q", "standing")


# -- a reviewer's desk --------------------------------------------------------------------------


@dataclass(frozen=True)
class Desk:
    """What waits for a reviewer, the first due first, and what is handed in, the last first."""

    waiting: list[ReviewAssignment]
    done: list[ReviewAssignment]
    at: datetime


def desk_of(session: Session, by: Actor) -> Desk:
    """Titles only, for what is not declared on yet."""
    rows = session.scalars(
        own_assignments(by)
        .order_by(ReviewAssignment.due_at.nulls_last(), ReviewAssignment.id)
        .options(
            joinedload(ReviewAssignment.proposal).joinedload(Proposal.round),
            joinedload(ReviewAssignment.proposal).joinedload(Proposal.institution),
            joinedload(ReviewAssignment.taken_from).joinedload(ReviewAssignment.person),
        )
        .limit(1_000)
    ).all()
    return Desk(
        [row for row in rows if row.state in WAITING_STATES],
        [row for row in rows if row.state == AssignmentState.HANDED_IN][::-1],
        now(),
    )


# -- one proposal -------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownReview:
    """A review with its marks beside the criteria of its own form, each with the anchor nearest to
    it; scores from 0 to 100.

    `calibrated` is the score less the reviewer's effect; None where nothing is estimated.
    """

    review: Review
    name: str
    marks: list[tuple[ReviewCriterion, float, tuple[int, str] | None]]
    raw: float
    effect: float | None
    calibrated: float | None


def reviews_of(session: Session, proposal: Proposal) -> list[ShownReview]:
    """Every review handed in; three queries."""
    rows = session.execute(
        sa.select(Review, Person.name, ReviewerEffect.effect)
        .join(Person, Person.id == Review.person_id)
        .outerjoin(
            ReviewerEffect,
            sa.and_(
                ReviewerEffect.round_id == proposal.round_id,
                ReviewerEffect.reviewer == Person.email,
            ),
        )
        .where(Review.proposal_id == proposal.id)
        .order_by(Review.handed_in_at, Review.id)
        .options(joinedload(Review.form).selectinload(ReviewForm.criteria))
    )
    return [
        ShownReview(
            review,
            name,
            [
                (c, review.marks[c.key], nearest_anchor(c, review.marks[c.key]))
                for c in review.form.criteria
            ],
            review.score,
            effect,
            None if effect is None else min(100.0, max(0.0, review.score - effect)),
        )
        for review, name, effect in rows
    ]


def nearest_anchor(criterion: ReviewCriterion, mark: float) -> tuple[int, str] | None:
    """The point of the scale that lies nearest to a mark, with its words; None without any."""
    found = min(criterion.anchors, key=lambda anchor: abs(anchor[0] - mark), default=None)
    return (int(found[0]), str(found[1])) if found else None


def remarks_of(session: Session, proposal_id: int) -> list[ReviewRemark]:
    return list(
        session.scalars(
            sa.select(ReviewRemark)
            .where(ReviewRemark.proposal_id == proposal_id)
            .order_by(ReviewRemark.id)
            .options(joinedload(ReviewRemark.person))
        )
    )


def released_to(session: Session, proposal_id: int) -> list[tuple[datetime, str]]:
    """What applicants may read: when it was released, and the words. No names, no scores.

    Ordered by the words themselves, so that nothing can be read from the order.
    """
    rows = session.execute(
        sa.select(Review.released_at, Review.for_applicant)
        .where(Review.proposal_id == proposal_id, Review.released_at.is_not(None))
        .order_by(Review.for_applicant)
    )
    return [(at, words) for at, words in rows]


# -- calibration --------------------------------------------------------------------------------


@dataclass(frozen=True)
class MeritRow:
    """A proposal's mean score, raw and calibrated, from 0 to 100, and its ranks by either."""

    id: int
    key: str
    title: str
    scores: int
    raw: float
    calibrated: float
    raw_rank: int
    rank: int


def effects_of(session: Session, round_: Round) -> list[tuple[str, ReviewerEffect]]:
    """(name where the reviewer is somebody here, effect), the harshest first."""
    rows = session.execute(
        sa.select(ReviewerEffect, Person.name)
        .outerjoin(Person, Person.email == ReviewerEffect.reviewer)
        .where(ReviewerEffect.round_id == round_.id)
        .order_by(ReviewerEffect.effect, ReviewerEffect.reviewer)
        .limit(1_000)
    )
    return [(name or effect.reviewer, effect) for effect, name in rows]


def list_merits(
    session: Session, by: Actor, round_: Round, listing: Listing
) -> tuple[Listing, list[MeritRow]]:
    """Raw and calibrated merit of every scored proposal that the reader may see; two queries."""
    effect = sa.func.coalesce(ReviewerEffect.effect, 0)
    calibrated = sa.case(
        (Score.score - effect < 0, 0.0),
        (Score.score - effect > 100, 100.0),
        else_=Score.score - effect,
    )
    readable = visible_proposals(by, "review.read").with_only_columns(Proposal.id)
    means = (
        with_effects(
            sa.select(
                Proposal.id,
                Proposal.key,
                Proposal.title,
                sa.func.count().label("scores"),
                sa.func.avg(Score.score).label("raw"),
                sa.func.avg(calibrated).label("calibrated"),
            ).join(Proposal, Proposal.id == Score.proposal_id)
        )
        .where(Proposal.round_id == round_.id, Proposal.id.in_(readable))
        .group_by(Proposal.id, Proposal.key, Proposal.title)
        .subquery("means")
    )
    ranked = sa.select(
        means,
        sa.func.rank().over(order_by=means.c.raw.desc()).label("raw_rank"),
        sa.func.rank().over(order_by=means.c.calibrated.desc()).label("rank"),
    ).subquery("ranked")
    total = session.scalar(sa.select(sa.func.count()).select_from(means)) or 0
    listing = listing.counting(total)
    column: Any = {
        "key": ranked.c.key,
        "raw": ranked.c.raw,
        "moved": ranked.c.calibrated - ranked.c.raw,
        "scores": ranked.c.scores,
    }.get(listing.sort_key, ranked.c.calibrated)
    order = column.desc() if listing.is_descending else column.asc()
    rows = session.execute(
        sa.select(ranked)
        .order_by(order, ranked.c.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    )
    return listing, [
        MeritRow(
            row.id,
            row.key,
            row.title,
            row.scores,
            float(row.raw),
            float(row.calibrated),
            row.raw_rank,
            row.rank,
        )
        for row in rows
    ]


def counted_merit(session: Session, proposal: Proposal) -> float | None:
    """The mean score of a proposal as it counts in the allocation, 0 to 100; None without any."""
    mean = session.scalar(
        with_effects(
            sa.select(sa.func.avg(COUNTED_SCORE)).join(Proposal, Proposal.id == Score.proposal_id)
        ).where(Score.proposal_id == proposal.id)
    )
    return None if mean is None else float(mean)


# -- release ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReleaseRow:
    """A proposal's words for its applicants: those released, and those that wait."""

    id: int
    key: str
    title: str
    released_at: datetime | None
    waiting: list[str]
    released: int


def list_releases(
    session: Session, by: Actor, round_: Round, listing: Listing
) -> tuple[Listing, list[ReleaseRow]]:
    """One page of proposals with a review handed in; three queries."""
    counts = (
        sa.select(
            Review.proposal_id,
            sa.func.max(Review.released_at).label("released_at"),
            sa.func.count(Review.released_at).label("released"),
            sa.func.count().label("number"),
        )
        .group_by(Review.proposal_id)
        .subquery("counts")
    )
    query = (
        visible_proposals(by, "review.read")
        .where(Proposal.round_id == round_.id)
        .join(counts, counts.c.proposal_id == Proposal.id)
    )
    if "q" in listing.args:
        words = listing.args["q"]
        query = query.where(
            sa.or_(
                Proposal.key.icontains(words, autoescape=True),
                Proposal.title.icontains(words, autoescape=True),
            )
        )
    waits = counts.c.released < counts.c.number
    if listing.args.get("standing") in ("waiting", "released"):
        query = query.where(waits if listing.args["standing"] == "waiting" else ~waits)
    listing = listing.counting(session.scalar(query.with_only_columns(sa.func.count())) or 0)
    rows = session.execute(
        query.with_only_columns(
            Proposal.id,
            Proposal.key,
            Proposal.title,
            counts.c.released_at,
            counts.c.released,
        )
        .order_by(Proposal.key, Proposal.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    words_of: defaultdict[int, list[str]] = defaultdict(list)
    for proposal_id, words in session.execute(
        sa.select(Review.proposal_id, Review.for_applicant)
        .where(Review.proposal_id.in_([row.id for row in rows]), Review.released_at.is_(None))
        .order_by(Review.id)
    ):
        words_of[proposal_id].append(words)
    return listing, [
        ReleaseRow(row.id, row.key, row.title, row.released_at, words_of[row.id], row.released)
        for row in rows
    ]


def unreleased(session: Session, by: Actor, round_: Round) -> int:
    """How many reviews wait to be released."""
    readable = (
        visible_proposals(by, "review.read")
        .where(Proposal.round_id == round_.id)
        .with_only_columns(Proposal.id)
    )
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Review)
            .where(Review.released_at.is_(None), Review.proposal_id.in_(readable))
        )
        or 0
    )


def forms_of(session: Session, round_id: int) -> list[tuple[ReviewForm, int]]:
    """Every version of the form with how many reviews were handed in on it, the newest first."""
    number = sa.func.count(Review.id)
    rows = session.execute(
        sa.select(ReviewForm, number)
        .outerjoin(Review, Review.form_id == ReviewForm.id)
        .where(ReviewForm.round_id == round_id)
        .group_by(ReviewForm.id)
        .order_by(ReviewForm.number.desc())
        .options(selectinload(ReviewForm.criteria))
    )
    return [(form, count) for form, count in rows]
