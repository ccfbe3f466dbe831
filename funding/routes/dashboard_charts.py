"""The charts of a round's dashboard: finding, figure, table and the way to the rows of each."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from funding.db import now
from funding.formatting import format_amount_number, format_percent, format_short, plural
from funding.language import gettext
from funding.listing import whole_number
from funding.models import Round
from funding.reports import breakdowns, figures
from funding.reports.areas import needs_of
from funding.reports.counted_overlaps import overlap_views
from funding.reports.positions import STAGES, Filters, Money, Position, Stage, releases_by_year
from funding.reports.result_csv import major
from funding.routes.context import actor, reading

FILTERS = ("funder", "area", "region", "year")
"""What the address may narrow a dashboard to; the rows can be narrowed to a stage as well."""


def filters_of_address() -> Filters:
    """The filters in the address; what cannot be understood is left out."""
    return Filters(
        funder_id=whole_number(request.args.get("funder")),
        area=request.args.get("area") or None,
        region=request.args.get("region") or None,
        stage=request.args.get("stage") or None,
        year=whole_number(request.args.get("year")),
    )


def kept_filters(*also: str) -> dict[str, str]:
    """The filters in the address, for links to other views under the same ones."""
    return {k: v for k, v in request.args.items() if k in (*FILTERS, *also) and v}


def _address(round_: Round, **wanted: str) -> str:
    """The rows behind a mark: the filters in force, and this one more."""
    return url_for("dashboards.rows", round_id=round_.id, **{**kept_filters(), **wanted})


def charts_of(
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


def _cells(round_: Round, *amounts: int) -> list[dict[str, Any]]:
    """Amounts as a table shows them, and as plain numbers for its CSV."""
    currency = round_.base_currency
    return [
        {"text": format_amount_number(amount, currency), "value": major(amount, currency)}
        for amount in amounts
    ]


def _numeric(*labels: str) -> list[dict[str, Any]]:
    return [{"label": label, "numeric": True} for label in labels]


def _chart(round_: Round, id: str, finding: str, **parts: Any) -> dict[str, Any]:
    csv = url_for("dashboards.table", round_id=round_.id, table=id, **kept_filters())
    unit = round_.base_currency
    return {"id": id, "finding": finding, "unit": unit, "csv_url": csv, **parts}


def _by_stage_of(
    id: str, round_: Round, breakdown: breakdowns.Breakdown, filter_name: str
) -> dict[str, Any] | None:
    if not breakdown.total:
        return None
    top, total = breakdown.rows[0], breakdown.total
    finding = gettext(
        "%(label)s takes %(total)s of the money that has a proposal",
        label=top.label,
        total=format_percent(top.total / total),
    )
    return _stage_chart(id, round_, breakdown, filter_name, finding)


def _by_funder(round_: Round, positions: list[Position]) -> dict[str, Any] | None:
    breakdown = breakdowns.by_funder(positions)
    if not breakdown.total:
        return None
    sums, currency = breakdowns.by_stage(positions), round_.base_currency
    total = breakdown.total
    placed = total - sums[Stage.AVAILABLE]
    finding = gettext(
        "%(placed)s of %(total)s has a proposal, %(sums)s is paid",
        placed=format_percent(placed / total),
        total=format_short(total, currency),
        sums=format_percent(sums[Stage.PAID] / total),
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
        gettext(
            "%(name)s keeps the widest gap: %(open)s of %(open2)s still open",
            name=widest.name,
            open=format_short(widest.open, round_.base_currency),
            open2=format_short(open_, round_.base_currency),
        )
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
    finding = gettext(
        "%(shared)s of %(all)s proposals draw on more than one funder", shared=shared, all=all_
    )
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
    """Releases belong to commitments: under an area, region or year they are left out."""
    wanted = filters_of_address()
    released = (
        None
        if wanted.area or wanted.region or wanted.year is not None
        else releases_by_year(reading(), round_, money.rates, wanted.funder_id)
    )
    rows = breakdowns.by_year(positions, released or {})
    if not rows:
        return None
    currency = round_.base_currency
    series = [
        *([] if released is None else [("Released by commitments", [r.released for r in rows])]),
        ("Awarded, not scheduled", [r.awarded for r in rows]),
        ("Due in tranches", [r.scheduled for r in rows]),
        ("Paid", [r.paid for r in rows]),
    ]
    return _chart(
        round_,
        "years",
        _finding_of_years(rows, currency),
        figure_json=figures.years([row.year for row in rows], series, currency),
        headers=["Year", *_numeric(*(name for name, _ in series))],
        rows=[
            [
                {"text": str(row.year), "url": _address(round_, year=str(row.year))},
                *_cells(round_, *(amounts[number] for _, amounts in series)),
            ]
            for number, row in enumerate(rows)
        ],
        rows_url=url_for("commitments.index", round_id=round_.id),
        rows_label="The commitments' release schedules",
        source="release schedules and ledger",
    )


def _finding_of_years(rows: list[breakdowns.YearRow], currency: str) -> str:
    paid, scheduled = sum(r.paid for r in rows), sum(r.scheduled for r in rows)
    if paid or scheduled:
        return gettext(
            "%(paid)s is paid and %(scheduled)s is due",
            paid=format_short(paid, currency),
            scheduled=format_short(scheduled, currency),
        )
    if awarded := sum(r.awarded for r in rows):
        return gettext(
            "%(awarded)s is awarded; nothing is due or paid yet",
            awarded=format_short(awarded, currency),
        )
    first = next((row for row in rows if row.released), rows[0])
    return gettext(
        "%(released)s is released in %(year)s; nothing is due or paid yet",
        released=format_short(first.released, currency),
        year=first.year,
    )


def _together(round_: Round, positions: list[Position]) -> dict[str, Any] | None:
    pairs = breakdowns.together(positions)
    if not pairs:
        return None
    top = pairs[0]
    return _chart(
        round_,
        "together",
        gettext(
            "%(first)s and %(second)s pay most together: %(proposals)s",
            first=top.first,
            second=top.second,
            proposals=plural(top.proposals, "proposal"),
        ),
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
    if money.run is None or money.run.digest is None:
        return None  # a plan that was agreed without the optimizer weighed no overlaps
    views = overlap_views(reading(), actor(), money.run)
    if not views:
        return None
    avoided = [view for view in views if view.is_avoided]
    saved = sum(view.twice for view in avoided)
    return _chart(
        round_,
        "overlaps",
        gettext(
            "%(avoided)s of %(views)s confirmed overlaps are avoided: %(saved)s is not paid twice",
            avoided=len(avoided),
            views=len(views),
            saved=format_short(saved, round_.base_currency),
        ),
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
