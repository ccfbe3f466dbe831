"""Who pays: whole lines that add up, few of them, and always the same."""

from __future__ import annotations

import random

import numpy as np
import pytest

from optimizer.pairs import Pairs, in_order, pairs_of
from optimizer.split import Split, split
from tests.optimizer.small_rounds import a_problem


def some_pairs(seed: int, commitments: int = 5, proposals: int = 9) -> tuple[Pairs, list[int]]:
    """Pairs with random exclusions, and totals that can surely be paid."""
    rng = random.Random(seed)
    ids = [f"p{k}" for k in range(proposals)]
    payers = [
        {
            "id": f"c{c}",
            "funder": "f",
            "amount": rng.randint(0, 500),
            "excludes": [p for p in ids if rng.random() < 0.3],
        }
        for c in range(commitments)
    ]
    asks = [{"id": p, "ask": 10**6, "minimum": 1, "merit": 0.5, "areas": {"a": 1}} for p in ids]
    pairs = pairs_of(in_order(a_problem(commitments=payers, proposals=asks, areas=[{"id": "a"}])))
    totals = [0] * proposals
    for c, budget in enumerate(pairs.budget.tolist()):
        able = np.flatnonzero(pairs.cap[c]).tolist()
        for _ in range(3):
            if able:
                part = rng.randint(0, budget // 3)
                totals[rng.choice(able)] += part
    return pairs, totals


def added_up(found: Split, count: int) -> list[int]:
    return [sum(v for (_, q), v in found.lines.items() if q == p) for p in range(count)]


@pytest.mark.parametrize("seed", range(40))
def test_lines_add_up_to_totals_that_can_be_paid(seed: int) -> None:
    pairs, totals = some_pairs(seed)
    found = split(pairs, totals)
    assert found.missing == {}
    assert added_up(found, len(totals)) == totals


@pytest.mark.parametrize("seed", range(40))
def test_no_line_is_ineligible_and_no_commitment_overdrawn(seed: int) -> None:
    pairs, totals = some_pairs(seed)
    lines = split(pairs, totals).lines
    assert all(0 < amount <= pairs.cap[pair] for pair, amount in lines.items())
    for c, budget in enumerate(pairs.budget.tolist()):
        assert sum(v for (d, _), v in lines.items() if d == c) <= budget


@pytest.mark.parametrize("seed", range(40))
def test_lines_are_at_most_commitments_and_funded_proposals_less_one(seed: int) -> None:
    pairs, totals = some_pairs(seed)
    lines = split(pairs, totals).lines
    funded, payers = {p for _, p in lines}, {c for c, _ in lines}
    assert len(lines) <= max(0, len(payers) + len(funded) - 1)


def test_one_commitment_pays_where_one_has_enough() -> None:
    payers = [{"id": f"c{k}", "funder": "f", "amount": 100} for k in range(3)]
    asks = [{"id": f"p{k}", "ask": 100, "merit": 0.5, "areas": {"practice": 1}} for k in range(3)]
    pairs = pairs_of(in_order(a_problem(commitments=payers, proposals=asks)))
    assert len(split(pairs, [100, 100, 100]).lines) == 3


def test_a_locked_line_is_never_moved() -> None:
    lock = {"proposal": "survey", "commitment": "open", "amount": 217}
    pairs = pairs_of(in_order(a_problem(locks=[lock])))
    assert split(pairs, [383, 400, 217]).lines[0, 2] == 217


def test_minimums_come_before_anything_more_when_money_is_short() -> None:
    pairs = pairs_of(in_order(a_problem()))
    found = split(pairs, [500, 400, 300])
    assert found.lines == {(0, 0): 500, (0, 2): 100, (1, 1): 400}
    assert found.missing == {2: 200}


def test_the_order_of_the_round_does_not_matter() -> None:
    parts = {"commitments": 6, "proposals": 12}
    pairs, totals = some_pairs(7, **parts)
    again, same = some_pairs(7, **parts)
    assert split(pairs, totals) == split(again, same)
