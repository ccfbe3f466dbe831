"""Who asked to be forgotten, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.models import ErasureRequest
from funding.permissions import Actor
from funding.services.privacy.erasure import obstacles

MOST_SHOWN = 100


@dataclass(frozen=True)
class Asked:
    """`obstacles`: what has to be settled first, a sentence each. `is_own`: another does it."""

    person_id: int
    name: str
    email: str
    asked_at: datetime
    obstacles: list[str]
    is_own: bool


def open_requests(session: Session, by: Actor) -> list[Asked]:
    """The oldest first."""
    found = session.scalars(
        sa.select(ErasureRequest)
        .where(ErasureRequest.done_at.is_(None))
        .options(joinedload(ErasureRequest.person))
        .order_by(ErasureRequest.id)
        .limit(MOST_SHOWN)
    )
    return [
        Asked(
            request.person_id,
            request.person.name,
            request.person.email,
            request.asked_at,
            obstacles(session, request.person_id),
            request.person_id == by.person_id,
        )
        for request in found
    ]
