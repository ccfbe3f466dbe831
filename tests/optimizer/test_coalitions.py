"""Groups of funders that would do better by leaving together: by hand, and against enumeration."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import coalitions
from optimizer.baselines import PROOF, others_leaving
from optimizer.clock import Cancelled, Clock
from optimizer.coalitions import Groups, blocking_groups, every, some
from optimizer.pairs import in_order
from optimizer.problem import Plan, Problem
from optimizer.solve import solve
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


@st.composite
def tiny_rounds(draw: st.DrawFn) -> Problem:
    """Three funders, three proposals, amounts small enough to try them all."""
    weight = st.sampled_from([0.1, 0.5, 1.0, 3.0])
    need = [{"width": 60, "weight": draw(st.sampled_from([0.0, 1.0, 2.0]))}]  # not the funders' own
    funders = ["amber", "birch", "cedar"]
    return a_problem(
        areas=[{"id": "theory", "steps": need}, {"id": "practice"}],
        commitments=[
            {"id": f"c-{name}", "funder": name, "amount": draw(st.integers(4, 20))}
            for name in funders
        ],
        funders=[
            {"id": name, "weights": {"theory": draw(weight), "practice": draw(weight)}}
            for name in funders
        ],
        proposals=[
            {
                "id": name,
                "ask": (ask := draw(st.integers(8, 30))),
                "minimum": draw(st.sampled_from([ask, ask, 1 + ask // 2])),
                "merit": draw(st.sampled_from([0.3, 0.6, 0.9, 1.0])),
                "areas": {draw(st.sampled_from(["theory", "practice"])): 1},
            }
            for name in ("audit", "proof", "survey")
        ],
    )


def best_of_all(problem: Problem, plan: Plan, group: tuple[str, ...]) -> float:
    """The most by which the least gaining member could do better, by trying every amount."""
    others = others_leaving(problem, group, Clock.of(60.0), PROOF)
    had = np.array(others.totals)
    money = sum(c.amount for c in problem.commitments if c.funder in group)
    choices = []
    for p, proposal in enumerate(problem.proposals):
        least = 1 if had[p] else proposal.minimum
        choices.append(np.array([0, *range(least, proposal.ask - had[p] + 1)]))
    added = np.stack(np.meshgrid(*choices, indexing="ij"), axis=-1).reshape(-1, len(choices))
    added = added[added.sum(axis=1) <= money]
    before = np.array([plan.totals.get(p.id, 0) for p in problem.proposals])
    gains = []
    for name in group:
        weights = problem.funder_by_id[name].weights
        worth = [p.merit * weights[next(iter(p.areas))] for p in problem.proposals]
        gains.append((added + had - before) @ np.array(worth))
    return float(np.min(gains, axis=0).max())


@settings(max_examples=40, deadline=None)
@given(tiny_rounds())
def test_the_search_agrees_with_trying_every_amount_of_every_group(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coalitions, "GAP", PROOF)  # the others' plan must be the same in both
        ordered = in_order(problem)
        plan = solve(problem, gap=PROOF)
        found = {group.funders for group in search(problem, plan).blocking}
    for size in (1, 2):
        for group in combinations(("amber", "birch", "cedar"), size):
            best = best_of_all(ordered, plan, group)
            contains = any(set(smaller) < set(group) for smaller in found)
            if best > 5.1:
                assert group in found or contains
            elif best < 4.9:
                assert group not in found
