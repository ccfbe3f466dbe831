"""Compensating reviews: asked for, listed until done, and done by another person."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput
from funding.listing import Listing
from funding.permissions import fetch, visible_compensating, visible_lines, visible_tranches
from funding.reports import compensating as report
from funding.routes.award_page import to_award
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.plans import line_page
from funding.routes.security import permission
from funding.services import compensating, decisions
from funding.services.payments import tranches
from funding.services.run_words import said_again

bp = Blueprint("compensating", __name__)

ASKED = "The review is asked for. It is open until another person has looked at it."


@bp.get("/compensating-reviews")
@permission("compensating.read")
def index() -> ResponseReturnValue:
    listing, rows = report.reviews(
        reading(),
        actor(),
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(report.SORTABLE),
            filters=report.FILTERS,
            default_sort="asked",
        ),
    )
    return render_template("compensating/index.html", listing=listing, rows=rows)


@bp.get("/compensating-reviews/<int:compensating_id>")
@permission("compensating.read")
def show(compensating_id: int) -> ResponseReturnValue:
    return _page(compensating_id)


def _page(
    compensating_id: int, faults: tuple[Fault, ...] = (), status: int = 200
) -> ResponseReturnValue:
    by, session = actor(), reading()
    review = fetch(session, visible_compensating(by), compensating_id, "review")
    page = render_template(
        "compensating/show.html",
        row=report.review_row(session, by, review),
        review=review,
        line_why=said_again(review.line.reason, review.line.says) if review.line else "",
        form={"values": request.form, "errors": {f.field: f.rule for f in faults}},
    )
    return page, status


@bp.post("/compensating-reviews/<int:compensating_id>")
@permission("compensating.judge")
def judge(compensating_id: int) -> ResponseReturnValue:
    fetch(reading(), visible_compensating(actor()), compensating_id, "review")
    try:
        in_transaction(
            compensating.give_verdict,
            review_id=compensating_id,
            version=request.form.get("version", default=0, type=int),
            verdict=request.form.get("verdict", ""),
            finding=request.form.get("finding", ""),
        )
    except InvalidInput as refusal:
        return _page(compensating_id, refusal.faults, 422)
    say("The review is done; it is on record with what it is of.")
    return redirect(url_for("compensating.show", compensating_id=compensating_id))


@bp.post("/lines/<int:line_id>/ask-review")
@permission("line.decide")
def ask_for_line(line_id: int) -> ResponseReturnValue:
    fetch(reading(), visible_lines(actor()), line_id, "line")
    try:
        in_transaction(
            compensating.ask_for_line,
            line_id=line_id,
            reason=request.form.get("alone_because", ""),
        )
    except InvalidInput as refusal:
        return line_page(line_id, refusal.faults, 422)
    say(ASKED)
    return redirect(url_for("plans.line", line_id=line_id))


@bp.post("/lines/<int:line_id>/approve-alone")
@permission("line.decide")
def approve_alone(line_id: int) -> ResponseReturnValue:
    fetch(reading(), visible_lines(actor()), line_id, "line")
    try:
        in_transaction(
            decisions.approve_alone,
            line_id=line_id,
            version=request.form.get("version", type=int),
            alone_because=request.form.get("alone_because", ""),
            key=request.form.get("idempotency_key", ""),
        )
    except InvalidInput as refusal:
        return line_page(line_id, refusal.faults, 422)
    say("The line is approved, with a compensating review: it is shown until it is done.")
    return redirect(url_for("plans.line", line_id=line_id))


@bp.post("/tranches/<int:tranche_id>/ask-review")
@permission("tranche.release")
def ask_for_tranche(tranche_id: int) -> ResponseReturnValue:
    award_id = fetch(reading(), visible_tranches(actor()), tranche_id, "tranche").award_id

    def act() -> None:
        in_transaction(
            compensating.ask_for_tranche,
            tranche_id=tranche_id,
            reason=request.form.get("alone_because", ""),
        )

    return to_award(award_id, act, ASKED, tranche_id)


@bp.post("/tranches/<int:tranche_id>/release-alone")
@permission("tranche.release")
def release_alone(tranche_id: int) -> ResponseReturnValue:
    award_id = fetch(reading(), visible_tranches(actor()), tranche_id, "tranche").award_id

    def act() -> None:
        in_transaction(
            tranches.release_tranche,
            tranche_id=tranche_id,
            version=request.form.get("version", default=0, type=int),
            alone_because=request.form.get("alone_because", ""),
        )

    done = "The tranche is released, with a compensating review: it is shown until it is done."
    return to_award(award_id, act, done, tranche_id)
