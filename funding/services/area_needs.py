"""Priority needs: what a round wants to see covered in each top area, and what counts already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from funding.db import MOST_MONEY
from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.forms import without_repeats
from funding.models import AreaNeed, Round
from funding.permissions import Actor
from funding.services.areas import top_areas
from funding.services.log import record
from funding.services.needs import spent_in_history
from funding.services.rates import Rate, rate_in_round
from funding.services.rounds import fetch_version

MOST_STEPS = 8
LARGEST_WEIGHT = 1000.0


@dataclass(frozen=True)
class NeedTerms:
    """What one area needs, in base minor units. `steps`: (width, weight), the first earns first.

    `spent` None: taken from the imported history.
    """

    steps: tuple[tuple[int, float], ...]
    floor: int
    cap: int | None
    spent: int | None
    note: str


def set_need(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    area_key: str,
    version: int,
    terms: NeedTerms,
    faults: tuple[Fault, ...] = (),
) -> AreaNeed:
    """State the need of one top area. Raises NotFound, Conflict, InvalidInput."""
    round_ = fetch_version(session, by, round_id, version)
    if area_key not in {a.key for a in round_.taxonomy.areas if a.parent_key is None}:
        raise NotFound("area")
    found = without_repeats(faults, _faults_of(terms))
    if found:
        raise InvalidInput(*found)
    need = next((n for n in round_.needs if n.area_key == area_key), None)
    if need is None:
        need = AreaNeed(area_key=area_key)
        round_.needs.append(need)
    need.steps = [[width, weight] for width, weight in terms.steps]
    need.floor, need.cap, need.spent, need.note = terms.floor, terms.cap, terms.spent, terms.note
    flag_modified(round_, "policy")  # a need is part of its round: the version moves on
    record(
        session,
        by,
        "need set",
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        area=area_key,
        steps=need.steps,
        floor=need.floor,
        cap=need.cap,
        spent=need.spent,
    )
    return need


def _faults_of(terms: NeedTerms) -> list[Fault]:
    faults = []
    previous = None
    for place, (width, weight) in enumerate(terms.steps):
        if width <= 0:
            faults.append(Fault(f"width.{place}", "A step is an amount above 0."))
        if not 0 <= weight <= LARGEST_WEIGHT:
            faults.append(
                Fault(
                    f"weight.{place}",
                    "A weight is a number from 0 to 1,000.",
                )
            )
        if previous is not None and weight > previous:
            faults.append(
                Fault(
                    f"weight.{place}",
                    "Weights never rise: the first money in an area does the most good.",
                )
            )
        previous = weight
    if sum(width for width, _ in terms.steps) > MOST_MONEY:
        faults.append(Fault("width.0", "The steps together are more than any amount may be."))
    if terms.cap is not None and terms.cap < terms.floor:
        faults.append(Fault("cap", "The most cannot be less than the least wanted."))
    if len(terms.note) > 1000:
        faults.append(Fault("note", "At most 1,000 characters."))
    return faults


@dataclass(frozen=True)
class Spent:
    """What earlier grants spent by top area, in base minor units, at the rates of one day.

    `uncounted`: how many (area, currency) sums have no published rate or no area of this round.
    """

    by_area: dict[str, int]
    rates: dict[str, Rate]
    uncounted: int


def spent_before(session: Session, round_: Round, on: datetime) -> Spent:
    """Sums of the imported history that count for this round, converted at the day's rates."""
    tops = top_areas(round_)
    by_area: dict[str, int] = {}
    rates: dict[str, Rate] = {}
    uncounted = 0
    for (area, currency), amount in sorted(spent_in_history(session, round_).items()):
        if currency not in rates:
            try:
                rates[currency] = rate_in_round(session, round_, currency, on.date())
            except RuleBroken:
                uncounted += 1
                continue
        if area not in tops:
            uncounted += 1
            continue
        by_area[tops[area]] = by_area.get(tops[area], 0) + rates[currency].to_base(amount)
    return Spent(by_area, rates, uncounted)
