"""Tranches of an award: scheduled, released, paid, cancelled; money that came back."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput
from funding.formatting import AmountRefused, parse_amount
from funding.permissions import fetch, visible_awards, visible_tranches
from funding.routes.award_page import award_page
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.security import permission
from funding.services.payments import tranches

bp = Blueprint("tranches", __name__)


def _day(field: str) -> date:
    try:
        return date.fromisoformat(request.form.get(field, ""))
    except ValueError:
        raise InvalidInput(Fault(field, "a date as YYYY-MM-DD, please")) from None


@bp.post("/awards/<int:award_id>/tranches")
@permission("tranche.prepare")
def schedule(award_id: int) -> ResponseReturnValue:
    award = fetch(reading(), visible_awards(actor()), award_id, "award")
    try:
        in_transaction(
            tranches.schedule_tranche,
            award_id=award_id,
            amount=parse_amount(request.form.get("amount", ""), award.commitment.currency),
            due_on=_day("due_on"),
            condition=request.form.get("condition", ""),
            key=request.form.get("idempotency_key", ""),
        )
    except AmountRefused as refusal:
        return award_page(award_id, (Fault("amount", str(refusal)),), 422)
    except InvalidInput as refusal:
        return award_page(award_id, refusal.faults, 422)
    say("The tranche is scheduled. A colleague has to release it before it is paid.")
    return redirect(url_for("awards.show", award_id=award_id))


def _award_of(tranche_id: int) -> int:
    return fetch(reading(), visible_tranches(actor()), tranche_id, "tranche").award_id


@bp.post("/tranches/<int:tranche_id>/release")
@permission("tranche.release")
def release(tranche_id: int) -> ResponseReturnValue:
    award_id = _award_of(tranche_id)
    in_transaction(
        tranches.release_tranche,
        tranche_id=tranche_id,
        version=request.form.get("version", default=0, type=int),
    )
    say("The tranche is released for payment.")
    return redirect(url_for("awards.show", award_id=award_id))


@bp.post("/tranches/<int:tranche_id>/pay")
@permission("tranche.prepare")
def pay(tranche_id: int) -> ResponseReturnValue:
    award_id = _award_of(tranche_id)
    try:
        in_transaction(
            tranches.record_payment,
            tranche_id=tranche_id,
            paid_on=_day("paid_on"),
            reference=request.form.get("reference", ""),
            key=request.form.get("idempotency_key", ""),
        )
    except InvalidInput as refusal:
        return award_page(award_id, refusal.faults, 422)
    say("The payment is on the ledger.")
    return redirect(url_for("awards.show", award_id=award_id))


@bp.post("/tranches/<int:tranche_id>/return")
@permission("tranche.prepare")
def take_back(tranche_id: int) -> ResponseReturnValue:
    tranche = fetch(reading(), visible_tranches(actor()), tranche_id, "tranche")
    award = tranche.award
    try:
        in_transaction(
            tranches.record_return,
            tranche_id=tranche_id,
            amount=parse_amount(request.form.get("returned", ""), award.commitment.currency),
            reason=request.form.get("return_reason", ""),
            key=request.form.get("idempotency_key", ""),
        )
    except AmountRefused as refusal:
        return award_page(award.id, (Fault("returned", str(refusal)),), 422)
    except InvalidInput as refusal:
        return award_page(award.id, refusal.faults, 422)
    say("The return is on the ledger; the money is free in its commitment again.")
    return redirect(url_for("awards.show", award_id=award.id))


@bp.post("/tranches/<int:tranche_id>/cancel")
@permission("tranche.prepare")
def cancel(tranche_id: int) -> ResponseReturnValue:
    award_id = _award_of(tranche_id)
    try:
        in_transaction(
            tranches.cancel_tranche,
            tranche_id=tranche_id,
            version=request.form.get("version", default=0, type=int),
            reason=request.form.get("cancel_reason", ""),
        )
    except InvalidInput as refusal:
        return award_page(award_id, refusal.faults, 422)
    say("The tranche is cancelled; its money is the award's again.")
    return redirect(url_for("awards.show", award_id=award_id))
