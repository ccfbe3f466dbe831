"""What the study of pooling found, as rows, a chart and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go
import plotly.io

from funding.formatting import (
    format_number,
    format_percent,
    format_short,
    listed,
    plural,
    shortened,
)
from funding.language import gettext as _
from funding.language import ngettext

Document = Mapping[str, Any]
MOST_GROUPS = 20
LONGEST = 28  # letters of a name beside a bar


@dataclass(frozen=True)
class FunderRow:
    """One funder: what would get done as it sees it, minor units, without the pool and in it.

    `promise` says what guaranteeing it costs; `gain` is over leaving, as a share (None of 0).
    """

    key: str
    name: str
    alone: int
    leave: int
    value: int
    gain: float | None
    is_proven: bool
    promise: str


@dataclass(frozen=True)
class Pooling:
    """`finding` is the chart's title, `groups` sentences on groups, `how` how they were looked for.

    `hidden`: how many more groups were found than are named.
    """

    rows: tuple[FunderRow, ...]
    finding: str
    figure: str
    groups: tuple[str, ...]
    hidden: int
    how: str
    is_complete: bool


def view(found: Document, names: Mapping[str, str], currency: str, value: float) -> Pooling:
    """The study's document; `value` is the plan's, in minor units."""
    rows = [
        FunderRow(
            key,
            names.get(key, key),
            int(figures["alone"]),
            int(figures["leave"]),
            int(figures["value"]),
            figures["value"] / figures["leave"] - 1 if figures["leave"] else None,
            figures["is_proven"],
            _promise(found["guarantees"].get(key), currency, value),
        )
        for key, figures in found["funders"].items()
    ]
    rows.sort(key=lambda row: (-(row.gain or 0.0), row.name))
    groups = sorted(found["groups"]["blocking"], key=lambda group: len(group["funders"]))
    values = {key: figures["value"] for key, figures in found["funders"].items()}
    return Pooling(
        tuple(rows),
        _finding(rows),
        _figure(rows),
        tuple(_group(group, names, values) for group in groups[:MOST_GROUPS]),
        max(0, len(groups) - MOST_GROUPS),
        _how(found["groups"], len(rows)),
        found["groups"]["is_complete"],
    )


def _finding(rows: Sequence[FunderRow]) -> str:
    gains = [row.gain for row in rows if row.gain is not None]
    better = [gain for gain in gains if gain > 0]
    if not gains:
        return _("No funder would get anything done without the pool")
    if len(better) == len(gains):
        low, high = format_percent(min(gains)), format_percent(max(gains))
        much = low if low == high else _("%(low)s to %(high)s", low=low, high=high)
        return _(
            "Every funder gets more done in the pool than by leaving it, by %(much)s", much=much
        )
    less = len(gains) - len(better)
    return ngettext(
        "%(num)s of %(rows)s funders gets no more done in the pool than by leaving it",
        "%(num)s of %(rows)s funders get no more done in the pool than by leaving it",
        less,
        rows=len(rows),
    )


def _figure(rows: Sequence[FunderRow]) -> str:
    """Bars of each funder's gain over leaving, in per cent."""
    shown = [row for row in rows if row.gain is not None]
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        y=[escape(shortened(row.name, LONGEST)) for row in shown],
        x=[100 * (row.gain or 0.0) for row in shown],
        marker_color=[
            "var(--chart-1)" if (row.gain or 0) > 0 else "var(--chart-2)" for row in shown
        ],
        customdata=[
            [f"#{row.key}", escape(row.name), format_percent(row.gain or 0.0, 1)] for row in shown
        ],
        hovertemplate="%{customdata[1]}: %{customdata[2]}<extra></extra>",
    )
    figure.update_layout(
        height=90 + 30 * len(shown),
        bargap=0.3,
        showlegend=False,
        margin={"l": 8, "r": 16, "t": 8, "b": 32},
        xaxis={"rangemode": "tozero", "ticksuffix": "%", "nticks": 5, "tickangle": 0},
        yaxis={"automargin": True, "autorange": "reversed"},
    )
    return str(plotly.io.to_json(figure))


def _group(group: Document, names: Mapping[str, str], values: Mapping[str, float]) -> str:
    """Harbour Light and Northern Commons would each get more done by leaving together: ..."""
    more = {
        names.get(key, key): format_percent(gain / values[key], 1) if values[key] else _("all")
        for key, gain in group["gains"].items()
    }
    who = listed([names.get(key, key) for key in group["funders"]])
    if len(more) == 1:
        (much,) = more.values()
        return _("%(who)s would get %(much)s more done by leaving.", who=who, much=much)
    return _(
        "%(who)s would each get more done by leaving together: %(parts)s more.",
        who=who,
        parts=listed([f"{name} {much}" for name, much in more.items()]),
    )


def _how(groups: Document, funders: int) -> str:
    looked, possible = groups["looked"], groups["possible"]
    parts = []
    if groups["how"] == "all":
        parts.append(
            _(
                "There are %(possible)s of some but not all of the %(funders)s; %(looked)s "
                "were looked at.",
                possible=plural(possible, "group"),
                funders=plural(funders, "funder"),
                looked=_("all") if looked == possible else format_number(looked),
            )
        )
    else:
        parts.append(
            _(
                "With %(funders)s there are too many groups to look at all. %(looked)s "
                "were looked at: grown from each funder by whoever's money is worth most "
                "to the group, and drawn at random. That none is found is no proof.",
                funders=plural(funders, "funder"),
                looked=plural(looked, "group"),
            )
        )
    if groups["ruled_out"]:
        parts.append(
            _(
                "For %(groups)s of them all the money of the round could not get more done "
                "for every member than the plan does.",
                groups=format_number(groups["ruled_out"]),
            )
        )
    if groups["larger"]:
        parts.append(
            _(
                "%(groups)s contain a smaller group that is named already.",
                groups=format_number(groups["larger"]),
            )
        )
    if looked < possible or groups["undecided"]:
        left = possible - looked + groups["undecided"]
        parts.append(_("Time was up before %(left)s could be settled.", left=plural(left, "group")))
    return " ".join(parts)


def _promise(price: Document | None, currency: str, value: float) -> str:
    """What promising a funder as much as leaving costs the pool, or what dropping that brings."""
    if price is None:
        return _("not worked out for this rule")
    if price["is_impossible"]:
        return _("no plan can keep it")
    if price["price"] is None:
        return _("not known in the time given to it")
    if price["at_most"] <= 0:
        return _("nothing: the plan gives it as much already")
    if price["at_least"] <= 0:
        most = format_short(int(price["at_most"]), currency)
        said = _("too little to tell (at most %(most)s)", most=most)
    else:
        much = format_short(int(price["price"]), currency)
        said = (
            _(
                "%(much)s of the plan's value (%(share)s)",
                much=much,
                share=format_percent(price["price"] / value, 1),
            )
            if value > 0
            else _("%(much)s of the plan's value", much=much)
        )
    return _("held already; it costs %(said)s", said=said) if price["is_held"] else said
