"""Dashboards of a round: where its money is, which gaps stay open, who pays together."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import NotFound
from funding.exports.csv_files import csv_text
from funding.formatting import format_amount_number, format_percent, format_short
from funding.listing import Listing
from funding.models import Round, RoundState
from funding.permissions import fetch, working_rounds
from funding.places import region_name
from funding.reports import breakdowns, figures
from funding.reports.areas import needs_of
from funding.reports.positions import (
    STAGES,
    Filters,
    Money,
    Position,
    Stage,
    funders_of,
    money_of,
    releases_by_year,
)
from funding.reports.result_views import overlap_views
from funding.routes.choices import REGION_CHOICES
from funding.routes.context import actor, reading
from funding.routes.security import permission
from funding.services.areas import top_areas

bp = Blueprint("dashboards", __name__)

MOST_PAIRS = 12


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


def _filters() -> Filters:
    funder = request.args.get("funder", "")
    return Filters(
        funder_id=int(funder) if funder.isdigit() else None,
        area=request.args.get("area") or None,
        region=request.args.get("region") or None,
        stage=request.args.get("stage") or None,
    )


def _area_names(round_: Round) -> dict[str, str]:
    return {a.key: a.name for a in round_.taxonomy.areas if a.parent_key is None}


def _address(round_: Round, **wanted: str) -> str:
    """The rows behind a mark: the filters in force, and this one more."""
    kept = {k: v for k, v in request.args.items() if k in ("funder", "area", "region") and v}
    return url_for("dashboards.rows", round_id=round_.id, **{**kept, **wanted})


@bp.get("/rounds/<int:round_id>/dashboard")
@permission("dashboard.read")
def show(round_id: int) -> ResponseReturnValue:
    round_, session, by = _round(round_id), reading(), actor()
    money = money_of(session, by, round_)
    positions = _filters().applied(money.positions)
    listing = Listing.parse(
        request.path, request.args, sortable=("base",), filters=("funder", "area", "region")
    )
    names = _area_names(round_)
    return render_template(
        "dashboards/show.html",
        round=round_,
        money=money,
        listing=listing,
        stages=breakdowns.by_stage(positions),
        charts=_charts(round_, money, positions, names),
        funders=funders_of(session, round_),
        areas=sorted(names.items(), key=lambda item: item[1]),
        regions=REGION_CHOICES,
    )


def _charts(
    round_: Round, money: Money, positions: list[Position], names: dict[str, str]
) -> list[dict[str, Any]]:
    """What templates/macros/charts.html draws, in the order of the page."""
    made = [
        _by_funder(round_, positions),
        _gaps(round_, positions),
        _flow(round_, positions, names),
        _by_stage_of("by-area", round_, breakdowns.by_area(positions, names), "area"),
        _by_stage_of("by-region", round_, breakdowns.by_region(positions), "region"),
        _together(round_, positions),
        _years(round_, money, positions),
        _overlaps(round_, money),
    ]
    return [chart for chart in made if chart]


def _cells(round_: Round, *amounts: int) -> list[str]:
    return [format_amount_number(amount, round_.base_currency) for amount in amounts]


def _numeric(*labels: str) -> list[dict[str, Any]]:
    return [{"label": label, "numeric": True} for label in labels]


def _chart(round_: Round, id: str, finding: str, **parts: Any) -> dict[str, Any]:
    csv = url_for("dashboards.table", round_id=round_.id, table=id, **request.args)
    unit = round_.base_currency
    return {"id": id, "finding": finding, "unit": unit, "csv_url": csv, **parts}


def _by_stage_of(
    id: str, round_: Round, breakdown: breakdowns.Breakdown, filter_name: str
) -> dict[str, Any] | None:
    if not breakdown.rows:
        return None
    top, total = breakdown.rows[0], breakdown.total
    finding = (
        f"{top.label} takes {format_percent(top.total / total)} of the money that has a proposal"
    )
    return _stage_chart(id, round_, breakdown, filter_name, finding)


def _by_funder(round_: Round, positions: list[Position]) -> dict[str, Any] | None:
    breakdown = breakdowns.by_funder(positions)
    if not breakdown.rows:
        return None
    sums, currency = breakdowns.by_stage(positions), round_.base_currency
    total = breakdown.total
    placed = total - sums[Stage.AVAILABLE]
    finding = (
        f"{format_percent(placed / total)} of {format_short(total, currency)} has a proposal,"
        f" {format_percent(sums[Stage.PAID] / total)} is paid"
    )
    return _stage_chart("by-funder", round_, breakdown, "funder", finding)


def _stage_chart(
    id: str, round_: Round, breakdown: breakdowns.Breakdown, filter_name: str, finding: str
) -> dict[str, Any]:
    addresses = {row.key: _address(round_, **{filter_name: row.key}) for row in breakdown.rows}
    return _chart(
        round_,
        id,
        finding,
        figure_json=figures.by_stage(breakdown, round_.base_currency, addresses),
        headers=[
            filter_name.capitalize(),
            *_numeric(*(stage.value.capitalize() for stage in STAGES), "Total"),
        ],
        rows=[
            [
                {"text": row.label, "url": addresses[row.key]},
                *_cells(round_, *(row.by_stage[stage] for stage in STAGES), row.total),
            ]
            for row in breakdown.rows
        ],
        rows_url=_address(round_),
        source="ledger and the plan's lines",
    )


def _gaps(round_: Round, positions: list[Position]) -> dict[str, Any] | None:
    gaps = breakdowns.gaps(needs_of(reading(), round_, now()).rows, positions)
    if not gaps:
        return None
    open_ = sum(gap.open for gap in gaps)
    widest = gaps[0]
    finding = (
        f"{widest.name} keeps the widest gap: {format_short(widest.open, round_.base_currency)}"
        f" of {format_short(open_, round_.base_currency)} still open"
        if open_
        else "Every area's need is met"
    )
    addresses = {gap.key: _address(round_, area=gap.key) for gap in gaps}
    return _chart(
        round_,
        "gaps",
        finding,
        figure_json=figures.gap_map(gaps, round_.base_currency, addresses),
        headers=["Area", *_numeric("Need", "Funded by others", "This round", "Still open")],
        rows=[
            [
                {"text": gap.name, "url": addresses[gap.key]},
                *_cells(round_, gap.need, gap.others, gap.pool, gap.open),
            ]
            for gap in gaps
        ],
        rows_url=url_for("areas.index", round_id=round_.id),
        rows_label="Needs and the grants behind them",
        source="stated needs, imported history, ledger",
    )


def _flow(round_: Round, positions: list[Position], names: dict[str, str]) -> dict[str, Any] | None:
    placed = [p for p in positions if p.areas]
    if not placed:
        return None
    figure, together = figures.flow(placed, names, round_.base_currency)
    shared, all_ = breakdowns.co_funded(placed)
    finding = f"{shared} of {all_} proposals draw on more than one funder"
    areas = breakdowns.by_area(placed, names)
    return _chart(
        round_,
        "flow",
        finding,
        figure_json=figure,
        size="tall",
        wide=True,
        note=(
            f"The {figures.MOST_PROPOSALS} proposals with most money are drawn by themselves;"
            f" the other {together} are put together by area."
            if together
            else None
        ),
        headers=["Area", *_numeric("From all funders")],
        rows=[
            [{"text": row.label, "url": _address(round_, area=row.key)}, *_cells(round_, row.total)]
            for row in areas.rows
        ],
        rows_url=_address(round_),
        source="ledger and the plan's lines",
    )


def _years(round_: Round, money: Money, positions: list[Position]) -> dict[str, Any] | None:
    released = releases_by_year(reading(), round_, money.rates)
    rows = breakdowns.by_year(positions, released if positions == money.positions else {})
    if not rows:
        return None
    paid, scheduled = sum(r.paid for r in rows), sum(r.scheduled for r in rows)
    currency = round_.base_currency
    first = next((row for row in rows if row.released), rows[0])
    finding = (
        f"{format_short(paid, currency)} is paid and {format_short(scheduled, currency)} is due"
        if paid or scheduled
        else f"{format_short(first.released, currency)} is released from {first.year} on;"
        " nothing is due or paid yet"
    )
    return _chart(
        round_,
        "years",
        finding,
        figure_json=figures.years(rows, currency),
        headers=["Year", *_numeric("Released", "Awarded, not scheduled", "Due", "Paid")],
        rows=[
            [str(r.year), *_cells(round_, r.released, r.awarded, r.scheduled, r.paid)] for r in rows
        ],
        rows_url=url_for("commitments.index", round_id=round_.id),
        rows_label="The commitments' release schedules",
        source="release schedules and ledger",
    )


def _together(round_: Round, positions: list[Position]) -> dict[str, Any] | None:
    pairs = breakdowns.together(positions)
    if not pairs:
        return None
    top = pairs[0]
    return _chart(
        round_,
        "together",
        f"{top.first} and {top.second} pay most together: {top.proposals} proposals",
        unit="number of proposals that both pay",
        figure_json=figures.co_funding(pairs, round_.base_currency),
        headers=[
            "Funder",
            "With",
            *_numeric("Proposals", f"Money of both, {round_.base_currency}"),
        ],
        rows=[[p.first, p.second, str(p.proposals), *_cells(round_, p.amount)] for p in pairs],
        rows_url=_address(round_),
        source="ledger and the plan's lines",
    )


def _overlaps(round_: Round, money: Money) -> dict[str, Any] | None:
    if money.run is None:
        return None
    views = overlap_views(reading(), actor(), money.run)
    if not views:
        return None
    avoided = [view for view in views if view.is_avoided]
    saved = sum(view.twice for view in avoided)
    return _chart(
        round_,
        "overlaps",
        f"{len(avoided)} of {len(views)} confirmed overlaps are avoided:"
        f" {format_short(saved, round_.base_currency)} is not paid twice",
        headers=["Proposal", "Overlaps with", *_numeric("Degree", "Would be paid twice"), "Plan"],
        rows=[
            [
                {"text": v.first[2], "url": url_for("overlaps.show", overlap_id=v.id)},
                v.second[2],
                format_percent(v.degree),
                *_cells(round_, v.twice),
                "avoided" if v.is_avoided else "kept",
            ]
            for v in views
        ],
        rows_url=url_for("overlaps.index", round_id=round_.id),
        rows_label="All overlaps",
        source="officers' verdicts and the plan's run",
        table_open=True,
        wide=True,
    )


@bp.get("/rounds/<int:round_id>/dashboard/<table>.csv")
@permission("dashboard.read")
def table(round_id: int, table: str) -> ResponseReturnValue:
    """One chart's table as CSV, under the filters in the address."""
    round_ = _round(round_id)
    money = money_of(reading(), actor(), round_)
    positions = _filters().applied(money.positions)
    for chart in _charts(round_, money, positions, _area_names(round_)):
        if chart["id"] == table:
            heads = [h["label"] if isinstance(h, dict) else h for h in chart["headers"]]
            rows = [[c["text"] if isinstance(c, dict) else c for c in row] for row in chart["rows"]]
            return _csv(csv_text([*heads], rows), f"{round_.key}-{table}")
    raise NotFound("table")


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
    found = _filters().applied(money.positions)
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=tuple(SORT_KEYS),
        filters=("funder", "area", "region", "stage"),
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
        stages=[(stage.value, stage.value.capitalize()) for stage in STAGES],
        csv_url=url_for("dashboards.rows_csv", round_id=round_id, **request.args),
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
        [*heads, "Amount", f"Amount in {base}"],
        [
            [
                p.funder,
                p.commitment,
                p.stage.value,
                p.proposal,
                region_name(p.region),
                "; ".join(names.get(area, area) for area, _ in p.areas),
                p.currency,
                format_amount_number(p.amount, p.currency, exact=True),
                format_amount_number(p.base, base, exact=True),
            ]
            for p in _filters().applied(money.positions)
        ],
    )
    return _csv(text, f"{round_.key}-money")
