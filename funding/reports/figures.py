"""The dashboards' charts, as Plotly's JSON. Titles, fonts and colours are set by the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go
import plotly.io

from funding.formatting import format_number, format_short, format_short_number, minor_units

LONGEST = 60
"""Bars in one drawing at most; the table has them all."""
MOST_STEPS = 4
"""Of an axis of amounts: more words would not stand beside each other on a phone."""


@dataclass(frozen=True)
class Series:
    """One colour of a chart: what it is called, and its amounts in minor units."""

    name: str
    colour: str
    amounts: Sequence[int]


def in_major(amount: int, currency: str | None) -> float:
    """Minor units as a chart's axis reads them; a number of things where there is no currency."""
    return amount / 10 ** minor_units(currency) if currency else amount


def amount_ticks(least: int, most: int, currency: str | None) -> dict[str, Any]:
    """The marks of an axis from `least` to `most` minor units, each with its amount in short.

    Said here, since Plotly writes thousands and millions with English letters only. Nothing for
    numbers of things.
    """
    if not currency or least >= most:
        return {}
    step = _round_step(-(-(most - least) // MOST_STEPS))
    places = range(-(-least // step) * step, most + 1, step)
    return {
        "tickmode": "array",
        "tickvals": [in_major(place, currency) for place in places],
        "ticktext": [format_short_number(place, currency) for place in places],
    }


def _round_step(at_least: int) -> int:
    """1, 2 or 5 times a power of ten."""
    power = 10 ** (len(str(at_least)) - 1)
    return next(times * power for times in (1, 2, 5, 10) if times * power >= at_least)


def _ends(series: Sequence[Series], is_stacked: bool) -> tuple[int, int]:
    """From where to where the bars that are drawn reach, 0 included."""
    of_label = list(zip(*(one.amounts[:LONGEST] for one in series), strict=True))
    if is_stacked:
        sides = [(sum(min(a, 0) for a in bar), sum(max(a, 0) for a in bar)) for bar in of_label]
    else:
        sides = [(min(bar), max(bar)) for bar in of_label if bar]
    return min([0, *(down for down, _ in sides)]), max([0, *(up for _, up in sides)])


def _said(amount: int, currency: str | None) -> str:
    return format_short(amount, currency) if currency else format_number(amount)


def lying(
    labels: Sequence[str],
    series: Sequence[Series],
    currency: str | None,
    addresses: Sequence[str] | None = None,
    grouped: bool = False,
) -> str:
    """A bar for each label, parted by series or one beside the other; a bar leads to its rows."""
    shown = [escape(label) for label in labels[:LONGEST]]
    figure = go.Figure()
    figure.update_layout(
        barmode="group" if grouped else "stack",
        height=90 + (26 + 10 * len(series) if grouped else 34) * len(shown),
        bargap=0.3,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        margin={"l": 8, "r": 16, "t": 36, "b": 32},
        xaxis={"rangemode": "tozero", **amount_ticks(*_ends(series, not grouped), currency)},
        yaxis={"automargin": True, "autorange": "reversed"},
    )
    for one in series:
        amounts = one.amounts[:LONGEST]
        figure.add_bar(
            name=one.name,
            orientation="h",
            y=shown,
            x=[in_major(amount, currency) for amount in amounts],
            marker_color=one.colour,
            customdata=[
                [address, _said(amount, currency)]
                for address, amount in zip(addresses or [""] * len(labels), amounts, strict=False)
            ],
            hovertemplate=f"%{{y}}: %{{customdata[1]}} {escape(one.name.lower())}<extra></extra>",
        )
    return str(plotly.io.to_json(figure, validate=False))


def standing(labels: Sequence[str], series: Sequence[Series], currency: str) -> str:
    """Bars side by side for each label, as for years."""
    figure = go.Figure()
    figure.update_layout(
        barmode="group",
        height=320,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 8, "r": 16, "t": 36, "b": 32},
        yaxis={
            "automargin": True,
            "rangemode": "tozero",
            **amount_ticks(*_ends(series, False), currency),
        },
        xaxis={"type": "category"},
    )
    for one in series:
        figure.add_bar(
            name=one.name,
            x=[escape(label) for label in labels],
            y=[in_major(amount, currency) for amount in one.amounts],
            marker_color=one.colour,
            customdata=[format_short(amount, currency) for amount in one.amounts],
            hovertemplate=f"%{{x}}: %{{customdata}} {escape(one.name.lower())}<extra></extra>",
        )
    return str(plotly.io.to_json(figure, validate=False))


def squares(
    rows: Sequence[str], columns: Sequence[str], amounts: Sequence[Sequence[int]], currency: str
) -> str:
    """A map of amounts: what small charts of a page are in a file. Nothing where there is none."""
    figure = go.Figure(
        go.Heatmap(
            x=[escape(column) for column in columns],
            y=[escape(row) for row in rows],
            z=[[in_major(a, currency) if a else None for a in line] for line in amounts],
            text=[[format_short(a, currency) if a else "" for a in line] for line in amounts],
            texttemplate="%{text}",
            colorscale=[[0, "var(--seq-0)"], [1, "var(--seq-3)"]],
            showscale=False,
        )
    )
    figure.update_layout(
        height=90 + 34 * len(rows),
        xaxis={"type": "category"},
        yaxis={"autorange": "reversed"},
    )
    return str(plotly.io.to_json(figure, validate=False))
