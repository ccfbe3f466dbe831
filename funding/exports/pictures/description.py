"""Reading Plotly's JSON: its arrays, its labels with their little HTML, numbers on axes."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import numpy as np

_TAG = re.compile(r"<[^<>]*>")


def values(of: Any) -> list[Any]:
    """A list as Plotly writes it: plainly, or packed as base64 where it came from numpy."""
    if isinstance(of, Mapping):
        packed = np.frombuffer(base64.b64decode(of["bdata"]), dtype=of["dtype"])
        if "shape" in of:
            packed = packed.reshape([int(size) for size in str(of["shape"]).split(",")])
        return list(packed.tolist())
    return [] if of is None else list(of)


def numbers(of: Any) -> list[float]:
    """The same as numbers; what is missing counts as nothing."""
    return [0.0 if value is None else float(value) for value in values(of)]


def label(text: Any) -> str:
    """What a reader sees of a label: breaks as lines, other tags gone, entities read."""
    return unescape(_TAG.sub("", str(text).replace("<br>", "\n")))


def short_number(value: float) -> str:
    """A number on an axis: 1.5 M, 200 k, 0.4."""
    for size, letter in ((1e9, " bn"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:,.6g}{letter}".replace("-", "−")
    return f"{value:,.6g}".replace("-", "−")


def axis(layout: Mapping[str, Any], name: str) -> tuple[str, str]:
    """(title, what follows each number) of an axis."""
    described = layout.get(name) or {}
    title = described.get("title") or ""
    if isinstance(title, Mapping):
        title = title.get("text") or ""
    return label(title), str(described.get("ticksuffix") or "")


def is_reversed(layout: Mapping[str, Any], name: str) -> bool:
    return (layout.get(name) or {}).get("autorange") == "reversed"
