"""Bank statements: uploaded, looked at, taken in, and their bookings reconciled."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.forms import as_errors
from funding.imports.bank.lines import MOST_BYTES, StatementRefused
from funding.imports.bank.table import HEADINGS
from funding.imports.faults import Fault as FileFault
from funding.language import capital
from funding.listing import Listing, whole_number
from funding.models import BankDetails, BankLine, BankStatement, StatementState
from funding.permissions import (
    fetch,
    visible_bank_details,
    visible_bank_lines,
    visible_bank_statements,
)
from funding.reports import bank_statements as report
from funding.routes.context import (
    actor,
    in_transaction,
    new_idempotency_key,
    reading,
    say,
)
from funding.routes.payment_tabs import payment_tabs
from funding.routes.security import permission
from funding.services.attachments import plain_name
from funding.services.payments import bookings, payees, statements

bp = Blueprint("bank_statements", __name__)


@bp.get("/payments/statements")
@permission("payment.read")
def index() -> ResponseReturnValue:
    return _index({}, ())


def _index(errors: dict[str, str], faults: tuple[FileFault, ...]) -> str:
    by, session = actor(), reading()
    listing = Listing.parse(
        url_for("bank_statements.index"), request.args, sortable=(), filters=("state",)
    )
    listing, rows = report.statement_rows(session, by, listing)
    own = session.scalars(
        payees.newest().where(
            BankDetails.funder_id.in_(list(by.where("bank.reconcile"))),
            BankDetails.organisation_id == BankDetails.funder_id,
        )
    ).all()
    return render_template(
        "bank_statements/index.html",
        tab_items=payment_tabs("statements"),
        listing=listing,
        rows=rows,
        states=[(state, capital(state)) for state in report.STATES],
        accounts=[(d.id, f"{d.funder.name}, {d.currency} {d.masked}") for d in own],
        may_upload=bool(by.where("bank.reconcile")),
        headings=HEADINGS,
        faults=faults,
        form={"values": request.form, "errors": errors},
    )


@bp.post("/payments/statements")
@permission("bank.reconcile")
def upload() -> ResponseReturnValue:
    chosen = whole_number(request.form.get("details_id"))
    file = request.files.get("file")
    content = file.stream.read(MOST_BYTES + 1) if file else b""
    try:
        if not content:
            raise InvalidInput(Fault("file", "Choose a file: camt.053 or CSV."))
        if chosen is None:
            raise InvalidInput(Fault("details_id", "Choose the account it is of."))
        account: BankDetails = fetch(reading(), visible_bank_details(actor()), chosen, "account")
        made = in_transaction(
            statements.upload_statement,
            funder_id=account.funder_id,
            details_id=chosen,
            filename=plain_name(file.filename or "statement") if file else "",
            content=content,
        )
    except StatementRefused as refusal:
        return _index({}, refusal.faults), 422
    except InvalidInput as refusal:
        return _index(as_errors(refusal.faults), ()), 422
    except RuleBroken as refusal:
        return _index({"": str(refusal)}, ()), 409
    say("Nothing is reconciled yet: look at what the statement holds, then take it in.")
    return redirect(url_for("bank_statements.show", bank_statement_id=made[0].id))


@bp.get("/payments/statements/<int:bank_statement_id>")
@permission("payment.read")
def show(bank_statement_id: int) -> ResponseReturnValue:
    return _page(bank_statement_id, {})


def _page(bank_statement_id: int, errors: dict[str, str], at: int = 0) -> str:
    by, session = actor(), reading()
    statement: BankStatement = fetch(
        session, visible_bank_statements(by), bank_statement_id, "bank statement"
    )
    listing = Listing.parse(
        url_for("bank_statements.show", bank_statement_id=bank_statement_id),
        request.args,
        sortable=(),
        filters=("state",),
    )
    listing, rows = report.bookings(session, by, statement, listing)
    may_act = by.may("bank.reconcile", statement.funder_id)
    return render_template(
        "bank_statements/show.html",
        statement=statement,
        is_preview=statement.state == StatementState.PREVIEW,
        listing=listing,
        rows=rows,
        known=len(statement.read) - listing.total
        if statement.state == StatementState.PREVIEW
        else 0,
        may_act=may_act,
        idempotency_key=new_idempotency_key(),
        errors=errors,
        at=at,
    )


def _version() -> int:
    return request.form.get("version", default=0, type=int)


@bp.post("/payments/statements/<int:bank_statement_id>/take-in")
@permission("bank.reconcile")
def take_in(bank_statement_id: int) -> ResponseReturnValue:
    in_transaction(statements.take_in, statement_id=bank_statement_id, version=_version())
    say("The statement is taken in; its sure bookings are reconciled.")
    return redirect(url_for("bank_statements.show", bank_statement_id=bank_statement_id))


@bp.post("/payments/statements/<int:bank_statement_id>/leave")
@permission("bank.reconcile")
def leave(bank_statement_id: int) -> ResponseReturnValue:
    in_transaction(statements.leave, statement_id=bank_statement_id, version=_version())
    say("The statement is not taken in; nothing was changed.")
    return redirect(url_for("bank_statements.index"))


@bp.post("/payments/bookings/<int:bank_line_id>/confirm")
@permission("bank.reconcile")
def confirm(bank_line_id: int) -> ResponseReturnValue:
    meaning = request.form.get("meaning", "")
    return _act(
        bank_line_id,
        bookings.confirm,
        "A colleague has to approve that the payment came back."
        if meaning == "sent back"
        else "The booking is reconciled.",
        tranche_id=whole_number(request.form.get("tranche_id")) or 0,
        end_to_end_id=request.form.get("end_to_end_id", "").strip(),
        meaning=meaning,
        key=request.form.get("idempotency_key", ""),
    )


@bp.post("/payments/bookings/<int:bank_line_id>/set-aside")
@permission("bank.reconcile")
def set_aside(bank_line_id: int) -> ResponseReturnValue:
    return _act(
        bank_line_id,
        bookings.set_aside,
        "The booking is set aside.",
        why=request.form.get("why", ""),
    )


@bp.post("/payments/bookings/<int:bank_line_id>/take-up")
@permission("bank.reconcile")
def take_up(bank_line_id: int) -> ResponseReturnValue:
    return _act(bank_line_id, bookings.take_up, "The booking waits again to be reconciled.")


def _act(bank_line_id: int, act: Any, done: str, **values: Any) -> ResponseReturnValue:
    """One act on a booking; refused, the page says why beside it."""
    line: BankLine = fetch(reading(), visible_bank_lines(actor()), bank_line_id, "booking")
    try:
        in_transaction(act, line_id=bank_line_id, version=_version(), **values)
    except InvalidInput as refusal:
        told = " ".join(fault.rule for fault in refusal.faults)
        return _page(line.statement_id, {"": told}, bank_line_id), 422
    except (RuleBroken, Conflict) as refusal:
        return _page(line.statement_id, {"": str(refusal)}, bank_line_id), 409
    say(done)
    return redirect(url_for("bank_statements.show", bank_statement_id=line.statement_id))
