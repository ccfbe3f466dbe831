"""Both tables of docs/replay.md, cell by cell, against replays of the two real lists made now.

The lists are no part of this project: they are looked for beside the checkout. Figures that differ
are named with what they are now, so that the page can be mended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from funding.replay.findings import steady_changes
from funding.replay.pool import Pool
from funding.replay.reading import read_grants
from funding.replay.run import replay

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "replay.md"
LISTS = ROOT.parent / "shared" / "data"
MINUS = "−"

Cell = Callable[[dict[str, Any]], str]


def prove() -> Iterator[str]:
    if not LISTS.is_dir():
        yield "nothing compared: the real lists are not beside the checkout"
        return
    page = PAGE.read_text(encoding="utf-8")
    wrong: list[str] = []
    compared = 0
    for name, cells in (*_by_year(page), *_by_round(page)):
        file, pool = (
            ("ai_safety_grants.csv", Pool(int(name)))
            if name.isdigit()
            else (
                "sff_rounds.csv",
                Pool(round=f"SFF {name}"),
            )
        )
        result = replay(read_grants(LISTS / file), pool)
        for label, stated in cells.items():
            now = CELLS[label](result)
            compared += 1
            if now != stated:
                wrong.append(f"{name}, {label}: {stated} on the page, {now} now")
        yield f"{name}: {len(cells)} figures reckoned anew"
    assert not wrong, "\n  ".join(("docs/replay.md differs:", *wrong))
    yield f"all {compared} figures of docs/replay.md are what the replays say"


def _rows(page: str, first: str) -> list[list[str]]:
    """The cells of the table whose head begins with `first`, its head included."""
    table = re.search(rf"^\| {re.escape(first)} .*?(?=\n\n)", page, re.MULTILINE | re.DOTALL)
    assert table, f"docs/replay.md has no table that begins with {first!r}"
    lines = [line for line in table[0].splitlines() if not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _by_year(page: str) -> list[tuple[str, dict[str, str]]]:
    """(year, {label: cell}) of the first table, whose columns are years."""
    found = re.search(r"^\|  ?\| 2018.*?(?=\n\n)", page, re.MULTILINE | re.DOTALL)
    assert found, "docs/replay.md has no table by year"
    lines = [line.strip("|").split("|") for line in found[0].splitlines() if "---" not in line]
    head, *rows = [[cell.strip() for cell in line] for line in lines]
    years: list[tuple[str, dict[str, str]]] = [(year, {}) for year in head[1:]]
    for label, *cells in rows:
        for (_, kept), cell in zip(years, cells, strict=True):
            if label in CELLS:
                kept[label] = cell
    return years


def _by_round(page: str) -> list[tuple[str, dict[str, str]]]:
    """(round, {label: cell}) of the second table, whose rows are rounds with a range."""
    head, *rows = _rows(page, "round")
    named = {
        "agreements, really and pooled": "agreements, really and pooled",
        "need met: really, in turn, pooled": "need met: really, in turn, pooled",
        "over what happened (range)": "worth over what happened (range)",
        "over in turn (range)": "worth over funders in turn (range)",
        "with several funders": "recipients with several funders",
        "changes that hold": "changes for recipients that hold",
    }
    return [
        (name, {named[label]: cell for label, cell in zip(head[1:], cells, strict=True)
                if label in named and re.search(r"\d", cell)})
        for name, *cells in rows
    ]  # fmt: skip


def _percent(part: float, decimals: int = 0) -> str:
    text = f"{abs(part) * 100:.{decimals}f}"
    return text if not float(text) else (MINUS if part < 0 else "") + text


def _signed(part: float) -> str:
    text = _percent(part, 1)
    return text if text.startswith(MINUS) else f"+{text}"


def _ranged(key: str) -> Cell:
    def cell(result: dict[str, Any]) -> str:
        kept = result["ranges"][key]
        least, most = _percent(kept["least"]), _percent(kept["most"])
        if least == most == "0":
            return "0 %"
        return f"{_signed(kept['base'])} % ({least} to {most})"

    return cell


def _met(result: dict[str, Any]) -> str:
    figures = result["headline"]
    parts = (figures[key] for key in ("covered_really", "covered_in_turn", "covered"))
    return ", ".join(_percent(part) for part in parts) + " %"


def _holding(result: dict[str, Any]) -> str:
    changed = sum(row["fares"] not in ("", "same") for row in result["recipients"])
    return f"{sum(map(len, steady_changes(result).values()))} of {changed}"


CELLS: dict[str, Cell] = {
    "candidates": lambda r: f"{r['headline']['candidates']}",
    "recipients with several funders": lambda r: (
        f"{r['headline']['several_really']} of {r['headline']['recipients_really']}"
    ),
    "agreements, really and pooled": lambda r: (
        f"{r['headline']['agreements_really']}, {r['headline']['agreements']}"
    ),
    "need met: really, in turn, pooled": _met,
    "worth over what happened (range)": _ranged("gain"),
    "worth over funders in turn (range)": _ranged("gain_over_turn"),
    "money that goes elsewhere": lambda r: f"{_percent(r['headline']['moved'])} %",
    "changes for recipients that hold": _holding,
}
"""Label of a row (or column) -> its cell as the page writes it."""
