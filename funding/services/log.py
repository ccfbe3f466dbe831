"""Writing the append-only log, and proving that it is whole.

Each event's hash covers its own contents and the hash of the event before it, so that a changed,
dropped or reordered row shows; a cut tail shows against a head exported earlier.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import ChainHead, Event
from funding.permissions import Actor

MAIN = "main"


def _hash(
    seq: int,
    at: datetime,
    actor_id: int | None,
    action: str,
    subject: tuple[str | None, int | None],
    scope: tuple[int | None, int | None],
    detail: dict[str, Any],
    previous: str,
) -> str:
    contents = [seq, at.isoformat(), actor_id, action, *subject, *scope, detail, previous]
    return hashlib.sha256(
        json.dumps(contents, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def record(
    session: Session,
    by: Actor | None,
    action: str,
    subject: Any = None,
    *,
    organisation_id: int | None = None,
    round_id: int | None = None,
    **detail: Any,
) -> Event:
    """Append one act to the log, in the transaction of the act itself.

    `subject` is the row it was done to; `detail` holds ids, states and amounts, never secrets or
    personal data. Writers queue on the chain's head, so keep it near the end of a transaction.
    """
    session.flush()
    head = session.scalars(
        sa.select(ChainHead)
        .where(ChainHead.chain == MAIN)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    at = now()
    subject_type = subject.__tablename__ if subject is not None else None
    subject_id = subject.id if subject is not None else None
    actor_id = by.person_id if by else None
    digest = _hash(
        head.seq + 1,
        at,
        actor_id,
        action,
        (subject_type, subject_id),
        (organisation_id, round_id),
        detail,
        head.hash,
    )
    event = Event(
        chain=MAIN,
        seq=head.seq + 1,
        at=at,
        actor_id=actor_id,
        organisation_id=organisation_id,
        round_id=round_id,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        detail=detail,
        previous_hash=head.hash,
        hash=digest,
    )
    head.seq, head.hash = event.seq, event.hash
    session.add(event)
    session.flush()
    return event


def first_broken_link(session: Session) -> int | None:
    """The number of the first event that does not fit the chain; None where the log is whole."""
    chain = sa.select(Event).where(Event.chain == MAIN).order_by(Event.seq)
    previous, seq = "0" * 64, 0
    # closed at once: PostgreSQL keeps a cursor open for the rows that are not read
    with closing(session.scalars(chain.execution_options(yield_per=1000))) as events:
        for event in events:
            expected = _hash(
                seq + 1,
                event.at,
                event.actor_id,
                event.action,
                (event.subject_type, event.subject_id),
                (event.organisation_id, event.round_id),
                event.detail,
                previous,
            )
            if event.seq != seq + 1 or event.previous_hash != previous or event.hash != expected:
                return seq + 1
            previous, seq = event.hash, event.seq
    head = session.get(ChainHead, MAIN)
    if head is None or (head.seq, head.hash) != (seq, previous):
        return seq + 1
    return None


def head_of(session: Session) -> tuple[int, str]:
    """(number, hash) of the newest event: noted elsewhere, it shows later whether rows were cut."""
    head = session.get_one(ChainHead, MAIN)
    return head.seq, head.hash


def still_holds(session: Session, seq: int, digest: str) -> bool:
    """Whether the log still has the event that was its head when this pair was noted."""
    there = session.scalar(sa.select(Event.hash).where(Event.chain == MAIN, Event.seq == seq))
    return there == digest or (seq == 0 and digest == "0" * 64)
