"""The light colours of static/css/tokens.css, read from there: pictures are pasted on white."""

from __future__ import annotations

import re
from functools import lru_cache

from funding.paths import STATIC

Rgba = tuple[float, float, float, float]

_LIGHT = re.compile(r"(--[a-z0-9-]+):\s*light-dark\((#[0-9a-f]{6}),")
_SOFT = re.compile(
    r"(--[a-z0-9-]+):\s*color-mix\(in srgb, var\((--[a-z0-9-]+)\) (\d+)%, transparent\)"
)
_NAMED = re.compile(r"var\((--[a-z0-9-]+)\)")


def _rgb(hexadecimal: str, alpha: float = 1.0) -> Rgba:
    red, green, blue = (int(hexadecimal[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue, alpha


@lru_cache(maxsize=1)
def light_tokens() -> dict[str, Rgba]:
    """Token -> its light colour; the soft ones are see-through."""
    text = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    found = {name: _rgb(colour) for name, colour in _LIGHT.findall(text)}
    for name, of, percent in _SOFT.findall(text):
        found[name] = (*found[of][:3], int(percent) / 100)
    return found


def colour(name: str) -> Rgba:
    """The colour that a description names: `var(--chart-1)`, `--chart-1` or `#0b6477`."""
    if name.startswith("#"):
        return _rgb(name)
    token = _NAMED.fullmatch(name)
    return light_tokens()[token[1] if token else name]


def hexadecimal(name: str) -> str:
    """A token's light colour as CSS writes it, what is see-through laid on white."""
    red, green, blue, alpha = colour(name)
    laid = (round(255 * (part * alpha + 1 - alpha)) for part in (red, green, blue))
    return "#" + "".join(f"{part:02x}" for part in laid)
