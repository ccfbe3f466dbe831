"""One row of what is there for a person."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import NotFound

LAST_ID = 2**31 - 1
"""The highest number that a row can have on both databases."""


def fetch(session: Session, query: sa.Select[tuple[Any]], id: int, what: str) -> Any:
    """The one row of a `visible_*` query with this id; raises NotFound, naming `what`."""
    if not id or not 0 < id <= LAST_ID:
        raise NotFound(what)
    model = query.column_descriptions[0]["entity"]
    found = session.scalars(query.where(model.id == id)).unique().one_or_none()
    if found is None:
        raise NotFound(what)
    return found
