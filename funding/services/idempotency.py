"""One effect a key: a form of money sent twice does its work once and answers the same.

The key, a hash of the request and the answer are written in the transaction of the effect. While
that runs, a second request with the key is refused on PostgreSQL, and waits on SQLite, where one
transaction writes at a time. Afterwards it is given the first one's answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import IdempotencyInFlight, IdempotencyMismatch, IdempotencyMissing
from funding.models import IdempotencyKey
from funding.permissions import Actor

Answer = dict[str, Any]


def once(
    session: Session, by: Actor, key: str, request: dict[str, Any], act: Callable[[], Answer]
) -> Answer:
    """Do `act` unless this person's key has been used; either way give the act's answer.

    Raises IdempotencyMissing without a key, IdempotencyInFlight while another transaction holds
    it, IdempotencyMismatch for a key used with another request.
    """
    if not key:
        raise IdempotencyMissing("This form came without its key. Please open the page again.")
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    if _is_in_flight(session, by, key):
        raise IdempotencyInFlight("This form is being worked on already. Look again in a moment.")
    if not _is_new(session, by, key, digest):
        earlier = session.scalars(
            sa.select(IdempotencyKey).where(
                IdempotencyKey.person_id == by.person_id, IdempotencyKey.key == key
            )
        ).one()
        if earlier.request_hash != digest:
            raise IdempotencyMismatch("This form was sent before, with other contents.")
        return earlier.answer or {}
    answer = act()
    session.execute(
        sa.update(IdempotencyKey)
        .where(IdempotencyKey.person_id == by.person_id, IdempotencyKey.key == key)
        .values(answer=answer)
    )
    return answer


def _is_in_flight(session: Session, by: Actor, key: str) -> bool:
    """Whether another transaction works under this key now; holds the key until ours ends."""
    if session.get_bind().dialect.name == "sqlite":
        return False
    lock = sa.func.hashtextextended(f"idempotency {by.person_id} {key}", 0)
    return not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(lock)))


def _is_new(session: Session, by: Actor, key: str, digest: str) -> bool:
    """Whether the key could be taken; False where it has been used."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    taken = session.scalars(
        insert(IdempotencyKey)
        .values(person_id=by.person_id, key=key, request_hash=digest, created_at=now())
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.id)
    )
    return taken.one_or_none() is not None
