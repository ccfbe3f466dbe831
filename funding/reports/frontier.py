"""The frontier of a round as points and a chart: merit, needs covered, work paid twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import plotly.io

from funding.formatting import format_figure, format_percent, format_short, minor_units
from funding.language import gettext as _
from funding.reports.figures import amount_ticks


@dataclass(frozen=True)
class Point:
    """A plan of the frontier, `number` as in the document; money in base minor units.

    `coverage`, `overlap`: what the weights of needs and of overlaps were multiplied by.
    """

    number: int
    coverage: float
    overlap: float
    merit: int
    covered: int
    twice: int
    agreements: int

    @property
    def is_own(self) -> bool:
        return self.number == 0

    @property
    def in_words(self) -> str:
        """How it was asked for."""
        if self.is_own:
            return _("this plan")
        return _(
            "needs count %(coverage)s, overlaps %(overlap)s",
            coverage=_times(self.coverage),
            overlap=_times(self.overlap),
        )


_FACTORS = {
    0: "for nothing",
    0.05: "a twentieth",
    0.2: "a fifth",
    0.5: "half",
    1: "as now",
    2: "twice",
}


def _times(factor: float) -> str:
    """How much more or less something counts than in the round's own policy."""
    if factor in _FACTORS:
        return _FACTORS[factor]
    return _("%(number)s times", number=format_figure(factor))


def points(found: Mapping[str, Any]) -> list[Point]:
    """The efficient points, most merit first, and the plan's own whether it is or not."""
    made = [
        Point(
            number,
            point["coverage"],
            point["overlap"],
            round(point["merit"]),
            round(point["covered"]),
            round(point["twice"]),
            point["agreements"],
        )
        for number, point in enumerate(found["points"])
        if point["is_efficient"] or number == 0
    ]
    return sorted(made, key=lambda point: (-point.merit, -point.covered, point.number))


def finding(shown: Sequence[Point]) -> str:
    """The title of the chart: the largest trade between merit and needs."""
    own = next(point for point in shown if point.is_own)
    most = max(shown, key=lambda point: (point.covered, point.merit))
    if most.covered <= own.covered or not own.covered or not own.merit:
        return "No other weights would cover more of the needs than this plan does"
    gain = most.covered / own.covered - 1
    loss = 1 - most.merit / own.merit
    return _(
        "Up to %(gain)s more of the needs could be covered, for %(max)s of the merit",
        gain=format_percent(gain, 1),
        max=format_percent(max(0.0, loss), 1),
    )


def chart(shown: Sequence[Point], currency: str, address: Callable[[int], str]) -> str:
    """Merit against needs covered; the more is paid twice, the larger the mark. Plotly's JSON."""
    scale = 10 ** minor_units(currency)
    figure = go.Figure()
    figure.update_layout(
        height=420,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 8, "r": 16, "t": 36, "b": 48},
        xaxis={
            "title": {"text": _("merit: money weighted by merit")},
            "automargin": True,
            **_ticks([point.merit for point in shown], currency),
        },
        yaxis={
            "title": {"text": _("needs covered, by their weights")},
            "automargin": True,
            **_ticks([point.covered for point in shown], currency),
        },
        hovermode="closest",
    )
    largest = max((point.twice for point in shown), default=0) or 1
    groups = (
        (_("This plan"), "var(--chart-2)", "diamond", [p for p in shown if p.is_own]),
        (
            _("Nothing paid twice"),
            "var(--chart-1)",
            "circle",
            [p for p in shown if not p.is_own and not p.twice],
        ),
        (
            _("Some work paid twice (larger: more)"),
            "var(--chart-4)",
            "circle",
            [p for p in shown if not p.is_own and p.twice],
        ),
    )
    for name, colour, symbol, of in groups:
        figure.add_scatter(
            name=name,
            mode="markers",
            x=[point.merit / scale for point in of],
            y=[point.covered / scale for point in of],
            marker={
                "color": colour,
                "symbol": symbol,
                "size": [12 + 14 * point.twice / largest for point in of],
                "opacity": 0.85,
            },
            customdata=[
                [
                    address(point.number),
                    point.in_words,
                    _("merit %(amount)s", amount=format_short(point.merit, currency)),
                    _("needs covered %(amount)s", amount=format_short(point.covered, currency)),
                    _("paid twice %(amount)s", amount=format_short(point.twice, currency)),
                ]
                for point in of
            ],
            hovertemplate=(
                "%{customdata[1]}<br>%{customdata[2]}<br>%{customdata[3]}"
                "<br>%{customdata[4]}<extra></extra>"
            ),
        )
    return plotly.io.to_json(figure)


def _ticks(amounts: Sequence[int], currency: str) -> dict[str, Any]:
    return amount_ticks(min(amounts, default=0), max(amounts, default=0), currency)
