"""Rounds to measure with: log-normal asks, 65 to 78 % of pairs eligible, money for a third.

`KINDS` are the same round with one thing made harder: every ask all or nothing; restrictions that
leave about 30 % of pairs eligible; a least share of the work inside every commitment's areas; a
smallest ticket on every second commitment; version 2 of the format (years, matching, conditions).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

AREAS = [f"a{k:02}" for k in range(14)]
REGIONS = ("africa", "americas", "asia", "europe", "oceania", "pacific")
TERMS = "years and conditions"
KINDS = ("plain", "all or nothing", "restricted", "thresholds", "tickets", TERMS)
TICKET = 5_000_000  # minor units, a third of a usual ask
COUNTS = 1_000_000  # minor units from which another funder counts for a condition


def make_round(
    commitments: int, proposals: int, kind: str = "plain", seed: int = 1
) -> dict[str, Any]:
    """A round in the exchange format; the same arguments give the same round."""
    rng = np.random.default_rng(seed)
    asks = (np.exp(rng.normal(np.log(150_000), 0.9, proposals)) // 1000 * 100_000).astype(int)
    asks += 1_000_000
    total = int(asks.sum() * 0.35)
    round_ = {
        "format": "tributary-round/1",
        "currency": "USD",
        "commitments": _commitments(rng, commitments, total),
        "proposals": [_proposal(rng, k, int(ask)) for k, ask in enumerate(asks)],
        "areas": [_area(a, total // len(AREAS)) for a in AREAS],
    }
    _harden(round_, kind, np.random.default_rng(seed + 1))
    return round_


def _harden(round_: dict[str, Any], kind: str, rng: np.random.Generator) -> None:
    """Make a plain round one of `KINDS`."""
    if kind == "all or nothing":
        for proposal in round_["proposals"]:
            proposal["minimum"] = proposal["ask"]
    for k, commitment in enumerate(round_["commitments"]):
        if kind == "restricted":
            commitment["areas"] = sorted(rng.choice(AREAS, 7, replace=False).tolist())
            commitment["least_share"] = 0.5
            commitment["regions"] = sorted(rng.choice(REGIONS, 3, replace=False).tolist())
        elif kind == "thresholds":
            commitment["areas"] = sorted(rng.choice(AREAS, 9, replace=False).tolist())
            commitment["least_share"] = float(rng.choice([0.25, 0.5, 0.75, 1.0]))
        elif kind == "tickets" and k % 2:
            commitment["ticket"] = TICKET
    if kind == TERMS:
        _add_terms(round_)


def _add_terms(round_: dict[str, Any]) -> None:
    """Every second commitment is released over three years, every second proposal needs two.

    Of ten commitments one matches what others pay, one pays only beside two other funders, and one
    joins only if a third of all the money is spent.
    """
    round_["format"] = "tributary-round/2"
    total = sum(c["amount"] for c in round_["commitments"])
    for k, commitment in enumerate(round_["commitments"]):
        if k % 2 == 0:
            commitment["releases"] = _by_year(commitment["amount"], (0.4, 0.4, 0.2))
        if k % 10 == 3:
            commitment["match"] = {"ratio": 1}
        elif k % 10 == 6:
            commitment["only_if"] = {"funders": 2, "least": COUNTS}
        elif k % 10 == 9:
            commitment["joins_if"] = {"total": total // 3}
    for proposal in round_["proposals"][::2]:
        proposal["budget"] = _by_year(proposal["ask"], (0.5, 0.5))


def _by_year(amount: int, shares: Sequence[float]) -> list[dict[str, int]]:
    """Whole minor units by year from 2027 on, which sum to the amount."""
    parts = [int(amount * share) for share in shares]
    parts[-1] = amount - sum(parts[:-1])
    return [{"year": 2027 + k, "amount": part} for k, part in enumerate(parts)]


def _commitments(rng: np.random.Generator, count: int, total: int) -> list[dict[str, Any]]:
    shares = rng.dirichlet(np.full(count, 2.0))
    found = []
    for k, share in enumerate(shares):
        row: dict[str, Any] = {"id": f"c{k:03}", "funder": f"f{k:03}", "amount": int(total * share)}
        kind = rng.random()
        if kind < 0.4:
            row["areas"] = sorted(rng.choice(AREAS, rng.integers(6, 12), replace=False).tolist())
            row["least_share"] = float(rng.choice([0.3, 0.5]))
        if 0.3 < kind < 0.65:
            row["regions"] = sorted(rng.choice(REGIONS, rng.integers(3, 6), replace=False).tolist())
        found.append(row)
    return found


def _proposal(rng: np.random.Generator, number: int, ask: int) -> dict[str, Any]:
    places = rng.choice(len(AREAS), rng.integers(1, 4), replace=False)
    weights = rng.integers(1, 10, len(places))
    parts = [int(w) for w in weights * 100 // weights.sum()]
    parts[0] += 100 - sum(parts)
    return {
        "id": f"p{number:05}",
        "ask": ask,
        "minimum": int(ask * rng.choice([0.3, 0.5, 0.7])),
        "merit": round(float(rng.beta(5, 3)), 3),
        "areas": {AREAS[a]: part / 100 for a, part in zip(places, parts, strict=True)},
        "region": str(rng.choice(REGIONS)),
    }


def _area(id_: str, part: int) -> dict[str, Any]:
    steps = [(part // 2, 0.5), (part // 2, 0.25), (part, 0.1)]
    return {"id": id_, "steps": [{"width": w, "weight": v} for w, v in steps]}
