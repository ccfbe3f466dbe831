"""Rules of allocation laid side by side: the study's document as rows, charts and lists."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.io import to_json

from funding.formatting import (
    format_decimals,
    format_percent,
    format_short,
    listed,
    plural,
    shortened,
)
from funding.language import gettext, said
from funding.reports.portfolios import Shown
from funding.studies.rules import IN_WORDS, Words

Found = dict[str, Any]
OWN = "welfare"
ALIKE = 0.03  # of the areas' needs
SAME = 5e-3  # of what a funder reaches alone: less than this is neither gain nor loss


def rule_label(rule: str) -> str:
    """The rule's name for people."""
    return gettext(IN_WORDS[rule].label) if rule in IN_WORDS else rule


def other_rule(rule: str) -> Words | None:
    """The words of a rule other than the round's own."""
    return None if rule == OWN else IN_WORDS.get(rule)


MISSED = {
    "area cap": "%(where)s gets %(much)s more than it may.",
    "floor": "%(where)s gets %(much)s less than it should.",
    "institution_share": "%(where)s gets %(much)s more than one institution may.",
    "risk_most": "Risk tier %(where)s gets %(much)s more than it may.",
    "region_least": "%(where)s gets %(much)s less than its least share.",
    "guarantee": "%(where)s sees less good done than it was promised.",
    "at_least": "%(where)s sees less good done than it was promised.",
}


def rule_rows(
    found: Found, chosen: str, names: Mapping[str, str], currency: str
) -> list[dict[str, Any]]:
    """A row for each rule, the round's own first; `is_chosen` is the plan at hand's."""
    planned = [row for row in found["rules"] if "value" in row]
    best = max((row["value"] for row in planned), default=0.0)
    return [
        {
            **row,
            "words": IN_WORDS[row["rule"]],
            "is_chosen": row["rule"] == chosen,
            "has_plan": "value" in row,
            "of_best": row["value"] / best if "value" in row and best > 0 else None,
            "missed": [
                gettext(
                    MISSED[limit["limit"]],
                    where=said(names.get(limit["where"], limit["where"])),
                    much=format_short(round(limit["by"]), currency),
                )
                for limit in row.get("not_kept", ())
            ],
            "worse_off": len(_worse_off(found, row)),
        }
        for row in found["rules"]
    ]


def _ratios(found: Found, row: Found) -> dict[str, float]:
    """By funder that could do something alone: its value over that."""
    alone = {f: a for f, a in found["alone"].items() if a > 0}
    return {f: row["funders"][f] / a for f, a in alone.items() if f in row.get("funders", {})}


def _worse_off(found: Found, row: Found) -> list[str]:
    return [f for f, ratio in _ratios(found, row).items() if ratio < 1 - SAME]


def gains_of(found: Found) -> tuple[list[str], dict[str, list[float]]]:
    """The rules that made a plan, and by funder its ratio under each of them."""
    rows = [row for row in found["rules"] if "value" in row]
    funders = [f for f, alone in found["alone"].items() if alone > 0]
    return [row["rule"] for row in rows], {f: [_ratios(found, r)[f] for r in rows] for f in funders}


def shares_of(found: Found) -> dict[str, tuple[float, float]]:
    """By rule: the share of needs its plan meets, and of the best value; none without value."""
    rows = [row for row in found["rules"] if "value" in row]
    best = max((row["value"] for row in rows), default=0.0)
    if best <= 0:
        return {}
    return {row["rule"]: (row["covered"], row["value"] / best) for row in rows}


def gain_chart(found: Found, names: Mapping[str, str]) -> Found | None:
    """What the plan of each rule is worth to each funder, over what it reaches alone."""
    rows = [row for row in found["rules"] if "value" in row]
    rules, by_funder = gains_of(found)
    if not rules or not by_funder:
        return None
    labels = [rule_label(rule) for rule in rules]
    ratios, funders = list(by_funder.values()), list(by_funder)
    named = [names.get(f, f) for f in funders]
    figure = go.Figure(
        go.Heatmap(
            x=[escape(label) for label in labels],
            y=[escape(shortened(name, 28)) for name in named],
            z=[[ratio / max(line) for ratio in line] for line in ratios],
            text=[[_times(ratio, 1) for ratio in line] for line in ratios],
            texttemplate="%{text}",
            customdata=[
                [
                    gettext("%(times)s what it reaches alone", times=_times(ratio, 1))
                    for ratio in line
                ]
                for line in ratios
            ],
            colorscale=[[0, "var(--seq-0)"], [1, "var(--seq-3)"]],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
        )
    )
    figure.update_layout(
        height=120 + 34 * len(funders),
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        xaxis={"automargin": True, "tickangle": -30, "showgrid": False},
        yaxis={"automargin": True, "autorange": "reversed", "showgrid": False},
    )
    return {
        "id": "gains",
        "finding": _gain_finding(found, rows, names),
        "unit": "value of the plan to a funder, in times what its own money does alone",
        "note": _left_out(found, names),
        "figure_json": to_json(figure),
        "headers": ["Funder", *({"label": label, "numeric": True} for label in labels)],
        "rows": [
            [name, *(_times(ratio, 2) for ratio in line)]
            for name, line in zip(named, ratios, strict=True)
        ],
    }


def _times(ratio: float, decimals: int) -> str:
    return f"{format_decimals(ratio, decimals)} ×"


def _left_out(found: Found, names: Mapping[str, str]) -> str | None:
    """Funders that the chart has no place for, since there is nothing to compare with."""
    without = sorted(names.get(f, f) for f, alone in found["alone"].items() if alone <= 0)
    if not without:
        return None
    return gettext(
        "Left out, since alone their money could fund nothing: %(funders)s.",
        funders=listed(without),
    )


def _gain_finding(found: Found, rows: list[Found], names: Mapping[str, str]) -> str:
    losing = {row["rule"]: _worse_off(found, row) for row in rows}
    most = max(losing, key=lambda rule: len(losing[rule]))
    if losing[most]:
        who = losing[most]
        whom = names.get(who[0], who[0]) if len(who) == 1 else plural(len(who), "funder")
        return gettext(
            "“%(rule_label)s” leaves %(whom)s worse off than alone",
            rule_label=rule_label(most),
            whom=whom,
        )
    least = {row["rule"]: min(_ratios(found, row).values()) for row in rows}
    best = max(least, key=lambda rule: least[rule])
    return gettext(
        "Every rule gives each funder more than it reaches alone; “%(rule_label)s” "
        "gives the one that gains least most: %(least)s times",
        rule_label=rule_label(best),
        least=format_decimals(least[best], 1),
    )


def cover_chart(found: Found) -> Found | None:
    """The part of the areas' needs that each rule's plan meets, and its value."""
    rows = [row for row in found["rules"] if "value" in row]
    shares = shares_of(found)
    if not any(met for met, _ in shares.values()):
        return None
    figure = go.Figure(layout={"barmode": "group", "height": 130 + 44 * len(rows)})
    labels = [escape(rule_label(rule)) for rule in shares]
    for label, colour, drawn in (
        ("Areas' needs met", "var(--chart-1)", [met for met, _ in shares.values()]),
        ("Value, of the best", "var(--chart-2)", [value for _, value in shares.values()]),
    ):
        name = str(said(label))
        figure.add_bar(
            name=name,
            orientation="h",
            y=labels,
            x=[100 * share for share in drawn],
            marker_color=colour,
            customdata=[format_percent(share, 1) for share in drawn],
            hovertemplate=f"%{{y}}: %{{customdata}}, {name.lower()}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_layout(
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 8, "r": 16, "t": 36, "b": 32},
    )
    return {
        "id": "covered",
        "finding": _cover_finding(rows),
        "unit": "per cent of the areas' open needs, and of the value of the best plan here",
        "figure_json": to_json(figure),
        "headers": [
            "Rule",
            {"label": "Needs met", "numeric": True},
            {"label": "Value, of the best", "numeric": True},
        ],
        "rows": [
            [rule_label(rule), format_percent(met, 1), format_percent(value, 1)]
            for rule, (met, value) in shares.items()
        ],
    }


def _cover_finding(rows: list[Found]) -> str:
    best = max(row["value"] for row in rows)
    least, most = (pick(rows, key=lambda row: row["covered"]) for pick in (min, max))
    worth = max(rows, key=lambda row: row["value"])
    few, many = (format_percent(row["covered"]) for row in (least, most))
    if most["covered"] - least["covered"] < ALIKE:
        value = min(row["value"] for row in rows) / best
        return gettext(
            "The areas' needs are met alike, %(few)s to %(many)s; what differs is the "
            "value, down to %(value)s of the best",
            few=few,
            many=many,
            value=format_percent(value),
        )
    met = gettext(
        "“%(rule_label)s” meets most of what the areas need, %(many)s",
        rule_label=rule_label(most["rule"]),
        many=many,
    )
    if most is worth:
        return gettext(
            "%(met)s; “%(rule_label)s” least, %(few)s",
            met=met,
            rule_label=rule_label(least["rule"]),
            few=few,
        )
    return gettext(
        "%(met)s; the plan of most value %(worth)s", met=met, worth=format_percent(worth["covered"])
    )


def agreed(found: Found, shown: Mapping[str, Shown]) -> Found:
    """Proposals that every rule funds, and by rule those that no other does."""

    def named(keys: list[str]) -> list[Shown]:
        return [shown[key] for key in keys if key in shown]

    only = [
        {"label": rule_label(row["rule"]), "proposals": named(row["only"])}
        for row in found["rules"]
        if row.get("only")
    ]
    return {"always": named(found["always"]), "only": only}
