"""What officers decide in a round teaches how its other pairs are ranked.

The weights of `funding.overlap.probability` are where it starts; each verdict pulls them a little.
With d decisions, features f_d and verdicts v_d in {0, 1}:

    minimise  sum_d log(1 + exp(-(2 v_d - 1) (b + w f_d))) + HOLD / 2 (|w - w0|^2 + (b - b0)^2)

The second part holds the weights near where they were: one verdict moves little, many alike move
much, and with none nothing changes. Solved by Newton steps; the same verdicts give the same
weights in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np

from funding.overlap.probability import Weights
from funding.overlap.signals import KEYS

HOLD = 2.0
_STEPS = 25
_CLOSE = 1e-9
_LOWEST = -700.0


@dataclass(frozen=True)
class Decision:
    """A pair's features, by key of a signal, and whether an officer called it the same work."""

    features: Mapping[str, float]
    is_same: bool


@dataclass(frozen=True)
class Taught:
    """The weights of one text method as a round's decisions have moved them."""

    base: float
    weights: Mapping[str, float]
    decisions: int

    def probability(self, features: Mapping[str, float]) -> float:
        """That a pair with these features is the same work, from 0 to 1."""
        odds = self.base + sum(self.weights.get(key, 0.0) * features.get(key, 0.0) for key in KEYS)
        return 1 / (1 + exp(-odds)) if odds > _LOWEST else 0.0


def taught_by(decisions: Sequence[Decision], start: Weights) -> Taught:
    """The weights after these decisions; `start`, a method's own, where there are none."""
    before = np.array([start.base, *(start.of.get(key, 0.0) for key in KEYS)])
    if not decisions:
        return Taught(start.base, dict(start.of), 0)
    ordered = sorted(decisions, key=lambda d: (d.is_same, sorted(d.features.items())))
    rows = np.array([[1.0, *(d.features.get(key, 0.0) for key in KEYS)] for d in ordered])
    labels = np.array([float(d.is_same) for d in ordered])
    weights = before.copy()
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-np.clip(rows @ weights, -500, 500)))
        slope = rows.T @ (said - labels) + HOLD * (weights - before)
        bend = (rows.T * (said * (1 - said))) @ rows + HOLD * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights -= step
        if float(np.abs(step).max()) < _CLOSE:
            break
    found = dict(zip(KEYS, map(float, weights[1:]), strict=True))
    return Taught(float(weights[0]), found, len(decisions))
