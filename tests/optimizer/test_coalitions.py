"""Groups of funders that would do better by leaving together: by hand, and against enumeration."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from optimizer.baselines import PROOF
from optimizer.clock import Cancelled, Clock
from optimizer.coalitions import Groups, blocking_groups, every, some
from optimizer.pairs import in_order
from optimizer.problem import Plan, Problem
from optimizer.solve import solve
from tests.optimizer.leaving_by_hand import FUNDERS, best_of_all, tiny_round
from tests.optimizer.small_rounds import a_problem, solved

THREE = [
    {"id": "amber", "weights": {"theory": 1, "practice": 0.1}},
    {"id": "birch", "weights": {"theory": 1, "practice": 0.1}},
    {"id": "cedar", "weights": {"theory": 0.1, "practice": 1}},
]


def three_funders(**parts: object) -> Problem:
    """Two who want theory, with too little each for the one proposal there is, and one other."""
    commitments = [
        {"id": "a", "funder": "amber", "amount": 1000},
        {"id": "b", "funder": "birch", "amount": 1000},
        {"id": "c", "funder": "cedar", "amount": 1000},
    ]
    proposals = [
        {"id": "proof", "ask": 2000, "merit": 0.5, "areas": {"theory": 1}},
        {"id": "tools", "ask": 1000, "merit": 0.9, "areas": {"practice": 1}},
        {"id": "tests", "ask": 1000, "merit": 0.8, "areas": {"practice": 1}},
        {"id": "users", "ask": 1000, "merit": 0.7, "areas": {"practice": 1}},
    ]
    return a_problem(
        **{"commitments": commitments, "proposals": proposals, "funders": THREE, **parts}
    )


def search(problem: Problem, plan: Plan, **options: object) -> Groups:
    return blocking_groups(in_order(problem), plan, Clock.of(60.0), **options)


def test_two_that_only_together_can_pay_for_what_they_want_block_the_plan() -> None:
    problem = three_funders()
    plan = solved(problem)  # the pool pays tools, tests and users
    assert set(plan.totals) == {"tools", "tests", "users"}
    found = search(problem, plan)
    assert [group.funders for group in found.blocking] == [("amber", "birch")]
    # leaving, they pay the proof: 2000 at 0.5, and cedar still pays tools: 1000 at 0.9
    before = 0.1 * 1000 * (0.9 + 0.8 + 0.7)
    after = 2000 * 0.5 + 0.1 * 1000 * 0.9
    assert found.blocking[0].gains == {
        "amber": pytest.approx(after - before),
        "birch": pytest.approx(after - before),
    }
    assert found.is_complete
    assert found.looked == found.possible == 6


def test_no_group_blocks_a_plan_that_pays_for_what_the_two_want() -> None:
    locked = three_funders(locks=[{"proposal": "proof", "funded": True}])
    found = search(locked, solved(locked))
    assert found.blocking == []
    assert found.is_complete


def test_a_funder_that_would_do_better_by_leaving_is_a_group_of_one() -> None:
    problem = three_funders(locks=[{"proposal": "tools", "funded": False}])
    # nobody may pay tools in the pool; who leaves keeps its own counsel
    found = search(problem, solved(problem))
    assert ("cedar",) in [group.funders for group in found.blocking]


def test_where_all_the_money_could_not_give_more_no_group_is_looked_at_closer() -> None:
    same = [{"id": name} for name in ("amber", "birch", "cedar")]
    problem = three_funders(funders=same)
    found = search(problem, solved(problem))
    assert found.ruled_out == found.possible == 6
    assert found.blocking == []


def test_a_search_that_was_stopped_goes_on_and_finds_the_same() -> None:
    problem = three_funders()
    plan, kept = solved(problem), []
    whole = search(problem, plan, keep=lambda found: kept.append(found.as_document()))
    assert [document["looked"] for document in kept] == [1, 2, 3, 4, 5, 6]
    resumed = search(problem, plan, known=Groups.from_document(kept[2]))
    assert resumed.blocking == whole.blocking
    assert resumed.is_complete


def test_without_time_nothing_is_claimed() -> None:
    problem = three_funders()
    plan = solved(problem)
    found = blocking_groups(in_order(problem), plan, Clock.of(0.0))
    assert (found.looked, found.is_complete) == (0, False)


def test_a_search_can_be_cancelled() -> None:
    problem = three_funders()
    plan = solved(problem)
    clock = Clock.of(60.0, cancelled=lambda: True)
    with pytest.raises(Cancelled):
        blocking_groups(in_order(problem), plan, clock)


def test_every_group_but_that_of_all_is_a_candidate_small_ones_first() -> None:
    assert list(every(("a", "b", "c"))) == [
        ("a",),
        ("b",),
        ("c",),
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]


def test_beyond_the_exact_size_groups_are_grown_and_drawn_and_none_is_no_proof() -> None:
    problem = three_funders()
    plan = solved(problem)
    found = search(problem, plan, most_exact=2, samples=5)
    assert found.how == "sample"
    assert not found.is_complete
    assert [group.funders for group in found.blocking] == [("amber", "birch")]
    names = list(some(in_order(problem), ("amber", "birch", "cedar"), 5))
    assert len(names) == len(set(names))
    assert {("amber",), ("birch",), ("cedar",), ("amber", "birch")} <= set(names)


@pytest.mark.parametrize("seed", range(40))
def test_the_search_agrees_with_trying_every_amount_of_every_group(seed: int) -> None:
    problem = tiny_round(random.Random(seed))
    ordered = in_order(problem)
    plan = solve(problem, gap=PROOF)
    # the others' plan must be the same in both
    found = {group.funders for group in search(problem, plan, gap=PROOF).blocking}
    for size in (1, 2):
        for group in combinations(FUNDERS, size):
            best = best_of_all(ordered, plan, group)
            contains = any(set(smaller) < set(group) for smaller in found)
            if best > 5.1:
                assert group in found or contains
            elif best < 4.9:
                assert group not in found
