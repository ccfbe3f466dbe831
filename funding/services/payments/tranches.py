"""Tranches: parts of an award, scheduled, released and paid.

One finance officer prepares a tranche, another releases it; the database refuses the same
person twice. Each step is one transfer on the ledger.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, RuleBroken
from funding.formatting import format_amount
from funding.models import AwardState, Tranche, TrancheState
from funding.permissions import Actor, require
from funding.services import ledger
from funding.services.compensating import needed_for_tranche
from funding.services.idempotency import Answer, once
from funding.services.payments.fetching import fetch_award, fetch_tranche, record_of_award

UNPAID = (TrancheState.SCHEDULED, TrancheState.DUE, TrancheState.RELEASED)


def schedule_tranche(
    session: Session,
    *,
    by: Actor,
    award_id: int,
    amount: int,
    due_on: date,
    condition: str,
    key: str,
) -> Answer:
    """Schedule part of an award, in its currency; answers {"tranche_id"}.

    Raises InvalidInput, RuleBroken before the offer is accepted, and Overcommitted where all
    tranches together would exceed the award.
    """

    def act() -> Answer:
        award = fetch_award(session, by, award_id)
        require(by, "tranche.prepare", award.commitment.funder_id)
        if award.state not in (AwardState.ACCEPTED, AwardState.ACTIVE):
            raise RuleBroken(f"An award that is {award.state} has no tranches.")
        if amount <= 0:
            raise InvalidInput(Fault("amount", "more than zero, please"))
        tranche = Tranche(
            amount=amount,
            due_on=due_on,
            condition=condition.strip(),
            prepared_by_id=by.person_id,
        )
        award.tranches.append(tranche)
        session.flush()
        ledger.schedule(session, by, tranche)
        record_of_award(session, by, "tranche scheduled", tranche, award, amount=amount)
        return {"tranche_id": tranche.id}

    request = {"schedule": award_id, "amount": amount, "due": due_on.isoformat()}
    return once(session, by, key, request, act)


def release_tranche(
    session: Session,
    *,
    by: Actor,
    tranche_id: int,
    version: int,
    alone_because: str | None = None,
) -> Tranche:
    """Release a tranche for payment: by another finance officer than the one who prepared it.

    A funder's only finance officer may release what they prepared, with a compensating review;
    `alone_because` says why. Raises also InvalidInput then.
    """
    tranche = fetch_tranche(session, by, "tranche.release", tranche_id, version)
    if tranche.state not in (TrancheState.SCHEDULED, TrancheState.DUE):
        raise RuleBroken(f"This tranche is {tranche.state} already.")
    if tranche.prepared_by_id == by.person_id:
        if alone_because is None:
            raise RuleBroken("Who prepared a payment cannot release it; a colleague has to.")
        review = needed_for_tranche(session, by, tranche, alone_because)
        tranche.compensating_review_id = review.id
    tranche.released_by_id = by.person_id
    tranche.state = TrancheState.RELEASED
    record_of_award(session, by, "tranche released", tranche, tranche.award, amount=tranche.amount)
    return tranche


def record_payment(
    session: Session, *, by: Actor, tranche_id: int, paid_on: date, reference: str, key: str
) -> Answer:
    """Note that a released tranche has been paid; answers {"tranche_id"}."""

    def act() -> Answer:
        tranche = fetch_tranche(session, by, "tranche.prepare", tranche_id)
        if tranche.state != TrancheState.RELEASED:
            raise RuleBroken(f"Only a released tranche is paid; this one is {tranche.state}.")
        tranche.paid_on, tranche.reference = paid_on, reference.strip()
        tranche.state = TrancheState.PAID
        session.flush()
        ledger.pay(session, by, tranche)
        if tranche.award.state == AwardState.ACCEPTED:
            tranche.award.state = AwardState.ACTIVE
        record_of_award(session, by, "tranche paid", tranche, tranche.award, amount=tranche.amount)
        return {"tranche_id": tranche.id}

    request = {"pay": tranche_id, "on": paid_on.isoformat(), "reference": reference}
    return once(session, by, key, request, act)


def record_return(
    session: Session, *, by: Actor, tranche_id: int, amount: int, reason: str, key: str
) -> Answer:
    """Note that the grantee sent money of a paid tranche back; answers {"tranche_id"}.

    It is free in its commitment again, under the same restrictions. Raises InvalidInput, for more
    than was paid too, and RuleBroken where the tranche is not paid.
    """

    def act() -> Answer:
        tranche = fetch_tranche(session, by, "tranche.prepare", tranche_id)
        if tranche.state != TrancheState.PAID:
            raise RuleBroken(
                f"Only money that was paid can come back; this tranche is {tranche.state}."
            )
        kept = ledger.paid_and_kept(session, tranche)
        faults = []
        if not 0 < amount <= kept:
            most = format_amount(kept, tranche.award.commitment.currency)
            faults.append(Fault("returned", f"more than zero and at most {most}, please"))
        if not reason.strip():
            faults.append(Fault("return_reason", "please say why"))
        if faults:
            raise InvalidInput(*faults)
        if amount == kept:
            tranche.state = TrancheState.RETURNED
            session.flush()
        ledger.take_back(session, by, tranche, amount, reason.strip())
        record_of_award(session, by, "money returned", tranche, tranche.award, amount=amount)
        return {"tranche_id": tranche.id}

    request = {"return": tranche_id, "amount": amount, "reason": reason}
    return once(session, by, key, request, act)


def cancel_tranche(
    session: Session, *, by: Actor, tranche_id: int, version: int, reason: str
) -> Tranche:
    """Cancel a tranche that is not paid; its money is the award's again, to be scheduled anew."""
    tranche = fetch_tranche(session, by, "tranche.prepare", tranche_id, version)
    if not reason.strip():
        raise InvalidInput(Fault("reason", "please say why"))
    if tranche.state not in UNPAID:
        raise RuleBroken(f"A tranche that is {tranche.state} cannot be cancelled.")
    cancel(session, by, tranche, reason.strip())
    return tranche


def cancel(session: Session, by: Actor, tranche: Tranche, reason: str) -> None:
    ledger.cancel_schedule(session, by, tranche, reason)
    tranche.state = TrancheState.CANCELLED
    record_of_award(session, by, "tranche cancelled", tranche, tranche.award, amount=tranche.amount)
