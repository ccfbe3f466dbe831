"""The colours of tokens.css can be read and told apart, in both schemes, by everyone."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from funding.paths import STATIC

SCHEMES = ("light", "dark")

# (what is read, what it is read on, least contrast): 4.5 for text, 3 for marks and edges (WCAG AA)
PAIRS = [
    *[(ink, ground, 4.5) for ink in ("ink", "ink-muted", "ink-faint", "accent")
      for ground in ("paper", "surface", "surface-raised", "surface-hover", "surface-sunken")],
    *[(tone, f"{tone}-soft", 4.5) for tone in ("good", "caution", "bad", "calm")],
    *[(tone, ground, 4.5) for tone in ("good", "caution", "bad", "calm")
      for ground in ("paper", "surface")],
    *[("ink", f"{tone}-soft", 4.5) for tone in ("good", "caution", "bad", "calm", "accent")],
    *[("accent", f"{tone}-soft", 4.5) for tone in ("good", "caution", "bad", "calm", "accent")],
    ("accent-strong", "accent-soft", 4.5),
    ("ink-muted", "accent-soft", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    ("on-bad", "bad", 4.5),
    ("ink", "mark", 4.5),
    ("caution", "mark", 4.5),
    ("ink", "selection", 4.5),
    *[(edge, ground, 3.0) for edge in ("line-strong", "focus") for ground in ("paper", "surface")],
    *[(f"chart-{number}", "surface", 3.0) for number in range(1, 9)],
]  # fmt: skip

# Machado, Oliveira & Fernandes (2009), full severity, on linear RGB
SIGHT = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}

# Ottosson's OKLab, in which distance is roughly how different two colours look
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def tokens(scheme: str) -> dict[str, np.ndarray]:
    """Name -> linear RGB, 0 to 1, of every plain colour in one scheme."""
    css = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    found = re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", css)
    place = 1 + SCHEMES.index(scheme)
    return {entry[0]: linear(entry[place]) for entry in found}


def linear(code: str) -> np.ndarray:
    srgb = np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def luminance(colour: np.ndarray) -> float:
    return float(colour @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def oklab(colour: np.ndarray) -> np.ndarray:
    return TO_LAB @ np.cbrt(TO_CONES @ np.clip(colour, 0, 1))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_what_is_read_stands_out_from_its_ground(
    scheme: str, ink: str, ground: str, least: float
) -> None:
    colours = tokens(scheme)
    assert contrast(colours[ink], colours[ground]) >= least


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_chart_colours_can_be_told_apart_whatever_the_sight(scheme: str, sight: str) -> None:
    colours = tokens(scheme)
    seen = [oklab(SIGHT[sight] @ colours[f"chart-{number}"]) for number in range(1, 9)]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= 0.09


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_sequential_scale_only_moves_away_from_the_ground(scheme: str) -> None:
    colours = tokens(scheme)
    steps = [contrast(colours[f"seq-{step}"], colours["surface"]) for step in range(6)]
    assert steps == sorted(steps)
    assert steps[-1] >= 7
