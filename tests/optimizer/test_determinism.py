"""Same round, same plan, to the cent: in another order, another process, beside other runs."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from optimizer.problem import Plan
from optimizer.read import read_round
from optimizer.solve import solve
from tests.optimizer.rounds import random_round

FEATURES = [
    *("areas", "least_share", "regions", "cap_share_of_ask", "ticket", "weights", "alone"),
    *("minimum", "steps", "floor", "overlaps", "institution_share", "round_to"),
]


def document(seed: int = 5) -> dict[str, Any]:
    return random_round(seed, commitments=6, proposals=30, features=FEATURES, scale="real")


def essence(plan: Plan) -> object:
    """All but the digest, which is of the document, and the seconds."""
    stated = (plan.status, plan.value, plan.bound, plan.gap, plan.lines, plan.totals)
    return (*stated, plan.areas, plan.funders)


def shuffled(value: object, rng: random.Random) -> Any:
    """The same document with every list of things and every object in another order."""
    if isinstance(value, dict):
        items = [(k, shuffled(v, rng)) for k, v in value.items()]
        rng.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        rows = [shuffled(v, rng) for v in value]
        if rows and isinstance(rows[0], dict) and "width" not in rows[0]:
            rng.shuffle(rows)
        return rows
    return value


@pytest.mark.parametrize("seed", [5, 6])
def test_the_same_round_gives_the_same_plan(seed: int) -> None:
    first, second = (solve(read_round(document(seed))) for _ in range(2))
    assert essence(first) == essence(second)


@pytest.mark.parametrize("seed", [5, 6])
def test_the_order_of_lists_and_keys_does_not_change_the_plan(seed: int) -> None:
    plain = document(seed)
    other = shuffled(plain, random.Random(seed))
    assert json.dumps(plain) != json.dumps(other)
    assert essence(solve(read_round(plain))) == essence(solve(read_round(other)))


def test_the_seed_of_hashes_does_not_change_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "round.json"
    path.write_text(json.dumps(document()))
    said = []
    for seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-m", "optimizer", "solve", str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        plan = json.loads(done.stdout)
        del plan["seconds"]
        said.append(plan)
    assert said[0] == said[1] == said[2]


def test_runs_beside_each_other_do_not_disturb_each_other() -> None:
    rounds = [read_round(document(seed)) for seed in (5, 6, 7, 8)]
    one_by_one = [essence(solve(r)) for r in rounds]
    with ThreadPoolExecutor(2) as pool:
        together = [essence(plan) for plan in pool.map(solve, rounds)]
    assert together == one_by_one
