"""The append-only log, for auditors: the list, its export, and the proof that it is whole."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from funding.exports.csv_files import csv_parts
from funding.listing import Listing, whole_number
from funding.models import Event
from funding.reports import log as report
from funding.reports.particulars import act_in_words, particulars
from funding.routes.context import actor, reading
from funding.routes.security import permission
from funding.services.log import first_broken_link, head_of, still_holds

bp = Blueprint("log", __name__)

PAGES = {
    "award": ("awards.show", "award_id"),
    "commitment": ("commitments.show", "commitment_id"),
    "import": ("imports.show", "import_id"),
    "overlap": ("overlaps.show", "overlap_id"),
    "plan_line": ("plans.line", "line_id"),
    "proposal": ("proposals.show", "proposal_id"),
    "round": ("rounds.show", "round_id"),
    "run": ("results.show", "run_id"),
    "scenario": ("scenarios.show", "scenario_id"),
}
"""Kind of subject -> (endpoint, argument) of its page."""


def _listing() -> Listing:
    return Listing.parse(
        url_for("log.index"),
        request.args,
        sortable=report.SORTABLE,
        filters=report.FILTERS,
        default_sort="-number",
    )


def _page_of(event: Event) -> str | None:
    if event.subject_type not in PAGES:
        return None
    endpoint, argument = PAGES[event.subject_type]
    return url_for(endpoint, **{argument: event.subject_id})


@bp.get("/log")
@permission("log.read")
def index() -> ResponseReturnValue:
    by, session = actor(), reading()
    listing, events = report.events(session, by, _listing())
    return render_template(
        "log/index.html",
        listing=listing,
        rows=[
            (event, _page_of(event), words)
            for event, words in zip(events, particulars(session, events), strict=True)
        ],
        actions=[(action, act_in_words(action)) for action in report.actions(session, by)],
        rounds=report.rounds(session, by),
        csv_url=listing.page_url(1).replace("/log", "/log.csv", 1),
    )


@bp.get("/log.csv")
@permission("log.read")
def csv_file() -> ResponseReturnValue:
    rows = report.csv_rows(reading(), actor(), _listing())
    return Response(
        stream_with_context(csv_parts(report.CSV_HEADS, rows)),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="log.csv"'},
    )


@bp.get("/log/proof")
@permission("log.read")
def proof() -> ResponseReturnValue:
    """Every link of the chain reckoned anew, and a head noted earlier looked for."""
    session = reading()
    noted = request.args.get("head", "").strip()
    text, _, digest = noted.partition(":")
    number = whole_number(text)
    is_head = number is not None and len(digest) == 64
    seq, head = head_of(session)
    return render_template(
        "log/proof.html",
        broken=first_broken_link(session),
        count=seq,
        head=f"{seq}:{head}",
        noted=noted,
        is_head=is_head,
        holds=is_head and still_holds(session, number, digest),
    )
