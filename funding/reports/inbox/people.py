"""What waits for those who run the site."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import ErasureRequest
from funding.permissions import Actor
from funding.reports.inbox.entries import Waiting


def erasure_requests(session: Session, by: Actor) -> Iterator[Waiting]:
    """People who asked to be forgotten, without oneself."""
    if by.may("person.erase"):
        count = session.scalar(
            sa.select(sa.func.count(ErasureRequest.id)).where(
                ErasureRequest.done_at.is_(None), ErasureRequest.person_id != by.person_id
            )
        )
        one, many = "person asked to be forgotten", "people asked to be forgotten"
        yield Waiting(count or 0, one, many, "privacy.requests", {})
