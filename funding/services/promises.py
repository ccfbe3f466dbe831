"""What a funder promises: a commitment's fields as values, the rules they keep, and their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault
from funding.formatting import format_amount, format_number
from funding.imports.known import REGIONS
from funding.language import gettext as _
from funding.models import (
    Commitment,
    EarlierPromise,
    ExcludedApplicant,
    Organisation,
    OrganisationKind,
    Release,
    RiskTier,
    Round,
)
from funding.services.rates import is_published
from funding.services.restrictions import Terms

LONGEST_NAME = 120
LONGEST_NOTE = 2000
MOST_RATIO = 100


@dataclass(frozen=True)
class Promise:
    """A commitment as its funder writes it: restrictions in `terms`, and what goes with them.

    `releases`: year -> minor units, summing to the amount; empty where all is there at once.
    `own_rate`: one unit in the round's currency, where no rate is published; else None.
    """

    name: str
    terms: Terms
    starts_on: date | None = None
    ends_on: date | None = None
    releases: Mapping[int, int] | None = None
    second_approval_above: int | None = None
    own_rate: Decimal | None = None
    own_rate_on: date | None = None
    note: str = ""


# -- what a promise must keep to ------------------------------------------------------------------


def promise_faults(
    session: Session, round_: Round, promise: Promise, commitment: Commitment | None
) -> list[Fault]:
    terms = promise.terms
    faults = _plain_faults(promise)
    tops = {area.key for area in round_.taxonomy.areas if area.parent_key is None}
    if terms.areas is not None and not terms.areas:
        faults.append(Fault("areas", "Choose at least one area, or any area."))
    elif set(terms.areas or ()) - tops:
        faults.append(Fault("areas", "One of these areas is no longer on the round's list."))
    if terms.regions is not None and (not terms.regions or set(terms.regions) - set(REGIONS)):
        faults.append(Fault("regions", "Choose at least one region, or any region."))
    if terms.risk_tiers is not None and (
        not terms.risk_tiers or set(terms.risk_tiers) - set(RiskTier)
    ):
        faults.append(Fault("risk_tiers", "Choose at least one tier, or any tier."))
    if terms.excluded and _institutions(session, terms.excluded) != set(terms.excluded):
        faults.append(Fault("excluded", "Choose institutions from the list."))
    return faults + _rate_faults(session, round_, promise, commitment)


def _plain_faults(promise: Promise) -> list[Fault]:
    """Rules that need nothing but the promise itself."""
    terms, faults = promise.terms, []
    if not promise.name:
        faults.append(Fault("name", "Give the commitment a name your colleagues will know it by."))
    elif len(promise.name) > LONGEST_NAME:
        faults.append(
            Fault("name", _("At most %(longest_name)s characters.", longest_name=LONGEST_NAME))
        )
    if len(promise.note) > LONGEST_NOTE:
        faults.append(
            Fault(
                "note",
                _("At most %(longest_note)s characters.", longest_note=format_number(LONGEST_NOTE)),
            )
        )
    if terms.amount <= 0:
        faults.append(Fault("amount", "A commitment is an amount above 0."))
    cap = terms.cap_per_proposal
    if cap is not None and cap <= 0:
        faults.append(Fault("cap_per_proposal", "The most for one proposal is an amount above 0."))
    if terms.ticket > terms.amount:
        faults.append(Fault("ticket", "The smallest grant cannot be more than the commitment."))
    elif cap is not None and cap > 0 and terms.ticket > cap:
        faults.append(Fault("ticket", "The smallest grant cannot be more than the largest."))
    if promise.starts_on and promise.ends_on and promise.ends_on < promise.starts_on:
        faults.append(Fault("ends_on", "The last day cannot be before the first."))
    return faults + _other_faults(terms) + _release_faults(promise) + _earlier_faults(promise)


def _other_faults(terms: Terms) -> list[Fault]:
    """Rules of matching and conditions, which must be able to mean something."""
    faults = []
    if terms.match is not None:
        up_to = terms.match.up_to
        if not 0 < terms.match.ratio <= MOST_RATIO:
            faults.append(
                Fault(
                    "match_ratio", _("Above 0 and at most %(most_ratio)s.", most_ratio=MOST_RATIO)
                )
            )
        if up_to is not None and not 0 < max(1, terms.ticket) <= up_to:
            rule = "The most it matches is an amount above 0, and no less than the smallest grant."
            faults.append(Fault("match_up_to", rule))
    for name, others in (("only_if", terms.only_if), ("joins_if", terms.joins_if)):
        if others is not None and others.least and not others.funders:
            rule = "Say how many funders have to pay at least this."
            faults.append(Fault(f"{name}_funders", rule))
    return faults


def _release_faults(promise: Promise) -> list[Fault]:
    releases, terms = promise.releases or {}, promise.terms
    if not releases:
        return []
    if any(amount <= 0 for amount in releases.values()):
        return [
            Fault("releases", "Each year's release is an amount above 0; leave out the others.")
        ]
    outside = [
        year for year in releases if not is_within_period(year, promise.starts_on, promise.ends_on)
    ]
    if outside:
        return [
            Fault(
                "releases",
                _("%(outside)s lies outside the period of the commitment.", outside=outside[0]),
            )
        ]
    total = sum(releases.values())
    if total != terms.amount:
        missing = format_amount(abs(terms.amount - total), terms.currency)
        side = "short of" if total < terms.amount else "more than"
        return [
            Fault(
                "releases",
                _(
                    "The years' releases are %(missing)s %(side)s the amount.",
                    missing=missing,
                    side=side,
                ),
            )
        ]
    return []


def _earlier_faults(promise: Promise) -> list[Fault]:
    """What is owed to earlier awards must be there by the year it falls due."""
    terms, owed = promise.terms, 0
    for year, amount in sorted(terms.earlier.items()):
        if amount <= 0:
            return [Fault("earlier", "Each year's amount is above 0; leave out the others.")]
        owed += amount
        there = terms.amount
        if promise.releases:
            there = sum(part for y, part in promise.releases.items() if y <= year)
        if owed > there:
            most = format_amount(there, terms.currency)
            rule = f"By the end of {year} no more than {most} of this commitment is there."
            return [Fault("earlier", rule)]
    return []


def is_within_period(year: int, starts_on: date | None, ends_on: date | None) -> bool:
    return (starts_on is None or year >= starts_on.year) and (
        ends_on is None or year <= ends_on.year
    )


def _rate_faults(
    session: Session, round_: Round, promise: Promise, commitment: Commitment | None
) -> list[Fault]:
    """Where no rate is published the funder states one; all in that currency share it."""
    currency, base = promise.terms.currency, round_.base_currency
    if is_published(currency, base):
        return []
    if promise.own_rate is None or promise.own_rate <= 0:
        return [
            Fault(
                "own_rate",
                _(
                    "No reference rate is published for %(currency)s: say what 1 %(currency)s "
                    "is worth in %(base)s.",
                    currency=currency,
                    base=base,
                ),
            )
        ]
    if promise.own_rate_on is None:
        return [Fault("own_rate_on", "Say of which day this rate is.")]
    other = session.execute(
        sa.select(Commitment.own_rate, Commitment.name)
        .where(
            Commitment.round_id == round_.id,
            Commitment.currency == currency,
            Commitment.id != (commitment.id if commitment else 0),
        )
        .limit(1)
    ).one_or_none()
    if other and other[0] is not None and Decimal(other[0]) != promise.own_rate:
        return [
            Fault(
                "own_rate",
                _(
                    "“%(other)s” counts 1 %(currency)s as %(other2)s %(base)s already.",
                    other=other[1],
                    currency=currency,
                    other2=other[0],
                    base=base,
                ),
            )
        ]
    return []


def _institutions(session: Session, ids: Mapping[int, str]) -> set[int]:
    return set(
        session.scalars(
            sa.select(Organisation.id).where(
                Organisation.id.in_(list(ids)), Organisation.kind == OrganisationKind.INSTITUTION
            )
        )
    )


# -- between the promise and its rows -------------------------------------------------------------


def write_promise(commitment: Commitment, promise: Promise) -> None:
    terms = promise.terms
    commitment.name, commitment.note = promise.name, promise.note
    commitment.starts_on, commitment.ends_on = promise.starts_on, promise.ends_on
    commitment.second_approval_above = promise.second_approval_above
    commitment.own_rate = None if promise.own_rate is None else f"{promise.own_rate:f}"
    commitment.own_rate_on = promise.own_rate_on if promise.own_rate is not None else None
    commitment.areas = None if terms.areas is None else list(terms.areas)
    commitment.regions = None if terms.regions is None else list(terms.regions)
    commitment.risk_tiers = None if terms.risk_tiers is None else list(terms.risk_tiers)
    commitment.least_share = terms.least_share
    commitment.pays_share_only = terms.pays_share_only and terms.areas is not None
    commitment.cap_per_proposal = terms.cap_per_proposal
    commitment.cap_share_of_ask = terms.cap_share_of_ask
    commitment.ticket = terms.ticket
    commitment.match_ratio = terms.match.ratio if terms.match else None
    commitment.match_up_to = terms.match.up_to if terms.match else None
    commitment.only_if = terms.only_if.kept() if terms.only_if else None
    commitment.joins_if = terms.joins_if.kept() if terms.joins_if else None
    for gone in [e for e in commitment.excluded if e.institution_id not in terms.excluded]:
        commitment.excluded.remove(gone)
    there = {e.institution_id for e in commitment.excluded}
    for institution_id in sorted(set(terms.excluded) - there):
        commitment.excluded.append(ExcludedApplicant(institution_id=institution_id))


def release_rows(by_year: Mapping[int, int] | None) -> list[Release]:
    return [Release(year=year, amount=amount) for year, amount in sorted((by_year or {}).items())]


def write_earlier(session: Session, commitment: Commitment, owed: Mapping[int, int]) -> None:
    """What is kept for earlier awards; raises RuleBroken where more is than is still available.

    The money must be on the ledger already: the database compares with what is there.
    """
    if {promise.year: promise.amount for promise in commitment.earlier} == dict(owed):
        return
    commitment.earlier.clear()
    session.flush()  # the old years go before the new ones come
    commitment.earlier.extend(
        EarlierPromise(year=year, amount=amount) for year, amount in sorted(owed.items())
    )
    session.flush()


def promise_of(commitment: Commitment) -> Promise:
    return Promise(
        name=commitment.name,
        terms=Terms.of(commitment),
        starts_on=commitment.starts_on,
        ends_on=commitment.ends_on,
        releases={release.year: release.amount for release in commitment.releases},
        second_approval_above=commitment.second_approval_above,
        own_rate=None if commitment.own_rate is None else Decimal(commitment.own_rate),
        own_rate_on=commitment.own_rate_on,
        note=commitment.note,
    )


def logged_promise(promise: Promise) -> dict[str, Any]:
    """Ids and amounts for the log, in values that JSON knows; the note stays out of it."""
    terms = promise.terms
    return {
        "name": promise.name,
        "amount": terms.amount,
        "currency": terms.currency,
        "areas": None if terms.areas is None else list(terms.areas),
        "least_share": terms.least_share,
        "pays_share_only": terms.pays_share_only,
        "regions": None if terms.regions is None else list(terms.regions),
        "risk_tiers": None if terms.risk_tiers is None else list(terms.risk_tiers),
        "excluded": sorted(terms.excluded),
        "cap_per_proposal": terms.cap_per_proposal,
        "cap_share_of_ask": terms.cap_share_of_ask,
        "ticket": terms.ticket,
        "match": asdict(terms.match) if terms.match else None,
        "only_if": terms.only_if.kept() if terms.only_if else None,
        "joins_if": terms.joins_if.kept() if terms.joins_if else None,
        "second_approval_above": promise.second_approval_above,
        "starts_on": promise.starts_on.isoformat() if promise.starts_on else None,
        "ends_on": promise.ends_on.isoformat() if promise.ends_on else None,
        "releases": {str(y): a for y, a in sorted((promise.releases or {}).items())},
        "earlier": {str(y): a for y, a in sorted(terms.earlier.items())},
        "own_rate": None if promise.own_rate is None else f"{promise.own_rate:f}",
    }
