"""The letters of a round to applicants who are not funded."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.listing import Listing
from funding.models import DeclineLetter, Proposal, Round
from funding.permissions import Actor, without_conflict
from funding.services.declines import concerned

SORTABLE = {"number": Proposal.key, "title": Proposal.title}
FILTERS = ("q",)


def letters(
    session: Session, by: Actor, round_: Round, listing: Listing
) -> tuple[Listing, list[tuple[Proposal, DeclineLetter | None]]]:
    """One page of the proposals concerned, each with its letter; none yet where it is None."""
    query = concerned(round_).where(without_conflict(by))
    if text := dict(listing.args).get("q"):
        pattern = f"%{text.lower()}%"
        query = query.where(
            sa.or_(
                sa.func.lower(Proposal.title).like(pattern),
                sa.func.lower(Proposal.key).like(pattern),
            )
        )
    total = session.scalar(query.with_only_columns(sa.func.count(Proposal.id)).order_by(None))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    rows = session.execute(
        query.outerjoin(DeclineLetter, DeclineLetter.proposal_id == Proposal.id)
        .add_columns(DeclineLetter)
        .options(joinedload(Proposal.lead), joinedload(DeclineLetter.edited_by))
        .order_by(column.desc() if listing.is_descending else column, Proposal.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).unique()
    return listing, [(proposal, letter) for proposal, letter in rows]
