"""What pooling gains: groups that would leave against every way to spend, and guarantees' prices.

On small rounds each group of three funders is tried with every amount. On a round of twelve funders
each of 4,094 groups is settled, and what a promise costs is found again by solving both rounds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from bench.rounds import make_round
from optimizer.baselines import PROOF
from optimizer.clock import Clock
from optimizer.coalitions import blocking_groups
from optimizer.pairs import in_order
from optimizer.pooling import guarantee, standing
from optimizer.problem import Problem
from optimizer.read import read_round
from optimizer.solve import solve
from tests.optimizer.leaving_by_hand import FUNDERS, best_of_all, tiny_round

ROUNDS = 150
CLEAR = 0.1  # units around the format's tolerance of 5 that are too near to call
TWELVE = (12, 60)
SECONDS = 3600.0
GAP = 1e-4


def prove() -> Iterator[str]:
    yield against_every_amount()
    problem = twelve()
    plan = solve(problem, gap=GAP, seconds=SECONDS)
    ordered, clock = in_order(problem), Clock.of(SECONDS)
    found = blocking_groups(ordered, plan, clock)
    assert found.is_complete, f"{found.looked} of {found.possible} groups"
    yield (
        f"{found.possible:,} groups of {TWELVE[0]} funders settled: {found.ruled_out:,} by a "
        f"bound, {found.larger:,} contain one that blocks, {len(found.blocking)} block"
    )
    prices = 0
    for id_ in sorted(plan.funders):
        leave = standing(ordered, plan, id_, clock)["leave"]
        price = guarantee(ordered, plan, id_, leave, clock)
        if price.at_most is None or price.at_least is None or price.at_most == 0:
            continue
        funders = tuple(
            replace(f, at_least=leave, guarantee="none") if f.id == id_ else f
            for f in problem.funders
        )
        other = solve(replace(problem, funders=funders), gap=GAP, seconds=SECONDS)
        lost = (plan.value - other.bound, plan.bound - other.value)
        assert lost[0] <= price.at_most + 1, f"{id_}: {price} against {lost}"
        assert lost[1] >= price.at_least - 1, f"{id_}: {price} against {lost}"
        prices += 1
    yield f"{prices} promises to those who would do better by leaving: their prices found again"


def against_every_amount() -> str:
    """Groups named in small rounds, against the best that any spending brings."""
    blocking = near = groups = 0
    for seed in range(ROUNDS):
        problem = tiny_round(random.Random(seed))
        ordered, plan = in_order(problem), solve(problem, gap=PROOF)
        # the same plan of the others in both
        groups_named = blocking_groups(ordered, plan, Clock.of(600), gap=PROOF).blocking
        named = {g.funders for g in groups_named}
        for size in (1, 2):
            for group in combinations(FUNDERS, size):
                best = best_of_all(ordered, plan, group)
                contains = any(set(smaller) < set(group) for smaller in named)
                groups += 1
                near += abs(best - 5) <= CLEAR
                if best > 5 + CLEAR:
                    assert group in named or contains, f"round {seed}: {group} can block"
                    blocking += 1
                elif best < 5 - CLEAR:
                    assert group not in named, f"round {seed}: {group} cannot block"
    return (
        f"{ROUNDS} small rounds, {groups} groups with every amount tried: {blocking} can do better "
        f"and are named or contain one that is, the others are not; {near} too near to call"
    )


def twelve() -> Problem:
    """Caps and minimums let nobody pay alone for what it wants, so that pooling matters."""
    document = make_round(*TWELVE, seed=3)
    draw = random.Random(1)
    for commitment in document["commitments"]:
        commitment["cap_share_of_ask"] = 0.35
    for proposal in document["proposals"]:
        proposal["minimum"] = int(proposal["ask"] * 0.8)
    areas = [{"id": area["id"]} for area in document["areas"]]
    funders = [
        {
            "id": commitment["funder"],
            "weights": {area["id"]: draw.choice([0.9, 1.0, 1.1]) for area in areas},
        }
        for commitment in document["commitments"]
    ]
    return read_round({**document, "areas": areas, "funders": funders})
