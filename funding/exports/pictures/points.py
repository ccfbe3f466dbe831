"""Points and lines between two scales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from funding.exports.pictures.description import axis, is_reversed, label, short_number, values
from funding.exports.pictures.palette import colour

AREA = 36  # of a point, in square points


def draw_points(axes: Axes, figure: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Draw the traces; (name, colour) of each."""
    layout, key = figure.get("layout") or {}, []
    for number, trace in enumerate(figure["data"]):
        said = (trace.get("marker") or trace.get("line") or {}).get("color")
        said = said or f"var(--chart-{number % 8 + 1})"
        tones = [colour(one) for one in said] if isinstance(said, list) else [colour(said)]
        mode = trace.get("mode") or "lines+markers"
        xs, ys = ([_place(value) for value in values(trace[side])] for side in ("x", "y"))
        if "lines" in mode:
            axes.plot(xs, ys, color=tones[0], linewidth=1.8)
        if "markers" in mode:
            axes.scatter(xs, ys, s=AREA, c=tones, edgecolors="white", linewidths=0.6, zorder=3)
        if trace.get("name") and trace.get("showlegend", True):
            key.append((label(trace["name"]), tones[0]))
    for name, scale in (("xaxis", axes.xaxis), ("yaxis", axes.yaxis)):
        title, suffix = axis(layout, name)
        if title:
            scale.set_label_text(title, color=colour("--ink-muted"), parse_math=False)
        if not _is_named(figure, name[0]):
            scale.set_major_locator(MaxNLocator(nbins=6))
            scale.set_major_formatter(
                FuncFormatter(lambda value, _, suffix=suffix: short_number(value) + suffix)
            )
    if is_reversed(layout, "yaxis"):
        axes.invert_yaxis()
    axes.grid(color=colour("--line"), linewidth=0.8)
    axes.set_axisbelow(True)
    return key if layout.get("showlegend", True) else []


def _place(value: Any) -> Any:
    return value if isinstance(value, int | float) or value is None else label(value)


def _is_named(figure: Mapping[str, Any], side: str) -> bool:
    """Whether the scale has names on it instead of numbers."""
    return any(isinstance(v, str) for trace in figure["data"] for v in values(trace[side]))
