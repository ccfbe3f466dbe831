"""How harsh or mild reviewers are, estimated from scores of which several share a proposal.

Model: score = worth of the proposal + effect of the reviewer + noise. Worths are free, effects are
drawn from one normal distribution, so that an effect is shrunk towards 0 the less is known of it
(best linear unbiased prediction: Henderson 1975; Robinson 1991). How far effects and noise spread
is estimated from the same scores by restricted maximum likelihood. docs/reviews.md has it whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_GRID = np.exp(np.linspace(np.log(1e-3), np.log(1e4), 141))
"""Ratios of the noise's variance to that of the effects that are tried first."""
_STEPS = 40


@dataclass(frozen=True)
class Effects:
    """By reviewer, how much higher than others they score; 0 for who shares no proposal.

    `spread` is the effects' standard deviation, `noise` the rest's, both in points of a score.
    """

    of: dict[str, float]
    spread: float
    noise: float


def estimate_effects(scores: Sequence[tuple[int, str, float]]) -> Effects:
    """From (proposal, reviewer, score). The order of the scores does not matter."""
    scores = sorted(scores)
    reviewers = sorted({reviewer for _, reviewer, _ in scores})
    place = {reviewer: number for number, reviewer in enumerate(reviewers)}
    who = np.array([place[reviewer] for _, reviewer, _ in scores], int)
    _, whose, sizes = np.unique(
        np.array([proposal for proposal, _, _ in scores], int),
        return_inverse=True,
        return_counts=True,
    )
    given = np.array([score for _, _, score in scores], float)
    # what is left of reviewers and scores once each proposal's own mean is taken out
    apart = given - (np.bincount(whose, given, len(sizes)) / np.maximum(sizes, 1))[whose]
    pull = np.bincount(who, apart, len(reviewers))
    total, freedom = float(apart @ apart), len(scores) - len(sizes)
    shared = _shared(who, sizes, len(reviewers))
    none = Effects(dict.fromkeys(reviewers, 0.0), 0.0, 0.0)
    if freedom < 2 or total <= 1e-12:
        return none
    weights, axes = np.linalg.eigh(shared)
    weights = np.clip(weights, 0.0, None)
    along = axes.T @ pull
    ratio = _best_ratio(weights, along, total, freedom)
    noise = (total - float((along**2 / (weights + ratio)).sum())) / freedom
    effects = axes @ (along / (weights + ratio))
    if ratio >= _GRID[-1]:  # nothing tells the reviewers apart
        return Effects(none.of, 0.0, float(np.sqrt(max(noise, 0.0))))
    return Effects(
        {reviewer: round(float(effects[place[reviewer]]), 6) for reviewer in reviewers},
        float(np.sqrt(max(noise, 0.0) / ratio)),
        float(np.sqrt(max(noise, 0.0))),
    )


def _shared(who: np.ndarray, sizes: np.ndarray, count: int) -> np.ndarray:
    """How much each two reviewers are held against each other: rows of it sum to 0.

    `who` are the reviewers of the first proposal, then of the second, and so on; `sizes` how many.
    """
    flat = np.zeros(count * count)
    first = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(int)
    for size in np.unique(sizes):
        groups = who[first[sizes == size][:, None] + np.arange(size)]
        pairs = (groups[:, :, None] * count + groups[:, None, :]).ravel()
        flat -= np.bincount(pairs, minlength=count * count) / size
    flat[:: count + 1] += np.bincount(who, minlength=count)
    return flat.reshape(count, count)


def _best_ratio(weights: np.ndarray, along: np.ndarray, total: float, freedom: int) -> float:
    """The ratio of variances under which these scores are likeliest."""

    def unlikely(ratio: float) -> float:
        rest = total - float((along**2 / (weights + ratio)).sum())
        return freedom * float(np.log(max(rest, 1e-12 * total))) + float(
            np.log1p(weights / ratio).sum()
        )

    tried = [unlikely(ratio) for ratio in _GRID]
    best = int(np.argmin(tried))
    low = np.log(_GRID[max(best - 1, 0)])
    high = np.log(_GRID[min(best + 1, len(_GRID) - 1)])
    if best == len(_GRID) - 1:
        return float(_GRID[-1])
    for _ in range(_STEPS):  # thirds: there is one lowest point between two neighbours of the grid
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if unlikely(float(np.exp(left))) <= unlikely(float(np.exp(right))):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))
