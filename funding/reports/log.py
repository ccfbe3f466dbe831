"""The log for auditors: what was done, by whom, to what, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.listing import Listing, whole_number
from funding.models import Event, Person, Round
from funding.permissions import Actor, visible_events

SORTABLE = {"number": Event.seq}
FILTERS = ("q", "action", "round", "since")
CSV_HEADS = ("number", "at", "who", "action", "subject", "subject id", "round", "detail", "hash")


def _events(by: Actor, args: dict[str, str]) -> sa.Select[tuple[Event]]:
    query = visible_events(by)
    if text := args.get("q"):
        who = sa.select(Person.id).where(sa.func.lower(Person.name).like(f"%{text.lower()}%"))
        query = query.where(Event.actor_id.in_(who))
    if action := args.get("action"):
        query = query.where(Event.action == action)
    if (round_id := whole_number(args.get("round"))) is not None:
        query = query.where(Event.round_id == round_id)
    if (since := whole_number(args.get("since"))) is not None:
        query = query.where(Event.seq > since)
    return query


def events(session: Session, by: Actor, listing: Listing) -> tuple[Listing, list[Event]]:
    """One page of the events the person may see, under the listing's filters."""
    query = _events(by, dict(listing.args))
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
    listing = listing.counting(total or 0)
    rows = session.scalars(
        query.options(joinedload(Event.actor))
        .order_by(Event.seq.desc() if listing.is_descending else Event.seq)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    return listing, list(rows)


def csv_rows(session: Session, by: Actor, listing: Listing) -> Iterator[tuple[Any, ...]]:
    """Every event under the filters, oldest first, as rows of CSV_HEADS."""
    query = _events(by, dict(listing.args)).options(joinedload(Event.actor)).order_by(Event.seq)
    for event in session.scalars(query.execution_options(yield_per=1000)):
        yield (
            event.seq,
            event.at.isoformat(),
            event.actor.name if event.actor else "the site",
            event.action,
            event.subject_type,
            event.subject_id,
            event.round_id,
            words_of(event.detail),
            event.hash,
        )


def words_of(detail: dict[str, Any]) -> str:
    """An event's particulars in one line, for a file; amounts as they are kept, in minor units."""
    return "; ".join(
        f"{name.replace('_', ' ')}: {'-' if value is None else value}"
        for name, value in sorted(detail.items())
    )


def actions(session: Session, by: Actor) -> list[str]:
    """Every act there is in this person's view of the log, for the filter."""
    found = visible_events(by).with_only_columns(Event.action).distinct().order_by(Event.action)
    return list(session.scalars(found))


def rounds(session: Session, by: Actor) -> list[tuple[int, str]]:
    """(id, name) of each round of these events, for the filter."""
    of_events = visible_events(by).with_only_columns(Event.round_id)
    found = session.execute(
        sa.select(Round.id, Round.name).where(Round.id.in_(of_events)).order_by(Round.name)
    )
    return [(round_id, name) for round_id, name in found]
