"""Which bank details, payment files, bank statements and reversals are there for whom."""

from __future__ import annotations

import sqlalchemy as sa

from funding.models import (
    Account,
    BankDetails,
    BankLine,
    BankStatement,
    Commitment,
    PaymentBatch,
    Reversal,
    Transfer,
)
from funding.permissions.acts import Actor


def visible_bank_details(by: Actor) -> sa.Select[tuple[BankDetails]]:
    return sa.select(BankDetails).where(BankDetails.funder_id.in_(_own(by)))


def visible_batches(by: Actor) -> sa.Select[tuple[PaymentBatch]]:
    return sa.select(PaymentBatch).where(PaymentBatch.funder_id.in_(_own(by)))


def visible_bank_statements(by: Actor) -> sa.Select[tuple[BankStatement]]:
    return sa.select(BankStatement).where(BankStatement.funder_id.in_(_own(by)))


def visible_bank_lines(by: Actor) -> sa.Select[tuple[BankLine]]:
    return sa.select(BankLine).where(BankLine.funder_id.in_(_own(by)))


def visible_reversals(by: Actor) -> sa.Select[tuple[Reversal]]:
    return (
        sa.select(Reversal)
        .join(Transfer, Transfer.id == Reversal.transfer_id)
        .where(Transfer.funder_id.in_(_own(by)))
    )


def visible_transfers(by: Actor) -> sa.Select[tuple[Transfer]]:
    """Movements of the person's own funders' money."""
    return (
        sa.select(Transfer)
        .join(Account, Account.id == Transfer.debit_id)
        .where(Transfer.funder_id.in_(list(by.where("ledger.read"))))
    )


def ledger_commitments(by: Actor) -> sa.Select[tuple[Commitment]]:
    """Commitments whose every movement the person may read: those of their own funders."""
    return sa.select(Commitment).where(Commitment.funder_id.in_(list(by.where("ledger.read"))))


def _own(by: Actor) -> list[int]:
    return list(by.where("payment.read"))
