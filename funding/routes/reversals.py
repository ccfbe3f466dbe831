"""Reversals: the list, asking for one, approving or refusing a colleague's."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import InvalidInput
from funding.forms import as_errors
from funding.language import lazy_capital
from funding.listing import Listing
from funding.models import Transfer
from funding.permissions import fetch, visible_transfers
from funding.reports import payments as report
from funding.routes.context import actor, in_transaction, new_idempotency_key, reading, say
from funding.routes.payment_tabs import payment_tabs
from funding.routes.security import permission
from funding.services.payments import reversals

bp = Blueprint("reversals", __name__)

STATES = [(state, lazy_capital(state)) for state in ("asked", "approved", "refused")]


@bp.get("/payments/reversals")
@permission("payment.read")
def index() -> ResponseReturnValue:
    listing = Listing.parse(request.path, request.args, sortable=(), filters=("state",))
    listing, rows = report.reversals(reading(), actor(), listing)
    return render_template(
        "reversals/index.html",
        tab_items=payment_tabs("reversals"),
        listing=listing,
        rows=rows,
        states=STATES,
        may_act=bool(actor().where("tranche.release")),
    )


@bp.get("/payments/transfers/<int:transfer_id>/reverse")
@permission("tranche.prepare")
def new(transfer_id: int) -> ResponseReturnValue:
    return _form(transfer_id, {})


def _form(transfer_id: int, errors: dict[str, str]) -> str:
    transfer: Transfer = fetch(reading(), visible_transfers(actor()), transfer_id, "transfer")
    return render_template(
        "reversals/form.html",
        transfer=transfer,
        is_reversible=transfer.event in reversals.REVERSIBLE and transfer.reverses_id is None,
        idempotency_key=new_idempotency_key(),
        form={"values": request.form, "errors": errors},
    )


@bp.post("/payments/transfers/<int:transfer_id>/reverse")
@permission("tranche.prepare")
def ask(transfer_id: int) -> ResponseReturnValue:
    try:
        in_transaction(
            reversals.ask_reversal,
            transfer_id=transfer_id,
            reason=request.form.get("reason", ""),
            key=request.form.get("idempotency_key", ""),
        )
    except InvalidInput as refusal:
        return _form(transfer_id, as_errors(refusal.faults)), 422
    say("Asked for. A colleague has to approve it before anything moves.")
    return redirect(url_for("reversals.index"))


@bp.post("/payments/reversals/<int:reversal_id>/approve")
@permission("tranche.release")
def approve(reversal_id: int) -> ResponseReturnValue:
    in_transaction(reversals.approve_reversal, reversal_id=reversal_id, version=_version())
    say("The movement is undone; the ledger shows both.")
    return redirect(url_for("reversals.index"))


@bp.post("/payments/reversals/<int:reversal_id>/refuse")
@permission("tranche.release")
def refuse(reversal_id: int) -> ResponseReturnValue:
    in_transaction(reversals.refuse_reversal, reversal_id=reversal_id, version=_version())
    say("The movement stays as it is.")
    return redirect(url_for("reversals.index"))


def _version() -> int:
    return request.form.get("version", default=0, type=int)
