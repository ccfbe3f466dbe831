"""Awards with where their money stands, from the ledger's accounts."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from funding.listing import Listing, whole_number
from funding.models import Account, AccountKind, Award, Commitment, Proposal, Round, Transfer
from funding.permissions import Actor, visible_awards

SORTABLE = {
    "proposal": Proposal.title,
    "funder": Commitment.name,
    "amount": Award.base_amount,
    "awarded": Award.awarded_at,
    "state": Award.state,
}
FILTERS = ("q", "state", "round")


@dataclass(frozen=True)
class AwardRow:
    """One award; amounts in minor units of its commitment's currency."""

    award: Award
    scheduled: int
    paid: int


def _awards(by: Actor, args: dict[str, str]) -> sa.Select[tuple[Award]]:
    query = visible_awards(by)
    if text := args.get("q"):
        pattern = f"%{text.lower()}%"
        query = query.where(
            sa.or_(
                sa.func.lower(Proposal.title).like(pattern),
                sa.func.lower(Commitment.name).like(pattern),
            )
        )
    if state := args.get("state"):
        query = query.where(Award.state == state)
    if (round_id := whole_number(args.get("round"))) is not None:
        query = query.where(Round.id == round_id)
    return query


def awards(session: Session, by: Actor, listing: Listing) -> tuple[Listing, list[AwardRow]]:
    """One page of the awards the person may see, under the listing's filters."""
    query = _awards(by, dict(listing.args))
    total = session.scalar(query.with_only_columns(sa.func.count(Award.id)).order_by(None))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    rows = session.scalars(
        query.options(
            contains_eager(Award.proposal).joinedload(Proposal.institution),
            contains_eager(Award.commitment).joinedload(Commitment.funder),
        )
        .order_by(column.desc() if listing.is_descending else column, Award.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    stands = _by_kind(session, [award.id for award in rows])
    return listing, [
        AwardRow(
            award,
            stands.get((award.id, AccountKind.SCHEDULED), 0),
            stands.get((award.id, AccountKind.PAID), 0),
        )
        for award in rows
    ]


def _by_kind(session: Session, award_ids: list[int]) -> dict[tuple[int | None, str], int]:
    rows = session.execute(
        sa.select(Account.award_id, Account.kind, sa.func.sum(Account.balance))
        .where(Account.award_id.in_(award_ids))
        .group_by(Account.award_id, Account.kind)
    )
    return {(award_id, kind): int(balance) for award_id, kind, balance in rows}


def balances(session: Session, award: Award) -> dict[str, int]:
    """What of one award is not scheduled yet, scheduled, and paid: minor units by account kind."""
    stands = _by_kind(session, [award.id])
    kinds = (AccountKind.AWARDED, AccountKind.SCHEDULED, AccountKind.PAID)
    return {kind.value: stands.get((award.id, kind), 0) for kind in kinds}


def transfers(session: Session, award: Award) -> list[Transfer]:
    """Every movement of an award's money, oldest first."""
    accounts = sa.select(Account.id).where(Account.award_id == award.id)
    return list(
        session.scalars(
            sa.select(Transfer)
            .options(joinedload(Transfer.debit), joinedload(Transfer.credit))
            .where(sa.or_(Transfer.debit_id.in_(accounts), Transfer.credit_id.in_(accounts)))
            .order_by(Transfer.id)
        )
    )


def returned(transfers: list[Transfer]) -> int:
    """What of an award's payments the grantee sent back, less returns undone, in minor units."""
    back = 0
    for transfer in transfers:
        kinds = (transfer.debit.kind, transfer.credit.kind)
        if kinds == (AccountKind.PAID, AccountKind.AVAILABLE):
            back += transfer.amount
        elif kinds == (AccountKind.AVAILABLE, AccountKind.PAID):
            back -= transfer.amount
    return back


def rounds_with_awards(session: Session, by: Actor) -> list[tuple[int, str]]:
    """(id, name) of each round of these awards, for the filter."""
    rows = session.execute(
        visible_awards(by).with_only_columns(Round.id, Round.name).distinct().order_by(Round.name)
    )
    return [(round_id, name) for round_id, name in rows]
