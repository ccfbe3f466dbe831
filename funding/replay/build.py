"""From grants and assumptions to a round that the optimizer can solve, and to what really happened.

Whatever is assumed, what really happened stays possible: no ask is below what was received, no
minimum above it, no restriction forbids what was paid. So a plan is never better only because the
rules of the replay would have forbidden the real one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from funding.formatting import minor_units, plural
from funding.replay.areas import OPEN_AREAS, AreaReading
from funding.replay.assumptions import Assumptions
from funding.replay.pool import Dated, Timeline

STEPS = ((0.5, 1.0), (0.5, 0.5), (0.5, 0.25))
"""An area's need in steps: (part of its share of the pool, part of the weight of need)."""

HALF_IN_ITS_AREAS = 0.5

KEPT = "kept: "
KEPT_SHARE = Decimal("0.001")
"""The exchange format has no preference for what was. So each recipient that was paid lies with
this much of its weight in an area of its own (its name after KEPT), whose need is what it really
received and earns the benefit of the doubt. Its other areas share the rest."""

_PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Funder:
    """`amount`: its real total in the pool, minor units; `areas`: those it paid beside it too."""

    name: str
    amount: int
    areas: frozenset[str]
    excludes: tuple[str, ...]
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Recipient:
    """A candidate. `ask_from` and `choosers` say where ask and merit come from; minor units."""

    name: str
    ask: int
    minimum: int
    merit: float
    areas: Mapping[str, float]
    received: int
    choosers: int
    smallest_grant: int
    ask_from: str
    merit_from: str


@dataclass(frozen=True)
class ReplayRound:
    """`really`: (funder, recipient) -> minor units; `needs`: area -> its share of the pool in
    money; `document`: the round in the optimizer's exchange format."""

    currency: str
    funders: tuple[Funder, ...]
    recipients: tuple[Recipient, ...]
    really: Mapping[tuple[str, str], int]
    grants_in_pool: int
    areas: Mapping[str, str]
    needs: Mapping[str, int]
    document: dict[str, Any]
    is_promised_what_was: bool

    @property
    def pool(self) -> int:
        return sum(funder.amount for funder in self.funders)


def build_round(
    timeline: Timeline, areas: AreaReading, currency: str, given: Assumptions
) -> ReplayRound:
    """The round that these grants and assumptions make."""
    beside, pool = timeline.beside(given.window), timeline.of_pool()
    really: Counter[tuple[str, str]] = Counter()
    for one in pool:
        really[one.grant.funder, one.grant.recipient] += one.grant.amount
    received: Counter[str] = Counter()
    for (_, recipient), amount in really.items():
        received[recipient] += amount
    choosers = _choosers(timeline, given)
    by_recipient = _grouped(beside, lambda one: one.grant.recipient)
    recipients = tuple(
        _recipient(name, by_recipient[name], received[name], len(choosers[name]), timeline, given)
        for name in sorted(by_recipient)
    )
    by_funder = _grouped(beside, lambda one: one.grant.funder)
    paid_ever = _paid_ever(timeline)
    in_use = {area for recipient in recipients for area in recipient.areas}
    names = {area: name for area, name in areas.names.items() if area in in_use}
    funders = tuple(
        _funder(name, amount, by_funder[name], recipients, paid_ever[name], names, given)
        for name, amount in sorted(_totals(really).items())
    )
    size = sum(funder.amount for funder in funders)
    needs = _needs(timeline, names, size, given.need)
    is_whole = all(amount % 10 ** minor_units(currency) == 0 for amount in really.values())
    document = _document(currency, funders, recipients, needs, given, is_whole=is_whole)
    return ReplayRound(
        currency=currency,
        funders=funders,
        recipients=recipients,
        really=dict(really),
        grants_in_pool=len(pool),
        areas=names,
        needs=needs,
        document=document,
        is_promised_what_was=given.guarantee == "really",
    )


def _grouped(dated: Iterable[Dated], key: Any) -> dict[str, list[Dated]]:
    groups: dict[str, list[Dated]] = defaultdict(list)
    for one in dated:
        groups[key(one)].append(one)
    return groups


def _totals(really: Mapping[tuple[str, str], int]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for (funder, _), amount in really.items():
        totals[funder] += amount
    return dict(totals)


def _paid_ever(timeline: Timeline) -> dict[str, set[str]]:
    paid: dict[str, set[str]] = defaultdict(set)
    for one in timeline.dated:
        paid[one.grant.funder].add(one.grant.recipient)
    return paid


def _choosers(timeline: Timeline, given: Assumptions) -> dict[str, set[str]]:
    """The funders that count for each recipient's merit."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in timeline.dated:
        counts = {
            "funders-so-far": one.period <= 0,
            "funders-other-years": not one.in_pool,
            "funders-all": True,
            "equal": False,
        }[given.merit]
        if counts:
            found[one.grant.recipient].add(one.grant.funder)
    return found


# -- recipients ----------------------------------------------------------------------------------


def _recipient(
    name: str,
    dated: Sequence[Dated],
    received: int,
    choosers: int,
    timeline: Timeline,
    given: Assumptions,
) -> Recipient:
    wanted, ask_from = _ask(dated, timeline, given.ask)
    ask = max(round(wanted * given.ask_factor), received, 1)
    if ask == received and ask > round(wanted * given.ask_factor):
        ask_from = "what it really received"
    smallest = min(one.grant.amount for one in dated)
    stated = [one.grant.minimum for one in dated if one.grant.minimum is not None]
    minimum = max(1, min(stated) if stated else int(smallest * Decimal(str(given.least))))
    minimum = min(minimum, ask, received or ask)
    merit, merit_from = _merit(dated, choosers, given)
    return Recipient(
        name=name,
        ask=ask,
        minimum=minimum,
        merit=merit,
        areas=_mix(dated),
        received=received,
        choosers=choosers,
        smallest_grant=smallest,
        ask_from=ask_from,
        merit_from=merit_from,
    )


def _ask(dated: Sequence[Dated], timeline: Timeline, rule: str) -> tuple[int, str]:
    """The ask before it is multiplied, and where it comes from in words."""
    by_period: Counter[int] = Counter()
    has_column = False
    for one in dated:
        by_period[one.period] += one.grant.ask or one.grant.amount
        has_column = has_column or one.grant.ask is not None
    unit = timeline.pool.unit
    largest = max(by_period, key=lambda period: (by_period[period], -abs(period), period))
    if has_column:
        return by_period[largest], f"the file's own column, {timeline.names[largest]}"
    if rule == "all-years":
        return by_period.total(), f"all it received in {plural(len(by_period), unit)}"
    if rule == "mean-year":
        return round(
            by_period.total() / len(by_period)
        ), f"its mean over {plural(len(by_period), unit)}"
    if rule == "largest-grant":
        return max(one.grant.amount for one in dated), "its largest grant"
    return by_period[largest], f"the most in one {unit}, {timeline.names[largest]}"


def _merit(dated: Sequence[Dated], choosers: int, given: Assumptions) -> tuple[float, str]:
    stated = [one.grant.merit for one in dated if one.grant.merit is not None]
    if stated:
        return round(sum(stated) / len(stated), 4), "the file's own column"
    if given.merit == "equal":
        return 0.5, "the same for all"
    merit = (choosers + 1) / (choosers + 1 + given.merit_caution)
    return round(merit, 4), f"chosen by {plural(choosers, 'funder')}"


def _mix(dated: Sequence[Dated]) -> dict[str, float]:
    """Its areas by its money in these years; shares to four places that sum to 1."""
    money: dict[str, float] = defaultdict(float)
    for one in dated:
        for area, weight in one.weights.items():
            money[area] += weight * one.grant.amount
    total = sum(money.values())
    shares = {
        area: Decimal(repr(amount / total)).quantize(_PLACES)
        for area, amount in sorted(money.items())
    }
    shares = {area: share for area, share in shares.items() if share}
    largest = max(shares, key=lambda area: (shares[area], area))
    shares[largest] += 1 - sum(shares.values())
    return {area: float(share) for area, share in shares.items()}


# -- funders -------------------------------------------------------------------------------------


def _funder(
    name: str,
    amount: int,
    dated: Sequence[Dated],
    recipients: Sequence[Recipient],
    paid_ever: set[str],
    areas: Iterable[str],
    given: Assumptions,
) -> Funder:
    own = frozenset(area for one in dated for area in one.weights)
    paid = {one.grant.recipient for one in dated}

    def is_allowed(recipient: Recipient) -> bool:
        if given.restrictions == "any" or recipient.name in paid:
            return True
        if given.restrictions == "recipients":
            return recipient.name in paid_ever
        inside = sum(share for area, share in recipient.areas.items() if area in own)
        return inside >= HALF_IN_ITS_AREAS - 1e-9

    return Funder(
        name=name,
        amount=amount,
        areas=own,
        excludes=tuple(one.name for one in recipients if not is_allowed(one)),
        weights={area: 1.0 if area in own else given.other_areas for area in areas},
    )


# -- areas and the document ----------------------------------------------------------------------


def _needs(timeline: Timeline, areas: Mapping[str, str], size: int, rule: str) -> dict[str, int]:
    """What each area needs, in minor units that sum to about the pool."""
    money: dict[str, float] = defaultdict(float)
    counted = [one for one in timeline.dated if rule == "whole-file" or not one.in_pool]
    for one in counted or timeline.dated:
        for area, weight in one.weights.items():
            if area in areas:
                money[area] += weight * one.grant.amount
    total = sum(money.values()) or 1.0
    shares = {area: money[area] / total for area in areas}
    if rule == "equal":
        named = [area for area in areas if area not in OPEN_AREAS]
        rest = 1 - sum(shares[area] for area in areas if area in OPEN_AREAS)
        shares.update({area: rest / len(named) for area in named})
    return {area: round(size * share) for area, share in shares.items()}


def _document(
    currency: str,
    funders: Sequence[Funder],
    recipients: Sequence[Recipient],
    needs: Mapping[str, int],
    given: Assumptions,
    *,
    is_whole: bool,
) -> dict[str, Any]:
    """The exchange format; `is_whole`: every real grant was a whole number of units of money."""
    one_unit = 10 ** minor_units(currency)
    # "really" becomes a number once what happened is measured
    guarantee = "none" if given.guarantee == "really" else given.guarantee
    kept = [one for one in recipients if one.received] if given.doubt > 0 else []
    kept_names = {one.name for one in kept}
    areas = [
        {
            "id": area,
            "steps": [
                {"width": round(need * part), "weight": round(weight * given.need_weight, 6)}
                for part, weight in STEPS
            ],
        }
        for area, need in needs.items()
    ]
    own_areas = [
        {
            "id": KEPT + one.name,
            "steps": [
                {
                    "width": round(one.received * KEPT_SHARE),
                    "weight": float(Decimal(str(given.doubt)) / KEPT_SHARE),
                }
            ],
        }
        for one in kept
    ]
    return {
        "format": "tributary-round/1",
        "currency": currency,
        "commitments": [
            {
                "id": funder.name,
                "funder": funder.name,
                "amount": funder.amount,
                "excludes": list(funder.excludes),
            }
            for funder in funders
        ],
        "funders": [
            {"id": funder.name, "weights": dict(funder.weights), "guarantee": guarantee}
            for funder in funders
        ],
        "proposals": [
            {
                "id": one.name,
                "ask": one.ask,
                "minimum": one.minimum,
                "merit": one.merit,
                "areas": _with_kept(one) if one.name in kept_names else dict(one.areas),
            }
            for one in recipients
        ],
        "areas": areas + own_areas,
        "policy": {
            "agreement_cost": given.agreement_cost * one_unit,
            # what really happened must stay possible
            "round_to": one_unit if is_whole else 1,
        },
    }


def _with_kept(one: Recipient) -> dict[str, float]:
    """Its areas with the one of its own."""
    shares = {
        area: float(Decimal(repr(share)) * (1 - KEPT_SHARE)) for area, share in one.areas.items()
    }
    return {**shares, KEPT + one.name: float(KEPT_SHARE)}
