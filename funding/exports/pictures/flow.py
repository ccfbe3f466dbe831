"""A flow: columns of nodes as high as what passes through them, bands between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from funding.exports.pictures.description import label, numbers, values
from funding.exports.pictures.palette import colour

WIDE = 0.014  # of a node, as a part of the picture
ROOM = 0.28  # of a column for its gaps, at most
GAP = 0.012


def draw_flow(axes: Axes, figure: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Draw nodes and bands; names stand beside the nodes, so there is no key."""
    node, link = figure["data"][0]["node"], figure["data"][0]["link"]
    names = [label(name) for name in values(node["label"])]
    sources = [int(end) for end in numbers(link["source"])]
    targets = [int(end) for end in numbers(link["target"])]
    amounts = numbers(link["value"])
    links = list(zip(sources, targets, amounts, strict=True))
    column = _columns(len(names), links)
    heights = [
        max(sum(v for s, _, v in links if s == n), sum(v for _, t, v in links if t == n))
        for n in range(len(names))
    ]
    tops, scale = _stacked(column, heights, links)
    last = max(column, default=0)
    tones = [colour(tone) for tone in values(node["color"])]
    axes.set_xlim(0, 1)
    axes.set_ylim(1, 0)
    axes.set_xticks([])
    axes.set_yticks([])
    left = [(1 - WIDE) * place / max(1, last) for place in column]
    for number, name in enumerate(names):
        high = heights[number] * scale
        axes.add_patch(
            Rectangle((left[number], tops[number]), WIDE, high, color=tones[number], linewidth=0)
        )
        at_end = column[number] == last and last > 0
        axes.text(
            left[number] - 0.006 if at_end else left[number] + WIDE + 0.006,
            tops[number] + high / 2,
            name,
            ha="right" if at_end else "left",
            va="center",
            size=7.5,
            color=colour("--ink"),
            parse_math=False,
            zorder=4,
        )
    _bands(axes, links, left, tops, scale, [colour(tone) for tone in values(link["color"])])
    return []


def _columns(count: int, links: list[tuple[int, int, float]]) -> list[int]:
    """How many steps at most lead to each node."""
    column = [0] * count
    for _ in range(count):
        moved = False
        for source, target, _amount in links:
            if column[target] <= column[source] < count:
                column[target], moved = column[source] + 1, True
        if not moved:
            break
    return column


def _stacked(
    column: list[int], heights: list[float], links: list[tuple[int, int, float]]
) -> tuple[list[float], float]:
    """Where each node begins, 0 to 1 from above, and what a unit of money is high."""
    nodes = {place: [n for n, c in enumerate(column) if c == place] for place in sorted({*column})}
    gap = min(GAP, ROOM / max(len(these) for these in nodes.values()))
    scale = min(
        (1 - gap * (len(these) - 1)) / (sum(heights[n] for n in these) or 1)
        for these in nodes.values()
    )
    tops = [0.0] * len(column)
    for place, these in nodes.items():
        if place:  # beside where its money comes from, so that bands cross little
            these.sort(key=lambda n: (_middle(n, links, tops), n))
        y = 0.0
        for n in these:
            tops[n] = y
            y += heights[n] * scale + gap
    return tops, scale


def _middle(node: int, links: list[tuple[int, int, float]], tops: list[float]) -> float:
    into = [(tops[source], amount) for source, target, amount in links if target == node]
    whole = sum(amount for _, amount in into)
    return sum(top * amount for top, amount in into) / whole if whole else 0.0


def _bands(
    axes: Axes,
    links: list[tuple[int, int, float]],
    left: list[float],
    tops: list[float],
    scale: float,
    tones: list[Any],
) -> None:
    out, into = list(tops), list(tops)
    order = sorted(range(len(links)), key=lambda n: (tops[links[n][0]], tops[links[n][1]], n))
    for number in order:
        source, target, amount = links[number]
        high = amount * scale
        x0, x1, y0, y1 = left[source] + WIDE, left[target], out[source], into[target]
        out[source] += high
        into[target] += high
        middle = (x0 + x1) / 2
        corners = [
            (x0, y0), (middle, y0), (middle, y1), (x1, y1),
            (x1, y1 + high), (middle, y1 + high), (middle, y0 + high), (x0, y0 + high), (x0, y0),
        ]  # fmt: skip
        turns = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        axes.add_patch(PathPatch(Path(corners, turns), color=tones[number], linewidth=0))
