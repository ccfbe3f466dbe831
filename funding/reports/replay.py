"""A kept replay as tables and figures for its page, read from the result alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.io import to_json

from funding.formatting import (
    format_amount,
    format_percent,
    format_short,
    minor_units,
    with_plus,
)
from funding.language import ENGLISH, current
from funding.language import gettext as _
from funding.listing import Listing
from funding.replay.areas import area_in_words
from funding.replay.assumptions import BY_KEY, in_full, in_words
from funding.replay.brief import in_brief
from funding.replay.cautions import cautions
from funding.replay.findings import Finding, findings, of_all
from funding.replay.measure import FOLLOWED

Result = Mapping[str, Any]

_LONGEST_LABEL = 34
_MOST_BARS = 16


@dataclass(frozen=True)
class Figure:
    """A headline figure: its name, whether it is a share, and what it means."""

    label: str
    is_share: bool
    meaning: str


FIGURES: dict[str, Figure] = {
    "gain": Figure("Worth, against what happened", True, "the plan's worth over the real one's"),
    "gain_over_turn": Figure(
        "Worth, against funders in turn", True, "over the same funders, each by itself in turn"
    ),
    "covered": Figure("Need covered by the plan", True, "part of all areas' needs that is met"),
    "agreements": Figure("Agreements in the plan", False, "one funder paying one recipient"),
    "recipients": Figure("Recipients paid in the plan", False, "candidates that get anything"),
    "new": Figure("Newly paid", False, "recipients that got nothing really"),
    "dropped": Figure("Paid nothing any more", False, "recipients that really got something"),
    "moved": Figure("Money that goes elsewhere", True, "part of the pool"),
    "funders_better": Figure("Funders better off", False, "than by what happened"),
}


def figure_text(key: str, value: float | None) -> str:
    """A headline figure as it is read: +3.0%, 78%, 44."""
    if value is None:
        return "–"
    if not FIGURES[key].is_share:
        return f"{value:,}"
    if key.startswith("gain"):
        gain = value if abs(value) >= 0.0005 else 0.0
        return with_plus(format_percent(gain, 1), gain)
    return format_percent(value)


def findings_of(result: Result) -> list[Finding]:
    """What was found, in the reader's language."""
    return result["findings"] if current() is ENGLISH else findings(result)


def cautions_of(result: Result) -> list[str]:
    """What cannot be concluded, in the reader's language."""
    return result["cautions"] if current() is ENGLISH else cautions(result)


def major(minor: float, currency: str) -> Decimal:
    """Minor units as a plain decimal number, whole minor units."""
    return Decimal(round(minor)).scaleb(-minor_units(currency))


# -- findings by chart ---------------------------------------------------------------------------


def areas_chart(result: Result) -> dict[str, Any]:
    """What each area needed, got and would have got: for `charts.figure`."""
    rows, currency = result["areas"], result["currency"]
    areas = [area_in_words(row["name"]) for row in rows]
    names = [_label(area) for area in areas]
    figure = go.Figure(layout={"barmode": "group", "height": 140 + 44 * len(rows)})
    for key, label, colour in (
        ("need", "Needed", "var(--chart-8)"),
        ("really", "Really paid", "var(--chart-2)"),
        ("plan", "Pooled plan", "var(--chart-1)"),
    ):
        label = _(label)
        figure.add_bar(
            name=label,
            orientation="h",
            y=names,
            x=[float(major(row[key], currency)) / 1e6 for row in rows],
            marker_color=colour,
            customdata=[format_short(row[key], currency) for row in rows],
            hovertemplate=f"%{{y}}<br>{label}: %{{customdata}}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed")
    headline = result["headline"]
    return {
        "id": "areas",
        "finding": (
            _(
                "The pooled plan meets %(headline)s of what areas need; what was paid met "
                "%(headline2)s",
                headline=format_percent(headline["covered"]),
                headline2=format_percent(headline["covered_really"]),
            )
        ),
        "unit": _("%(currency)s million", currency=currency),
        "figure_json": to_json(figure),
        "headers": [
            _("Area"),
            *(
                {"label": _(label), "numeric": True}
                for label in ("Needed", "Really", "In turn", "Pooled", "Candidates")
            ),
        ],
        "rows": [
            [
                area,
                *(format_amount(row[key], currency) for key in ("need", "really", "in_turn")),
                format_amount(row["plan"], currency),
                row["candidates"],
            ]
            for area, row in zip(areas, rows, strict=True)
        ],
    }


def funders_chart(result: Result) -> dict[str, Any]:
    """What the money is worth to each funder, against what really happened."""
    rows, currency = result["funders"], result["currency"]
    shown = rows[:_MOST_BARS]
    names = [_label(row["name"]) for row in shown]
    figure = go.Figure(layout={"barmode": "group", "height": 160 + 46 * len(shown)})
    for key, label, colour in (
        ("leave", "By leaving the pool", "var(--chart-8)"),
        ("in_turn", "Each in turn", "var(--chart-2)"),
        ("plan", "In the pool", "var(--chart-1)"),
    ):
        gains = [_gain(row[key], row["really"]) for row in shown]
        if all(gain is None for gain in gains):
            continue
        label = _(label)
        figure.add_bar(
            name=label,
            orientation="h",
            y=names,
            x=[None if gain is None else gain * 100 for gain in gains],
            marker_color=colour,
            hovertemplate="%{y}<br>"
            + _("%(label)s: %(change)s over what happened", label=label, change="%{x:.1f}%")
            + "<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed")
    gaining = result["headline"]["funders_better"]
    in_turn = result["headline"]["funders_better_than_in_turn"]
    return {
        "id": "funders",
        "finding": (
            _(
                "The pool serves %(of_all)s better than what happened, and %(of_all2)s "
                "better than acting in turn",
                of_all=of_all(gaining, len(rows), "funder"),
                of_all2=of_all(in_turn, len(rows)),
            )
        ),
        "unit": "worth by the funder's own areas, per cent over what happened",
        "figure_json": to_json(figure),
        "note": _("The %(most_bars)s largest are drawn.", most_bars=_MOST_BARS)
        if len(rows) > _MOST_BARS
        else None,
        "headers": [
            "Funder",
            *(
                {"label": label, "numeric": True}
                for label in (
                    "Money",
                    "Agreements really",
                    "Pooled",
                    "Worth really",
                    "In turn",
                    "By leaving",
                    "In the pool",
                )
            ),
        ],
        "rows": [
            [
                row["name"],
                format_amount(row["amount"], currency),
                row["agreements_really"],
                row["agreements"],
                *(
                    None if row[key] is None else format_short(round(row[key]), currency)
                    for key in ("really", "in_turn", "leave", "plan")
                ),
            ]
            for row in rows
        ],
    }


def _gain(value: float | None, really: float) -> float | None:
    return None if value is None or really <= 0 else value / really - 1


def changes_chart(result: Result) -> dict[str, Any] | None:
    """The recipients whose money changes most; None where nothing changes."""
    currency = result["currency"]
    rows = [row for row in result["recipients"] if row["plan"] != row["really"]][:_MOST_BARS]
    if not rows:
        return None
    figure = go.Figure(layout={"barmode": "group", "height": 140 + 38 * len(rows)})
    names = [_label(row["name"]) for row in rows]
    for key, label, colour in (
        ("really", "Really paid", "var(--chart-2)"),
        ("plan", "Pooled plan", "var(--chart-1)"),
    ):
        label = _(label)
        figure.add_bar(
            name=label,
            orientation="h",
            y=names,
            x=[float(major(row[key], currency)) / 1e6 for row in rows],
            marker_color=colour,
            customdata=[format_short(row[key], currency) for row in rows],
            hovertemplate=f"%{{y}}<br>{label}: %{{customdata}}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed")
    return {
        "id": "changes",
        "finding": (
            _(
                "%(result)s of the money would go elsewhere, most of the change at %(rows)s",
                result=format_percent(result["headline"]["moved"]),
                rows=rows[0]["name"],
            )
        ),
        "unit": _(
            "%(currency)s million, the %(rows)s largest changes", currency=currency, rows=len(rows)
        ),
        "figure_json": to_json(figure),
        "headers": [
            "Recipient",
            *({"label": label, "numeric": True} for label in ("Ask", "Really", "Pooled")),
        ],
        "rows": [
            [row["name"], *(format_amount(row[key], currency) for key in ("ask", "really", "plan"))]
            for row in rows
        ],
    }


def variations_chart(result: Result) -> dict[str, Any] | None:
    """The plan's worth and cover under each other set of assumptions."""
    varied = [one for one in result["variations"] if one["gain"] is not None]
    if not varied:
        return None
    rows = sorted(varied, key=lambda one: -one["gain"])
    figure = go.Figure(layout={"height": 140 + 20 * len(rows)})
    for key, label, colour, symbol in (
        ("gain", "Against what happened", "var(--chart-1)", "circle"),
        ("gain_over_turn", "Against funders in turn", "var(--chart-2)", "diamond"),
    ):
        label = _(label)
        figure.add_scatter(
            name=label,
            mode="markers",
            y=[escape(in_brief(one["changes"])) for one in rows],
            x=[None if one[key] is None else one[key] * 100 for one in rows],
            marker={"color": colour, "symbol": symbol, "size": 9},
            customdata=[escape(in_full(one["changes"])) for one in rows],
            hovertemplate=f"%{{customdata}}<br>{label}: %{{x:.1f}}%<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", type="category", dtick=1)
    gain = result["ranges"]["gain"]
    return {
        "id": "variations",
        "finding": (
            _(
                "Against what happened the plan is worth %(figure_text)s to "
                "%(figure_text2)s, depending on what is assumed",
                figure_text=figure_text("gain", gain["least"]),
                figure_text2=figure_text("gain", gain["most"]),
            )
        ),
        "unit": "worth of the plan, per cent over each comparison",
        "note": "The table has the assumptions in full words.",
        "figure_json": to_json(figure),
        "headers": [
            "What is assumed instead",
            *({"label": FIGURES[key].label, "numeric": True} for key in FOLLOWED),
        ],
        "rows": [
            [in_full(one["changes"]), *(figure_text(key, one[key]) for key in FOLLOWED)]
            for one in result["variations"]
        ],
    }


def _label(name: str, longest: int = _LONGEST_LABEL) -> str:
    """A name as a chart can take it: short, and with nothing that Plotly would read as markup."""
    return escape(name if len(name) <= longest else name[: longest - 1] + "…")


# -- tables --------------------------------------------------------------------------------------


def range_rows(result: Result) -> list[dict[str, str]]:
    """Each headline figure here, at its least and at its most, with what makes it so."""
    rows, words = [], {one["label"]: in_full(one["changes"]) for one in result["variations"]}
    for key in FOLLOWED:
        found = result["ranges"].get(key)
        if found is not None:
            rows.append(
                {
                    "label": FIGURES[key].label,
                    "meaning": FIGURES[key].meaning,
                    **{
                        which: figure_text(key, found[which]) for which in ("base", "least", "most")
                    },
                    "least_when": words.get(found["least_when"], ""),
                    "most_when": words.get(found["most_when"], ""),
                }
            )
    return rows


def assumption_rows(result: Result) -> list[dict[str, Any]]:
    """What was assumed, in the catalogue's order."""
    return [
        {
            "label": assumption.label,
            "value": in_words(key, result["assumptions"][key]),
            "reason": assumption.reason,
            "is_changed": key in result["changed"],
        }
        for key, assumption in BY_KEY.items()
    ]


SORTABLE = ("name", "ask", "merit", "really", "plan", "change")
FILTERS = ("q", "fares")
FARES = [
    ("new", "Newly paid"),
    ("more", "Paid more"),
    ("same", "Paid the same"),
    ("less", "Paid less"),
    ("gone", "Nothing any more"),
    ("never", "Never paid"),
]


def recipient_page(result: Result, listing: Listing) -> tuple[Listing, list[Mapping[str, Any]]]:
    """One page of the candidates, and the listing with its total."""
    rows = list(result["recipients"])
    wanted = listing.args.get("fares")
    if wanted:
        rows = [row for row in rows if (row["fares"] or "never") == wanted]
    if words := listing.args.get("q", "").casefold():
        rows = [row for row in rows if words in row["name"].casefold()]
    keys = {
        "name": lambda row: row["name"].casefold(),
        "change": lambda row: abs(row["plan"] - row["really"]),
    }
    key = keys.get(listing.sort_key, lambda row: row.get(listing.sort_key, 0))
    rows.sort(key=lambda row: row["name"].casefold())
    rows.sort(key=key, reverse=listing.is_descending)
    listing = listing.counting(len(rows))
    return listing, rows[listing.offset : listing.offset + listing.per_page]
