"""Payment files: released tranches of one funder and currency, for the bank.

One finance officer makes a file, another approves it. A tranche is in at most one file that is
live; a file that the bank refused is cancelled, and its tranches can go into another.
"""

from __future__ import annotations

import secrets
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_date, format_number
from funding.language import gettext as _
from funding.models import (
    BankDetails,
    BatchState,
    Payment,
    PaymentBatch,
    Tranche,
    TrancheState,
)
from funding.permissions import Actor, fetch, require, visible_batches, visible_tranches
from funding.services.idempotency import Answer, once
from funding.services.log import record
from funding.services.payments import payees

MOST = 5000
"""Payments in one file."""


def make_batch(
    session: Session,
    *,
    by: Actor,
    funder_id: int,
    currency: str,
    tranche_ids: list[int],
    execution_on: date,
    key: str,
) -> Answer:
    """Put released tranches into a payment file, all of them or none; answers {"batch_id"}.

    Raises NotFound, NotPermitted, InvalidInput naming each tranche that cannot be paid so: one
    without bank details, one due after the day of execution, one in another file.
    """
    require(by, "payment.make", funder_id)
    wanted = sorted(set(tranche_ids))

    def act() -> Answer:
        tranches = _released(session, by, funder_id, currency, wanted)
        own = payees.current(session, funder_id, funder_id, currency)
        payee_of = {
            t.id: payees.current(session, funder_id, t.award.proposal.institution_id, currency)
            for t in tranches
        }
        faults = _faults(tranches, own, payee_of, execution_on, currency)
        if faults or own is None:
            raise InvalidInput(*faults)
        batch = PaymentBatch(
            funder_id=funder_id,
            currency=currency,
            execution_on=execution_on,
            details_id=own.id,
            message_id=f"TRB-{secrets.token_hex(8).upper()}",
            count=len(tranches),
            total=sum(t.amount for t in tranches),
            made_by_id=by.person_id,
        )
        session.add(batch)
        session.flush()
        for tranche in tranches:
            details = payee_of[tranche.id]
            if details is None:
                raise NotFound("bank details")
            batch.payments.append(
                Payment(
                    tranche_id=tranche.id,
                    details_id=details.id,
                    amount=tranche.amount,
                    end_to_end_id=f"TRB{batch.id}-{tranche.id}",
                )
            )
        record(
            session,
            by,
            "payment file made",
            batch,
            organisation_id=funder_id,
            payments=batch.count,
            total=batch.total,
            currency=currency,
        )
        return {"batch_id": batch.id}

    request = {"batch": wanted, "of": funder_id, "in": currency, "on": execution_on.isoformat()}
    return once(session, by, key, request, act)


def _released(
    session: Session, by: Actor, funder_id: int, currency: str, wanted: list[int]
) -> list[Tranche]:
    """The tranches, held in the order of their numbers; raises NotFound for one of others."""
    if not wanted:
        raise InvalidInput(Fault("picked", "Pick at least one tranche."))
    if len(wanted) > MOST:
        raise InvalidInput(
            Fault("picked", _("At most %(most)s tranches in one file.", most=format_number(MOST)))
        )
    found = session.scalars(
        visible_tranches(by)
        .where(Tranche.id.in_(wanted))
        .order_by(Tranche.id)
        .with_for_update(of=Tranche, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    there = [t for t in found if t.award.commitment.funder_id == funder_id]
    if len(there) < len(wanted):
        raise NotFound("tranche")
    for tranche in there:
        if tranche.award.commitment.currency != currency:
            raise RuleBroken("All payments of a file are in one currency.")
        if tranche.state != TrancheState.RELEASED:
            raise RuleBroken(
                _(
                    "Only released tranches are paid; one of these is %(state)s by now.",
                    state=tranche.state,
                )
            )
    busy = session.scalars(
        sa.select(Payment.tranche_id).where(Payment.tranche_id.in_(wanted), Payment.is_live)
    ).all()
    if busy:
        raise RuleBroken("One of these tranches is in another payment file already.")
    return there


def _faults(
    tranches: list[Tranche],
    own: BankDetails | None,
    payee_of: dict[int, BankDetails | None],
    execution_on: date,
    currency: str,
) -> list[Fault]:
    faults = []
    if own is None:
        faults.append(
            Fault(
                "picked",
                _(
                    "Enter your own account in %(currency)s first: it is paid from there.",
                    currency=currency,
                ),
            )
        )
    if execution_on < now().date():
        faults.append(Fault("execution_on", "A day that has not been, please."))
    for tranche in tranches:
        proposal = tranche.award.proposal
        if payee_of[tranche.id] is None:
            who = proposal.institution.name if proposal.institution else proposal.lead.name
            faults.append(
                Fault(
                    "picked",
                    _(
                        "There are no bank details of %(who)s in %(currency)s.",
                        who=who,
                        currency=currency,
                    ),
                )
            )
        if not tranche.milestone and execution_on < tranche.due_on:
            faults.append(
                Fault(
                    "execution_on",
                    _(
                        "“%(title)s” is due on %(due_on)s, not before.",
                        title=proposal.title,
                        due_on=format_date(tranche.due_on),
                    ),
                )
            )
    return faults


def approve_batch(session: Session, *, by: Actor, batch_id: int, version: int) -> PaymentBatch:
    """Approve a payment file that a colleague made: from then on the bank can have it.

    Raises NotFound, NotPermitted, Conflict, and RuleBroken for the person's own file, one with
    bank details they entered, or one with a payment they are in conflict with.
    """
    batch = _batch(session, by, batch_id, version)
    if batch.state != BatchState.MADE:
        raise RuleBroken(_("This payment file is %(state)s already.", state=batch.state))
    if batch.made_by_id == by.person_id:
        raise RuleBroken("Who made a payment file does not approve it; a colleague has to.")
    if by.person_id in {batch.details.entered_by_id} | {
        p.details.entered_by_id for p in batch.payments
    }:
        raise RuleBroken("Who entered bank details does not pay to them; a colleague has to.")
    ids = [payment.tranche_id for payment in batch.payments]
    seen = session.scalar(
        visible_tranches(by).where(Tranche.id.in_(ids)).with_only_columns(sa.func.count(Tranche.id))
    )
    if seen != len(ids):
        raise RuleBroken("One of its payments is one you are in conflict with; a colleague has to.")
    batch.approved_by_id, batch.approved_at = by.person_id, now()
    batch.state = BatchState.APPROVED
    session.flush()
    record(
        session,
        by,
        "payment file approved",
        batch,
        organisation_id=batch.funder_id,
        payments=batch.count,
        total=batch.total,
        currency=batch.currency,
    )
    return batch


def cancel_batch(
    session: Session, *, by: Actor, batch_id: int, version: int, reason: str
) -> PaymentBatch:
    """Cancel a payment file of which nothing is paid; its tranches can go into another."""
    batch = _batch(session, by, batch_id, version)
    if not reason.strip():
        raise InvalidInput(Fault("reason", "please say why"))
    if batch.state not in (BatchState.MADE, BatchState.APPROVED):
        raise RuleBroken(
            _("A payment file that is %(state)s cannot be cancelled.", state=batch.state)
        )
    batch.state, batch.reason = BatchState.CANCELLED, reason.strip()[:500]
    session.flush()
    for payment in batch.payments:
        payment.is_live = False
    session.flush()
    record(session, by, "payment file cancelled", batch, organisation_id=batch.funder_id)
    return batch


def taken_for_the_bank(session: Session, *, by: Actor, batch_id: int, form: str) -> PaymentBatch:
    """An approved file, to be written out as `form`; that it was taken is on record.

    Raises RuleBroken before the approval: an unapproved file never leaves the site.
    """
    batch = fetch(session, visible_batches(by), batch_id, "payment file")
    require(by, "payment.make", batch.funder_id)
    if batch.state not in (BatchState.APPROVED, BatchState.SETTLED):
        raise RuleBroken("A payment file is for the bank once a colleague has approved it.")
    record(session, by, "payment file taken", batch, organisation_id=batch.funder_id, form=form)
    return batch


def _batch(session: Session, by: Actor, batch_id: int, version: int) -> PaymentBatch:
    batch: PaymentBatch = fetch(
        session,
        visible_batches(by)
        .with_for_update(of=PaymentBatch, key_share=True)
        .execution_options(populate_existing=True),
        batch_id,
        "payment file",
    )
    require(by, "payment.make", batch.funder_id)
    if batch.version != version:
        raise Conflict("This payment file was changed meanwhile. Please look at it again.")
    return batch
