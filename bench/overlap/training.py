"""`python -m bench.overlap train`: the weights of the signals, learned from the labelled set.

Logistic regression with an L2 penalty. Each weight is held to the side that its signal speaks for:
fourteen topics are few, and a weight of the wrong sign would be an accident that nobody could
explain to an applicant. The penalty is the one of the least loss on topics left out; the log odds
of the topics left out then give one slope and one shift (Platt's scaling), which go into the
weights.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from bench.overlap.labelled import DEGREES, LabelledPair, programme_works
from bench.overlap.labelled.neighbours import pairs_of
from bench.overlap.rows import CACHE, demo_works
from funding.overlap.embedding import embed
from funding.overlap.index import Index
from funding.overlap.methods import NAMES
from funding.overlap.probability import WEIGHTS_FILE
from funding.overlap.signals import AGAINST, BESIDE, KEYS, features

PENALTIES = (0.0003, 0.001, 0.003, 0.01, 0.03)
WORDS_AT_MOST = 4.0
"""Patterns of words misfire on texts we did not write, so none may outweigh more than this."""

LINKS_AT_LEAST, LINKS_AT_MOST = 5.0, 9.0
"""What a file itself says of two works, its stage or its second payer, nearly decides."""

BESIDE_AT_MOST, PLACE_AT_MOST = 0.8, 1.5
"""What stands beside the texts was drawn by odds of our own, so it may not lead."""

UNSEEN = "translated"
"""Left out: neither method reads one language as another, and to learn from such pairs that texts
need not be alike would spoil the rest. The test set has them."""

AT_LEAST = {
    "outputs": 2.0,
    "wording": 1.0,
    "title": 0.3,
    "lead": 0.3,
    "people": 0.2,
    "budget": 0.2,
    "period": 0.2,
    "institution": 0.1,
    "mail": 0.1,
    "apart": 2.5,
}
"""Signals that the set has too few cases of; held above zero, since they are known to speak."""


def similarities(pairs: Sequence[LabelledPair], method: str) -> list[float]:
    """Of each pair, in an index of all their works, the demo round's, and their programme's."""
    works = [work for pair in pairs for work in (pair.first, pair.second)]
    index = Index(method)
    if index.method.is_sparse:  # only there does it matter what else is in the index
        index.put([*demo_works(), *programme_works(), *works])
    else:
        index = Index.open(CACHE / f"labelled-{method}", method)
        embed(works, index)
    return [index.similarity(pair.first, pair.second) for pair in pairs]


def table(pairs: Sequence[LabelledPair], alike: Sequence[float], method: str) -> Any:
    """One row a pair, one column a signal, in the order of `KEYS`."""
    rows = [
        features(pair.first, pair.second, similarity, method)
        for pair, similarity in zip(pairs, alike, strict=True)
    ]
    return np.array([[row[key] for key in KEYS] for row in rows])


def fit(x: Any, y: Any, penalty: float) -> Any:
    """Base and weights; `y` is 1 for the same work."""
    bounds: list[Any] = [(None, None), *map(_bounds, KEYS)]

    def loss(beta: Any) -> tuple[float, Any]:
        odds = beta[0] + x @ beta[1:]
        wrong = expit(odds) - y
        slope = np.concatenate(([wrong.mean()], x.T @ wrong / len(y) + penalty * beta[1:]))
        return log_loss(odds, y) + penalty * float(beta[1:] @ beta[1:]) / 2, slope

    start = np.array(
        [
            0.0,
            *(high if high is not None and high < 0 else max(0.0, low) for low, high in bounds[1:]),
        ]
    )
    return minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x


def _bounds(key: str) -> tuple[float, float | None]:
    if key in AGAINST:
        if key in ("stage", "cofunded"):
            return (-LINKS_AT_MOST, -LINKS_AT_LEAST)
        return (-WORDS_AT_MOST, -AT_LEAST.get(key, 0.0))
    if key in BESIDE:
        return (AT_LEAST.get(key, 0.0), PLACE_AT_MOST if key == "institution" else BESIDE_AT_MOST)
    return (AT_LEAST.get(key, 0.0), None)


def _clip(key: str) -> tuple[float, float]:
    low, high = _bounds(key)
    return low, np.inf if high is None else high


def left_out_odds(x: Any, y: Any, topics: Any, penalty: float) -> Any:
    """The log odds of each pair by a model that has not seen its topic."""
    odds = np.zeros(len(y))
    for topic in np.unique(topics):
        own = topics == topic
        beta = fit(x[~own], y[~own], penalty)
        odds[own] = beta[0] + x[own] @ beta[1:]
    return odds


def log_loss(odds: Any, y: Any) -> float:
    return float((np.logaddexp(0, odds) - y * odds).mean())


def learned(method: str) -> tuple[dict[str, Any], list[str]]:
    """What goes into the file for one method, and lines that tell how it went."""
    pairs = [pair for pair in pairs_of("train", method) if pair.kind != UNSEEN]
    alike = similarities(pairs, method)
    x = table(pairs, alike, method)
    y = np.array([float(pair.is_same) for pair in pairs])
    topics = np.array([pair.topic for pair in pairs])
    losses = {p: log_loss(left_out_odds(x, y, topics, p), y) for p in PENALTIES}
    penalty = min(losses, key=losses.__getitem__)
    odds = left_out_odds(x, y, topics, penalty)

    def scaled(two: Any) -> float:
        return log_loss(two[0] * odds + two[1], y)

    slope, shift = minimize(scaled, [1.0, 0.0], method="Nelder-Mead").x
    beta = fit(x, y, penalty)
    weights = {
        key: round(float(np.clip(slope * b, *_clip(key))), 3)
        for key, b in zip(KEYS, beta[1:], strict=True)
    }
    kept = {
        "base": round(float(slope * beta[0] + shift), 3),
        "weights": weights,
        "degrees": _degrees(pairs, alike),
    }
    told = [
        f"{method}: penalty {penalty}, loss on topics left out {losses[penalty]:.3f}",
        f"{method}: slope {slope:.2f}, shift {shift:.2f}",
    ]
    return kept, told


def _degrees(pairs: Sequence[LabelledPair], alike: Sequence[float]) -> list[tuple[float, float]]:
    """The mean likeness of each degree's pairs, up to the same text, which is the whole work."""
    means = {}
    for degree in sorted({*DEGREES.values()}):
        found = [
            similarity
            for pair, similarity in zip(pairs, alike, strict=True)
            if pair.degree == degree
        ]
        means[degree] = round(float(np.mean(found)), 3)
    knots: list[tuple[float, float]] = []
    for degree, mean in means.items():
        if not knots or mean > knots[-1][0]:
            knots.append((mean, degree))
    return [*knots, (1.0, 1.0)]


def train() -> list[str]:
    """Learn both methods' weights and write them into the package; what was done, line by line."""
    said = {}
    lines = []
    for method in NAMES:
        said[method], told = learned(method)
        lines += told
    WEIGHTS_FILE.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    return [*lines, f"written: {WEIGHTS_FILE.name}"]
