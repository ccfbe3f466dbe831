"""Dashboards of a round: where its money is, which gaps stay open, who pays together."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.exports.csv_files import csv_text
from funding.language import gettext
from funding.listing import Listing
from funding.models import Round, RoundState
from funding.permissions import fetch, working_rounds
from funding.places import region_name
from funding.reports import breakdowns
from funding.reports.positions import STAGES, Money, funders_of, money_of
from funding.reports.result_csv import major
from funding.routes.choices import REGION_CHOICES
from funding.routes.context import actor, reading
from funding.routes.dashboard_charts import FILTERS, charts_of, filters_of_address, kept_filters
from funding.routes.security import permission
from funding.services.areas import top_areas

bp = Blueprint("dashboards", __name__)


@bp.get("/dashboard")
@permission("dashboard.read")
def latest() -> ResponseReturnValue:
    """The dashboard of the round that is decided now, else of the newest one."""
    rounds = reading().scalars(
        working_rounds(actor(), "dashboard.read")
        .where(Round.state != RoundState.DRAFT)
        .order_by(Round.id.desc())
    )
    order = (RoundState.DECIDING, RoundState.ALLOCATING)
    best = min(rounds, key=lambda r: (r.state not in order, -r.id), default=None)
    if best is None:
        raise NotFound("round with a dashboard yet")
    return redirect(url_for("dashboards.show", round_id=best.id))


def _round(round_id: int) -> Round:
    return fetch(reading(), working_rounds(actor(), "dashboard.read"), round_id, "round")


def _area_names(round_: Round) -> dict[str, str]:
    return {a.key: a.name for a in round_.taxonomy.areas if a.parent_key is None}


def _years_of(money: Money) -> list[tuple[int, str]]:
    """The years that awards, due days and payments of the round fall into."""
    years = sorted({p.year for p in money.positions if p.year is not None})
    return [(year, str(year)) for year in years]


@bp.get("/rounds/<int:round_id>/dashboard")
@permission("dashboard.read")
def show(round_id: int) -> ResponseReturnValue:
    round_, session, by = _round(round_id), reading(), actor()
    money = money_of(session, by, round_)
    positions = filters_of_address().applied(money.positions)
    listing = Listing.parse(request.path, request.args, sortable=("base",), filters=FILTERS)
    names = _area_names(round_)
    return render_template(
        "dashboards/show.html",
        round=round_,
        money=money,
        listing=listing,
        stages=breakdowns.by_stage(positions),
        charts=charts_of(round_, money, positions, names),
        funders=funders_of(session, round_),
        areas=sorted(names.items(), key=lambda item: item[1]),
        regions=REGION_CHOICES,
        years=_years_of(money),
    )


@bp.get("/rounds/<int:round_id>/dashboard/<table>.csv")
@permission("dashboard.read")
def table(round_id: int, table: str) -> ResponseReturnValue:
    """One chart's table as CSV, under the filters in the address."""
    round_ = _round(round_id)
    money = money_of(reading(), actor(), round_)
    positions = filters_of_address().applied(money.positions)
    for chart in charts_of(round_, money, positions, _area_names(round_)):
        if chart["id"] == table:
            heads = [h["label"] if isinstance(h, dict) else h for h in chart["headers"]]
            rows = [[_plain(c) for c in row] for row in chart["rows"]]
            return _csv(csv_text([*heads], rows), f"{round_.key}-{table}")
    raise NotFound("table")


def _plain(cell: Any) -> Any:
    """A table's cell as a CSV file wants it: amounts as numbers, the rest as text."""
    return cell.get("value", cell["text"]) if isinstance(cell, dict) else cell


def _csv(text: str, name: str) -> Response:
    return Response(
        text,
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


SORT_KEYS = {
    "base": lambda p: p.base,
    "funder": lambda p: p.funder.lower(),
    "proposal": lambda p: p.proposal.lower(),
    "stage": lambda p: STAGES.index(p.stage),
}


@bp.get("/rounds/<int:round_id>/money")
@permission("dashboard.read")
def rows(round_id: int) -> ResponseReturnValue:
    """The rows behind the charts: each commitment's money by proposal and stage."""
    round_ = _round(round_id)
    money = money_of(reading(), actor(), round_)
    found = filters_of_address().applied(money.positions)
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=tuple(SORT_KEYS),
        filters=(*FILTERS, "stage"),
        default_sort="-base",
    ).counting(len(found))
    found.sort(key=SORT_KEYS[listing.sort_key], reverse=listing.is_descending)
    names = _area_names(round_)
    return render_template(
        "dashboards/rows.html",
        round=round_,
        money=money,
        listing=listing,
        rows=found[listing.offset : listing.offset + listing.per_page],
        total=sum(p.base for p in found),
        area_names=names,
        funders=funders_of(reading(), round_),
        areas=sorted(names.items(), key=lambda item: item[1]),
        regions=REGION_CHOICES,
        years=_years_of(money),
        stages=[(stage.value, stage.value.capitalize()) for stage in STAGES],
        csv_url=url_for("dashboards.rows_csv", round_id=round_id, **kept_filters("stage")),
    )


@bp.get("/rounds/<int:round_id>/money.csv")
@permission("dashboard.read")
def rows_csv(round_id: int) -> ResponseReturnValue:
    round_ = _round(round_id)
    money = money_of(reading(), actor(), round_)
    base = round_.base_currency
    names = top_areas(round_)
    heads = ["Funder", "Commitment", "Stage", "Proposal", "Region", "Areas", "Currency"]
    text = csv_text(
        [*heads, "Amount", gettext("Amount in %(base)s", base=base)],
        [
            [
                p.funder,
                p.commitment,
                p.stage.value,
                p.proposal,
                region_name(p.region),
                "; ".join(names.get(area, area) for area, _ in p.areas),
                p.currency,
                major(p.amount, p.currency),
                major(p.base, base),
            ]
            for p in filters_of_address().applied(money.positions)
        ],
    )
    return _csv(text, f"{round_.key}-money")
