"""The dashboards' charts, as Plotly's JSON. Titles, fonts and colours are set by the page."""

from __future__ import annotations

from html import escape

import plotly.graph_objects as go
import plotly.io

from funding.formatting import format_short, minor_units, shortened
from funding.language import gettext
from funding.reports.breakdowns import Breakdown, Gap, Together
from funding.reports.positions import STAGES, Position, Stage

COLOURS = {
    Stage.AVAILABLE: "var(--chart-8-soft)",
    Stage.ALLOCATED: "var(--chart-2-soft)",
    Stage.AWARDED: "var(--chart-2)",
    Stage.SCHEDULED: "var(--chart-1-soft)",
    Stage.PAID: "var(--chart-1)",
}
MOST_PROPOSALS = 24


def _major(amount: int, currency: str) -> float:
    return amount / 10 ** minor_units(currency)


def _bars(height: int) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        barmode="stack",
        height=height,
        bargap=0.3,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        margin={"l": 8, "r": 16, "t": 36, "b": 32},
        xaxis={"rangemode": "tozero"},
        yaxis={"automargin": True, "autorange": "reversed"},
    )
    return figure


def by_stage(breakdown: Breakdown, currency: str, addresses: dict[str, str]) -> str:
    """A bar for each row, parted by stage; `addresses` by the row's key."""
    figure = _bars(90 + 34 * len(breakdown.rows))
    for stage in STAGES:
        figure.add_bar(
            name=stage.value.capitalize(),
            orientation="h",
            y=[escape(row.label) for row in breakdown.rows],
            x=[_major(row.by_stage[stage], currency) for row in breakdown.rows],
            marker_color=COLOURS[stage],
            customdata=[
                [addresses[row.key], format_short(row.by_stage[stage], currency)]
                for row in breakdown.rows
            ],
            hovertemplate=f"%{{y}}: %{{customdata[1]}} {stage.value}<extra></extra>",
        )
    return plotly.io.to_json(figure, validate=False)


def gap_map(gaps: list[Gap], currency: str, addresses: dict[str, str]) -> str:
    """A bar for each area: what others fund, what the pool does, what stays open."""
    figure = _bars(90 + 34 * len(gaps))
    for name, colour, amounts in (
        ("Funded by others", "var(--chart-8)", [gap.others for gap in gaps]),
        ("This round", "var(--chart-1)", [gap.pool for gap in gaps]),
        ("Still open", "var(--chart-4-soft)", [gap.open for gap in gaps]),
    ):
        figure.add_bar(
            name=name,
            orientation="h",
            y=[escape(gap.name) for gap in gaps],
            x=[_major(amount, currency) for amount in amounts],
            marker_color=colour,
            customdata=[
                [addresses[gap.key], format_short(amount, currency)]
                for gap, amount in zip(gaps, amounts, strict=True)
            ],
            hovertemplate=f"%{{y}}: %{{customdata[1]}} {name.lower()}<extra></extra>",
        )
    return plotly.io.to_json(figure, validate=False)


YEAR_COLOURS = {
    "Released by commitments": "var(--chart-8)",
    "Awarded, not scheduled": "var(--chart-2)",
    "Due in tranches": "var(--chart-1-soft)",
    "Paid": "var(--chart-1)",
}


def years(of: list[int], series: list[tuple[str, list[int]]], currency: str) -> str:
    """Bars side by side for each year; `series` by a name of YEAR_COLOURS."""
    figure = go.Figure()
    figure.update_layout(
        barmode="group",
        height=320,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 8, "r": 16, "t": 36, "b": 32},
        yaxis={"automargin": True, "rangemode": "tozero"},
        xaxis={"type": "category"},
    )
    for name, amounts in series:
        figure.add_bar(
            name=name,
            x=[str(year) for year in of],
            y=[_major(amount, currency) for amount in amounts],
            marker_color=YEAR_COLOURS[name],
            customdata=[format_short(amount, currency) for amount in amounts],
            hovertemplate=f"%{{x}}: %{{customdata}} {name.lower()}<extra></extra>",
        )
    return plotly.io.to_json(figure, validate=False)


def flow(positions: list[Position], names: dict[str, str], currency: str) -> tuple[str, int]:
    """Funder to area to proposal, and how many proposals are drawn as one.

    The proposals with most money have a node of their own; the rest of an area share one.
    """
    totals: dict[str, int] = {}
    titles: dict[str, str] = {}
    for p in positions:
        if p.areas:
            end = _end(p)
            totals[end] = totals.get(end, 0) + p.base
            titles[end] = p.proposal
    drawn = set(sorted(totals, key=lambda end: (-totals[end], end))[:MOST_PROPOSALS])
    labels = {f"a:{area}": names.get(area, area) for p in positions for area, _ in p.areas}
    links: dict[tuple[str, str], int] = {}
    for p in positions:
        for area, part in p.areas:
            node = (
                f"p:{_end(p)}" if _end(p) in drawn else gettext("p:others in %(area)s", area=area)
            )
            labels[node] = (
                titles[_end(p)]
                if _end(p) in drawn
                else gettext("Others in %(get)s", get=names.get(area, area))
            )
            labels[f"f:{p.funder_id}"] = p.funder
            for link in ((f"f:{p.funder_id}", f"a:{area}"), (f"a:{area}", node)):
                links[link] = links.get(link, 0) + part
    nodes = sorted({end for link in links for end in link})
    index = {node: number for number, node in enumerate(nodes)}
    colours = {"f": "var(--chart-1)", "a": "var(--chart-2)", "p": "var(--chart-8)"}
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [escape(shortened(labels[node], 44)) for node in nodes],
                "color": [colours[node[0]] for node in nodes],
                "pad": 8,
                "thickness": 12,
                "line": {"width": 0},
            },
            link={
                "source": [index[a] for a, _ in links],
                "target": [index[b] for _, b in links],
                "value": [_major(amount, currency) for amount in links.values()],
                "customdata": [format_short(amount, currency) for amount in links.values()],
                "color": [
                    "var(--chart-1-soft)" if a[0] == "f" else "var(--chart-2-soft)"
                    for a, _ in links
                ],
                "hovertemplate": "%{source.label} to %{target.label}: %{customdata}<extra></extra>",
            },
        )
    )
    figure.update_layout(height=820, margin={"l": 8, "r": 8, "t": 12, "b": 12})
    return plotly.io.to_json(figure, validate=False), len(totals) - len(drawn)


def _end(position: Position) -> str:
    """One node for each proposal, whatever its title; what is withheld shares one."""
    return str(position.proposal_id or "withheld")


def co_funding(pairs: list[Together], currency: str) -> str:
    """How many proposals each two funders pay together."""
    funders = sorted({funder for pair in pairs for funder in (pair.first, pair.second)})
    index = {funder: number for number, funder in enumerate(funders)}
    counts: list[list[int | None]] = [[None] * len(funders) for _ in funders]
    words = [[""] * len(funders) for _ in funders]
    for pair in pairs:
        a, b = index[pair.first], index[pair.second]
        # the lower triangle only: the upper would say the same again
        row, column = max(a, b), min(a, b)
        counts[row][column] = pair.proposals
        words[row][column] = format_short(pair.amount, currency)
    labels = [escape(shortened(funder, 30)) for funder in funders]
    figure = go.Figure(
        go.Heatmap(
            x=labels,
            y=labels,
            z=counts,
            customdata=words,
            texttemplate="%{z}",
            colorscale=[[0, "var(--seq-1)"], [1, "var(--seq-4)"]],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y} and %{x}: %{z} proposals, %{customdata}<extra></extra>",
            hoverongaps=False,
        )
    )
    figure.update_layout(
        height=120 + 34 * len(funders),
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        xaxis={"automargin": True, "tickangle": -40, "showgrid": False},
        yaxis={"automargin": True, "autorange": "reversed", "showgrid": False},
    )
    return plotly.io.to_json(figure, validate=False)
