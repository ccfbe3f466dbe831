"""Rounds whose money has been through everything, closed and made public."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from funding.db import now
from funding.models import AreaNeed, Person, Publication, Round
from tests.money_scene import MoneyScene, make_money_scene


def close(session: Session, round_: Round) -> None:
    """On to the last stage, whatever still waits."""
    for state in ("deciding", "closed"):
        round_.state = state
        session.flush()


def publish(session: Session, round_: Round, by: Person, embargo: date | None = None) -> None:
    session.add(
        Publication(
            round_id=round_.id,
            is_public=True,
            published_at=now(),
            published_by_id=by.id,
            embargo_until=embargo,
        )
    )
    session.flush()


def make_public_scene(session: Session, seed: int = 7) -> MoneyScene:
    """The money scene, closed and published, with needs in its two areas."""
    scene = make_money_scene(session, seed)
    round_ = session.get_one(Round, scene.round_id)
    round_.needs = [
        AreaNeed(area_key="interpretability", steps=[[900_000_00, 2.0], [400_000_00, 1.0]]),
        AreaNeed(area_key="evaluations", steps=[[50_000_00, 1.0]], spent=10_000_00),
    ]
    close(session, round_)
    publish(session, round_, session.get_one(Person, scene.reader.person_id))
    return scene
