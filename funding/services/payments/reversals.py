"""Undoing a transfer: one person asks and says why, another approves, and it goes back the way it
came. What follows from it is done with it: a payment that the bank sent back can be made again.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.language import gettext as _
from funding.models import (
    Account,
    BankLine,
    LineOfBankState,
    Payment,
    Reversal,
    ReversalState,
    Tranche,
    TrancheState,
    Transfer,
)
from funding.permissions import Actor, fetch, require, visible_reversals, visible_transfers
from funding.services import ledger
from funding.services.expiry import restore
from funding.services.idempotency import Answer, once
from funding.services.log import record

REVERSIBLE = ("tranche paid", "money returned", "commitment expired")
"""Events that can be undone; others have an act of their own, or decisions were built on them."""

LONGEST_REASON = 500


def ask_reversal(
    session: Session,
    *,
    by: Actor,
    transfer_id: int,
    reason: str,
    key: str,
    bank_line_id: int | None = None,
) -> Answer:
    """Ask for a transfer to be undone; answers {"reversal_id"}.

    Raises NotFound, NotPermitted, InvalidInput without a reason, and RuleBroken for a transfer
    that is a reversal, has been undone or asked about, or that decisions were built on.
    """

    transfer: Transfer = fetch(session, visible_transfers(by), transfer_id, "transfer")
    require(by, "tranche.prepare", transfer.funder_id)

    def act() -> Answer:
        if not reason.strip():
            raise InvalidInput(Fault("reason", "please say why"))
        if len(reason) > LONGEST_REASON:
            raise InvalidInput(
                Fault(
                    "reason",
                    _(
                        "at most %(longest_reason)s characters, please",
                        longest_reason=LONGEST_REASON,
                    ),
                )
            )
        if transfer.reverses_id is not None or transfer.event not in REVERSIBLE:
            raise RuleBroken("This movement cannot be undone by itself.")
        asked = session.scalars(
            sa.select(Reversal).where(
                Reversal.transfer_id == transfer_id, Reversal.state != ReversalState.REFUSED
            )
        ).one_or_none()
        if asked is not None:
            raise RuleBroken("This movement has been undone, or somebody has asked for it.")
        made = Reversal(
            transfer_id=transfer_id,
            reason=reason.strip(),
            asked_by_id=by.person_id,
            bank_line_id=bank_line_id,
        )
        session.add(made)
        session.flush()
        record(
            session,
            by,
            "reversal asked for",
            made,
            organisation_id=transfer.funder_id,
            transfer=transfer_id,
            amount=transfer.amount,
        )
        return {"reversal_id": made.id}

    request = {"reverse": transfer_id, "reason": reason, "line": bank_line_id}
    return once(session, by, key, request, act)


def approve_reversal(session: Session, *, by: Actor, reversal_id: int, version: int) -> Reversal:
    """Approve what a colleague asked for: the transfer is undone now.

    Raises NotFound, NotPermitted, Conflict, RuleBroken, and Overcommitted where the money has
    gone on meanwhile.
    """
    asked = _asked(session, by, reversal_id, version)
    if asked.asked_by_id == by.person_id:
        raise RuleBroken("Who asks for a reversal does not approve it; a colleague has to.")
    undone = asked.transfer
    asked.state = ReversalState.APPROVED
    asked.decided_by_id, asked.decided_at = by.person_id, now()
    session.flush()
    made = ledger.reverse(session, by, undone, asked.reason)
    _follow(session, asked, undone, made)
    record(
        session,
        by,
        "reversal approved",
        asked,
        organisation_id=undone.funder_id,
        transfer=undone.id,
        by_transfer=made.id,
        amount=made.amount,
    )
    return asked


def refuse_reversal(session: Session, *, by: Actor, reversal_id: int, version: int) -> Reversal:
    """Leave the transfer as it is; whoever asked may take it back so too."""
    asked = _asked(session, by, reversal_id, version)
    asked.state = ReversalState.REFUSED
    asked.decided_by_id, asked.decided_at = by.person_id, now()
    record(session, by, "reversal refused", asked, organisation_id=asked.transfer.funder_id)
    return asked


def _asked(session: Session, by: Actor, reversal_id: int, version: int) -> Reversal:
    asked: Reversal = fetch(
        session,
        visible_reversals(by)
        .with_for_update(of=Reversal, key_share=True)
        .execution_options(populate_existing=True),
        reversal_id,
        "reversal",
    )
    require(by, "tranche.release", asked.transfer.funder_id)
    if asked.version != version:
        raise Conflict("Somebody else decided on this meanwhile.")
    if asked.state != ReversalState.ASKED:
        raise RuleBroken(_("This reversal is %(state)s already.", state=asked.state))
    return asked


def _follow(session: Session, asked: Reversal, undone: Transfer, made: Transfer) -> None:
    """What a transfer undone means for its tranche, its commitment and the bank's booking."""
    session.expire_all()
    if undone.event == "tranche paid":
        tranche = _tranche(session, undone.credit)
        for payment in session.scalars(
            sa.select(Payment).where(Payment.tranche_id == tranche.id, Payment.is_live)
        ):
            payment.is_live = False
        session.flush()
        tranche.state = TrancheState.RELEASED
        tranche.paid_on = tranche.paid_by_id = None
        tranche.paid_rate = tranche.paid_rate_on = None
        session.flush()
        if asked.bank_line_id is not None:
            _reconcile(session, asked, asked.bank_line_id, tranche, made)
    elif undone.event == "money returned":
        tranche = _tranche(session, undone.debit)
        if tranche.state == TrancheState.RETURNED:
            tranche.state = TrancheState.PAID
    else:
        restore(session, undone)


def _reconcile(
    session: Session, asked: Reversal, bank_line_id: int, tranche: Tranche, made: Transfer
) -> None:
    line = session.get_one(BankLine, bank_line_id, with_for_update=True)
    line.tranche_id, line.transfer_id = tranche.id, made.id
    line.decided_by_id, line.decided_at = asked.asked_by_id, now()
    line.why = "The bank sent the payment back."
    line.state = LineOfBankState.MATCHED
    session.flush()


def _tranche(session: Session, account: Account) -> Tranche:
    return session.scalars(
        sa.select(Tranche)
        .where(Tranche.id == account.tranche_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
