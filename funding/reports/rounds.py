"""Rounds as lists and figures: who takes part, with how much money, and what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.errors import RuleBroken
from funding.listing import Listing
from funding.models import (
    Commitment,
    Proposal,
    ProposalState,
    Round,
    RoundExtension,
    RoundFunder,
)
from funding.permissions import Actor, visible_rounds, without_conflict
from funding.services.rates import Rate, rate_in_round

SORTABLE = {"name": Round.name, "closes": Round.closes_at, "opens": Round.opens_at}


@dataclass(frozen=True)
class RoundRow:
    """A round in the list; `deadline` counts extensions for all."""

    round: Round
    deadline: datetime
    funders: int


def round_rows(
    session: Session, by: Actor | None, listing: Listing
) -> tuple[list[RoundRow], Listing]:
    """One page of the rounds that are there for the person: three queries."""
    query = visible_rounds(by)
    if state := listing.args.get("state"):
        query = query.where(Round.state == state)
    if words := listing.args.get("q"):
        query = query.where(Round.name.icontains(words, autoescape=True))
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    listing = listing.counting(total)
    extended = (
        sa.select(sa.func.max(RoundExtension.to_at))
        .where(RoundExtension.round_id == Round.id, RoundExtension.proposal_id.is_(None))
        .scalar_subquery()
    )
    joined = (
        sa.select(sa.func.count())
        .where(RoundFunder.round_id == Round.id, RoundFunder.joined_at.is_not(None))
        .scalar_subquery()
    )
    order = SORTABLE[listing.sort_key]
    rows = session.execute(
        query.add_columns(sa.type_coerce(extended, Round.closes_at.type), joined)
        .options(joinedload(Round.owner))
        .order_by(order.desc() if listing.is_descending else order, Round.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    )
    return [RoundRow(r, later or r.closes_at, funders) for r, later, funders in rows], listing


@dataclass(frozen=True)
class FunderRow:
    """A funder's part: `base_amount` in base minor units of those of its commitments that can be
    converted; `unconverted` counts the others."""

    part: RoundFunder
    commitments: int
    base_amount: int
    unconverted: int


@dataclass(frozen=True)
class Money:
    """What a round holds together, in base minor units, and the rates it was counted at."""

    funders: list[FunderRow]
    total: int
    rates: dict[str, Rate]


def rates_for(
    session: Session, round_: Round, currencies: set[str], on: datetime
) -> dict[str, Rate]:
    """By currency, those that there are."""
    found = {}
    for currency in sorted(currencies):
        try:
            found[currency] = rate_in_round(session, round_, currency, on.date())
        except RuleBroken:
            continue
    return found


def money_of(session: Session, round_: Round, on: datetime) -> Money:
    """Every funder invited or joined, with the sum of its commitments at the day's rates."""
    parts = session.scalars(
        sa.select(RoundFunder)
        .where(RoundFunder.round_id == round_.id)
        .options(joinedload(RoundFunder.funder))
    ).all()
    promised = session.execute(
        sa.select(Commitment.funder_id, Commitment.currency, Commitment.amount).where(
            Commitment.round_id == round_.id
        )
    ).all()
    rates = rates_for(session, round_, {row.currency for row in promised}, on)
    rows = []
    for part in parts:
        own = [row for row in promised if row.funder_id == part.funder_id]
        converted = [row for row in own if row.currency in rates]
        rows.append(
            FunderRow(
                part,
                len(own),
                sum(rates[row.currency].to_base(row.amount) for row in converted),
                len(own) - len(converted),
            )
        )
    rows.sort(key=lambda row: (-row.base_amount, row.part.funder.name))
    return Money(rows, sum(row.base_amount for row in rows), rates)


@dataclass(frozen=True)
class Asked:
    """Submitted proposals that the person may know of: how many, and their asks together."""

    count: int
    ask: int


def asked_in(session: Session, round_: Round, by: Actor) -> Asked:
    count, ask = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Proposal.ask), 0)).where(
            Proposal.round_id == round_.id,
            Proposal.state.not_in([ProposalState.DRAFT, ProposalState.WITHDRAWN]),
            without_conflict(by),
        )
    ).one()
    return Asked(count, int(ask))
