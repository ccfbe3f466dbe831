"""Bars: side by side or on top of each other, lying or standing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from funding.exports.pictures.description import (
    axis,
    is_reversed,
    label,
    numbers,
    short_number,
    values,
)
from funding.exports.pictures.palette import colour

THICK = 0.68  # of the room that a category has


def draw_bars(axes: Axes, figure: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Draw the traces; (name, colour) of each."""
    traces, layout = figure["data"], figure.get("layout") or {}
    lying = traces[0].get("orientation") == "h"
    along, across = ("x", "y") if lying else ("y", "x")
    names: list[str] = []
    for trace in traces:
        names += [name for name in map(str, values(trace[across])) if name not in names]
    place = {name: number for number, name in enumerate(names)}
    stacked = layout.get("barmode") in ("stack", "relative")
    draw = axes.barh if lying else axes.bar
    up, down = [0.0] * len(names), [0.0] * len(names)
    key = []
    for number, trace in enumerate(traces):
        tones = _tones(trace, number, len(values(trace[across])))
        at, size, starts = [], [], []
        thick = THICK if stacked else THICK / len(traces)
        offset = 0.0 if stacked else (number - (len(traces) - 1) / 2) * thick
        for name, amount in zip(
            map(str, values(trace[across])), numbers(trace[along]), strict=True
        ):
            slot = place[name]
            before = up if amount >= 0 else down
            starts.append(before[slot] if stacked else 0.0)
            if stacked:
                before[slot] += amount
            at.append(slot + offset)
            size.append(amount)
        drawn = {"left" if lying else "bottom": starts, "height" if lying else "width": thick}
        draw(at, size, color=tones, edgecolor="white", linewidth=0.6, **drawn)
        if trace.get("name") and trace.get("showlegend", True):
            key.append((label(trace["name"]), tones[0] if tones else colour("--chart-8")))
    _scales(axes, layout, names, lying)
    return key if layout.get("showlegend", True) else []


def _tones(trace: Mapping[str, Any], number: int, count: int) -> list[Any]:
    said = (trace.get("marker") or {}).get("color") or f"var(--chart-{number % 8 + 1})"
    return [colour(one) for one in said] if isinstance(said, list) else [colour(said)] * count


def _scales(axes: Axes, layout: Mapping[str, Any], names: list[str], lying: bool) -> None:
    title, suffix = axis(layout, "xaxis" if lying else "yaxis")
    along, across = (axes.xaxis, axes.yaxis) if lying else (axes.yaxis, axes.xaxis)
    along.set_major_locator(MaxNLocator(nbins=6))
    along.set_major_formatter(FuncFormatter(lambda value, _: short_number(value) + suffix))
    if title:
        along.set_label_text(title, color=colour("--ink-muted"))
    other, _ = axis(layout, "yaxis" if lying else "xaxis")
    if other:
        across.set_label_text(other, color=colour("--ink-muted"))
    across.set_ticks(range(len(names)), [label(name) for name in names], parse_math=False)
    axes.grid(axis="x" if lying else "y", color=colour("--line"), linewidth=0.8)
    axes.set_axisbelow(True)
    (axes.axvline if lying else axes.axhline)(0, color=colour("--line-strong"), linewidth=0.8)
    edge = (-0.6, len(names) - 0.4)
    if lying:
        axes.set_ylim(*(reversed(edge) if is_reversed(layout, "yaxis") else edge))
    else:
        axes.set_xlim(*edge)
