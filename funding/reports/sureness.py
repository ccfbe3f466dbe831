"""How sure each proposal's place in a plan is: rows, a chart and the plan's regret."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io

from funding.formatting import format_percent, format_share, plural
from funding.language import gettext, said
from funding.listing import Listing
from funding.reports.portfolios import Shown

STANDINGS = {
    "always": "Always",
    "sometimes": "Sometimes",
    "never": "Never",
    "open": "Not settled",
}
COLOURS = {
    "always": "var(--chart-1)",
    "sometimes": "var(--chart-1-soft)",
    "never": "var(--chart-8)",
    "open": "var(--chart-8-soft)",
}
SORTABLE = ("often", "title")
FILTERS = ("standing",)
NEARLY = 0.95  # funded in this share of the samples: whoever reviews
MOST_BARS = 400


@dataclass(frozen=True)
class Sure:
    """A proposal: `often` is the share of resampled reviews in which it is funded."""

    id: int
    key: str
    title: str
    often: float
    standing: str
    proof: str
    amount: int


@dataclass(frozen=True)
class Regret:
    """What the plan gives away if others had reviewed: shares of the best plan's value."""

    usual: float
    one_in_twenty: float
    best_share: float


def rows(
    found: Mapping[str, Any], totals: Mapping[str, int], seen: Mapping[str, Shown]
) -> list[Sure]:
    """Every proposal that the reader may see, the surest to be funded first."""
    funded, samples = found["resampled"]["funded"], found["samples"]
    made = [
        Sure(
            seen[key].id,
            key,
            seen[key].title,
            funded.get(key, 0) / samples,
            at["standing"],
            _proof(at, found["tolerance"]),
            totals.get(key, 0),
        )
        for key, at in found["standings"].items()
        if key in seen
    ]
    return sorted(made, key=lambda row: (-row.often, row.key))


def _proof(at: Mapping[str, str], tolerance: float) -> str:
    good = gettext("worth at least %(share)s of this one", share=format_share(1 - tolerance))
    return {
        "always": gettext("Proven: it is funded in every plan %(good)s.", good=good),
        "never": gettext("Proven: it is funded in no plan %(good)s.", good=good),
        "sometimes": gettext("One plan %(good)s funds it, and another does not.", good=good),
        "open": "Neither proven nor shown to differ in the effort given to it.",
    }[at["standing"]]


def _often(share: float) -> str:
    return gettext("funded in %(share)s", share=format_percent(share))


def regret(found: Mapping[str, Any]) -> Regret:
    """The least that it can be in each sample, as found; medians and tails."""
    least = np.array([pair[0] for pair in found["resampled"]["regret"]])
    return Regret(
        float(np.median(least)), float(np.quantile(least, 0.95)), float((least <= 0.01).mean())
    )


def finding(shown: Sequence[Sure]) -> str:
    """The title of the chart: how much depends on who reviews."""
    sure = sum(row.often >= NEARLY for row in shown)
    hopeless = sum(row.often <= 1 - NEARLY for row in shown)
    return gettext(
        "%(sure)s funded whoever reviews, %(hopeless)s hardly ever; %(shown)s depend on it",
        sure=plural(sure, "proposal is", "proposals are"),
        hopeless=hopeless,
        shown=len(shown) - sure - hopeless,
    )


def counts(shown: Sequence[Sure]) -> Counter[str]:
    return Counter(row.standing for row in shown)


def page(shown: list[Sure], listing: Listing) -> tuple[Listing, list[Sure]]:
    """One page of the rows under the listing's filter and order."""
    wanted = listing.args.get("standing")
    kept = [row for row in shown if wanted in (None, row.standing)]
    if listing.sort_key == "title":
        kept.sort(key=lambda row: row.title.casefold(), reverse=listing.is_descending)
    elif not listing.is_descending:
        kept.reverse()
    listing = listing.counting(len(kept))
    return listing, kept[listing.offset : listing.offset + listing.per_page]


def strip(shown: Sequence[Sure], address: Callable[[int], str]) -> str:
    """A bar for each proposal, the surest first, coloured by its standing; Plotly's JSON."""
    figure = go.Figure()
    figure.update_layout(
        height=280,
        bargap=0.1,
        barmode="stack",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        margin={"l": 8, "r": 16, "t": 36, "b": 32},
        xaxis={"title": {"text": gettext("proposals, the surest first")}, "showticklabels": False},
        yaxis={"tickformat": ".0%", "range": [0, 1.02], "automargin": True},
    )
    drawn = list(enumerate(shown[:MOST_BARS]))
    for standing, label in STANDINGS.items():
        own = [(at, row) for at, row in drawn if row.standing == standing]
        if own:
            figure.add_bar(
                name=str(said(label)),
                x=[at for at, _ in own],
                y=[row.often for _, row in own],
                marker_color=COLOURS[standing],
                customdata=[
                    [address(row.id), escape(row.title), _often(row.often)] for _, row in own
                ],
                hovertemplate="%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
            )
    figure.update_xaxes(range=[-0.6, max(1, len(drawn)) - 0.4])
    return plotly.io.to_json(figure)
