"""What bookings may belong to: payments that are not reconciled yet, and money that was paid."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.models import (
    Account,
    AccountKind,
    Award,
    BankLine,
    BatchState,
    Commitment,
    LineOfBankState,
    Payment,
    PaymentBatch,
    Proposal,
    Tranche,
    TrancheState,
    Transfer,
)
from funding.permissions import Actor, visible_tranches
from funding.services.payments.matching import Candidate


def payment_of(session: Session, tranche: Tranche) -> Transfer | None:
    """The transfer that paid a tranche and was not undone."""
    undoing = sa.orm.aliased(Transfer)
    return session.scalars(
        sa.select(Transfer)
        .join(Account, Account.id == Transfer.credit_id)
        .where(
            Account.tranche_id == tranche.id,
            Account.kind == AccountKind.PAID,
            Transfer.reverses_id.is_(None),
            ~sa.exists().where(undoing.reverses_id == Transfer.id),
        )
        .order_by(Transfer.id.desc())
        .limit(1)
    ).one_or_none()


def outgoing(session: Session, by: Actor, funder_id: int, currency: str) -> list[Candidate]:
    """Released tranches, and paid ones whose payment no booking has confirmed yet.

    Of the released, those of a file that waits for its approval are left out: it is not sent.
    """
    confirmed = (
        sa.select(BankLine.id)
        .join(Transfer, Transfer.id == BankLine.transfer_id)
        .join(Account, Account.id == Transfer.credit_id)
        .where(
            BankLine.state == LineOfBankState.MATCHED,
            BankLine.is_out,
            Account.tranche_id == Tranche.id,
        )
    )
    unapproved = (
        sa.select(Payment.id)
        .join(PaymentBatch, PaymentBatch.id == Payment.batch_id)
        .where(
            Payment.tranche_id == Tranche.id,
            Payment.is_live,
            PaymentBatch.state == BatchState.MADE,
        )
    )
    found = _tranches(by, funder_id, currency).where(
        sa.or_(
            sa.and_(Tranche.state == TrancheState.RELEASED, ~unapproved.exists()),
            sa.and_(
                Tranche.state.in_((TrancheState.PAID, TrancheState.RETURNED)), ~confirmed.exists()
            ),
        )
    )
    return _candidates(session, found, {})


def unconfirmed_returns() -> sa.Select[tuple[int, int, int]]:
    """(tranche id, transfer id, amount) of returns that somebody noted and that stand, which no
    booking of the bank has confirmed."""
    undoing = sa.orm.aliased(Transfer)
    return (
        sa.select(Account.tranche_id, Transfer.id, Transfer.amount)
        .join(Account, Account.id == Transfer.debit_id)
        .where(
            Transfer.event == "money returned",
            ~sa.exists().where(undoing.reverses_id == Transfer.id),
            ~sa.exists().where(
                BankLine.transfer_id == Transfer.id, BankLine.state == LineOfBankState.MATCHED
            ),
        )
        .order_by(Transfer.id)
    )


def noted_return(session: Session, tranche: Tranche, amount: int) -> Transfer | None:
    """The return of this amount that was noted before the bank's statement came."""
    found = session.execute(
        unconfirmed_returns().where(Account.tranche_id == tranche.id, Transfer.amount == amount)
    ).first()
    return session.get_one(Transfer, found[1]) if found else None


def incoming(session: Session, by: Actor, funder_id: int, currency: str) -> list[Candidate]:
    """Paid tranches of which something is kept, or was noted as returned and waits for the bank's
    booking, for that amount."""
    kept: dict[int, int] = dict(
        session.execute(
            sa.select(Account.tranche_id, Account.balance)
            .where(
                Account.funder_id == funder_id,
                Account.currency == currency,
                Account.kind == AccountKind.PAID,
                Account.balance > 0,
            )
            .order_by(Account.id)
        ).all()
    )
    for tranche_id, _, amount in session.execute(
        unconfirmed_returns().where(Account.funder_id == funder_id, Account.currency == currency)
    ):
        kept[tranche_id] = kept.get(tranche_id, 0) + amount
    found = _tranches(by, funder_id, currency).where(
        Tranche.state.in_((TrancheState.PAID, TrancheState.RETURNED))
    )
    return [each for each in _candidates(session, found, kept) if each.tranche_id in kept]


def _tranches(by: Actor, funder_id: int, currency: str) -> sa.Select[tuple[Tranche]]:
    return (
        visible_tranches(by)
        .join(Award, Award.id == Tranche.award_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .where(Commitment.funder_id == funder_id, Commitment.currency == currency)
        .options(
            joinedload(Tranche.award)
            .joinedload(Award.proposal)
            .options(joinedload(Proposal.institution), joinedload(Proposal.lead)),
        )
        .order_by(Tranche.id)
    )


def _candidates(
    session: Session, query: sa.Select[tuple[Tranche]], kept: dict[int, int]
) -> list[Candidate]:
    tranches = session.scalars(query).unique().all()
    payments = {
        payment.tranche_id: payment
        for payment in session.scalars(
            sa.select(Payment)
            .options(joinedload(Payment.batch))
            .where(Payment.is_live, Payment.tranche_id.in_([t.id for t in tranches]))
        )
    }
    found = []
    for tranche in tranches:
        payment, proposal = payments.get(tranche.id), tranche.award.proposal
        found.append(
            Candidate(
                tranche_id=tranche.id,
                amount=kept.get(tranche.id, tranche.amount),
                payee=proposal.institution.name if proposal.institution else proposal.lead.name,
                day=tranche.paid_on or (payment.batch.execution_on if payment else tranche.due_on),
                end_to_end_id=payment.end_to_end_id if payment else "",
                references=tuple(
                    word
                    for word in (
                        payment.end_to_end_id if payment else "",
                        tranche.reference,
                        proposal.key,
                    )
                    if word
                ),
            )
        )
    return found
