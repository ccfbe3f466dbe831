"""Reviews at full size: the suggested assignment, and harsh and mild reviewers."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from funding.services.reviewing.harshness import estimate_effects
from optimizer.assignment import AssignmentProblem, assign, value_of

PROPOSALS, REVIEWERS, LEAST = 20_000, 500, 3
SMALL = 300
SIMULATED = 200


def prove() -> Iterator[str]:
    yield from assignment()
    yield from calibration()


def assignment() -> Iterator[str]:
    """A round of full size, with areas, texts of noise, and one pair in fifty in conflict."""
    random = np.random.default_rng(1)
    known = random.integers(0, 14, (REVIEWERS, 3))
    areas = random.integers(0, 14, PROPOSALS)
    fit = 0.5 * (areas[:, None, None] == known[None]).any(2) + 0.5 * random.random(
        (PROPOSALS, REVIEWERS)
    )
    fit = fit.astype(np.float32)
    fit[random.random(fit.shape) < 0.02] = np.nan
    room = int(1.1 * LEAST * PROPOSALS / REVIEWERS) + 1
    problem = AssignmentProblem(fit, [LEAST] * PROPOSALS, [room] * REVIEWERS)
    started = time.monotonic()
    found = assign(problem)
    took = time.monotonic() - started
    loads = np.bincount([r for _, r in found.pairs], minlength=REVIEWERS)
    assert not found.short
    assert len(set(found.pairs)) == LEAST * PROPOSALS
    assert loads.max() <= room
    assert not np.isnan([fit[pair] for pair in found.pairs]).any()
    assert abs(found.value - value_of(problem, found.pairs)) < 1e-6
    yield (
        f"{LEAST * PROPOSALS:,} reviews of {PROPOSALS:,} proposals by {REVIEWERS} reviewers: "
        f"none missing, none in conflict, mean fit {np.mean([fit[p] for p in found.pairs]):.3f}, "
        f"loads {loads.min()} to {loads.max()} of {room}, {took:.0f} s"
    )
    for seed in range(SMALL):
        swap(seed)
    yield f"no exchange of two reviewers betters any of {SMALL} assignments made at random"


def swap(seed: int) -> None:
    """Assert that nothing is gained by exchanging the reviewers of two pairs, or by one move."""
    random = np.random.default_rng(seed)
    fit = random.random((12, 6)).astype(np.float32)
    fit[random.random(fit.shape) < 0.15] = np.nan
    problem = AssignmentProblem(fit, [2] * 12, [5] * 6)
    found = assign(problem)
    there = set(found.pairs)
    best = value_of(problem, found.pairs)
    for first in found.pairs:
        for second in found.pairs:
            made = {(first[0], second[1]), (second[0], first[1])}
            if made & there or any(np.isnan(fit[pair]) for pair in made):
                continue
            other = value_of(problem, sorted((there - {first, second}) | made))
            assert other <= best + 1e-5, seed


def calibration() -> Iterator[str]:
    """Scores by simulated reviewers, harsh and mild: calibrated means against raw ones."""
    better, gains = 0, []
    for seed in range(SIMULATED):
        random = np.random.default_rng(seed)
        worth, effect = random.normal(65, 10, 120), random.normal(0, 6, 15)
        scores = [
            (p, str(r), float(worth[p] + effect[r] + random.normal(0, 5)))
            for p in range(120)
            for r in random.choice(15, 3, replace=False)
        ]
        found = estimate_effects(scores).of
        raw, calibrated = np.zeros(120), np.zeros(120)
        for p, r, score in scores:
            raw[p] += score / 3
            calibrated[p] += (score - found[r]) / 3
        off = [float(np.std(means - worth)) for means in (raw, calibrated)]
        better += off[1] < off[0]
        gains.append(1 - off[1] / off[0])
    assert better >= 0.98 * SIMULATED
    yield (
        f"calibrated means are nearer to the truth in {better} of {SIMULATED} simulated rounds, "
        f"the error smaller by {np.mean(gains):.0%} in the mean"
    )
    random = np.random.default_rng(7)
    scores = [
        (p, str(r), float(random.normal(60, 10)))
        for p in range(PROPOSALS)
        for r in random.choice(1_000, LEAST, replace=False)
    ]
    started = time.monotonic()
    estimate_effects(scores)
    took = time.monotonic() - started
    yield f"{len(scores):,} scores by 1,000 reviewers calibrated in {took:.1f} s"
