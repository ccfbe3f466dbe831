"""How probable it is that two works are the same work, and what pushed it there.

A logistic model of the signals: its log odds are a base and, for each signal, a weight times the
signal's strength, so each signal's push can be said on its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import exp
from pathlib import Path

from funding.overlap.methods import DEFAULT
from funding.overlap.signals import KEYS, features, words_of
from funding.overlap.works import Work

WEIGHTS_FILE = Path(__file__).with_name("weights.json")
_NOTICEABLE = 0.05


@dataclass(frozen=True)
class Signal:
    """`push` on the log odds: above 0 speaks for the same work, below 0 against it."""

    key: str
    words: str
    strength: float
    push: float


@dataclass(frozen=True)
class Judgement:
    """`probability` that the same work would be paid twice; `degree`: which part of it, if so.

    Both from 0 to 1. `signals`: strongest push first, those that push next to nothing left out.
    `features`: every signal's strength, for learning from what officers decide.
    """

    probability: float
    degree: float
    signals: tuple[Signal, ...]
    features: dict[str, float]


@dataclass(frozen=True)
class Weights:
    """Of a text method: the base of the log odds and each signal's weight."""

    base: float
    of: dict[str, float]
    degrees: tuple[tuple[float, float], ...]


@cache
def weights_of(method: str) -> Weights:
    """As `python -m bench.overlap train` wrote them."""
    said = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))[method]
    degrees = tuple((likeness, degree) for likeness, degree in said["degrees"])
    return Weights(said["base"], said["weights"], degrees)


def judge(
    first: Work, second: Work, similarity: float | None = None, method: str = DEFAULT
) -> Judgement:
    """`similarity` as the index of `method` gives it; None where no text was compared."""
    strengths = features(first, second, similarity, method)
    weights = weights_of(method)
    pushes = {key: weights.of[key] * strengths[key] for key in KEYS}
    signals = [
        Signal(key, words_of(key, first, second, strengths[key], similarity), strengths[key], push)
        for key, push in pushes.items()
        if abs(push) >= _NOTICEABLE
    ]
    return Judgement(
        probability=_logistic(weights.base + sum(pushes.values())),
        degree=_between(weights.degrees, similarity or 0.0),
        signals=tuple(sorted(signals, key=lambda s: (-abs(s.push), s.key))),
        features=strengths,
    )


def _logistic(odds: float) -> float:
    return 1 / (1 + exp(-odds)) if odds > -700 else 0.0


def _between(knots: tuple[tuple[float, float], ...], at: float) -> float:
    """On the straight lines between the knots; level outside them."""
    if at <= knots[0][0]:
        return knots[0][1]
    for (x0, y0), (x1, y1) in pairwise(knots):
        if at <= x1:
            return round(y0 + (y1 - y0) * (at - x0) / (x1 - x0), 2)
    return knots[-1][1]
