"""One effect a key: a form of money sent twice does its work once and answers the same.

The key, a hash of the request and the answer are written in the transaction of the effect. A
second request with the key waits for the first to end, then is given the first one's answer.
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
from funding.errors import IdempotencyMismatch, IdempotencyMissing
from funding.models import IdempotencyKey
from funding.permissions import Actor

Answer = dict[str, Any]


def once(
    session: Session, by: Actor, key: str, request: dict[str, Any], act: Callable[[], Answer]
) -> Answer:
    """Do `act` unless this person's key has been used; either way give the act's answer.

    Raises IdempotencyMissing without a key, IdempotencyMismatch for a key used with another
    request.
    """
    if not key:
        raise IdempotencyMissing("This form came without its key. Please open the page again.")
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
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


def _is_new(session: Session, by: Actor, key: str, digest: str) -> bool:
    """Whether the key could be taken; where another request holds it, after that has ended."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    taken = session.scalars(
        insert(IdempotencyKey)
        .values(person_id=by.person_id, key=key, request_hash=digest, created_at=now())
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.id)
    )
    return taken.one_or_none() is not None
