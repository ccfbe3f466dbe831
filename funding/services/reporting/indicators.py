"""Indicators: defined once for all rounds, by people who own one."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Conflict, Fault, InvalidInput, NotFound, NotPermitted
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import Indicator, IndicatorValue, Round
from funding.permissions import Actor
from funding.services.log import record

LONGEST_NAME = 120
LONGEST_UNIT = 40
LONGEST_DEFINITION = 1_000
DIRECTIONS = {"up": "More is better", "down": "Less is better"}


@dataclass(frozen=True)
class Definition:
    """What is counted, in which unit, and which way is better ('up' or 'down')."""

    name: str
    unit: str
    direction: str
    definition: str


def owner_of(session: Session, by: Actor) -> int | None:
    """An organisation of the person's that owns a round and may define indicators; else None."""
    return session.scalars(
        sa.select(Round.owner_id)
        .where(Round.owner_id.in_(list(by.where("indicator.define"))))
        .order_by(Round.owner_id)
        .limit(1)
    ).one_or_none()


def _require_owner(session: Session, by: Actor) -> int:
    owner = owner_of(session, by)
    if owner is None:
        raise NotPermitted("Indicators are defined by those who own a round.")
    return owner


def is_reported(session: Session, indicator_id: int) -> bool:
    found = sa.select(IndicatorValue.id).where(IndicatorValue.indicator_id == indicator_id)
    return session.scalar(found.limit(1)) is not None


def _faults(session: Session, wanted: Definition, indicator_id: int | None) -> list[Fault]:
    found = []
    for name, longest, needed in (
        ("name", LONGEST_NAME, "Say what is counted."),
        ("unit", LONGEST_UNIT, "Say in what unit, such as people, papers or hours."),
        ("definition", LONGEST_DEFINITION, "Say what counts and what does not."),
    ):
        text = getattr(wanted, name)
        if not text:
            found.append(Fault(name, needed))
        elif len(text) > longest:
            found.append(
                Fault(name, _("At most %(longest)s characters.", longest=format_number(longest)))
            )
    if wanted.direction not in DIRECTIONS:
        found.append(Fault("direction", "Choose which way is better."))
    same = sa.select(Indicator.id).where(
        sa.func.lower(Indicator.name) == wanted.name.lower(), Indicator.id != (indicator_id or 0)
    )
    if session.scalar(same.limit(1)) is not None:
        found.append(Fault("name", "There is an indicator of this name."))
    return found


def define(session: Session, *, by: Actor, wanted: Definition) -> Indicator:
    """Define an indicator, to be asked of every report from now on.

    Raises NotPermitted for who owns no round, InvalidInput.
    """
    owner = _require_owner(session, by)
    if faults := _faults(session, wanted, None):
        raise InvalidInput(*faults)
    indicator = Indicator(defined_by_id=owner, **asdict(wanted))
    session.add(indicator)
    session.flush()
    record(session, by, "indicator defined", indicator, organisation_id=owner)
    return indicator


def change(
    session: Session,
    *,
    by: Actor,
    indicator_id: int,
    version: int,
    wanted: Definition,
    is_asked: bool,
) -> Indicator:
    """Change an indicator, or ask for it no more; once reported, it keeps its meaning.

    Raises NotFound, NotPermitted, Conflict, RuleBroken, InvalidInput.
    """
    owner = _require_owner(session, by)
    indicator = session.get(Indicator, indicator_id)
    if indicator is None:
        raise NotFound("indicator")
    if indicator.version != version:
        raise Conflict("Somebody else changed this indicator meanwhile.")
    if is_reported(session, indicator_id):
        wanted = Definition(
            indicator.name, indicator.unit, indicator.direction, indicator.definition
        )
    if faults := _faults(session, wanted, indicator_id):
        raise InvalidInput(*faults)
    for name, value in asdict(wanted).items():
        setattr(indicator, name, value)
    indicator.is_asked = is_asked
    record(session, by, "indicator changed", indicator, organisation_id=owner, is_asked=is_asked)
    return indicator
