"""Tranches of an award: scheduled, released, paid, cancelled; money that came back."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput
from funding.formatting import AmountRefused, parse_amount
from funding.models import Award, Tranche
from funding.permissions import fetch, visible_awards, visible_tranches
from funding.routes.award_page import to_award
from funding.routes.context import actor, in_transaction, reading
from funding.routes.files import sent_files
from funding.routes.security import permission
from funding.services.payments import proposed, tranches

bp = Blueprint("tranches", __name__)

MOST_PROPOSED = 20


def _day(field: str) -> date:
    try:
        return date.fromisoformat(request.form.get(field, ""))
    except ValueError:
        raise InvalidInput(Fault(field, "a date as YYYY-MM-DD, please")) from None


def _amount(field: str, award: Award) -> int:
    try:
        return parse_amount(request.form.get(field, ""), award.commitment.currency)
    except AmountRefused as refusal:
        raise InvalidInput(Fault(field, str(refusal))) from refusal


def _version() -> int:
    return request.form.get("version", default=0, type=int)


def _award(award_id: int) -> Award:
    return fetch(reading(), visible_awards(actor()), award_id, "award")


def _tranche(tranche_id: int) -> Tranche:
    return fetch(reading(), visible_tranches(actor()), tranche_id, "tranche")


@bp.post("/awards/<int:award_id>/tranches")
@permission("tranche.prepare")
def schedule(award_id: int) -> ResponseReturnValue:
    award = _award(award_id)

    def act() -> None:
        in_transaction(
            tranches.schedule_tranche,
            award_id=award_id,
            amount=_amount("amount", award),
            due_on=_day("due_on"),
            condition=request.form.get("condition", ""),
            milestone=request.form.get("milestone", ""),
            key=request.form.get("idempotency_key", ""),
        )

    done = "The tranche is scheduled. A colleague has to release it before it is paid."
    return to_award(award_id, act, done)


@bp.post("/awards/<int:award_id>/tranches/proposed")
@permission("tranche.prepare")
def schedule_proposed(award_id: int) -> ResponseReturnValue:
    """The payments that the plan's years propose, as the officer left them; blank ones are out."""
    award = _award(award_id)

    def act() -> None:
        wanted, faults = [], []
        for place in range(MOST_PROPOSED):
            if not request.form.get(f"proposed_amount_{place}", "").strip():
                continue
            try:
                amount = _amount(f"proposed_amount_{place}", award)
                due_on = _day(f"proposed_due_on_{place}")
            except InvalidInput as refusal:
                faults += refusal.faults
                continue
            condition = request.form.get(f"proposed_condition_{place}", "")
            wanted.append(proposed.Wanted(place, amount, due_on, condition))
        if faults:
            raise InvalidInput(*faults)
        in_transaction(
            proposed.schedule_proposed,
            award_id=award_id,
            wanted=wanted,
            key=request.form.get("idempotency_key", ""),
        )

    done = "The payments are scheduled. A colleague has to release each before it is paid."
    return to_award(award_id, act, done)


@bp.post("/tranches/<int:tranche_id>/release")
@permission("tranche.release")
def release(tranche_id: int) -> ResponseReturnValue:
    def act() -> None:
        in_transaction(tranches.release_tranche, tranche_id=tranche_id, version=_version())

    done = "The tranche is released for payment."
    return to_award(_tranche(tranche_id).award_id, act, done, tranche_id)


@bp.post("/tranches/<int:tranche_id>/pay")
@permission("tranche.prepare")
def pay(tranche_id: int) -> ResponseReturnValue:
    def act() -> None:
        in_transaction(
            tranches.record_payment,
            tranche_id=tranche_id,
            paid_on=_day("paid_on"),
            reference=request.form.get("reference", ""),
            key=request.form.get("idempotency_key", ""),
        )

    done = "The payment is on the ledger."
    return to_award(_tranche(tranche_id).award_id, act, done, tranche_id)


@bp.post("/tranches/<int:tranche_id>/return")
@permission("tranche.prepare")
def take_back(tranche_id: int) -> ResponseReturnValue:
    award = _tranche(tranche_id).award

    def act() -> None:
        in_transaction(
            tranches.record_return,
            tranche_id=tranche_id,
            amount=_amount("returned", award),
            reason=request.form.get("return_reason", ""),
            key=request.form.get("idempotency_key", ""),
        )

    done = "The return is on the ledger; the money is free in its commitment again."
    return to_award(award.id, act, done, tranche_id)


@bp.post("/tranches/<int:tranche_id>/cancel")
@permission("tranche.prepare")
def cancel(tranche_id: int) -> ResponseReturnValue:
    def act() -> None:
        in_transaction(
            tranches.cancel_tranche,
            tranche_id=tranche_id,
            version=_version(),
            reason=request.form.get("cancel_reason", ""),
        )

    done = "The tranche is cancelled; its money is the award's again."
    return to_award(_tranche(tranche_id).award_id, act, done, tranche_id)


@bp.post("/tranches/<int:tranche_id>/milestone-reached")
@permission("milestone.reach")
def reach_milestone(tranche_id: int) -> ResponseReturnValue:
    tranche = _tranche(tranche_id)

    def act() -> None:
        in_transaction(
            tranches.reach_milestone,
            tranche_id=tranche_id,
            version=_version(),
            reached_on=_day("reached_on"),
            evidence=request.form.get("evidence", ""),
            files=sent_files(),
        )

    done = "The milestone is reached: a finance officer can release the tranche."
    return to_award(tranche.award_id, act, done, tranche_id)
