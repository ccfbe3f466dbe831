"""Awards: the list, one in detail, offers accepted or refused, awards ended."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from funding.listing import Listing
from funding.reports import awards as report
from funding.routes.award_page import award_page, to_award
from funding.routes.context import actor, in_transaction, reading
from funding.routes.files import as_download
from funding.routes.security import permission
from funding.services import awards
from funding.services.evidence import fetch_evidence

bp = Blueprint("awards", __name__)


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


@bp.get("/evidence/<int:evidence_id>/<name>")
@permission("award.read")
def evidence(evidence_id: int, name: str) -> ResponseReturnValue:
    """A file that shows what an officer says, to be saved, for who reads the words."""
    return as_download(fetch_evidence(reading(), actor(), evidence_id))


@bp.post("/awards/<int:award_id>/accept")
@permission("award.read")
def accept(award_id: int) -> ResponseReturnValue:
    def act() -> None:
        in_transaction(
            awards.accept_award,
            award_id=award_id,
            version=request.form.get("version", default=0, type=int),
            name=request.form.get("name", ""),
            document_sha256=request.form.get("document_sha256", ""),
        )

    return to_award(award_id, act, "The offer is accepted. The funder schedules the payments next.")


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


def _end(service: Callable[..., object], award_id: int, done: str) -> ResponseReturnValue:
    def act() -> None:
        in_transaction(
            service,
            award_id=award_id,
            version=request.form.get("version", default=0, type=int),
            reason=request.form.get("reason", ""),
        )

    return to_award(award_id, act, done)
