"""The transfers behind what changed since the last meeting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from funding.listing import Listing
from funding.models import Commitment, Organisation, Proposal
from funding.permissions import without_conflict
from funding.reports.dashboards.changes import without_year
from funding.reports.dashboards.model import Asked
from funding.reports.ground import WITHHELD


@dataclass(frozen=True)
class Move:
    """One transfer: what it was, whose, for which proposal, how much. Minor units."""

    at: datetime
    event: str
    reason: str
    funder: str
    commitment_id: int
    commitment: str
    proposal: str
    award_id: int | None
    source: str
    target: str
    currency: str
    amount: int
    base: int


def moves_count(asked: Asked, kind: str | None) -> tuple[int, int]:
    """How many transfers there are under the filters, and what they add up to."""
    rows = _rows(asked, kind)
    number, total = asked.session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(rows.c.part), 0)).select_from(rows)
    ).one()
    return int(number), int(total)


def move_rows(asked: Asked, kind: str | None, listing: Listing | None) -> list[Move]:
    """The transfers, newest first; one page of them where a listing says which."""
    rows = _rows(asked, kind)
    is_open = sa.or_(Proposal.id.is_(None), without_conflict(asked.by))
    query = (
        sa.select(
            rows,
            Organisation.name.label("funder"),
            Commitment.name.label("commitment"),
            Proposal.title.label("title"),
            sa.case((is_open, 1), else_=0).label("is_open"),
        )
        .join(Commitment, Commitment.id == rows.c.commitment_id)
        .join(Organisation, Organisation.id == rows.c.funder_id)
        .outerjoin(Proposal, Proposal.id == rows.c.proposal_id)
        .order_by(rows.c.id.desc())
    )
    if listing is not None:
        query = query.limit(listing.per_page).offset(listing.offset)
    return [
        Move(
            row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC),
            row.stage,
            row.reason if row.is_open else "",
            row.funder,
            row.commitment_id,
            row.commitment,
            "" if row.title is None else row.title if row.is_open else WITHHELD,
            row.award_id if row.is_open else None,
            row.source,
            row.target,
            row.currency,
            int(row.amount),
            int(row.part),
        )
        for row in asked.session.execute(query)
    ]


def _rows(asked: Asked, kind: str | None) -> sa.Subquery:
    moves = asked.ground.moves(asked.since)
    return asked.ground.row_by_row(moves, without_year(asked.filters), kind)
