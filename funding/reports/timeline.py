"""Everything that happened to one thing and to what belongs to it, in one timeline.

Not only acts on the thing itself: a proposal's timeline holds its lines, awards, tranches and
whatever else hangs on them. What belongs to what is read from the tables' own foreign keys, so
that a new kind of row is in the timeline by itself.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.db import Base
from funding.formatting import format_amount
from funding.language import capital
from funding.listing import Listing
from funding.models import Award, Commitment, Event, PlanLine, Proposal
from funding.permissions import Actor, visible_awards, visible_lines

SORTABLE = ("when",)
FILTERS = ("q",)

Subjects = dict[str, set[int]]
"""Table -> ids of its rows."""

HANGS_ON = ("proposal", "plan_line", "award")
"""Tables whose rows things hang on; everything with a foreign key to one of them, and so on."""

APART = frozenset(
    {
        "commitment",
        "conflict_of_interest",
        "lifted_conflict",  # who is out of the room is told on the page, to whom it concerns
        "overlap",
        "pin",
        "run_line",
        "run_proposal",
        "account",
        "transfer",
    }
)
"""Not followed: figures of runs, the ledger's rows, and what has pages of its own."""

POINTED_AT = ("commitment", "award", "plan_line", "tranche", "transfer", "round")
"""Tables through which a row's money, and so its currency, is found."""

NOT_TOLD = (
    "conflict declared",
    "conflict lifted",
    "no conflict declared",
    "waiver asked for",
    "conflict waived",
    "waiver refused",
    "typed text discarded",
)
OF_REVIEWS = (
    "review assigned",
    "review withdrawn",
    "review reassigned",
    "review due changed",
    "review handed in",
    "review sent back",
    "reviewer reminded",
    "remark made",
)
"""Who reviews, and when, is told only to those who read reviews."""


@dataclass(frozen=True)
class Happened:
    """One act; `amount` is written in the currency of the money it moved or asked for, or empty."""

    event: Event
    who: str
    what: str
    amount: str
    reason: str


def of_proposal(session: Session, by: Actor, proposal: Proposal) -> Subjects:
    """What happened to a proposal that the person may read."""
    subjects = _money(session, by, PlanLine.proposal_id == proposal.id)
    subjects["proposal"] = {proposal.id}
    return _with_what_hangs_on(session, subjects)


def of_award(session: Session, by: Actor, award: Award) -> Subjects:
    """What happened to an award, and to the line and the proposal it came from."""
    subjects: Subjects = {"award": {award.id}, "plan_line": {award.plan_line_id}}
    found = _with_what_hangs_on(session, subjects)
    found["proposal"] = {award.proposal_id}
    return found


def of_commitment(session: Session, by: Actor, commitment: Commitment) -> Subjects:
    """What happened to a commitment, and to every line and award of its money that is there for
    this person."""
    subjects = _money(session, by, PlanLine.commitment_id == commitment.id)
    found = _with_what_hangs_on(session, subjects)
    found["commitment"] = {commitment.id}
    return found


def _money(session: Session, by: Actor, whose: sa.ColumnElement[bool]) -> Subjects:
    lines = set(session.scalars(visible_lines(by).where(whose).with_only_columns(PlanLine.id)))
    awards = session.scalars(
        visible_awards(by).where(Award.plan_line_id.in_(lines)).with_only_columns(Award.id)
    )
    return {"plan_line": lines, "award": set(awards)}


def _with_what_hangs_on(session: Session, subjects: Subjects) -> Subjects:
    """Those rows, and the rows of other tables that point at them, at any distance."""
    found: Subjects = defaultdict(set, {name: set(ids) for name, ids in subjects.items()})
    newest: Subjects = {name: ids for name, ids in found.items() if ids}
    while newest:
        coming: Subjects = defaultdict(set)
        for table in Base.metadata.sorted_tables:
            if table.name in APART or table.name in HANGS_ON or "id" not in table.columns:
                continue
            points = [
                key.parent.in_(newest[key.column.table.name])
                for key in table.foreign_keys
                if key.column.table.name in newest and key.column.name == "id"
            ]
            if points:
                ids = set(session.scalars(sa.select(table.c.id).where(sa.or_(*points))))
                coming[table.name] |= ids - found[table.name]
        for name, ids in coming.items():
            found[name] |= ids
        newest = {name: ids for name, ids in coming.items() if ids}
    return found


def happened(
    session: Session,
    subjects: Subjects,
    listing: Listing,
    *,
    has_names: bool = True,
    has_reviews: bool = True,
) -> tuple[Listing, list[Happened]]:
    """One page of what happened to these, the newest first unless the listing says otherwise.

    Without `has_names` it is not told who did it; without `has_reviews` nothing is told of reviews.
    """
    query = sa.select(Event).where(
        sa.or_(
            *(
                sa.and_(Event.subject_type == name, Event.subject_id.in_(ids))
                for name, ids in sorted(subjects.items())
                if ids
            )
        ),
        Event.action.not_in(NOT_TOLD if has_reviews else (*NOT_TOLD, *OF_REVIEWS)),
    )
    if text := dict(listing.args).get("q"):
        query = query.where(sa.func.lower(Event.action).contains(text.lower(), autoescape=True))
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
    listing = listing.counting(total or 0)
    rows = session.scalars(
        query.options(joinedload(Event.actor))
        .order_by(Event.seq.desc() if listing.is_descending else Event.seq)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    moved: Subjects = defaultdict(set)
    for event in rows:
        if _amount(event) is not None:
            moved[event.subject_type].add(event.subject_id)
    currencies = currencies_of(session, moved)
    return listing, [
        _told(event, currencies.get((event.subject_type, event.subject_id)), has_names)
        for event in rows
    ]


def _amount(event: Event) -> int | None:
    """What an act moved; of a proposal that was handed in, what it asks for."""
    found = event.detail.get("ask" if event.subject_type == "proposal" else "amount")
    return found if isinstance(found, int) else None


def currencies_of(session: Session, subjects: Subjects) -> dict[tuple[str, int], str]:
    """Of each row the currency it is in: its own, or that of the money it points at.

    A query or two a kind of row, however many rows there are.
    """
    found: dict[tuple[str, int], str] = {}
    for name in [name for name in subjects if name in Base.metadata.tables]:
        table, ids = Base.metadata.tables[name], subjects[name]
        own = next((c for c in table.columns if c.name in ("currency", "base_currency")), None)
        if own is not None:
            rows = session.execute(sa.select(table.c.id, own).where(table.c.id.in_(ids)))
            found |= {(name, id_): currency for id_, currency in rows}
            continue
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            over = key.column.table.name
            if over not in POINTED_AT or key.column.name != "id":
                continue
            points = dict(
                session.execute(
                    sa.select(table.c.id, key.parent).where(
                        table.c.id.in_(ids), key.parent.is_not(None)
                    )
                ).all()
            )
            above = currencies_of(session, {over: set(points.values())}) if points else {}
            found |= {(name, id_): above[over, to] for id_, to in points.items()}
    return found


def _told(event: Event, currency: str | None, has_names: bool) -> Happened:
    amount, reason = _amount(event), event.detail.get("reason")
    who = event.actor.name if event.actor else "the site"
    return Happened(
        event,
        who if has_names else "–",
        capital(event.action),
        format_amount(amount, currency) if currency and amount is not None else "",
        reason if isinstance(reason, str) else "",
    )
