"""Payment files for the bank: what can be paid, files made, approved, taken and cancelled."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.exports.payment_files import pain_001, payments_csv
from funding.forms import as_errors
from funding.language import lazy_capital
from funding.listing import Listing, whole_number
from funding.models import PaymentBatch
from funding.permissions import fetch, visible_batches
from funding.reports import payments as report
from funding.routes.context import actor, in_transaction, new_idempotency_key, reading, say
from funding.routes.payment_tabs import payment_tabs
from funding.routes.security import permission
from funding.routes.submitting import typed_form
from funding.services.payments import batches
from funding.services.payments.files import file_of

bp = Blueprint("payments", __name__)

STATES = [(state, lazy_capital(state)) for state in ("made", "approved", "settled", "cancelled")]


@bp.get("/payments")
@permission("payment.read")
def index() -> ResponseReturnValue:
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=tuple(report.SORTABLE),
        filters=report.FILTERS,
        default_sort="-made",
    )
    listing, rows = report.files(reading(), actor(), listing)
    return render_template(
        "payments/index.html",
        tab_items=payment_tabs("files"),
        listing=listing,
        rows=rows,
        states=STATES,
        currencies=[(code, code) for code in report.currencies(reading(), actor())],
    )


@bp.get("/payments/new")
@permission("payment.make")
def new() -> ResponseReturnValue:
    return _new({}, {})


def _new(values: dict[str, Any], errors: dict[str, str]) -> str:
    return render_template(
        "payments/new.html",
        tab_items=payment_tabs("new"),
        groups=report.to_pay(reading(), actor()),
        today=now().date().isoformat(),
        idempotency_key=new_idempotency_key(),
        form={"values": values, "errors": errors},
        picked=set(values.get("picked", ())),
    )


@bp.post("/payments/new")
@permission("payment.make")
def make() -> ResponseReturnValue:
    typed = typed_form("picked")
    day = typed.day("execution_on", "On which day should the bank pay?")
    ids = [whole_number(text) or 0 for text in typed.values["picked"]]
    funder = whole_number(typed.text("funder_id"))
    if funder is None:
        raise NotFound("funder")
    try:
        if typed.faults or day is None:
            raise InvalidInput(*typed.faults)
        answer = in_transaction(
            batches.make_batch,
            funder_id=funder,
            currency=typed.text("currency"),
            tranche_ids=ids,
            execution_on=day,
            key=typed.text("idempotency_key"),
        )
    except InvalidInput as refusal:
        return _new(typed.values, _all_errors(refusal.faults)), 422
    except RuleBroken as refusal:
        return _new(typed.values, {"": str(refusal)}), 409
    say("The payment file is made. A colleague has to approve it before the bank can have it.")
    return redirect(url_for("payments.show", batch_id=answer["batch_id"]))


def _all_errors(faults: tuple[Fault, ...]) -> dict[str, str]:
    """By field; what is wrong with the picked tranches, all of it together."""
    errors = as_errors(faults)
    told = [fault.rule for fault in faults if fault.field == "picked"]
    if told:
        errors["picked"] = " ".join(dict.fromkeys(told))
    return errors


@bp.get("/payments/<int:batch_id>")
@permission("payment.read")
def show(batch_id: int) -> ResponseReturnValue:
    return _page(batch_id, {})


def _page(batch_id: int, errors: dict[str, str]) -> str:
    by, session = actor(), reading()
    batch: PaymentBatch = fetch(session, visible_batches(by), batch_id, "payment file")
    rows = report.payments_of(session, by, batch)
    entered = {row.payment.details.entered_by_id for row in rows} | {batch.details.entered_by_id}
    may_act = by.may("payment.make", batch.funder_id)
    return render_template(
        "payments/show.html",
        batch=batch,
        rows=rows,
        may_act=may_act,
        may_approve=may_act
        and batch.state == "made"
        and by.person_id != batch.made_by_id
        and by.person_id not in entered,
        entered_by_me=by.person_id in entered,
        shows_accounts=by.may("payee.edit", batch.funder_id),
        form={"values": request.form, "errors": errors},
    )


@bp.post("/payments/<int:batch_id>/approve")
@permission("payment.make")
def approve(batch_id: int) -> ResponseReturnValue:
    in_transaction(batches.approve_batch, batch_id=batch_id, version=_version())
    say("The payment file is approved. Take it to the bank, as XML or as CSV.")
    return redirect(url_for("payments.show", batch_id=batch_id))


@bp.post("/payments/<int:batch_id>/cancel")
@permission("payment.make")
def cancel(batch_id: int) -> ResponseReturnValue:
    try:
        in_transaction(
            batches.cancel_batch,
            batch_id=batch_id,
            version=_version(),
            reason=request.form.get("reason", ""),
        )
    except InvalidInput as refusal:
        return _page(batch_id, as_errors(refusal.faults)), 422
    except Conflict as refusal:
        return _page(batch_id, {"reason": str(refusal)}), 409
    say("The payment file is cancelled; its tranches can go into another.")
    return redirect(url_for("payments.show", batch_id=batch_id))


def _version() -> int:
    return request.form.get("version", default=0, type=int)


@bp.get("/payments/<int:batch_id>.xml")
@permission("payment.make")
def xml_file(batch_id: int) -> ResponseReturnValue:
    batch = in_transaction(_taken, batch_id=batch_id, form="pain.001")
    return _file(pain_001(batch), "application/xml", f"{batch.message_id}.xml")


@bp.get("/payments/<int:batch_id>.csv")
@permission("payment.make")
def csv_file(batch_id: int) -> ResponseReturnValue:
    batch = in_transaction(_taken, batch_id=batch_id, form="CSV")
    return _file(payments_csv(batch), "text/csv", f"{batch.message_id}.csv")


def _taken(session: Any, *, by: Any, batch_id: int, form: str) -> Any:
    """The file as a value, and on record that it was taken."""
    return file_of(batches.taken_for_the_bank(session, by=by, batch_id=batch_id, form=form))


def _file(content: bytes | str, mimetype: str, name: str) -> Response:
    return Response(
        content,
        mimetype=mimetype,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
