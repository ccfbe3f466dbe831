"""Bookings of the bank: said to be a payment, a return or a payment sent back, or set aside.

Nobody reconciles what they paid, nor what they recommended or approved.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.language import gettext as _
from funding.models import (
    BankLine,
    LineOfBankState,
    Payment,
    PaymentBatch,
    Tranche,
    TrancheState,
    Transfer,
)
from funding.permissions import Actor, fetch, require, visible_bank_lines, visible_tranches
from funding.services.idempotency import Answer, once
from funding.services.log import record
from funding.services.payments import candidates, tranches
from funding.services.payments.fetching import refuse_payee
from funding.services.payments.reversals import ask_reversal

LONGEST_WHY = 500


def reconcile_if_allowed(
    session: Session, by: Actor, row: BankLine, tranche_id: int, why: str
) -> bool:
    """Reconcile a booking with a payment, unless this person paid it; whether that was done."""
    tranche = _tranche(session, by, row, tranche_id)
    if _payer_of(session, tranche, by) == by.person_id:
        return False
    _as_payment(session, by, row, tranche, why)
    return True


def _payer_of(session: Session, tranche: Tranche, by: Actor) -> int | None:
    """Who paid a tranche, or will have paid it once this person says that the bank did."""
    if tranche.paid_by_id is not None:
        return tranche.paid_by_id
    batch = tranches.live_batch(session, tranche)
    return batch.approved_by_id if batch else tranche.released_by_id


def confirm(
    session: Session,
    *,
    by: Actor,
    line_id: int,
    version: int,
    tranche_id: int,
    meaning: str,
    key: str,
    end_to_end_id: str = "",
) -> Answer:
    """Say what a booking is; answers {"line_id"} and, for `sent back`, {"reversal_id"}.

    `meaning`: "payment" of a tranche, "return" of money by a grantee, or "sent back" by the bank,
    which a colleague has to approve as a reversal. `tranche_id` 0: the one whose live payment has
    the `end_to_end_id`. Raises NotFound, NotPermitted, Conflict,
    RuleBroken for who paid the tranche, and InvalidInput.
    """

    fetch(session, visible_bank_lines(by), line_id, "booking")

    def act() -> Answer:
        line = _line(session, by, line_id, version)
        chosen = tranche_id or _by_id(session, line, end_to_end_id)
        tranche = _tranche(session, by, line, chosen)
        if _payer_of(session, tranche, by) == by.person_id:
            raise RuleBroken("Who paid does not reconcile it; a colleague has to.")
        if meaning == "payment" and line.is_out:
            _as_payment(session, by, line, tranche, "Said by a person.")
            return {"line_id": line.id}
        if meaning == "return" and not line.is_out:
            _as_return(session, by, line, tranche)
            return {"line_id": line.id}
        if meaning == "sent back" and not line.is_out:
            return _as_sent_back(session, by, line, tranche, f"{key}-reversal")
        raise InvalidInput(Fault("meaning", "Say what this booking is."))

    request = {"line": line_id, "tranche": tranche_id or end_to_end_id, "as": meaning}
    return once(session, by, key, request, act)


def set_aside(session: Session, *, by: Actor, line_id: int, version: int, why: str) -> BankLine:
    """Say that a booking is none of these payments (fees, other business), and why."""
    line = _line(session, by, line_id, version)
    if not why.strip():
        raise InvalidInput(Fault("why", "please say what it is"))
    line.why = why.strip()[:LONGEST_WHY]
    line.decided_by_id, line.decided_at = by.person_id, now()
    line.state = LineOfBankState.SET_ASIDE
    record(session, by, "booking set aside", line, organisation_id=line.funder_id)
    return line


def take_up(session: Session, *, by: Actor, line_id: int, version: int) -> BankLine:
    """Look at a booking again that was set aside."""
    line = _line(session, by, line_id, version, LineOfBankState.SET_ASIDE)
    line.state = LineOfBankState.UNMATCHED
    record(session, by, "booking taken up again", line, organisation_id=line.funder_id)
    return line


def _line(
    session: Session,
    by: Actor,
    line_id: int,
    version: int,
    state: LineOfBankState = LineOfBankState.UNMATCHED,
) -> BankLine:
    line: BankLine = fetch(
        session,
        visible_bank_lines(by)
        .with_for_update(of=BankLine, key_share=True)
        .execution_options(populate_existing=True),
        line_id,
        "booking",
    )
    require(by, "bank.reconcile", line.funder_id)
    if line.state != state:
        raise RuleBroken(_("This booking is %(state)s already.", state=line.state))
    if line.version != version:
        raise Conflict("This booking was changed meanwhile. Please look at it again.")
    return line


def _by_id(session: Session, line: BankLine, end_to_end_id: str) -> int:
    found = session.scalar(
        sa.select(Payment.tranche_id)
        .join(PaymentBatch, PaymentBatch.id == Payment.batch_id)
        .where(
            Payment.end_to_end_id == end_to_end_id,
            Payment.is_live,
            PaymentBatch.funder_id == line.funder_id,
        )
    )
    if found is None:
        raise InvalidInput(Fault("tranche_id", "choose a payment, or write its end-to-end id"))
    return found


def _tranche(session: Session, by: Actor, line: BankLine, tranche_id: int) -> Tranche:
    tranche: Tranche = fetch(
        session,
        visible_tranches(by)
        .with_for_update(of=Tranche, key_share=True)
        .execution_options(populate_existing=True),
        tranche_id,
        "tranche",
    )
    commitment = tranche.award.commitment
    if (commitment.funder_id, commitment.currency) != (line.funder_id, line.currency):
        raise NotFound("tranche")
    return tranche


def _as_payment(session: Session, by: Actor, line: BankLine, tranche: Tranche, why: str) -> None:
    if line.amount != tranche.amount:
        raise InvalidInput(Fault("tranche_id", "this tranche is of another amount"))
    if tranche.state == TrancheState.RELEASED:
        batch = tranches.live_batch(session, tranche)
        payer = batch.approved_by_id if batch else tranche.released_by_id
        if payer is None:
            raise RuleBroken("This tranche is in a payment file that waits for its approval.")
        transfer: Transfer | None = tranches.settle(
            session,
            by,
            tranche,
            paid_by_id=payer,
            paid_on=line.booked_on,
            reference=line.reference[:200],
        )
    else:
        transfer = candidates.payment_of(session, tranche)
    if transfer is None:
        raise RuleBroken(_("A tranche that is %(state)s has not been paid.", state=tranche.state))
    _matched(session, by, line, tranche, transfer, why)


def _as_return(session: Session, by: Actor, line: BankLine, tranche: Tranche) -> None:
    noted = candidates.noted_return(session, tranche, line.amount)
    if noted is not None:
        refuse_payee(by, tranche.award)
        _matched(session, by, line, tranche, noted, "The return that was noted already.")
        return
    reason = line.reference or f"came in on {line.booked_on.isoformat()}"
    transfer = tranches.take_back(session, by, tranche, line.amount, reason)
    _matched(session, by, line, tranche, transfer, "Sent back by the grantee.")


def _as_sent_back(
    session: Session, by: Actor, line: BankLine, tranche: Tranche, key: str
) -> Answer:
    paid = candidates.payment_of(session, tranche)
    if paid is None or tranche.state != TrancheState.PAID or paid.amount != line.amount:
        raise InvalidInput(
            Fault("tranche_id", "the bank sends back a payment whole, and this one is not it")
        )
    code = f", reason {line.return_code}" if line.return_code else ""
    answer = ask_reversal(
        session,
        by=by,
        transfer_id=paid.id,
        reason=f"The bank sent the payment back on {line.booked_on.isoformat()}{code}",
        key=key,
        bank_line_id=line.id,
    )
    return {"line_id": line.id, **answer}


def _matched(
    session: Session, by: Actor, line: BankLine, tranche: Tranche, transfer: Transfer, why: str
) -> None:
    line.tranche_id, line.transfer_id, line.why = tranche.id, transfer.id, why
    line.decided_by_id, line.decided_at = by.person_id, now()
    line.state = LineOfBankState.MATCHED
    session.flush()
    record(
        session,
        by,
        "booking reconciled",
        line,
        organisation_id=line.funder_id,
        tranche=tranche.id,
        transfer=transfer.id,
        amount=line.amount,
    )
