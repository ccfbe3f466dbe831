"""A heat map: squares in one colour from light to dark, with what each of them says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from funding.exports.pictures.description import is_reversed, label, short_number, values
from funding.exports.pictures.palette import colour

DARK = 0.45  # of luminance: below it, what is written on a square is white


def draw_heat(axes: Axes, figure: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Draw the map; it has no key, since each square says what it is."""
    trace, layout = figure["data"][0], figure.get("layout") or {}
    rows = [[np.nan if z is None else float(z) for z in values(row)] for row in values(trace["z"])]
    grid = np.ma.masked_invalid(np.array(rows, dtype=float))
    scale = trace.get("colorscale") or [[0, "var(--seq-1)"], [1, "var(--seq-4)"]]
    tones = LinearSegmentedColormap.from_list("", [(at, colour(tone)) for at, tone in scale])
    image = axes.pcolormesh(
        grid, cmap=tones, vmin=trace.get("zmin"), vmax=trace.get("zmax"), edgecolor="white"
    )
    image.set_linewidth(2)
    words = values(trace.get("text"))
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            if not np.isnan(value) and trace.get("texttemplate"):
                said = label(words[y][x]) if words else short_number(value)
                red, green, blue, _ = tones(image.norm(value))
                light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
                ink = "white" if light < DARK else colour("--ink")
                axes.text(
                    x + 0.5, y + 0.5, said, ha="center", va="center", color=ink, parse_math=False
                )
    columns = [label(name) for name in values(trace["x"])]
    lines = [label(name) for name in values(trace["y"])]
    tilt = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
    is_long = any(len(name) > 10 for name in columns)
    axes.set_xticks(
        [x + 0.5 for x in range(len(columns))],
        columns,
        parse_math=False,
        **(tilt if is_long else {}),
    )
    axes.set_yticks([y + 0.5 for y in range(len(lines))], lines, parse_math=False)
    if is_reversed(layout, "yaxis"):
        axes.invert_yaxis()
    return []
