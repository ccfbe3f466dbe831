"""Portfolios nearly as good as a plan: what each buys and gives up, for who may hear of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import format_percent, format_share
from funding.language import gettext as _
from funding.models import Organisation, Proposal, Run
from funding.permissions import Actor, visible_proposals
from funding.reports.discretion import Discretion
from funding.services.run_words import names_of
from funding.studies.alternatives import portfolio_names

MOST_CHANGES = 6


@dataclass(frozen=True)
class Shown:
    """A proposal that the reader may see: its id, key and title."""

    id: int
    key: str
    title: str


def shown_proposals(session: Session, by: Actor, run: Run) -> dict[str, Shown]:
    """The round's proposals that the person may see, by key. One query."""
    query = visible_proposals(by).where(Proposal.round_id == run.scenario.round_id)
    rows = session.execute(query.with_only_columns(Proposal.id, Proposal.key, Proposal.title))
    return {key: Shown(id_, key, title) for id_, key, title in rows}


@dataclass(frozen=True)
class Change:
    """Money that an area or proposal gets more (less, below 0) than in the plan, minor units.

    `part` is its share of the largest change shown, from -1 to 1.
    """

    label: str
    amount: int
    part: float = 0.0
    proposal_id: int | None = None


@dataclass(frozen=True)
class Portfolio:
    """One portfolio beside the plan; money in base minor units, `worth` a share of the plan's."""

    number: int
    name: str
    worth: float
    moved: int
    moved_share: float
    agreements: int
    more_agreements: int
    areas: list[Change]
    gained: list[Change]
    lost: list[Change]


def portfolios(
    session: Session, by: Actor, run: Run, found: Mapping[str, Any], discretion: Discretion
) -> list[Portfolio]:
    """Every portfolio of a study, the furthest from the plan first as found. Four queries."""
    plan = run.plan or {}
    names = names_of(session, run.scenario.round)
    listed = found["portfolios"]
    said = portfolio_names(
        [one["marks"] for one in listed], names, _hidden_places(session, run, discretion)
    )
    seen = shown_proposals(session, by, run)
    money = max(1, sum(plan["totals"].values()))
    largest = max((abs(m["change"]) for one in listed for m in _of_areas(one)), default=1.0)
    return [
        Portfolio(
            number=number,
            name=name[:1].upper() + name[1:],
            worth=one["plan"]["value"] / plan["value"] if plan["value"] else 1.0,
            moved=one["moved"],
            moved_share=one["moved"] / money,
            agreements=len(one["plan"]["lines"]),
            more_agreements=_agreements(one, plan),
            areas=[
                Change(names.get(m["where"], m["where"]), round(m["change"]), m["change"] / largest)
                for m in _of_areas(one)[:MOST_CHANGES]
            ],
            gained=_proposals(one["plan"]["totals"], plan["totals"], seen),
            lost=_proposals(plan["totals"], one["plan"]["totals"], seen),
        )
        for number, (name, one) in enumerate(zip(said, listed, strict=True))
    ]


def _of_areas(portfolio: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [mark for mark in portfolio["marks"] if mark["kind"] == "area"]


def _agreements(portfolio: Mapping[str, Any], plan: Mapping[str, Any]) -> int:
    changed = [m["change"] for m in portfolio["marks"] if m["kind"] == "agreements"]
    return round(changed[0]) if changed else 0


def _proposals(
    one: Mapping[str, int], other: Mapping[str, int], seen: Mapping[str, Shown]
) -> list[Change]:
    """Proposals that get more by `one` than by `other`, most first."""
    more = {
        key: total - other.get(key, 0)
        for key, total in one.items()
        if total > other.get(key, 0) and key in seen
    }
    return [
        Change(seen[key].title, amount, proposal_id=seen[key].id)
        for key, amount in sorted(more.items(), key=lambda item: (-item[1], item[0]))
    ]


def _hidden_places(session: Session, run: Run, discretion: Discretion) -> frozenset[str]:
    """Institutions that a name must not tell of, since a hidden proposal comes from there."""
    if not discretion.hides_something:
        return frozenset()
    hidden = sa.select(Proposal.institution_id).where(Proposal.id.in_(discretion.ids))
    keys = sa.select(Organisation.key).where(Organisation.id.in_(hidden))
    return frozenset(session.scalars(keys))


def finding(shown: Sequence[Portfolio], tolerance: float) -> str:
    """What the portfolios say about how much is open, in a sentence."""
    if not shown:
        return "There is no other portfolio: whatever is nearly as good moves hardly any money."
    most = max(shown, key=lambda one: one.moved_share)
    return _(
        "For at most %(tolerance)s of the value, %(share)s of the money "
        "could go to other proposals.",
        tolerance=format_share(tolerance),
        share=format_percent(most.moved_share),
    )
