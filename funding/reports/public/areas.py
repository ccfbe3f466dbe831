"""Areas in public: their names, the money of public awards in each, and the gaps left open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import NotFound, RuleBroken
from funding.models import (
    Area,
    Award,
    HistoricGrant,
    Proposal,
    ProposalArea,
    Round,
    Taxonomy,
)
from funding.permissions import Scope, public_rounds, published_grants
from funding.reports.ground.areas import parts_by_area
from funding.reports.public.money import held_by
from funding.reports.public.rates import rates_of
from funding.services.areas import top_areas
from funding.services.needs import counted_grants
from funding.services.rates import Rate, rate_in_round


def named_areas(session: Session, round_ids: Iterable[int]) -> dict[int, dict[str, Area]]:
    """Each round's areas of both levels by key, of its newest version: one query."""
    newest = (
        sa.select(Taxonomy.round_id, sa.func.max(Taxonomy.number).label("number"))
        .where(Taxonomy.round_id.in_(list(round_ids)))
        .group_by(Taxonomy.round_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(Taxonomy.round_id, Area)
        .join(Area, Area.taxonomy_id == Taxonomy.id)
        .join(
            newest,
            sa.and_(newest.c.round_id == Taxonomy.round_id, newest.c.number == Taxonomy.number),
        )
        .order_by(Area.position)
    )
    found: dict[int, dict[str, Area]] = {}
    for round_id, area in rows:
        found.setdefault(round_id, {})[area.key] = area
    return found


@dataclass(frozen=True)
class Gap:
    """What a round wanted for an area, in base minor units, and what stayed open.

    `others`: what is known in public to be funded there by others; `pool`: what public awards of
    the round put there. An embargoed award is not in `pool` until its day.
    """

    key: str
    name: str
    definition: str
    need: int
    others: int
    pool: int

    @property
    def open(self) -> int:
        return max(0, self.need - self.others - self.pool)


def gaps_of(
    session: Session, round_: Round, awards: sa.Select[tuple[int]], today: date
) -> list[Gap]:
    """Every top area with a need or with money, the widest open first."""
    rates = rates_of(session, [round_])[round_.id]
    pool = pool_by_area(session, round_, awards, rates)
    others = _known_spent(session, round_, today)
    stated = {need.area_key: need for need in round_.needs}
    rows = []
    for area in round_.taxonomy.areas:
        if area.parent_key is not None:
            continue
        need = stated.get(area.key)
        wanted = sum(int(width) for width, _ in need.steps) if need else 0
        spent = others.get(area.key, 0) if need is None or need.spent is None else need.spent
        rows.append(Gap(area.key, area.name, area.definition, wanted, spent, pool.get(area.key, 0)))
    rows = [row for row in rows if row.need or row.pool]
    return sorted(rows, key=lambda gap: (-gap.open, -gap.pool, gap.name))


@dataclass(frozen=True)
class PublicArea:
    """An area over public rounds: the newest round's words for it, and its gap in each round."""

    key: str
    name: str
    definition: str
    gaps: list[tuple[Round, Gap]]


MOST_ROUNDS = 6
"""Over how many rounds, the newest first, an area's page looks back."""


def area_of(
    session: Session,
    scope: Scope,
    key: str,
    awards_in: Callable[[str], sa.Select[tuple[int]]],
) -> PublicArea:
    """A top area with its gaps; `awards_in(round key)` selects that round's public awards.

    Raises NotFound for one that no public round has.
    """
    rounds = session.scalars(public_rounds(scope).order_by(Round.closes_at.desc(), Round.id)).all()
    known = named_areas(session, [round_.id for round_ in rounds])
    rounds = [r for r in rounds if key in known.get(r.id, {}) and not known[r.id][key].parent_key]
    if not rounds:
        raise NotFound("area")
    found = []
    for round_ in rounds[:MOST_ROUNDS]:
        gaps = gaps_of(session, round_, awards_in(round_.key), scope.today)
        found += [(round_, gap) for gap in gaps if gap.key == key]
    area = known[rounds[0].id][key]
    return PublicArea(key, area.name, area.definition, found)


def pool_by_area(
    session: Session, round_: Round, awards: sa.Select[tuple[int]], rates: dict[str, Rate]
) -> dict[str, int]:
    """By top area, base minor units of what stands in these awards' accounts; the parts add up."""
    tops = top_areas(round_)
    tags: dict[int, dict[str, float]] = {}
    for award_id, key, weight in session.execute(
        sa.select(Award.id, ProposalArea.area_key, ProposalArea.weight)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .join(ProposalArea, ProposalArea.proposal_id == Proposal.id)
        .where(Award.id.in_(awards))
    ):
        areas = tags.setdefault(award_id, {})
        areas[tops.get(key, key)] = areas.get(tops.get(key, key), 0.0) + weight
    pool: dict[str, int] = {}
    for held in held_by(session, awards):
        base = rates[held.currency].to_base(held.balance)
        for key, part in parts_by_area(base, tags.get(held.award_id, {})):
            pool[key] = pool.get(key, 0) + part
    return pool


def _known_spent(session: Session, round_: Round, today: date) -> dict[str, int]:
    """By top area: past grants that count and that their holder said are published.

    What a funder imported for itself alone is in no public figure.
    """
    tops = top_areas(round_)
    public = published_grants().with_only_columns(HistoricGrant.id)
    grants = counted_grants(round_).where(HistoricGrant.id.in_(public)).subquery()
    spent: dict[str, int] = {}
    for key, currency, amount in session.execute(
        sa.select(grants.c.area_key, grants.c.currency, sa.func.sum(grants.c.amount)).group_by(
            grants.c.area_key, grants.c.currency
        )
    ):
        try:
            rate = rate_in_round(session, round_, currency, today)
        except RuleBroken:
            continue
        if key in tops:
            spent[tops[key]] = spent.get(tops[key], 0) + rate.to_base(int(amount))
    return spent
