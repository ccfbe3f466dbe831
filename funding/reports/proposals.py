"""The proposals of a round as its officers and committee list, filter and export them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import minor_units
from funding.forms import share_text
from funding.listing import Listing
from funding.models import (
    COUNTED_SCORE,
    Area,
    Organisation,
    Proposal,
    ProposalArea,
    Round,
    Score,
    with_effects,
)
from funding.permissions import Actor, visible_proposals
from funding.places import country_in_english, region_in_english

SORTABLE = ("key", "title", "institution", "merit", "ask", "submitted")
FILTERS = ("q", "area", "state", "region", "risk", "institution", "scored")

_MERIT = (
    with_effects(
        sa.select(
            Score.proposal_id,
            (sa.func.avg(COUNTED_SCORE) / 100).label("merit"),
            sa.func.count().label("number"),
        ).join(Proposal, Proposal.id == Score.proposal_id)
    )
    .group_by(Score.proposal_id)
    .subquery("merit")
)

_ORDER: dict[str, Any] = {
    "key": Proposal.key,
    "title": sa.func.lower(Proposal.title),
    "institution": sa.func.lower(Organisation.name),
    "merit": _MERIT.c.merit,
    "ask": Proposal.ask,
    "submitted": Proposal.submitted_at,
}


@dataclass(frozen=True)
class ListedProposal:
    """A row of the list: money in minor units of the round's currency, merit from 0 to 1."""

    id: int
    key: str
    title: str
    institution: str | None
    merit: float | None
    scores: int
    areas: list[tuple[str, float]]
    ask: int
    minimum: int
    region: str | None
    country: str | None
    risk_tier: str | None
    state: str


def area_names(areas: Sequence[Area]) -> dict[str, str]:
    return {area.key: area.name for area in areas}


def _filtered(by: Actor, round_: Round, listing: Listing, areas: Sequence[Area]) -> sa.Select[Any]:
    query = (
        visible_proposals(by)
        .where(Proposal.round_id == round_.id)
        .outerjoin(Organisation, Organisation.id == Proposal.institution_id)
        .outerjoin(_MERIT, _MERIT.c.proposal_id == Proposal.id)
    )
    wanted = listing.args
    if "q" in wanted:
        query = query.where(
            sa.or_(
                *(
                    column.icontains(wanted["q"], autoescape=True)
                    for column in (
                        Proposal.key,
                        Proposal.title,
                        Proposal.abstract,
                        Organisation.name,
                    )
                )
            )
        )
    if "area" in wanted:
        key = wanted["area"]
        keys = [key, *(area.key for area in areas if area.parent_key == key)]
        query = query.where(
            sa.exists().where(
                ProposalArea.proposal_id == Proposal.id, ProposalArea.area_key.in_(keys)
            )
        )
    for name, column in (
        ("state", Proposal.state),
        ("region", Proposal.region),
        ("risk", Proposal.risk_tier),
        ("institution", Organisation.key),
    ):
        if name in wanted:
            query = query.where(column == wanted[name])
    if "scored" in wanted:
        has_scores = _MERIT.c.number.is_not(None)
        query = query.where(has_scores if wanted["scored"] == "yes" else ~has_scores)
    return query


def list_proposals(
    session: Session,
    by: Actor,
    round_: Round,
    listing: Listing,
    areas: Sequence[Area],
    *,
    whole: bool = False,
) -> tuple[Listing, list[ListedProposal]]:
    """One page of the list (all of it if `whole`), and the listing with its total.

    Three queries, however many rows there are.
    """
    query = _filtered(by, round_, listing, areas)
    total = session.scalar(query.with_only_columns(sa.func.count(Proposal.id)))
    listing = listing.counting(total or 0)
    column = _ORDER.get(listing.sort_key, _MERIT.c.merit)
    order = column.desc() if listing.is_descending else column.asc()
    rows = query.with_only_columns(
        Proposal.id,
        Proposal.key,
        Proposal.title,
        Organisation.name.label("institution"),
        _MERIT.c.merit,
        _MERIT.c.number,
        Proposal.ask,
        Proposal.minimum,
        Proposal.region,
        Proposal.country,
        Proposal.risk_tier,
        Proposal.state,
    ).order_by(order.nulls_last(), Proposal.id)
    if not whole:
        rows = rows.limit(listing.per_page).offset(listing.offset)
    found = session.execute(rows).all()
    tags = _tags(session, [row.id for row in found], round_, areas)
    return listing, [
        ListedProposal(
            id=row.id,
            key=row.key,
            title=row.title,
            institution=row.institution,
            merit=row.merit,
            scores=row.number or 0,
            areas=tags.get(row.id, []),
            ask=row.ask,
            minimum=row.minimum,
            region=row.region,
            country=row.country,
            risk_tier=row.risk_tier,
            state=row.state,
        )
        for row in found
    ]


def _tags(
    session: Session, ids: list[int], round_: Round, areas: Sequence[Area]
) -> dict[int, list[tuple[str, float]]]:
    """The areas of these proposals, largest share first."""
    query = sa.select(ProposalArea.proposal_id, ProposalArea.area_key, ProposalArea.weight)
    if len(ids) <= 1_000:
        query = query.where(ProposalArea.proposal_id.in_(ids))
    else:  # the whole round: a list of ids would outgrow what a statement may hold
        query = query.join(Proposal, Proposal.id == ProposalArea.proposal_id).where(
            Proposal.round_id == round_.id
        )
    names = area_names(areas)
    tags: dict[int, list[tuple[str, float]]] = {}
    for proposal_id, key, weight in session.execute(
        query.order_by(ProposalArea.weight.desc(), ProposalArea.id)
    ):
        tags.setdefault(proposal_id, []).append((names.get(key, key), weight))
    return tags


def institutions_in(session: Session, by: Actor, round_: Round) -> list[tuple[str, str]]:
    """(key, name) of the institutions with a proposal that this person may read."""
    return [
        (key, name)
        for key, name in session.execute(
            visible_proposals(by)
            .where(Proposal.round_id == round_.id)
            .join(Organisation, Organisation.id == Proposal.institution_id)
            .with_only_columns(Organisation.key, Organisation.name)
            .distinct()
            .order_by(Organisation.name)
        )
    ]


CSV_COLUMNS = (
    "proposal",
    "title",
    "institution",
    "state",
    "merit",
    "scores",
    "areas",
    "ask",
    "least viable amount",
    "currency",
    "country",
    "region",
    "risk tier",
)


def as_csv_row(row: ListedProposal, currency: str) -> tuple[object, ...]:
    """The row in the order of CSV_COLUMNS; amounts in major units."""
    scale = Decimal(10) ** minor_units(currency)
    return (
        row.key,
        row.title,
        row.institution,
        row.state,
        None if row.merit is None else round(row.merit, 4),
        row.scores,
        "|".join(f"{name}:{share_text(weight)}%" for name, weight in row.areas),
        Decimal(row.ask) / scale,
        Decimal(row.minimum) / scale,
        currency,
        country_in_english(row.country),
        region_in_english(row.region),
        row.risk_tier,
    )
