"""Rounds that cannot be satisfied: which demands conflict, none too many, and by how much."""

from __future__ import annotations

import pytest

from optimizer.clock import Clock
from optimizer.conflicts import Conflict, conflict_of, demands, is_satisfiable, with_only
from optimizer.pairs import in_order
from optimizer.problem import Problem
from optimizer.read import read_round
from optimizer.solve import Infeasible, solve
from tests.optimizer.rounds import random_round
from tests.optimizer.small_rounds import a_problem


def conflict(problem: Problem) -> Conflict:
    with pytest.raises(Infeasible) as raised:
        solve(problem)
    return conflict_of(problem, raised.value.floors)


def named(found: Conflict) -> list[tuple[str, str]]:
    return [(m.demand.kind, m.demand.where) for m in found.members]


def test_a_share_that_too_few_ask_for_is_named_with_what_is_missing() -> None:
    proposals = [{"id": "p", "ask": 300, "merit": 0.5, "areas": {"theory": 1}, "region": "south"}]
    problem = a_problem(proposals=proposals, policy={"region_least": {"south": 0.5, "north": 0.0}})
    found = conflict(problem)
    assert named(found) == [("region_least", "south")]
    assert found.members[0].short_by == pytest.approx(1100 * 0.5 - 300 - 2, abs=1)


def test_two_demands_that_are_fine_alone_are_named_together() -> None:
    proposals = [{"id": "p", "ask": 500, "merit": 0.5, "areas": {"theory": 1}, "region": "south"}]
    areas = [{"id": "practice"}, {"id": "theory", "cap": 300}]
    problem = a_problem(proposals=proposals, areas=areas, policy={"region_least": {"south": 0.4}})
    assert set(named(conflict(problem))) == {("region_least", "south"), ("area cap", "theory")}


def test_a_lock_that_no_money_can_keep_is_named_alone() -> None:
    locks = [
        {"proposal": "audit", "commitment": "theory", "amount": 100},
        {"proposal": "proofs", "funded": True},
    ]
    assert named(conflict(a_problem(locks=locks))) == [("lock", "audit")]


def test_locks_that_disagree_are_named_both() -> None:
    locks = [{"proposal": "audit", "funded": True}, {"proposal": "audit", "funded": False}]
    assert named(conflict(a_problem(locks=locks))) == [("lock", "audit"), ("lock", "audit")]


def test_a_promise_that_a_lock_breaks_is_named_with_it() -> None:
    funders = [{"id": "northlight", "weights": {"practice": 0}, "guarantee": "alone"}]
    problem = a_problem(funders=funders, locks=[{"proposal": "proofs", "amount": 100}])
    found = conflict(problem)
    assert set(named(found)) == {("lock", "proofs"), ("guarantee", "northlight")}
    (promise,) = [m for m in found.members if m.demand.kind == "guarantee"]
    assert promise.short_by == pytest.approx(240 - 60 - 5, abs=2)


def test_a_share_that_misses_by_less_than_a_unit_still_conflicts() -> None:
    proposals = [{"id": "p", "ask": 1, "merit": 1, "areas": {"theory": 1}, "region": "south"}]
    commitments = [{"id": "c", "funder": "f", "amount": 10}]
    problem = a_problem(
        commitments=commitments, proposals=proposals, policy={"region_least": {"south": 0.34}}
    )
    found = conflict(problem)
    assert named(found) == [("region_least", "south")]


def test_every_conflict_conflicts_and_no_part_of_it_does() -> None:
    tried = 0
    features = [
        *("minimum", "areas", "area_cap", "lock_line", "lock_total", "lock_in", "lock_out"),
        *("institution_share", "region_least", "risk_most", "at_least"),
    ]
    for seed in range(60):
        document = random_round(seed, commitments=3, proposals=6, features=features, scale="real")
        problem = read_round(document)
        try:
            solve(problem)
        except Infeasible as infeasible:
            found = [m.demand for m in conflict_of(problem, infeasible.floors).members]
            ordered, clock = in_order(problem), Clock.of(60)
            assert found
            assert not is_satisfiable(ordered, found, clock)
            for demand in found:
                rest = [d for d in found if d is not demand]
                assert is_satisfiable(ordered, rest, clock)
            tried += 1
    assert tried > 10


def test_the_round_with_every_demand_asks_what_the_round_asks() -> None:
    problem = in_order(
        a_problem(
            areas=[{"id": "practice", "cap": 700}, {"id": "theory", "cap": 300}],
            policy={"institution_share": 0.3, "risk_most": {"high": 0.1}},
            locks=[{"proposal": "audit", "funded": True}],
        )
    )
    kept, floors = with_only(problem, list(demands(problem, {"harbour": 12.0})))
    assert kept.locks == problem.locks
    assert [a.cap for a in kept.areas] == [700, 300]
    assert kept.policy.institution_share == pytest.approx(0.3)
    assert kept.policy.risk_most == pytest.approx({"high": 0.1})
    assert floors == {"harbour": 12.0}


def test_out_of_time_no_conflict_is_said_to_be_the_smallest() -> None:
    problem = a_problem(policy={"region_least": {"nowhere": 0.5, "north": 0.0}})
    found = conflict_of(problem, {}, seconds=0.0)
    assert not found.is_smallest
    assert named(found) == [("region_least", "north"), ("region_least", "nowhere")]
    assert conflict_of(problem, {}).is_smallest
