"""Tours as a person meets them: how far they are, and where each step's page is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import Round, Run, RunState, Scenario, TourProgress
from funding.permissions import Actor, visible_rounds
from funding.services.tours.catalogue import ROUND_KEYS, TOURS, At, Step, Tour


@dataclass(frozen=True)
class Offered:
    """A tour for one of a person's roles; `place` steps of it are done."""

    tour: Tour
    place: int
    is_aside: bool

    @property
    def is_done(self) -> bool:
        return self.place >= len(self.tour.steps)

    @property
    def is_begun(self) -> bool:
        return 0 < self.place < len(self.tour.steps)


def tours_of(session: Session, by: Actor) -> list[Offered]:
    """The tours for the person's roles; none where the demo round is not here. Two queries."""
    roles = by.roles
    fitting = [tour for tour in TOURS.values() if tour.role in roles]
    if not fitting or not _has_demo(session):
        return []
    known = {
        row.tour: row
        for row in session.scalars(
            sa.select(TourProgress).where(TourProgress.person_id == by.person_id)
        )
    }
    return [
        Offered(
            tour,
            known[tour.key].place if tour.key in known else 0,
            tour.key in known and known[tour.key].dismissed_at is not None,
        )
        for tour in fitting
    ]


def _has_demo(session: Session) -> bool:
    return bool(session.scalar(sa.select(sa.exists().where(Round.key == ROUND_KEYS[At.ROUND]))))


@dataclass(frozen=True)
class Places:
    """The arguments of the pages that steps lead to; a kind that is missing is not there."""

    known: dict[At, dict[str, Any]]

    def arguments(self, step: Step) -> dict[str, Any] | None:
        """For the step's address; None where there is no such page for the person."""
        return self.known.get(step.at)


def places_of(session: Session, by: Actor) -> Places:
    """Where the demo's rounds and its newest result are. Two queries."""
    ids = dict(
        session.execute(
            visible_rounds(by)
            .where(Round.key.in_(ROUND_KEYS.values()))
            .with_only_columns(Round.key, Round.id)
        ).all()
    )
    known: dict[At, dict[str, Any]] = {At.NOTHING: {}}
    for at, key in ROUND_KEYS.items():
        if key in ids:
            known[at] = {"round_id": ids[key]}
    known[At.PUBLIC_PILOT] = {"key": ROUND_KEYS[At.PILOT]}
    run = session.scalar(
        sa.select(sa.func.max(Run.id))
        .join(Scenario, Scenario.id == Run.scenario_id)
        .where(Scenario.round_id == ids.get(ROUND_KEYS[At.ROUND]), Run.state == RunState.DONE)
    )
    if run is not None:
        known[At.RESULT] = {"run_id": run}
    return Places(known)
