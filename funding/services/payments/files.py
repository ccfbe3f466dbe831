"""A payment batch as the value that is written out for the bank."""

from __future__ import annotations

from funding.exports.payment_files import AccountAt, CreditTransfer, PaymentFile
from funding.models import BankDetails, PaymentBatch


def file_of(batch: PaymentBatch) -> PaymentFile:
    """Made of rows that never change, so that it is the same file however often it is taken."""
    return PaymentFile(
        message_id=batch.message_id,
        made_at=batch.made_at,
        debtor=_account(batch.details),
        currency=batch.currency,
        execution_on=batch.execution_on,
        transfers=tuple(
            CreditTransfer(
                payment.end_to_end_id,
                payment.amount,
                _account(payment.details),
                f"{payment.end_to_end_id} {payment.tranche.award.proposal.key} grant",
            )
            for payment in batch.payments
        ),
    )


def _account(details: BankDetails) -> AccountAt:
    return AccountAt(
        holder=details.holder,
        iban=details.iban,
        account=details.account,
        bank_code=details.bank_code,
        bic=details.bic,
        country=details.country,
    )
