"""Bank details: the list, one with its versions, entering and changing them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.forms import Typed
from funding.listing import Listing, whole_number
from funding.models import BankDetails, Organisation
from funding.permissions import fetch, visible_bank_details
from funding.places import countries, country_name
from funding.reports import payments as report
from funding.routes.choices import currency_groups
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.payment_tabs import payment_tabs
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.payments import payees

bp = Blueprint("payees", __name__)

_FIELDS = ("holder", "iban", "account", "bank_code", "bic", "country", "checked_how")


@bp.get("/payments/bank-details")
@permission("payment.read")
def index() -> ResponseReturnValue:
    listing = Listing.parse(request.path, request.args, sortable=(), filters=("q",))
    listing, rows = report.bank_details(reading(), actor(), listing)
    return render_template(
        "payees/index.html",
        tab_items=payment_tabs("details"),
        listing=listing,
        rows=rows,
        country_name=country_name,
        edited=actor().where("payee.edit"),
    )


@bp.get("/payments/bank-details/new")
@permission("payee.edit")
def new() -> ResponseReturnValue:
    wanted = {name: request.args.get(name, "") for name in ("organisation_id", "currency")}
    return _new_form(wanted, {})


def _new_form(values: dict[str, Any], errors: dict[str, str]) -> str:
    session = reading()
    funders = [session.get_one(Organisation, id_) for id_ in sorted(actor().where("payee.edit"))]
    return render_template(
        "payees/form.html",
        details=None,
        funders=[(funder.id, funder.name) for funder in funders],
        organisations=[(o.id, o.name) for o in payees.payable(session, [f.id for f in funders])],
        currencies=currency_groups(),
        countries=countries(),
        form={"values": values, "errors": errors},
    )


@bp.post("/payments/bank-details/new")
@permission("payee.edit")
def enter() -> ResponseReturnValue:
    typed = typed_form()
    return submit(
        lambda: in_transaction(
            payees.enter_details,
            funder_id=whole_number(typed.text("funder_id")) or 0,
            organisation_id=whole_number(typed.text("organisation_id")) or 0,
            currency=typed.currency("currency"),
            number=0,
            details=_details(typed),
        ),
        done=_done,
        again=lambda errors, _stale: _new_form(
            typed.values,
            {"": "There are bank details of this payee already: change those."}
            if _stale
            else errors,
        ),
    )


@bp.get("/payments/bank-details/<int:details_id>")
@permission("payment.read")
def show(details_id: int) -> ResponseReturnValue:
    details = _there(details_id)
    return render_template(
        "payees/show.html",
        details=details,
        versions=report.versions_of(reading(), details),
        country_name=country_name,
        shows_accounts=actor().may("payee.edit", details.funder_id),
    )


def _there(details_id: int) -> BankDetails:
    found: BankDetails = fetch(reading(), visible_bank_details(actor()), details_id, "bank details")
    return found


@bp.get("/payments/bank-details/<int:details_id>/change")
@permission("payee.edit")
def edit(details_id: int) -> ResponseReturnValue:
    details = _there(details_id)
    newest = report.versions_of(reading(), details)[0]
    values = {name: getattr(newest, name) for name in _FIELDS if name != "checked_how"}
    return _edit_form(details, {**values, "number": str(newest.number)}, {})


def _edit_form(details: BankDetails, values: dict[str, Any], errors: dict[str, str]) -> str:
    return render_template(
        "payees/form.html",
        details=details,
        countries=countries(),
        form={"values": values, "errors": errors},
    )


@bp.post("/payments/bank-details/<int:details_id>/change")
@permission("payee.edit")
def change(details_id: int) -> ResponseReturnValue:
    details, typed = _there(details_id), typed_form()
    return submit(
        lambda: in_transaction(
            payees.enter_details,
            funder_id=details.funder_id,
            organisation_id=details.organisation_id,
            currency=details.currency,
            number=whole_number(typed.text("number")) or 0,
            details=_details(typed),
        ),
        done=_done,
        again=lambda errors, _stale: _edit_form(_there(details_id), typed.values, errors),
    )


def _details(typed: Typed) -> payees.AccountDetails:
    return payees.AccountDetails(**{name: typed.text(name) for name in _FIELDS})


def _done(made: BankDetails) -> ResponseReturnValue:
    say("The bank details are kept. You cannot pay to them yourself; a colleague can.")
    return redirect(url_for("payees.show", details_id=made.id))
