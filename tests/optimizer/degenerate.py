"""Rounds at the edge of sense, made from a seed, and what a right answer to each of them is.

A small sound round gets one to three twists. A twist that makes the file wrong says where; such a
round must be refused by that name. All others must be solved right or refused as impossible, held
against the independent model (`comparison.agree`); amounts near the largest allowed, where that
model is inexact, against the plan of the same round in small amounts.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from optimizer.check import check
from optimizer.read import BadInput, read_round
from optimizer.solve import Infeasible, solve
from tests.optimizer.comparison import agree, best_of, stated_baselines
from tests.optimizer.rounds import any_features, random_round

Document = dict[str, Any]

HUGE = 10**15
GAP = 1e-4
FEATURES_LEFT_OUT = {"leave"}  # the reference cannot settle it where the others' plans tie

Twist = Callable[[random.Random, Document], str | None]
"""Changes a document in place; where the fault is, or None if the round is still sound."""


@dataclass(frozen=True)
class Case:
    """A document, and where it is wrong (empty: nowhere); `scale` multiplies its money."""

    document: Document
    wrong: tuple[str, ...]
    scale: int = 1


def degenerate(seed: int) -> Case:
    """The same case for the same seed; a third are wrong, a tenth huge."""
    rng = random.Random(f"degenerate {seed}")
    document = random_round(
        seed,
        commitments=rng.randint(1, 3),
        proposals=rng.randint(1, 5),
        features=set(any_features(seed)) - FEATURES_LEFT_OUT,
        scale=rng.choice(["tiny", "small"]),
    )
    if seed % 10 == 9:
        return Case(document, (), scale=rng.choice([10**6, 10**9, 10**12]))
    twists = WRONG if seed % 3 == 0 else SOUND
    said = [twist(rng, document) for twist in rng.sample(twists, rng.randint(1, 3))]
    return Case(document, tuple(where for where in said if where))


def judge(case: Case) -> str:
    """Assert that the answer to a case is right; which it was: refused, impossible or solved."""
    if case.wrong:
        with pytest.raises(BadInput) as bad:
            read_round(case.document)
        for where in case.wrong:
            assert any(re.match(rf"{re.escape(where)}[:.\[]", f) for f in bad.value.faults), where
        return "refused"
    if case.scale > 1:
        return _judge_huge(case)
    return "impossible" if agree(case.document, GAP) is None else "solved"


def _judge_huge(case: Case) -> str:
    """In amounts as much larger, the plan must be worth as much more, or all but the gap."""
    problem = read_round(scaled(case.document, case.scale))
    try:
        small = solve(read_round(case.document), gap=GAP)
    except Infeasible:
        return _judge_alone(problem)
    if best_of(case.document, stated_baselines(case.document, small), 0) is None:
        return _judge_alone(problem)  # it needs the tolerances, which do not grow with the money
    plan = solve(problem, gap=GAP)
    assert check(problem, plan, gap=GAP) == []
    assert plan.status == "optimal"
    least, most_of_it = small.value * case.scale, abs(small.value) * case.scale
    tolerances = 20 * case.scale  # units by which the small plan may have used them
    assert plan.bound >= least - 1e-9 * most_of_it - tolerances
    assert plan.value >= least - GAP * most_of_it - tolerances
    return "solved"


def _judge_alone(problem: Any) -> str:
    """Finer amounts may make possible what whole units did not; then every limit must hold."""
    try:
        plan = solve(problem, gap=GAP)
    except Infeasible:
        return "impossible"
    assert check(problem, plan, gap=GAP) == []
    return "solved"


MONEY = {
    *("amount", "cap_per_proposal", "ticket", "at_least", "ask", "minimum", "spent", "width"),
    *("floor", "cap", "agreement_cost", "round_to"),
}


def scaled(value: Any, factor: int, key: str = "") -> Any:
    """The same document with every amount of money so many times larger."""
    if isinstance(value, dict):
        return {k: scaled(v, factor, k) for k, v in value.items()}
    if isinstance(value, list):
        return [scaled(entry, factor) for entry in value]
    is_money = key in MONEY and value is not None
    return (
        (value * factor if not isinstance(value, float) else float(value * factor))
        if is_money
        else value
    )


# Twists that leave a round sound


def _some(rng: random.Random, document: Document, key: str) -> tuple[int, Document]:
    rows = document[key]
    k = rng.randrange(len(rows))
    return k, rows[k]


def _put(table: str, key: str, *values: Any) -> Twist:
    """One of these values for a key of some row of a table."""

    def twist(rng: random.Random, document: Document) -> str | None:
        if document[table]:
            _some(rng, document, table)[1][key] = rng.choice(values)
        return None

    return twist


def _policy(key: str, *values: Any) -> Twist:
    def twist(rng: random.Random, document: Document) -> str | None:
        document["policy"][key] = rng.choice(values)
        return None

    return twist


def _ask_of_one(rng: random.Random, document: Document) -> None:
    _, row = _some(rng, document, "proposals")
    row.update(ask=1, minimum=1)
    document["locks"] = []


def _empty(*keys: str) -> Twist:
    def twist(rng: random.Random, document: Document) -> None:
        for key in keys:
            document[key] = []
        document["locks"], document["overlaps"] = [], []
        for row in document["commitments"]:
            row["excludes"] = []

    return twist


def _overlap_everything(rng: random.Random, document: Document) -> None:
    ids = [p["id"] for p in document["proposals"]]
    pairs = [[a, b] for k, a in enumerate(ids) for b in ids[:k]]
    document["overlaps"] = [{"proposals": pair, "degree": 1} for pair in [*pairs, *pairs]]


def _locks_that_disagree(rng: random.Random, document: Document) -> None:
    _, row = _some(rng, document, "proposals")
    forms = [
        [{"funded": True}, {"funded": False}],
        [{"amount": row["ask"]}, {"amount": 0}],
        [{"amount": row["ask"]}, {"amount": row["ask"] + 1}],
        [{"funded": True}, {"funded": True}],
        [{"amount": HUGE}],
    ]
    document["locks"] = [{"proposal": row["id"], **lock} for lock in rng.choice(forms)]


def _same_name_twice(rng: random.Random, document: Document) -> None:
    _, row = _some(rng, document, "commitments")
    area = document["areas"][0]["id"]
    row.update(areas=[area, area], regions=["Africa", "Africa", "Europe"])


def _a_funder_without_money(rng: random.Random, document: Document) -> None:
    row = {"id": "nobody", "guarantee": "alone", "weights": {document["areas"][0]["id"]: 0}}
    document["funders"].append(row)


def _weights_that_barely_sum(rng: random.Random, document: Document) -> None:
    _, row = _some(rng, document, "proposals")
    area = document["areas"][0]["id"]
    row["areas"] = {area: rng.choice([0.999999, 1.000001, 1])}


SOUND: list[Twist] = [
    _put("commitments", "amount", 0, 1, HUGE),
    _put("commitments", "ticket", 1, HUGE),
    _put("commitments", "cap_per_proposal", 0, 1, HUGE, None),
    _put("commitments", "cap_share_of_ask", 0, 1, 1e-300, 0.9999999999),
    _put("commitments", "least_share", 0, 1),
    _put("commitments", "areas", [], None),
    _put("commitments", "regions", [], ["Nowhere"], None),
    _put("commitments", "risk_tiers", [], None),
    _put("commitments", "pays_share_only", True),
    _put("proposals", "merit", 0, 1, 1e-300, 0.1 + 0.2),
    _put("proposals", "region", None, "Nowhere"),
    _put("proposals", "institution", None, "one"),
    _put("areas", "spent", HUGE),
    _put("areas", "cap", 0, 1, HUGE, None),
    _put("areas", "floor", 1, HUGE),
    _put("areas", "steps", [], [{"width": 0, "weight": 1}], [{"width": HUGE, "weight": 0.5}]),
    _put("areas", "steps", [{"width": 3, "weight": 1e6}], [{"width": 3, "weight": 1e-12}]),
    _put("funders", "at_least", 0, -1e24, 1e-9, 1e24),
    _policy("max_cofunders", 0, 1, None),
    _policy("agreement_cost", 0, 1, HUGE),
    _policy("round_to", 1, 7, HUGE),
    _policy("institution_share", 0, 1e-9, 1, None),
    _policy("region_least", {}, {"Nowhere": 0}, {"Nowhere": 1e-12}, {"Nowhere": 1}),
    _policy("risk_most", {}, {"high": 0, "minimal": 0, "limited": 0}, {"none": 0}),
    _policy("overlap_weight", 0, 1e6),
    _policy("floor_penalty", 0, 1e6),
    _ask_of_one,
    _empty("commitments"),
    _empty("proposals"),
    _empty("commitments", "proposals", "funders"),
    _overlap_everything,
    _locks_that_disagree,
    _same_name_twice,
    _a_funder_without_money,
    _weights_that_barely_sum,
]


# Twists that make a file wrong


def _spoil(table: str, key: str, *values: Any) -> Twist:
    """A value that the key may not hold, in some row of a table."""

    def twist(rng: random.Random, document: Document) -> str:
        k, row = _some(rng, document, table)
        row[key] = rng.choice(values)
        return f"{table}[{k}].{key}"

    return twist


def _spoil_policy(key: str, *values: Any) -> Twist:
    def twist(rng: random.Random, document: Document) -> str:
        document["policy"][key] = rng.choice(values)
        return f"policy.{key}"

    return twist


def _twice(table: str) -> Twist:
    def twist(rng: random.Random, document: Document) -> str:
        _, row = _some(rng, document, table)
        document[table].append(dict(row))
        return f"{table}[{len(document[table]) - 1}].id"

    return twist


def _without(table: str, key: str) -> Twist:
    def twist(rng: random.Random, document: Document) -> str:
        k, row = _some(rng, document, table)
        row.pop(key, None)
        return f"{table}[{k}].{key}"

    return twist


def _lock_without_sense(rng: random.Random, document: Document) -> str:
    lock = {"proposal": document["proposals"][0]["id"], "funded": True, "amount": 1}
    document["locks"].append(lock)
    return f"locks[{len(document['locks']) - 1}]"


NO_NUMBERS = (math.nan, math.inf, -math.inf, True, "5", None, [], {})

WRONG: list[Twist] = [
    _spoil("commitments", "amount", *NO_NUMBERS, -1, 1.5, HUGE + 1, 2**63, 10**30),
    _spoil("commitments", "ticket", *NO_NUMBERS, -1, 0.5),
    _spoil("commitments", "funder", "", None, 3),
    _spoil("commitments", "least_share", *NO_NUMBERS, -0.1, 1.1),
    _spoil("commitments", "excludes", {}, "p0", None),
    _spoil("proposals", "ask", *NO_NUMBERS, 0, -5, 1e15, HUGE + 1),
    _spoil("proposals", "minimum", math.nan, 0, HUGE, "1"),
    _spoil("proposals", "merit", *NO_NUMBERS, -0.01, 1.01, 1e309),
    _spoil("proposals", "areas", {}, [], None, {"a0": 0.5}, {"a0": 1.1}),
    _spoil("proposals", "colour", 1),
    _spoil("areas", "spent", *NO_NUMBERS, -1),
    _spoil("areas", "cap", math.nan, -1, "none"),
    _spoil("areas", "steps", {}, None, 5),
    _spoil("funders", "guarantee", "always", None, 1),
    _spoil("funders", "at_least", math.nan, math.inf, "1", 1e25),
    _spoil_policy("round_to", *NO_NUMBERS, 0, 2.0),
    _spoil_policy("institution_share", math.nan, -1, 2),
    _spoil_policy("max_cofunders", -1, 1.0, "one"),
    _spoil_policy("floor_penalty", *NO_NUMBERS, -1, 1e7),
    _twice("commitments"),
    _twice("proposals"),
    _twice("areas"),
    _without("commitments", "amount"),
    _without("proposals", "areas"),
    _lock_without_sense,
]
