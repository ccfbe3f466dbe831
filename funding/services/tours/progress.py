"""Going through a tour: kept by person, put aside, taken up again."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import NotFound
from funding.models import TourProgress
from funding.permissions import Actor
from funding.services.tours.catalogue import TOURS, Tour


def tour_of(by: Actor, key: str) -> Tour:
    """A tour for one of the person's roles; raises NotFound."""
    tour = TOURS.get(key)
    if tour is None or tour.role not in by.roles:
        raise NotFound("tour")
    return tour


def go_to(session: Session, *, by: Actor, tour: str, place: int) -> Tour:
    """Note that so many steps are done; the last one ends the tour. Raises NotFound."""
    found = tour_of(by, tour)
    if not 0 <= place <= len(found.steps):
        raise NotFound("step")
    row = _row(session, by, tour)
    row.place, row.dismissed_at, row.changed_at = place, None, now()
    return found


def put_aside(session: Session, *, by: Actor, tour: str) -> None:
    """Offer the tour no more on the first page; it stays to be taken up. Raises NotFound."""
    tour_of(by, tour)
    row = _row(session, by, tour)
    row.dismissed_at = row.changed_at = now()


def _row(session: Session, by: Actor, tour: str) -> TourProgress:
    row = session.scalars(
        sa.select(TourProgress)
        .where(TourProgress.person_id == by.person_id, TourProgress.tour == tour)
        .with_for_update()
    ).one_or_none()
    if row is None:
        row = TourProgress(person_id=by.person_id, tour=tour, place=0)
        session.add(row)
    return row
