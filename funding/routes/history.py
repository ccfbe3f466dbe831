"""Past grants: the list and its export."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from funding.exports.csv_files import csv_parts
from funding.listing import Listing, whole_number
from funding.models import Import, KnownName
from funding.permissions import fetch, visible_imports, visible_names
from funding.reports import history as report
from funding.reports import imports as imports_report
from funding.reports.entities import entities_of_grants
from funding.routes.context import actor, reading
from funding.routes.security import permission

bp = Blueprint("history", __name__)


def _listing() -> Listing:
    return Listing.parse(
        "/history",
        request.args,
        sortable=report.SORTABLE,
        filters=report.FILTERS,
        default_sort="-date",
    )


@bp.get("/history")
@permission("import.read")
def index() -> ResponseReturnValue:
    by, listing = actor(), _listing()
    rows, totals, listing = report.grant_rows(reading(), by, listing)
    return render_template(
        "history/index.html",
        rows=[(grant, report.date_of(grant)) for grant in rows],
        merged=entities_of_grants(reading(), by, rows),
        entity=_entity(listing),
        totals=totals,
        listing=listing,
        years=report.year_choices(reading(), by),
        areas=report.area_choices(reading(), by),
        names=report.area_names(reading()),
        batch=_batch(listing),
        csv_url=listing.page_url(1).replace("/history", "/history.csv", 1),
        may_import=any(kind == "history" for kind, _ in imports_report.kinds_for(by)),
    )


def _batch(listing: Listing) -> Import | None:
    """The import whose rows alone are shown, to name it."""
    wanted = whole_number(listing.args.get("import"))
    if wanted is None:
        return None
    return fetch(reading(), visible_imports(actor()), wanted, "import")


def _entity(listing: Listing) -> KnownName | None:
    """The recipient or funder whose grants alone are shown, to name it."""
    wanted = whole_number(listing.args.get("entity"))
    if wanted is None:
        return None
    name: KnownName = fetch(reading(), visible_names(actor()), wanted, "name")
    return reading().get(KnownName, name.entity_id) if name.entity_id else name


@bp.get("/history.csv")
@permission("import.read")
def csv_file() -> ResponseReturnValue:
    rows = report.csv_rows(reading(), actor(), _listing())
    return Response(
        stream_with_context(csv_parts(report.CSV_HEADS, rows)),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="past-grants.csv"'},
    )
