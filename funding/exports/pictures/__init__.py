"""Pictures of charts as SVG and PNG, without a browser: the same description that pages draw.

A chart is described once, as Plotly's JSON with colours named by token ("var(--chart-3)"). Pages
give it to Plotly; here matplotlib draws it in the light palette, with title and unit, for files
and documents. The same description gives the same bytes: no date, no random names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

TYPES = {"svg": "image/svg+xml", "png": "image/png"}
WIDTH = 900
"""Of a picture, in CSS pixels; a PNG has twice as many of its own."""


class NoPicture(Exception):
    """The chart is of a kind that has no drawing."""


def picture(
    figure: str | Mapping[str, Any],
    *,
    title: str,
    unit: str = "",
    kind: str = "svg",
    width: int = WIDTH,
) -> bytes:
    """The chart as a file. `figure` is Plotly's JSON, as text or read; `title` says what it shows.

    Raises NoPicture for a chart of neither bars, heat map, flow nor points.
    """
    # here, since matplotlib takes as long to load as the rest of the site, which starts without it
    from funding.exports.pictures.drawing import drawn

    if kind not in TYPES:
        raise ValueError(f"a picture is one of {', '.join(TYPES)}, not {kind}")
    read = json.loads(figure) if isinstance(figure, str) else figure
    return drawn(read, title=title, unit=unit, kind=kind, width=width)
