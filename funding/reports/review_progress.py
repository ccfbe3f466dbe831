"""How far the reviews of a round are: proposal by proposal, reviewer by reviewer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.listing import Listing
from funding.models import (
    CANDIDATE_STATES,
    COUNTED_STATES,
    WAITING_STATES,
    AssignmentState,
    Person,
    Proposal,
    ReviewAssignment,
    ReviewerAbsence,
    ReviewerEffect,
    Round,
    RoundReviewer,
)
from funding.permissions import Actor, visible_proposals, visible_reviewers
from funding.services.run_words import said_again

SORTABLE = ("key", "title", "assigned", "handed_in", "due")
FILTERS = ("q", "standing", "reviewer")
STANDINGS = [
    ("short", "Too few reviewers"),
    ("waiting", "Reviews to come"),
    ("overdue", "Overdue"),
    ("complete", "Complete"),
    ("conflict", "A reviewer in conflict"),
]
REVIEWERS_SORTABLE = ("name", "load", "handed_in", "overdue")
CSV_HEAD = ("proposal", "title", "reviewer", "state", "due", "assigned", "why")


def _count(*states: str) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((ReviewAssignment.state.in_(states), 1), else_=0))


def _overdue(at: datetime) -> sa.ColumnElement[int]:
    late = sa.and_(ReviewAssignment.state.in_(WAITING_STATES), ReviewAssignment.due_at < at)
    return sa.func.sum(sa.case((late, 1), else_=0))


@dataclass(frozen=True)
class Asked:
    """One assignment as the list shows it: `reason` in English, as files have it, and `why` the
    same in the reader's language."""

    id: int
    person_id: int
    name: str
    state: str
    due_at: datetime | None
    is_overdue: bool
    reason: str
    why: str
    assigned_at: datetime
    taken_from: str | None = None


@dataclass(frozen=True)
class ProgressRow:
    """A proposal: reviewers that count, reviews handed in, and each assignment there was."""

    id: int
    key: str
    title: str
    assigned: int
    handed_in: int
    due_at: datetime | None
    asked: list[Asked] = field(default_factory=list)


@dataclass(frozen=True)
class Figures:
    """The whole round: `short` are reviews that nobody is asked for yet."""

    proposals: int
    wanted: int
    assigned: int
    declared: int
    handed_in: int
    overdue: int
    short: int
    in_conflict: int


def _counts(at: datetime) -> sa.Subquery:
    return (
        sa.select(
            ReviewAssignment.proposal_id,
            _count(*COUNTED_STATES).label("assigned"),
            _count(*WAITING_STATES).label("waiting"),
            _count(AssignmentState.HANDED_IN).label("handed_in"),
            _count(AssignmentState.ACCEPTED, AssignmentState.HANDED_IN).label("declared"),
            _count(AssignmentState.IN_CONFLICT).label("in_conflict"),
            _overdue(at).label("overdue"),
            sa.func.min(
                sa.case(
                    (ReviewAssignment.state.in_(WAITING_STATES), ReviewAssignment.due_at),
                    else_=None,
                )
            ).label("due_at"),
        )
        .group_by(ReviewAssignment.proposal_id)
        .subquery("counts")
    )


def _reviewed(by: Actor, round_: Round) -> sa.Select[Any]:
    """What is or was before the round's reviewers, as far as it is there for the reader."""
    return visible_proposals(by, "review.read").where(
        Proposal.round_id == round_.id,
        sa.or_(
            Proposal.state.in_(CANDIDATE_STATES),
            sa.exists().where(ReviewAssignment.proposal_id == Proposal.id),
        ),
    )


def figures(session: Session, by: Actor, round_: Round, least: int) -> Figures:
    counts = _counts(now())
    assigned = sa.func.coalesce(counts.c.assigned, 0)
    row = session.execute(
        _reviewed(by, round_)
        .outerjoin(counts, counts.c.proposal_id == Proposal.id)
        .with_only_columns(
            sa.func.count(Proposal.id),
            sa.func.sum(assigned),
            sa.func.sum(counts.c.declared),
            sa.func.sum(counts.c.handed_in),
            sa.func.sum(counts.c.overdue),
            sa.func.sum(sa.case((assigned < least, least - assigned), else_=0)),
            sa.func.sum(counts.c.in_conflict),
        )
    ).one()
    proposals = row[0] or 0
    return Figures(proposals, proposals * least, *(int(value or 0) for value in row[1:]))


def list_progress(
    session: Session,
    by: Actor,
    round_: Round,
    listing: Listing,
    least: int,
    *,
    whole: bool = False,
) -> tuple[Listing, list[ProgressRow]]:
    """One page of the round's proposals with their reviewers (all of them if `whole`).

    Three queries, however many rows there are.
    """
    counts = _counts(now())
    assigned = sa.func.coalesce(counts.c.assigned, 0)
    handed_in = sa.func.coalesce(counts.c.handed_in, 0)
    query = _reviewed(by, round_).outerjoin(counts, counts.c.proposal_id == Proposal.id)
    wanted = listing.args
    if "q" in wanted:
        query = query.where(
            sa.or_(
                Proposal.key.icontains(wanted["q"], autoescape=True),
                Proposal.title.icontains(wanted["q"], autoescape=True),
            )
        )
    if "standing" in wanted:
        condition = {
            "short": assigned < least,
            "waiting": counts.c.waiting > 0,
            "overdue": counts.c.overdue > 0,
            "complete": handed_in >= least,
            "conflict": counts.c.in_conflict > 0,
        }.get(wanted["standing"])
        if condition is not None:
            query = query.where(condition)
    if wanted.get("reviewer", "").isdigit():
        query = query.where(
            sa.exists().where(
                ReviewAssignment.proposal_id == Proposal.id,
                ReviewAssignment.person_id == int(wanted["reviewer"][:9]),
            )
        )
    listing = listing.counting(session.scalar(query.with_only_columns(sa.func.count())) or 0)
    column: Any = {
        "title": sa.func.lower(Proposal.title),
        "assigned": assigned,
        "handed_in": handed_in,
        "due": counts.c.due_at,
    }.get(listing.sort_key, Proposal.key)
    order = column.desc() if listing.is_descending else column.asc()
    rows = query.with_only_columns(
        Proposal.id,
        Proposal.key,
        Proposal.title,
        assigned.label("assigned"),
        handed_in.label("handed_in"),
        counts.c.due_at,
    ).order_by(order.nulls_last(), Proposal.id)
    if not whole:
        rows = rows.limit(listing.per_page).offset(listing.offset)
    found = session.execute(rows).all()
    asked = asked_of(session, round_, None if whole else [row.id for row in found])
    return listing, [
        ProgressRow(
            row.id, row.key, row.title, row.assigned, row.handed_in, row.due_at, asked[row.id]
        )
        for row in found
    ]


def asked_of(
    session: Session, round_: Round, proposal_ids: Sequence[int] | None
) -> defaultdict[int, list[Asked]]:
    """By proposal, every assignment there was; those of the whole round for None."""
    at = now()
    before, whom = sa.orm.aliased(ReviewAssignment), sa.orm.aliased(Person)
    query = (
        sa.select(ReviewAssignment, Person.name, whom.name)
        .join(Person, Person.id == ReviewAssignment.person_id)
        .outerjoin(before, before.id == ReviewAssignment.from_id)
        .outerjoin(whom, whom.id == before.person_id)
        .order_by(Person.name, ReviewAssignment.id)
    )
    if proposal_ids is None:
        query = query.join(Proposal, Proposal.id == ReviewAssignment.proposal_id).where(
            Proposal.round_id == round_.id
        )
    else:
        query = query.where(ReviewAssignment.proposal_id.in_(proposal_ids))
    found: defaultdict[int, list[Asked]] = defaultdict(list)
    for a, name, taken_from in session.execute(query):
        late = a.state in WAITING_STATES and a.due_at is not None and a.due_at < at
        found[a.proposal_id].append(
            Asked(
                a.id,
                a.person_id,
                name,
                a.state,
                a.due_at,
                late,
                a.reason,
                said_again(a.reason, a.says),
                a.assigned_at,
                taken_from,
            )
        )
    return found


def csv_rows(rows: Sequence[ProgressRow]) -> list[tuple[Any, ...]]:
    return [
        (
            row.key,
            row.title,
            asked.name,
            asked.state,
            asked.due_at.date().isoformat() if asked.due_at else "",
            asked.assigned_at.date().isoformat(),
            asked.reason,
        )
        for row in rows
        for asked in row.asked
    ]


# -- reviewers ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReviewerRow:
    """A reviewer of the round: load against what they take, and what came of it."""

    reviewer: RoundReviewer
    name: str
    load: int
    declared: int
    handed_in: int
    overdue: int
    areas: list[str]
    away_until: date | None
    stands_in: str | None
    effect: float | None


def list_reviewers(
    session: Session, by: Actor, round_: Round, listing: Listing
) -> tuple[Listing, list[ReviewerRow]]:
    """One page of the round's reviewers; four queries, however many there are."""
    at = now()
    readable = _reviewed(by, round_).with_only_columns(Proposal.id)
    counts = (
        sa.select(
            ReviewAssignment.person_id,
            _count(*COUNTED_STATES).label("load"),
            _count(AssignmentState.ACCEPTED, AssignmentState.HANDED_IN).label("declared"),
            _count(AssignmentState.HANDED_IN).label("handed_in"),
            _overdue(at).label("overdue"),
        )
        .where(ReviewAssignment.proposal_id.in_(readable))
        .group_by(ReviewAssignment.person_id)
        .subquery("counts")
    )
    query = (
        visible_reviewers(by)
        .where(RoundReviewer.round_id == round_.id)
        .join(Person, Person.id == RoundReviewer.person_id)
        .outerjoin(counts, counts.c.person_id == RoundReviewer.person_id)
        .outerjoin(
            ReviewerEffect,
            sa.and_(ReviewerEffect.round_id == round_.id, ReviewerEffect.reviewer == Person.email),
        )
    )
    if "q" in listing.args:
        words = listing.args["q"]
        query = query.where(
            sa.or_(
                Person.name.icontains(words, autoescape=True),
                RoundReviewer.expertise.icontains(words, autoescape=True),
            )
        )
    listing = listing.counting(session.scalar(query.with_only_columns(sa.func.count())) or 0)
    column: Any = {
        "load": counts.c.load,
        "handed_in": counts.c.handed_in,
        "overdue": counts.c.overdue,
    }.get(listing.sort_key, sa.func.lower(Person.name))
    order = column.desc() if listing.is_descending else column.asc()
    rows = session.execute(
        query.with_only_columns(
            RoundReviewer,
            Person.name,
            counts.c.load,
            counts.c.declared,
            counts.c.handed_in,
            counts.c.overdue,
            ReviewerEffect.effect,
        )
        .order_by(order.nulls_last(), RoundReviewer.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    away = _away(session, round_, at.date(), [row[0].person_id for row in rows])
    names = {area.key: area.name for area in round_.taxonomy.areas}
    return listing, [
        ReviewerRow(
            reviewer,
            name,
            load or 0,
            declared or 0,
            handed_in or 0,
            overdue or 0,
            [names.get(key, key) for key in reviewer.areas],
            *away.get(reviewer.person_id, (None, None)),
            effect,
        )
        for reviewer, name, load, declared, handed_in, overdue, effect in rows
    ]


def _away(
    session: Session, round_: Round, today: date, people: list[int]
) -> dict[int, tuple[date, str]]:
    rows = session.execute(
        sa.select(ReviewerAbsence.person_id, ReviewerAbsence.until_on, Person.name)
        .join(Person, Person.id == ReviewerAbsence.delegate_id)
        .where(
            ReviewerAbsence.round_id == round_.id,
            ReviewerAbsence.person_id.in_(people),
            ReviewerAbsence.from_on <= today,
            ReviewerAbsence.until_on >= today,
            ReviewerAbsence.ended_at.is_(None),
        )
    )
    return {person: (until, name) for person, until, name in rows}


def load_spread(rows: Sequence[ReviewerRow]) -> Counter[int]:
    return Counter(row.load for row in rows)
