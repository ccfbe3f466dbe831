"""A round's areas as figures: proposals and money in each, needs, versions side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.language import gettext
from funding.listing import Listing
from funding.models import (
    Area,
    AreaNeed,
    HistoricGrant,
    Person,
    Proposal,
    ProposalArea,
    ProposalState,
    Round,
    Taxonomy,
)
from funding.permissions import Actor, without_conflict
from funding.services.area_needs import spent_before
from funding.services.areas import top_areas
from funding.services.needs import counted_grants


@dataclass(frozen=True)
class Tagged:
    """Proposals with a share in an area, and their asks times that share, in base minor units."""

    proposals: int = 0
    ask: int = 0


def tagged_by_area(session: Session, round_: Round, by: Actor) -> dict[str, Tagged]:
    """By area key, both levels; a top area counts its own tags and those below it.

    Submitted proposals only, less those the person has a conflict on. A proposal with two tags
    in one top area counts there once.
    """
    tops = top_areas(round_)
    rows = session.execute(
        sa.select(Proposal.id, ProposalArea.area_key, Proposal.ask * ProposalArea.weight)
        .join(ProposalArea, ProposalArea.proposal_id == Proposal.id)
        .where(
            Proposal.round_id == round_.id,
            Proposal.state.not_in([ProposalState.DRAFT, ProposalState.WITHDRAWN]),
            without_conflict(by),
        )
    )
    proposals: dict[str, set[int]] = {}
    ask: dict[str, float] = {}
    for proposal_id, key, share in rows:
        for place in {key, tops.get(key, key)}:
            proposals.setdefault(place, set()).add(proposal_id)
            ask[place] = ask.get(place, 0.0) + share
    return {key: Tagged(len(ids), round(ask[key])) for key, ids in proposals.items()}


@dataclass(frozen=True)
class AreaGroup:
    """A top area with its children."""

    area: Area
    children: list[Area]


def groups_of(taxonomy: Taxonomy) -> list[AreaGroup]:
    return [
        AreaGroup(top, [area for area in taxonomy.areas if area.parent_key == top.key])
        for top in taxonomy.areas
        if top.parent_key is None
    ]


@dataclass(frozen=True)
class NeedRow:
    """A top area's need, in base minor units; `spent` is what counts, whichever way it is known.

    `covered`: the part of the need that is spent already, from 0 to 1; None without a need.
    """

    area: Area
    need: AreaNeed | None
    wanted: int
    spent: int
    is_from_history: bool
    open: int

    @property
    def covered(self) -> float | None:
        return min(1.0, self.spent / self.wanted) if self.wanted else None


@dataclass(frozen=True)
class Needs:
    """All top areas; `most` is the largest need or spend, so that bars share one scale."""

    rows: list[NeedRow]
    most: int
    uncounted: int
    rates_on: str


def needs_of(session: Session, round_: Round, on: datetime) -> Needs:
    stated = {need.area_key: need for need in round_.needs}
    history = spent_before(session, round_, on)
    rows = []
    for area in round_.taxonomy.areas:
        if area.parent_key is not None:
            continue
        need = stated.get(area.key)
        wanted = sum(int(width) for width, _ in need.steps) if need else 0
        entered = need.spent if need else None
        spent = history.by_area.get(area.key, 0) if entered is None else entered
        rows.append(NeedRow(area, need, wanted, spent, entered is None, max(0, wanted - spent)))
    most = max([1, *(max(row.wanted, row.spent) for row in rows)])
    days = sorted({rate.on.isoformat() for rate in history.rates.values()})
    return Needs(rows, most, history.uncounted, days[-1] if days else "")


def grants_behind(
    session: Session, round_: Round, area_key: str, listing: Listing
) -> tuple[list[HistoricGrant], Listing]:
    """The past grants that count as spent in a top area, largest or newest first."""
    keys = [key for key, top in top_areas(round_).items() if top == area_key]
    query = counted_grants(round_).where(HistoricGrant.area_key.in_(keys))
    if words := listing.args.get("q"):
        query = query.where(
            sa.or_(
                HistoricGrant.funder.icontains(words, autoescape=True),
                HistoricGrant.recipient.icontains(words, autoescape=True),
            )
        )
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    listing = listing.counting(total)
    columns = {
        "funder": HistoricGrant.funder,
        "recipient": HistoricGrant.recipient,
        "date": HistoricGrant.awarded_on,
    }
    order = columns[listing.sort_key]
    rows = session.scalars(
        query.order_by(order.desc() if listing.is_descending else order, HistoricGrant.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    )
    return list(rows), listing


# -- versions -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class VersionRow:
    taxonomy: Taxonomy
    by: str | None
    areas: int


def versions_of(session: Session, round_: Round) -> list[VersionRow]:
    """Newest first, with who made each."""
    counts = dict(
        session.execute(
            sa.select(Area.taxonomy_id, sa.func.count())
            .join(Taxonomy, Taxonomy.id == Area.taxonomy_id)
            .where(Taxonomy.round_id == round_.id)
            .group_by(Area.taxonomy_id)
        ).all()
    )
    rows = session.execute(
        sa.select(Taxonomy, Person.name)
        .outerjoin(Person, Person.id == Taxonomy.created_by_id)
        .where(Taxonomy.round_id == round_.id)
        .order_by(Taxonomy.number.desc())
    )
    return [VersionRow(taxonomy, name, counts.get(taxonomy.id, 0)) for taxonomy, name in rows]


@dataclass(frozen=True)
class AreaChange:
    """How one area differs. `kind`: added, removed or changed, as ui.change shows it."""

    kind: str
    name: str
    what: str
    before: str
    after: str


def compare_versions(round_: Round, old: Taxonomy, new: Taxonomy) -> list[AreaChange]:
    """What a reader of `old` must know to read `new`."""
    before = {area.key: area for area in old.areas}
    after = {area.key: area for area in new.areas}
    replaced = {
        key: into
        for taxonomy in round_.taxonomies
        if old.number < taxonomy.number <= new.number
        for key, into in taxonomy.replaced.items()
    }
    changes = [
        AreaChange("added", area.name, "new area", "", area.definition)
        for key, area in after.items()
        if key not in before
    ]
    for key, area in before.items():
        if key not in after:
            into = _final(key, replaced)
            name = after[into].name if into in after else into
            changes.append(
                AreaChange("removed", area.name, gettext("now part of %(name)s", name=name), "", "")
            )
            continue
        changes += _changed(area, after[key], before, after)
    return changes


def _final(key: str, replaced: dict[str, str]) -> str:
    """Follow retirements to the area that stands now; each step leads to a later version."""
    seen = {key}
    while replaced.get(key, key) not in seen:
        key = replaced[key]
        seen.add(key)
    return key


def _changed(
    old: Area, new: Area, before: dict[str, Area], after: dict[str, Area]
) -> list[AreaChange]:
    changes = []
    if old.name != new.name:
        changes.append(AreaChange("changed", new.name, "renamed", old.name, new.name))
    if old.definition != new.definition:
        changes.append(
            AreaChange("changed", new.name, "defined anew", old.definition, new.definition)
        )
    if old.parent_key != new.parent_key:
        changes.append(
            AreaChange(
                "changed",
                new.name,
                "moved",
                before[old.parent_key].name if old.parent_key else "a top area",
                after[new.parent_key].name if new.parent_key else "a top area",
            )
        )
    return changes
