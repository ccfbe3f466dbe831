"""The optimizer against an independent model of the format, and that model against every plan.

`reference.solve` is compared with the best of all plans on rounds so small that each can be tried;
then `solve` is compared with `reference.solve` on many more, each feature alone and mixed.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.check import check
from optimizer.read import read_round
from optimizer.solve import Infeasible, solve
from tests.optimizer import by_hand, reference
from tests.optimizer.comparison import agree, best_of, plans_to_try
from tests.optimizer.rounds import FEATURES, any_features, random_round, small_rounds

Document = dict[str, Any]

# The reference itself


def test_the_reference_finds_the_best_of_all_plans_of_tiny_rounds() -> None:
    outcomes = {"solved": 0, "infeasible": 0}
    for seed in range(400):
        document = random_round(
            seed,
            commitments=1 + seed % 3,
            proposals=1 + seed // 3 % 3,
            features=any_features(seed),
            scale="tiny",
        )
        if plans_to_try(document) > 2000:
            continue
        baselines = reference.baselines(document) or {}
        if len(baselines) < sum("guarantee" in f for f in document["funders"]):
            continue
        for slack in (0, 1):
            try:
                best = by_hand.enumerate_best(document, baselines, slack=slack)
            except by_hand.Infeasible:
                assert best_of(document, baselines, slack) is None, seed
                outcomes["infeasible"] += 1
            else:
                solved = best_of(document, baselines, slack)
                assert solved is not None, seed
                assert solved.value == pytest.approx(best.value, abs=1e-6), seed
                outcomes["solved"] += 1
    assert min(outcomes.values()) > 150, outcomes


# The optimizer


@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_alone_is_solved_right(feature: str) -> None:
    also = {"least_share": ["areas"], "pays_share_only": ["areas"], "spent": ["steps"]}
    for seed in range(5):
        document = random_round(
            seed,
            commitments=2 + seed % 3,
            proposals=3 + seed,
            features=[feature, "minimum", *also.get(feature, [])],
        )
        agree(document, (1e-3, 1e-7)[seed % 2])


@pytest.mark.parametrize("start", range(0, 120, 10))
def test_features_mixed_at_random_are_solved_right(start: int) -> None:
    for seed in range(start, start + 10):
        agree(mixed(seed), (1e-3, 1e-6)[seed % 2])


def mixed(seed: int) -> Document:
    return random_round(
        seed,
        commitments=1 + seed % 6,
        proposals=1 + seed // 5 % 11,
        features=any_features(seed),
        scale=("tiny", "small", "small", "real")[seed % 4],
    )


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 2000, 50))
def test_a_thousand_more_mixed_rounds_are_solved_right(start: int) -> None:
    for seed in range(start, start + 50):
        agree(mixed(seed), (1e-3, 1e-6)[seed % 2])


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_rounds())
def test_no_small_round_is_solved_wrong(document: Document) -> None:
    agree(document, 1e-4)


def test_baselines_reckoned_anew_are_those_stated() -> None:
    stated = 0
    for seed in range(20):
        document = random_round(
            seed,
            commitments=3,
            proposals=6,
            features=["alone", "leave", "weights", "minimum", "areas", "cap_share_of_ask"],
        )
        problem = read_round(document)
        try:
            plan = solve(problem)
        except Infeasible:
            continue  # what funders would reach by leaving may be too much for all to be promised
        assert check(problem, plan, resolve=True) == []
        stated += sum(len(figures) - 1 for figures in plan.funders.values())
    assert stated > 10


def test_a_baseline_stated_too_low_is_caught_when_reckoned_anew() -> None:
    document = random_round(1, commitments=3, proposals=6, features=["minimum"])
    document["funders"] = [{"id": c["funder"]} for c in document["commitments"][:1]]
    document["funders"][0]["guarantee"] = "alone"
    problem, funder = read_round(document), document["funders"][0]["id"]
    plan = solve(problem)
    plan.funders[funder]["alone"] -= 10
    assert check(problem, plan) == []
    (violation,) = check(problem, plan, resolve=True)
    assert (violation.limit, violation.where) == ("baseline alone", funder)


LARGER = (
    "areas",
    "regions",
    "excludes",
    "cap_per_proposal",
    "weights",
    "alone",
    "minimum",
    "steps",
    "spent",
    "floor",
    "overlaps",
    "institution_share",
)


@pytest.mark.slow
@pytest.mark.parametrize(("commitments", "proposals"), [(5, 40), (8, 100), (10, 200)])
@pytest.mark.parametrize("extra", [[], ["ticket"], ["leave"], ["max_cofunders"], ["round_to"]])
def test_larger_rounds_reach_the_references_value(
    commitments: int, proposals: int, extra: list[str]
) -> None:
    document = random_round(
        7,
        commitments=commitments,
        proposals=proposals,
        features=[*LARGER, *extra],
        scale="real",
        areas=6,
        scarcity=0.4,
    )
    problem = read_round(document)
    plan = solve(problem, gap=1e-3)
    assert check(problem, plan, gap=1e-3) == []
    assert plan.status == "optimal"
    baselines = {
        id_: figures.get("leave", figures.get("alone", 0.0))
        for id_, figures in plan.funders.items()
    }
    best = reference.solve(document, baselines, gap=1e-3)
    slip = 1e-6 * abs(best.bound)
    assert plan.value <= best.bound + slip
    assert plan.bound >= best.value - slip


@pytest.mark.slow
@pytest.mark.parametrize("extra", [[], ["leave"]])
def test_a_round_of_twenty_by_a_thousand_passes_the_check(extra: list[str]) -> None:
    document = random_round(
        3,
        commitments=20,
        proposals=1000,
        features=[*LARGER, *extra],
        scale="real",
        areas=14,
        scarcity=0.4,
    )
    problem = read_round(document)
    plan = solve(problem, gap=1e-3, seconds=600)
    assert check(problem, plan, gap=1e-3) == []
    assert plan.gap <= 1e-3
