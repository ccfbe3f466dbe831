"""Money that came back to a round: returned, or awarded and never paid; and what is free now."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.listing import Listing
from funding.models import (
    Account,
    AccountKind,
    Award,
    Commitment,
    Organisation,
    Proposal,
    Round,
    Transfer,
)
from funding.permissions import Actor, without_conflict
from funding.services.restrictions import Terms, in_words

SORTABLE = {"on": Transfer.posted_at, "amount": Transfer.amount}

_FROM = (AccountKind.PAID, AccountKind.AWARDED)


@dataclass(frozen=True)
class BackRow:
    """A transfer from an award back to its commitment; `title` is None for who may not see it."""

    transfer: Transfer
    commitment: Commitment
    award_id: int | None
    title: str | None
    was_paid: bool


@dataclass(frozen=True)
class FreeRow:
    """A commitment to which money came back, in its minor units, and what is free of it now."""

    commitment: Commitment
    funder: str
    came_back: int
    available: int
    words: str


def _transfers(round_: Round) -> sa.Select[tuple[Transfer]]:
    source, target = aliased(Account), aliased(Account)
    return (
        sa.select(Transfer)
        .join(source, source.id == Transfer.debit_id)
        .join(target, target.id == Transfer.credit_id)
        .join(Commitment, Commitment.id == target.commitment_id)
        .where(
            Commitment.round_id == round_.id,
            source.kind.in_(_FROM),
            target.kind == AccountKind.AVAILABLE,
        )
        .add_columns(source.kind, source.award_id, Commitment)
    )


def transfers_back(
    session: Session, by: Actor, round_: Round, listing: Listing
) -> tuple[Listing, list[BackRow]]:
    """One page of what came back to the round's commitments."""
    query = _transfers(round_)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    rows = session.execute(
        query.order_by(column.desc() if listing.is_descending else column, Transfer.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    titles = dict(
        session.execute(
            sa.select(Award.id, Proposal.title)
            .join(Proposal, Proposal.id == Award.proposal_id)
            .where(Award.id.in_([award_id for _, _, award_id, _ in rows]), without_conflict(by))
        ).all()
    )
    return listing, [
        BackRow(
            transfer,
            commitment,
            award_id if award_id in titles else None,
            titles.get(award_id),
            kind == AccountKind.PAID,
        )
        for transfer, kind, award_id, commitment in rows
    ]


def free_again(session: Session, round_: Round) -> list[FreeRow]:
    """The commitments to which money came back, with what is free of each and what it may pay."""
    back = _transfers(round_).with_only_columns(Commitment.id, sa.func.sum(Transfer.amount))
    sums = dict(session.execute(back.group_by(Commitment.id)).all())
    rows = session.execute(
        sa.select(Commitment, Organisation.name, Account.balance)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .join(Account, Account.commitment_id == Commitment.id)
        .where(Commitment.id.in_(sums), Account.kind == AccountKind.AVAILABLE)
        .order_by(Organisation.name, Commitment.id)
    )
    names = {area.key: area.name for area in round_.taxonomy.areas}
    return [
        FreeRow(
            commitment,
            name,
            int(sums[commitment.id]),
            balance,
            in_words(Terms.of(commitment), names),
        )
        for commitment, name, balance in rows
    ]
