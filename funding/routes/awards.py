"""Awards and their tranches: offers accepted, payments scheduled, released and made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput
from funding.formatting import AmountRefused, parse_amount
from funding.listing import Listing
from funding.permissions import fetch, visible_awards, visible_tranches
from funding.reports import awards as report
from funding.reports.plans import history_of
from funding.routes.context import actor, in_transaction, new_idempotency_key, reading, say
from funding.routes.security import permission
from funding.services import awards

bp = Blueprint("awards", __name__)

_WITH_ROOM = ("amount", "due_on", "condition", "reason")
"""Fields of forms that have room for what is wrong with them."""


@bp.get("/awards")
@permission("award.read")
def index() -> ResponseReturnValue:
    listing, rows = report.awards(
        reading(),
        actor(),
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(report.SORTABLE),
            filters=report.FILTERS,
            default_sort="-awarded",
        ),
    )
    return render_template(
        "awards/index.html",
        listing=listing,
        rows=rows,
        rounds=report.rounds_with_awards(reading(), actor()),
    )


@bp.get("/awards/<int:award_id>")
@permission("award.read")
def show(award_id: int) -> ResponseReturnValue:
    return _award_page(award_id)


def _award_page(
    award_id: int, faults: tuple[Fault, ...] = (), status: int = 200
) -> ResponseReturnValue:
    by, session = actor(), reading()
    award = fetch(session, visible_awards(by), award_id, "award")
    transfers = report.transfers(session, award)
    page = render_template(
        "awards/show.html",
        award=award,
        balances=report.balances(session, award),
        transfers=transfers,
        returned=report.returned(transfers),
        events=history_of(session, award),
        may_accept=award.proposal.lead_id == by.person_id and award.state == "offered",
        may_prepare=by.may("tranche.prepare", award.commitment.funder_id),
        may_terminate=award.state in ("offered", "accepted", "active")
        and by.may("line.decide", award.commitment.funder_id),
        idempotency_key=new_idempotency_key(),
        form={"values": request.form, "errors": {f.field: f.rule for f in faults}},
        # beside a tranche there is no room for them
        refused=[f"{f.rule[:1].upper()}{f.rule[1:]}." for f in faults if f.field not in _WITH_ROOM],
    )
    return page, status


def _day(field: str) -> date:
    try:
        return date.fromisoformat(request.form.get(field, ""))
    except ValueError:
        raise InvalidInput(Fault(field, "a date as YYYY-MM-DD, please")) from None


@bp.post("/awards/<int:award_id>/accept")
@permission("award.read")
def accept(award_id: int) -> ResponseReturnValue:
    in_transaction(
        awards.accept_award,
        award_id=award_id,
        version=request.form.get("version", default=0, type=int),
    )
    say("The offer is accepted. The funder schedules the payments next.")
    return redirect(url_for("awards.show", award_id=award_id))


@bp.post("/awards/<int:award_id>/refuse")
@permission("award.read")
def refuse(award_id: int) -> ResponseReturnValue:
    return _end(awards.refuse_award, award_id, "The offer is refused; its money is free again.")


@bp.post("/awards/<int:award_id>/terminate")
@permission("line.decide")
def terminate(award_id: int) -> ResponseReturnValue:
    return _end(
        awards.terminate_award, award_id, "The award has ended; what was not paid is free again."
    )


def _end(act: Callable[..., object], award_id: int, done: str) -> ResponseReturnValue:
    try:
        in_transaction(
            act,
            award_id=award_id,
            version=request.form.get("version", default=0, type=int),
            reason=request.form.get("reason", ""),
        )
    except InvalidInput as refusal:
        return _award_page(award_id, refusal.faults, 422)
    say(done)
    return redirect(url_for("awards.show", award_id=award_id))


@bp.post("/awards/<int:award_id>/tranches")
@permission("tranche.prepare")
def schedule(award_id: int) -> ResponseReturnValue:
    award = fetch(reading(), visible_awards(actor()), award_id, "award")
    try:
        in_transaction(
            awards.schedule_tranche,
            award_id=award_id,
            amount=parse_amount(request.form.get("amount", ""), award.commitment.currency),
            due_on=_day("due_on"),
            condition=request.form.get("condition", ""),
            key=request.form.get("idempotency_key", ""),
        )
    except AmountRefused as refusal:
        return _award_page(award_id, (Fault("amount", str(refusal)),), 422)
    except InvalidInput as refusal:
        return _award_page(award_id, refusal.faults, 422)
    say("The tranche is scheduled. A colleague has to release it before it is paid.")
    return redirect(url_for("awards.show", award_id=award_id))


def _award_of(tranche_id: int) -> int:
    return fetch(reading(), visible_tranches(actor()), tranche_id, "tranche").award_id


@bp.post("/tranches/<int:tranche_id>/release")
@permission("tranche.release")
def release(tranche_id: int) -> ResponseReturnValue:
    award_id = _award_of(tranche_id)
    in_transaction(
        awards.release_tranche,
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
            awards.record_payment,
            tranche_id=tranche_id,
            paid_on=_day("paid_on"),
            reference=request.form.get("reference", ""),
            key=request.form.get("idempotency_key", ""),
        )
    except InvalidInput as refusal:
        return _award_page(award_id, refusal.faults, 422)
    say("The payment is on the ledger.")
    return redirect(url_for("awards.show", award_id=award_id))


@bp.post("/tranches/<int:tranche_id>/return")
@permission("tranche.prepare")
def take_back(tranche_id: int) -> ResponseReturnValue:
    tranche = fetch(reading(), visible_tranches(actor()), tranche_id, "tranche")
    award = tranche.award
    try:
        in_transaction(
            awards.record_return,
            tranche_id=tranche_id,
            amount=parse_amount(request.form.get("returned", ""), award.commitment.currency),
            reason=request.form.get("return_reason", ""),
            key=request.form.get("idempotency_key", ""),
        )
    except AmountRefused as refusal:
        return _award_page(award.id, (Fault("returned", str(refusal)),), 422)
    except InvalidInput as refusal:
        return _award_page(award.id, refusal.faults, 422)
    say("The return is on the ledger; the money is free in its commitment again.")
    return redirect(url_for("awards.show", award_id=award.id))


@bp.post("/tranches/<int:tranche_id>/cancel")
@permission("tranche.prepare")
def cancel(tranche_id: int) -> ResponseReturnValue:
    award_id = _award_of(tranche_id)
    try:
        in_transaction(
            awards.cancel_tranche,
            tranche_id=tranche_id,
            version=request.form.get("version", default=0, type=int),
            reason=request.form.get("cancel_reason", ""),
        )
    except InvalidInput as refusal:
        return _award_page(award_id, refusal.faults, 422)
    say("The tranche is cancelled; its money is the award's again.")
    return redirect(url_for("awards.show", award_id=award_id))
