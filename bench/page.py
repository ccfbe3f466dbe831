"""docs/benchmarks.md and its chart, from what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from bench.optimizer import CURVE, LARGE, MIDDLE, SMALL, Task
from bench.results import ROOT, Results
from bench.rounds import KINDS
from bench.targets import TARGETS

PAGE = ROOT / "docs" / "benchmarks.md"
CHART = ROOT / "docs" / "benchmarks.svg"
NAMES = {
    "ours": "ours",
    "cells": "HiGHS by hand on cells (our formulation)",
    "pairs": "HiGHS by hand on pairs",
    "pulp_cbc": "PuLP as usually written, CBC",
    "pulp_highs": "PuLP as usually written, HiGHS",
    "linopy": "linopy on pairs, HiGHS",
}


def page(results: Results) -> str:
    """The whole page, in Markdown."""
    parts = [_head(results), _targets(results)]
    parts += [_size(results, size) for size in (SMALL, MIDDLE, LARGE)]
    parts += [_kinds(results), _curve(results), _open(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def write(results: Results) -> list[Path]:
    """Page and chart; the files written."""
    PAGE.write_text(page(results), encoding="utf-8")
    CHART.write_text(chart(_points(results)), encoding="utf-8")
    return [PAGE, CHART]


def _head(results: Results) -> str:
    m = results.machine
    versions = ", ".join(f"{name} {m[name]}" for name in ("highspy", "linopy", "numpy", "pulp"))
    return (
        "# Benchmarks\n\nWritten by `python -m bench --full --write`, which makes every figure "
        "below again; `make bench` is the short form, a few minutes. Generated rounds "
        "(`bench/rounds.py`): log-normal asks, money for a third of them, most pairs eligible."
        f"\n\n**{results.started}**, {m['processor']}, {m['cores']} cores, {m['gigabytes']} GB, "
        f"{m['system']}, Python {m['python']}, {versions}; load on the machine when it began: "
        f"{results.load:g}.\n\nEach measurement has a process of its own and one thread; methods "
        "take turns and the median counts. Seconds are processor seconds from a round in memory "
        "to the answer, so other work on the machine disturbs them little; memory is how far the "
        "process grew. Trust ratios more than seconds."
    )


def _targets(results: Results) -> str:
    rows, causes = [], []
    for target in TARGETS:
        value = target.figure(results)
        if value is None:
            said, verdict = "not measured", ""
        else:
            said, verdict = f"{value:.3g}", "met" if target.is_met(value) else "**missed**"
            if verdict != "met" and target.cause and target.cause not in causes:
                causes.append(target.cause)
        rows.append([target.what, _wide(target.size), target.limit, said, verdict])
    table = _table(["ratio", "round", "target", "measured", ""], rows)
    known = "".join(f"\n\nOf what is missed: {cause}." for cause in causes)
    return f"## Targets\n\n{table}{known}"


def _size(results: Results, size: tuple[int, int]) -> str:
    rows = []
    for method, name in NAMES.items():
        found = results.of(Task(method, "plain", size, 1e-2))
        if found is not None:
            is_told = "gap" in found and found["value"]
            gap = f"{found['gap']:.3%}" if is_told else "not told"
            worth = f"{found['value'] / 1e8:,.1f}" if found["value"] else "no plan in the time"
            memory = f"{found['megabytes']:,.0f}"
            rows.append([name, f"{found['seconds']:,.2f}", memory, gap, worth])
    again = results.of(Task("resolved", "plain", size, 1e-3))
    if not rows:
        return ""
    header = ["to 1 %", "seconds", "megabytes", "proven gap", "value (millions)"]
    said = f"## {_wide(size)}\n\n{_table(header, rows)}"
    if again is not None:
        said += (
            f"\n\nThe relaxed model takes {again['cold']:.3f} s from nothing. Solving it again "
            f"takes {again['ratio']:.2f} of that where scores move by 2 %, {again['far']:.2f} "
            "where they move by 10 %."
        )
        if "worst" in again:
            near, far = again["worst"], again["worst far"]
            said += f" The slowest of nine took {near:.2f} and {far:.2f} of it."
    return said


def _kinds(results: Results) -> str:
    rows = []
    for kind in KINDS[1:]:
        for size in (SMALL, MIDDLE):
            row = [kind, _wide(size)]
            for method in NAMES:
                found = results.of(Task(method, kind, size, 1e-2))
                row.append("" if found is None else f"{found['seconds']:,.2f}")
            if any(row[2:]):
                rows.append(row)
    if not rows:
        return ""
    header = [
        "round",
        "size",
        *(name.removesuffix(" (our formulation)") for name in NAMES.values()),
    ]
    return (
        "## Harder rounds\n\nSeconds to 1 %. All or nothing: every minimum is the ask. Restricted: "
        "about 30 % of pairs eligible. Thresholds: every commitment asks for a least share of the "
        "work in its areas. Tickets: half of the commitments pay nothing or a third of a usual "
        "ask; the model on cells by hand knows no tickets. Years and conditions: half of the "
        "commitments are released over three years and half of the proposals need two; of ten "
        "commitments one matches, one waits for two other funders in a proposal, one for a third "
        "of all the money in the round; the models by hand know none of it."
        f"\n\n{_table(header, rows)}"
    )


def _points(results: Results) -> list[tuple[int, float, float]]:
    """By number of proposals: milliseconds and kilobytes a proposal."""
    found = []
    for size in CURVE:
        measured = results.of(Task("ours", "plain", size, 1e-3))
        if measured is not None:
            each = 1000 / size[1]
            found.append(
                (size[1], measured["seconds"] * each, measured["megabytes"] * each * 1.024)
            )
    return found


def _curve(results: Results) -> str:
    rows = []
    for size in CURVE:
        found = results.of(Task("ours", "plain", size, 1e-3))
        if found is not None:
            each = 1000 / size[1]
            rows.append(
                [
                    _wide(size),
                    f"{found['seconds']:.2f}",
                    f"{found['seconds'] * each:.2f}",
                    f"{found['megabytes']:,.0f}",
                    f"{found['megabytes'] * each * 1.024:.1f}",
                    f"{found['gap']:.4%}",
                ]
            )
    header = ["ours, to 0.1 %", "s", "ms a proposal", "MB", "kB a proposal", "proven gap"]
    return (
        "## How time and memory grow\n\n![Time and memory a proposal, by the number of proposals]"
        f"(benchmarks.svg)\n\n{_table(header, rows)}"
    )


def _open(results: Results) -> str:
    said = [
        "PuLP and linopy on pairs at 100 x 20,000 are not part of the run: building the model "
        "alone takes minutes and gigabytes."
    ]
    if not results.full:
        said.append("This was the short form: the two large sizes were not run.")
    said += [
        f"Not run{': ' + why if (why := results.failed.get(task.key)) else ''}: {task.key}."
        for task in results.open_tasks()
    ]
    return "## Not run\n\n" + "\n".join(f"- {line}" for line in said)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _wide(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]:,}"


def chart(points: Sequence[tuple[int, float, float]]) -> str:
    """Two small panels side by side, one dot a size, as SVG that reads in light and dark."""
    titles = ("Milliseconds a proposal", "Kilobytes a proposal")
    style = (
        "text{font:12px sans-serif;fill:#1d2733}.t{font-weight:600}"
        "line{stroke:#8794a3}polyline{fill:none;stroke:#2f6fb0;stroke-width:2}circle{fill:#2f6fb0}"
        "@media(prefers-color-scheme:dark){text{fill:#e6ebf1}polyline{stroke:#7db4ea}"
        "circle{fill:#7db4ea}}"
    )
    panels = [
        _panel(title, [(p[0], p[1 + k]) for p in points], 360 * k) for k, title in enumerate(titles)
    ]
    label = "Time and memory a proposal, by the number of proposals"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 240" role="img" '
        f'aria-label="{label}"><style>{style}</style>{"".join(panels)}</svg>\n'
    )


def _panel(title: str, points: Sequence[tuple[int, float]], left: int) -> str:
    """One panel 360 wide: sizes evenly spaced (each about twice the last), values from 0."""
    top = max((value for _, value in points), default=1.0) or 1.0
    step = 300 / max(1, len(points) - 1)
    places = [(left + 30 + k * step, 190 - 130 * v / top) for k, (_, v) in enumerate(points)]
    marks = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        f'<text x="{x:.1f}" y="{y - 9:.1f}" text-anchor="middle">{value:.3g}</text>'
        f'<text x="{x:.1f}" y="208" text-anchor="middle">{size:,}</text>'
        for (x, y), (size, value) in zip(places, points, strict=True)
    )
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return (
        f'<text class="t" x="{left + 14}" y="20">{escape(title)}</text>'
        f'<line x1="{left + 14}" y1="190" x2="{left + 346}" y2="190"/>'
        f'<polyline points="{path}"/>{marks}'
        f'<text x="{left + 180}" y="228" text-anchor="middle">proposals</text>'
    )
