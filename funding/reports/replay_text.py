"""A replay as plain text, for the command line: the same findings and tables as its page."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from funding.formatting import (
    format_amount_number,
    format_percent,
    format_short,
    minor_units,
    plural,
)
from funding.replay.assumptions import BY_KEY, CATALOGUE, Assumption, Assumptions, in_words
from funding.replay.findings import paid_by_several
from funding.replay.measure import FOLLOWED
from funding.reports.replay import FIGURES, figure_text

WIDTH = 92
_MOST_ROWS = 15
_NAME = 40


def as_text(result: Mapping[str, Any]) -> str:
    """The whole report, ready to print."""
    pool, currency = result["pool"], result["currency"]
    parts = [
        [f"Replay of {pool['label']}: what would pooling have changed?", "=" * WIDTH],
        _wrapped(
            f"{plural(result['grants']['in_pool'], 'grant')} of "
            f"{plural(result['headline']['funders'], 'funder')}, "
            f"{format_short(result['headline']['pool'], currency)}; candidates "
            f"are the {result['headline']['candidates']:,} recipients paid in {pool['span']}, "
            f"which ask for {format_short(result['headline']['asked'], currency)}."
        ),
        _headed("What was found", *(_item(one["text"]) for one in result["findings"])),
        _several(result),
        _areas(result),
        _funders(result),
        _recipients(result),
        _ranges(result),
        _assumptions(result),
        _headed("What cannot be concluded", *(_item(text) for text in result["cautions"])),
    ]
    if result["notes"] or result["merged"]:
        merged = [f"Taken for one name: {' = '.join(names)}" for names in result["merged"]]
        if len(merged) > _MOST_ROWS:
            merged[_MOST_ROWS:] = [f"... and {len(merged) - _MOST_ROWS:,} names more (see --json)"]
        notes = [_item(text) for text in (*result["notes"], *merged)]
        parts.append(_headed("About the file", *notes))
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def catalogue_as_text() -> str:
    """Every assumption with its default, its values and its reason."""
    return "\n\n".join("\n".join(_described(assumption)) for assumption in CATALOGUE) + "\n"


def _described(assumption: Assumption) -> list[str]:
    default = getattr(Assumptions(), assumption.key)
    lines = [f"{assumption.key}={default}   {assumption.label}"]
    lines += _wrapped(assumption.explanation, "    ")
    for choice in assumption.choices:
        lines.append(f"      {choice.key}: {choice.words}")
    if not assumption.choices:
        lines.append(f"      from {assumption.least:g} to {assumption.most:,.10g}")
    lines += _wrapped(f"Why: {assumption.reason}", "    ")
    return lines


def _wrapped(text: str, indent: str = "", first: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def _item(text: str) -> list[str]:
    return _wrapped(text, "  ", "- ")


def _headed(title: str, *blocks: Iterable[str]) -> list[str]:
    return [title, "-" * len(title), *(line for block in blocks for line in block)]


def _table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, more: int = 0
) -> list[str]:
    """Names to the left, figures to the right."""
    cut = [[_cut(row[0]), *row[1:]] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cut, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *cut)
    ]
    if more > 0:
        lines.append(f"... and {more} more")
    return _headed(title, lines)


def _cut(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _in(result: Mapping[str, Any]) -> Callable[[float], str]:
    """Amounts of a thousand and more without decimals, so that columns stay narrow."""
    currency = result["currency"]
    whole = 10 ** minor_units(currency)
    return lambda amount: format_amount_number(
        whole * round(amount / whole) if abs(amount) >= 1_000 * whole else round(amount), currency
    )


def _several(result: Mapping[str, Any]) -> list[str]:
    money, found = _in(result), paid_by_several(result)
    if not found:
        return []
    rows = [
        [
            row["name"],
            money(row["really"]),
            "; ".join(f"{_cut(name)} {money(amount)}" for name, amount in row["payers_really"][:4])
            + (" ..." if len(row["payers_really"]) > 4 else ""),
        ]
        for row in found[:_MOST_ROWS]
    ]
    lines = _headed("Paid by several funders")
    for name, amount, payers in rows:
        lines += [f"{_cut(name).ljust(_NAME)}  {amount.rjust(14)}", *_wrapped(payers, "    ")]
    if len(found) > _MOST_ROWS:
        lines.append(f"... and {len(found) - _MOST_ROWS} more")
    return lines


def _areas(result: Mapping[str, Any]) -> list[str]:
    money = _in(result)
    rows = [
        [row["name"], *(money(row[key]) for key in ("need", "really", "in_turn", "plan"))]
        for row in result["areas"]
    ]
    heads = [f"Area ({result['currency']})", "needed", "really", "in turn", "pooled"]
    return _table("Areas against need", heads, rows)


def _funders(result: Mapping[str, Any]) -> list[str]:
    money = _in(result)
    rows = [
        [
            row["name"],
            money(row["amount"]),
            f"{row['agreements_really']} -> {row['agreements']}",
            money(row["really"]),
            "-" if row["leave"] is None else money(row["leave"]),
            money(row["plan"]),
        ]
        for row in result["funders"][:_MOST_ROWS]
    ]
    heads = ["Funder", "money", "agreements", "worth really", "by leaving", "pooled"]
    more = len(result["funders"]) - _MOST_ROWS
    return _table(
        "Funders: their money, and what all the money is worth to them", heads, rows, more=more
    )


def _recipients(result: Mapping[str, Any]) -> list[str]:
    money = _in(result)
    changed = [row for row in result["recipients"] if row["plan"] != row["really"]]
    rows = [
        [
            row["name"],
            money(row["ask"]),
            f"{row['merit']:.2f}",
            money(row["really"]),
            money(row["plan"]),
            _held(row["steady"]),
        ]
        for row in changed[:_MOST_ROWS]
    ]
    heads = ["Recipient", "ask", "merit", "really", "pooled", "up/down of"]
    title = "Largest changes (in how many other sets of assumptions it goes up or down)"
    return _table(title, heads, rows, more=len(changed) - _MOST_ROWS) if rows else []


def _held(steady: Mapping[str, int]) -> str:
    return f"{steady['up']}/{steady['down']} of {steady['tried']}" if steady["tried"] else "-"


def _ranges(result: Mapping[str, Any]) -> list[str]:
    if not result["variations"]:
        return []
    rows, when = [], []
    for key in FOLLOWED:
        found = result["ranges"].get(key)
        if found is None:
            continue
        figures = (figure_text(key, found[which]) for which in ("base", "least", "most"))
        rows.append([FIGURES[key].label, *figures])
        for which in ("least", "most"):
            if found[f"{which}_when"]:
                when.append(f"{FIGURES[key].label}, {which}: {found[f'{which}_when']}.")
    title = f"How much hangs on the assumptions ({len(result['variations'])} other sets tried)"
    table = _table(title, ["Figure", "here", "least", "most"], rows)
    return [*table, "", *(line for text in when for line in _item(text))]


def _assumptions(result: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, value in result["assumptions"].items():
        mark = "  (changed)" if key in result["changed"] else ""
        lines += _item(f"{BY_KEY[key].label}: {in_words(key, value)}{mark}")
    whole = sum(result["areas_read"]["money"].values()) or 1
    words = {
        "file": "by the list's own word for it",
        "words": "by words of title, purpose or recipient",
        "whole": "not told: the field as a whole",
        "elsewhere": "in other fields",
        "own": "as the list has them",
        "none": "not stated",
    }
    told = ", ".join(
        f"{format_percent(amount / whole)} {words[how]}"
        for how, amount in sorted(result["areas_read"]["money"].items(), key=lambda one: -one[1])
    )
    return _headed("What was assumed", lines, _item(f"Areas of the list's money: {told}."))
