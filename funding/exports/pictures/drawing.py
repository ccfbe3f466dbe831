"""A picture around its chart: title, unit and key above, the axes in the room that is left."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from textwrap import wrap
from threading import Lock
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from funding.exports.pictures import NoPicture
from funding.exports.pictures.bars import draw_bars
from funding.exports.pictures.flow import draw_flow
from funding.exports.pictures.heat import draw_heat
from funding.exports.pictures.palette import colour
from funding.exports.pictures.points import draw_points

Key = list[tuple[str, Any]]
"""(name, colour) of each series that the reader must tell apart."""

DRAWINGS: dict[str, Callable[[Axes, Mapping[str, Any]], Key]] = {
    "bar": draw_bars,
    "heatmap": draw_heat,
    "sankey": draw_flow,
    "scatter": draw_points,
}
DPI = 100
HEIGHT = 380  # of a chart that states none, as the page gives it
EDGE = 16  # px of white around everything
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 12.0, 9.5, 8.5  # points
SHORT = 24  # letters of a unit that can stand beside an axis
LINE = 22  # px of a line of the title
LETTER = 9.6  # px of a letter of the title on average

# Faces for letters that the first has none of, where the machine has them
FACES = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Arabic", "Noto Naskh Arabic")
SETTINGS = {
    "svg.hashsalt": "tributary",  # names within the file: the same each time
    "svg.fonttype": "path",  # looks alike whatever faces the reader has
    "font.size": TEXT_SIZE,
    "axes.unicode_minus": True,
}
_one_at_a_time = Lock()  # matplotlib's settings and its cache of faces belong to the process


def drawn(figure: Mapping[str, Any], *, title: str, unit: str, kind: str, width: int) -> bytes:
    data = figure.get("data") or []
    draw = DRAWINGS.get(data[0].get("type", "scatter")) if data else None
    if draw is None:
        raise NoPicture("A chart of this kind has no picture.")
    with _one_at_a_time, matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        # a letter that no face of this machine has becomes a box, which is no reason to fail
        warnings.filterwarnings("ignore", message="Glyph")
        matplotlib.rcParams["font.family"] = _faces()
        return _file(_page(figure, draw, title, unit, width), kind, title)


def _faces() -> list[str]:
    known = set(font_manager.get_font_names())
    return ["DejaVu Sans", *(face for face in FACES if face in known)]


def _page(
    figure: Mapping[str, Any],
    draw: Callable[[Axes, Mapping[str, Any]], Key],
    title: str,
    unit: str,
    width: int,
) -> Figure:
    layout = figure.get("layout") or {}
    lines = wrap(title, max(24, int((width - 2 * EDGE) / LETTER)))
    top = EDGE + LINE * len(lines)
    height = top + int(layout.get("height") or HEIGHT) + 64
    page = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(page)
    for number, line in enumerate(lines):
        _words(page, EDGE, EDGE + LINE * number, line, TITLE_SIZE, "--ink", bold=True)
    if unit:
        for line in wrap(unit, max(30, int((width - 2 * EDGE) / 6.6))):
            _words(page, EDGE, top, line, SMALL_SIZE, "--ink-muted")
            top += 17
    axes = page.add_axes((0.2, 0.2, 0.6, 0.6))
    key = draw(axes, figure)
    _name_axis(axes, figure, unit)
    if len(key) > 1:
        top = _key(page, key, top + 8)
    _fit(page, axes, top + 12)
    return page


def _name_axis(axes: Axes, figure: Mapping[str, Any], unit: str) -> None:
    """The unit again beside the axis of the amounts, where it is short enough to stand there."""
    bars = figure["data"][0]
    if bars.get("type") != "bar" or len(unit) > SHORT:
        return
    scale = axes.xaxis if bars.get("orientation") == "h" else axes.yaxis
    if not scale.get_label_text():
        scale.set_label_text(unit, color=colour("--ink-muted"), size=SMALL_SIZE, parse_math=False)


def _words(
    page: Figure, x: float, y: float, text: str, size: float, token: str, bold: bool = False
) -> Any:
    """Text with its upper left corner at (x, y) px from the page's own."""
    width, height = page.get_size_inches() * DPI
    return page.text(
        x / width,
        1 - y / height,
        text,
        va="top",
        ha="left",
        size=size,
        weight="bold" if bold else "normal",
        color=colour(token),
        parse_math=False,
    )


def _key(page: Figure, key: Key, top: float) -> float:
    """What each colour means, in rows; where they end (px from above)."""
    width, height = page.get_size_inches() * DPI
    renderer = page.canvas.get_renderer()
    x, y = float(EDGE), top
    for name, tone in key:
        words = _words(page, x + 18, y, name, SMALL_SIZE, "--ink")
        wide = words.get_window_extent(renderer).width
        if x > EDGE and x + 18 + wide > width - EDGE:
            x, y = float(EDGE), y + 20
            words.set_position(((x + 18) / width, 1 - y / height))
        mark = Rectangle((x / width, 1 - (y + 12) / height), 12 / width, 12 / height, color=tone)
        mark.set_transform(page.transFigure)
        mark.set_linewidth(0)
        page.add_artist(mark)
        x += 18 + wide + 20
    return y + 18


def _fit(page: Figure, axes: Axes, top: float) -> None:
    """The axes as large as their labels leave them, below `top`."""
    width, height = page.get_size_inches() * DPI
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=SMALL_SIZE, labelcolor=colour("--ink-muted"))
    renderer = page.canvas.get_renderer()
    # a second pass, since ticks and so their labels depend on the size
    for _ in range(2):
        inner, outer = axes.get_window_extent(renderer), axes.get_tightbbox(renderer)
        left = EDGE + inner.x0 - outer.x0
        right = EDGE + outer.x1 - inner.x1
        below = EDGE + inner.y0 - outer.y0
        above = outer.y1 - inner.y1
        axes.set_position(
            (
                left / width,
                below / height,
                max(0.2, (width - left - right) / width),
                max(0.1, (height - top - above - below) / height),
            )
        )


def _file(page: Figure, kind: str, title: str) -> bytes:
    stream = io.BytesIO()
    if kind == "svg":
        FigureCanvasSVG(page).print_svg(stream, metadata={"Date": None, "Title": title})
    else:
        page.set_dpi(2 * DPI)
        FigureCanvasAgg(page).print_png(stream, metadata={"Title": title, "Software": None})
    return stream.getvalue()
