"""Awards: the list, one in detail, offers accepted or refused, awards ended."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import InvalidInput
from funding.listing import Listing
from funding.reports import awards as report
from funding.routes.award_page import award_page
from funding.routes.context import actor, in_transaction, reading, say
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
    return award_page(award_id)


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
        return award_page(award_id, refusal.faults, 422)
    say(done)
    return redirect(url_for("awards.show", award_id=award_id))
