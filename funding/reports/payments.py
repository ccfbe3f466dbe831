"""Payment files as lists and one by one, and what waits to go into one."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from funding.listing import Listing
from funding.models import (
    Award,
    BankDetails,
    Commitment,
    Organisation,
    Payment,
    PaymentBatch,
    Proposal,
    Reversal,
    Tranche,
    TrancheState,
    Transfer,
)
from funding.permissions import (
    Actor,
    visible_bank_details,
    visible_batches,
    visible_reversals,
    visible_tranches,
)
from funding.services.payments import payees

SORTABLE = {
    "made": PaymentBatch.made_at,
    "execution": PaymentBatch.execution_on,
    "total": PaymentBatch.total,
}
FILTERS = ("state", "currency")
MOST = 500
"""Released tranches offered at once."""


def files(session: Session, by: Actor, listing: Listing) -> tuple[Listing, list[PaymentBatch]]:
    """One page of the payment files of the person's funders."""
    query = visible_batches(by)
    for name, column in (("state", PaymentBatch.state), ("currency", PaymentBatch.currency)):
        if wanted := listing.args.get(name):
            query = query.where(column == wanted)
    total = session.scalar(query.with_only_columns(sa.func.count(PaymentBatch.id)))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    rows = session.scalars(
        query.options(
            joinedload(PaymentBatch.made_by),
            joinedload(PaymentBatch.approved_by),
            joinedload(PaymentBatch.funder),
        )
        .order_by(column.desc() if listing.is_descending else column, PaymentBatch.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    return listing, list(rows)


def currencies(session: Session, by: Actor) -> list[str]:
    found = visible_batches(by).with_only_columns(PaymentBatch.currency).distinct()
    return sorted(session.scalars(found))


@dataclass(frozen=True)
class ToPay:
    """A released tranche that is in no live file, and where it would go."""

    tranche: Tranche
    details: BankDetails | None


@dataclass(frozen=True)
class Group:
    """What one funder can pay in one currency; `own` is the account it pays from."""

    funder: Organisation
    currency: str
    own: BankDetails | None
    rows: list[ToPay]

    @property
    def total(self) -> int:
        return sum(row.tranche.amount for row in self.rows)


def to_pay(session: Session, by: Actor) -> list[Group]:
    """Released tranches by funder and currency, the first due first."""
    live = sa.select(Payment.id).where(Payment.tranche_id == Tranche.id, Payment.is_live)
    tranches = session.scalars(
        visible_tranches(by)
        .join(Award, Award.id == Tranche.award_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .where(
            Tranche.state == TrancheState.RELEASED,
            Commitment.funder_id.in_(list(by.where("payment.make"))),
            ~live.exists(),
        )
        .options(
            contains_eager(Tranche.award).options(
                contains_eager(Award.commitment).joinedload(Commitment.funder),
                contains_eager(Award.proposal).options(
                    joinedload(Proposal.institution), joinedload(Proposal.lead)
                ),
            )
        )
        .order_by(Tranche.due_on, Tranche.id)
        .limit(MOST)
    ).all()
    known = {
        (d.funder_id, d.organisation_id, d.currency): d
        for d in session.scalars(
            payees.newest().where(BankDetails.funder_id.in_(list(by.where("payment.make"))))
        )
    }
    groups: dict[tuple[int, str], Group] = {}
    for tranche in tranches:
        commitment, proposal = tranche.award.commitment, tranche.award.proposal
        key = (commitment.funder_id, commitment.currency)
        own = known.get((key[0], key[0], key[1]))
        group = groups.setdefault(key, Group(commitment.funder, commitment.currency, own, []))
        details = known.get((key[0], proposal.institution_id or 0, key[1]))
        group.rows.append(ToPay(tranche, details))
    return list(groups.values())


@dataclass(frozen=True)
class PaymentRow:
    """One payment of a file; `is_there`: whether its proposal is for this person to see.

    `is_changed`: the payee was paid to other bank details before.
    """

    payment: Payment
    is_there: bool
    is_changed: bool


def payments_of(session: Session, by: Actor, batch: PaymentBatch) -> list[PaymentRow]:
    """The payments of a file in order; who is in conflict sees an amount and nothing else."""
    rows = session.scalars(
        sa.select(Payment)
        .options(
            joinedload(Payment.details).joinedload(BankDetails.entered_by),
            joinedload(Payment.tranche)
            .joinedload(Tranche.award)
            .joinedload(Award.proposal)
            .joinedload(Proposal.institution),
        )
        .where(Payment.batch_id == batch.id)
        .order_by(Payment.id)
    ).all()
    there = set(
        session.scalars(
            visible_tranches(by)
            .where(Tranche.id.in_([row.tranche_id for row in rows]))
            .with_only_columns(Tranche.id)
        )
    )
    paid_before = dict(
        session.execute(
            sa.select(BankDetails.organisation_id, sa.func.max(BankDetails.id))
            .join(Payment, Payment.details_id == BankDetails.id)
            .where(
                Payment.batch_id < batch.id,
                BankDetails.funder_id == batch.funder_id,
                BankDetails.currency == batch.currency,
            )
            .group_by(BankDetails.organisation_id)
        ).all()
    )
    return [
        PaymentRow(
            row,
            row.tranche_id in there,
            paid_before.get(row.details.organisation_id, row.details_id) != row.details_id,
        )
        for row in rows
    ]


def bank_details(
    session: Session, by: Actor, listing: Listing
) -> tuple[Listing, list[BankDetails]]:
    """One page of the accounts that hold now, own ones first."""
    newest = payees.newest().with_only_columns(BankDetails.id)
    query = (
        visible_bank_details(by)
        .join(Organisation, Organisation.id == BankDetails.organisation_id)
        .where(BankDetails.id.in_(newest))
    )
    if words := listing.args.get("q"):
        query = query.where(Organisation.name.icontains(words, autoescape=True))
    total = session.scalar(query.with_only_columns(sa.func.count(BankDetails.id)))
    listing = listing.counting(total or 0)
    rows = session.scalars(
        query.options(
            contains_eager(BankDetails.organisation),
            joinedload(BankDetails.funder),
            joinedload(BankDetails.entered_by),
        )
        .order_by(
            (BankDetails.organisation_id != BankDetails.funder_id),
            Organisation.name,
            BankDetails.currency,
        )
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    return listing, list(rows)


def versions_of(session: Session, details: BankDetails) -> list[BankDetails]:
    """Every version of these bank details, the newest first."""
    return list(
        session.scalars(
            sa.select(BankDetails)
            .options(joinedload(BankDetails.entered_by))
            .where(
                BankDetails.funder_id == details.funder_id,
                BankDetails.organisation_id == details.organisation_id,
                BankDetails.currency == details.currency,
            )
            .order_by(BankDetails.number.desc())
        )
    )


def reversals(session: Session, by: Actor, listing: Listing) -> tuple[Listing, list[Reversal]]:
    """One page of reversals, those that wait first, then the newest."""
    query = visible_reversals(by)
    if state := listing.args.get("state"):
        query = query.where(Reversal.state == state)
    total = session.scalar(query.with_only_columns(sa.func.count(Reversal.id)))
    listing = listing.counting(total or 0)
    rows = session.scalars(
        query.options(
            joinedload(Reversal.transfer).options(
                joinedload(Transfer.debit), joinedload(Transfer.credit)
            ),
            joinedload(Reversal.asked_by),
            joinedload(Reversal.decided_by),
        )
        .order_by((Reversal.state != "asked"), Reversal.id.desc())
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    return listing, list(rows)
