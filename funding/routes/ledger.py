"""The ledger for people: trial balance, statements over a period, and what exchange rates did."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.exports.csv_files import csv_text
from funding.exports.workbooks import TYPE, workbook
from funding.listing import Listing, whole_number
from funding.models import Commitment
from funding.permissions import fetch, ledger_commitments, visible_awards
from funding.reports import exchange as exchange_report
from funding.reports import ledger_statement as report
from funding.reports.award_money import award_money
from funding.reports.result_csv import major
from funding.reports.trial_balance import trial_balances
from funding.routes.context import actor, reading
from funding.routes.payment_tabs import payment_tabs
from funding.routes.security import permission

bp = Blueprint("ledger", __name__)


@bp.get("/ledger")
@permission("ledger.read")
def trial_balance() -> ResponseReturnValue:
    return render_template(
        "ledger/trial_balance.html",
        tab_items=payment_tabs("ledger"),
        balances=trial_balances(reading(), actor()),
    )


# -- statements -----------------------------------------------------------------------------------


@bp.get("/ledger/statement")
@permission("ledger.read")
def statement() -> ResponseReturnValue:
    subject, of = _subject()
    made = _statement(subject) if subject else None
    return render_template(
        "ledger/statement.html",
        tab_items=payment_tabs("statement"),
        choices=_choices(),
        of=of,
        from_on=request.args.get("from", ""),
        to_on=request.args.get("to", ""),
        statement=made,
        kinds=report.KINDS,
        shown=report.SHOWN,
        files={
            form: url_for(
                f"ledger.statement_{form}",
                **{"of": of, "from": request.args.get("from"), "to": request.args.get("to")},
            )
            for form in ("csv", "xlsx")
        },
    )


def _choices() -> list[dict[str, object]]:
    """Funders by currency, then their commitments."""
    by, session = actor(), reading()
    commitments = session.scalars(ledger_commitments(by).order_by(Commitment.name)).all()
    return [
        {
            "label": "Everything of a funder",
            "options": [
                (f"funder-{s.funder_id}-{s.currency}", f"{s.name}, {s.currency}")
                for s in report.funders(session, by)
            ],
        },
        {
            "label": "One commitment",
            "options": [(f"commitment-{c.id}", f"{c.name}, {c.currency}") for c in commitments],
        },
    ]


def _subject() -> tuple[report.Subject | None, str]:
    """What the address asks for; the first choice where it asks for nothing that is there."""
    by, session = actor(), reading()
    of = request.args.get("of", "")
    kind, _, rest = of.partition("-")
    number = whole_number(rest.partition("-")[0])
    if kind == "commitment" and number:
        return report.subject_of_commitment(
            fetch(session, ledger_commitments(by), number, "commitment")
        ), of
    if kind == "award" and number:
        award = fetch(session, visible_awards(by), number, "award")
        fetch(session, ledger_commitments(by), award.commitment_id, "commitment")
        return report.subject_of_award(award), of
    funders = report.funders(session, by)
    for subject in funders:
        if of == f"funder-{subject.funder_id}-{subject.currency}":
            return subject, of
    if not funders:
        return None, ""
    return funders[0], f"funder-{funders[0].funder_id}-{funders[0].currency}"


def _statement(subject: report.Subject) -> report.LedgerStatement:
    return report.ledger_statement(reading(), actor(), subject, _day("from"), _day("to"))


def _day(name: str) -> date | None:
    """A day of the address; what is none asks for nothing."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2200 else None


@bp.get("/ledger/statement.csv")
@permission("ledger.read")
def statement_csv() -> ResponseReturnValue:
    subject, of = _subject()
    heads, rows = report.table(_statement(subject)) if subject else ([], [])
    return _file(csv_text(heads, rows), "text/csv", f"statement-{of}.csv")


@bp.get("/ledger/statement.xlsx")
@permission("ledger.read")
def statement_xlsx() -> ResponseReturnValue:
    subject, of = _subject()
    heads, rows = report.table(_statement(subject)) if subject else ([], [])
    return _file(workbook("Statement", heads, rows), TYPE, f"statement-{of}.xlsx")


def _file(content: str | bytes, mimetype: str, name: str) -> Response:
    return Response(
        content,
        mimetype=mimetype,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


# -- exchange rates, and the money of one award ---------------------------------------------------


@bp.get("/ledger/exchange")
@permission("ledger.read")
def exchange() -> ResponseReturnValue:
    rows = exchange_report.exchange_rows(reading(), actor())
    listing = Listing.parse(request.path, request.args, sortable=()).counting(len(rows))
    return render_template(
        "ledger/exchange.html",
        tab_items=payment_tabs("exchange"),
        listing=listing,
        rows=rows[listing.offset : listing.offset + listing.per_page],
        funders=exchange_report.by_funder(rows),
    )


@bp.get("/ledger/exchange.csv")
@permission("ledger.read")
def exchange_csv() -> ResponseReturnValue:
    heads = ["funder", "commitment", "proposal", "paid on", "currency", "kept", "run's rate"]
    heads += ["payment's rate", "round's currency", "at the run's rate", "at the payment's", "gain"]
    rows = [
        [
            row.tranche.award.commitment.funder.name,
            row.tranche.award.commitment.name,
            row.tranche.award.proposal.title,
            row.tranche.paid_on,
            row.tranche.award.commitment.currency,
            major(row.kept, row.tranche.award.commitment.currency),
            row.run_rate.rate if row.run_rate else None,
            row.paid_rate.rate if row.paid_rate else None,
            row.base_currency,
            major(row.planned, row.base_currency),
            major(row.paid, row.base_currency),
            major(row.gain, row.base_currency),
        ]
        for row in exchange_report.exchange_rows(reading(), actor())
    ]
    return _file(csv_text(heads, rows), "text/csv", "exchange-rates.csv")


@bp.get("/awards/<int:award_id>/money")
@permission("award.read")
def award(award_id: int) -> ResponseReturnValue:
    """Each unit of an award, from the commitment's clause to the last payment."""
    by, session = actor(), reading()
    found = fetch(session, visible_awards(by), award_id, "award")
    return render_template(
        "ledger/award.html",
        money_of=award_money(session, found),
        exchange=exchange_report.exchange_rows(session, by, award_id),
        is_own=by.may("ledger.read", found.commitment.funder_id),
        shows_people=by.may("plan.read"),
        shows_files=by.may("payment.read", found.commitment.funder_id),
        may_reverse=by.may("tranche.prepare", found.commitment.funder_id),
    )
