"""What is said of an unfunded proposal, tried: by hand where it is known, else by solving again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from optimizer.changes import CHANGES, Change
from optimizer.clock import Clock
from optimizer.confirm import Confirmed, confirm
from optimizer.explain import explain
from optimizer.outcomes import Proof, prove
from optimizer.pairs import in_order
from optimizer.problem import Lock, Plan, Problem
from optimizer.read import read_round
from optimizer.solve import Infeasible, solve
from optimizer.stated import promises
from tests.optimizer.rounds import random_round
from tests.optimizer.small_rounds import a_problem, solved


def confirmed(problem: Problem, proposal: str, gap: float = 1e-9) -> tuple[Plan, Proof, Confirmed]:
    plan = solve(problem, gap=gap)
    floors = promises(in_order(problem), plan.funders)
    clock = Clock.of(600)
    proof = prove(problem, plan, floors, clock, gap)
    about = explain(problem, plan, has_baselines=False).proposals[proposal].about
    return plan, proof, confirm(problem, plan, proposal, proof, about, floors, clock)


def one_pot(amount: int, *proposals: dict[str, Any], **parts: Any) -> Problem:
    """A commitment that may pay anything, and proposals in one area."""
    return a_problem(
        commitments=[{"id": "pot", "funder": "harbour", "amount": amount}],
        proposals=[{"areas": {"practice": 1}, **p} for p in proposals],
        **parts,
    )


GOOD = {"id": "good", "ask": 1000, "merit": 0.8}
POOR = {"id": "poor", "ask": 1000, "merit": 0.545}


# Known by hand


def test_the_score_that_beats_the_rival_and_the_cost_of_funding_it_all_the_same() -> None:
    plan, _, found = confirmed(one_pot(1000, GOOD, POOR), "poor")
    assert plan.totals == {"good": 1000}
    assert found.forced is not None
    assert found.forced.lost == pytest.approx(255)
    assert found.forced.pushed_out == ("good",)
    assert found.forced.brought_in == ("poor",)
    merit = found.smallest["merit"]
    assert (merit.state, merit.enough, merit.too_little) == pytest.approx(("found", 0.26, 0.25))


def test_the_money_that_is_missing_is_what_the_pot_has_not() -> None:
    problem = one_pot(1600, GOOD, POOR)
    money = confirmed(problem, "poor")[2].smallest["money"]
    assert (money.state, money.enough, money.too_little) == ("found", 400, 380)


def test_a_lower_minimum_is_enough_where_money_is_left_over() -> None:
    problem = one_pot(1600, GOOD, POOR)
    smallest = confirmed(problem, "poor")[2].smallest
    assert (smallest["minimum"].enough, smallest["minimum"].too_little) == (400, 380)
    assert (smallest["ask"].enough, smallest["ask"].too_little) == (400, 380)


def test_asking_for_less_counts_from_the_ask_down_through_the_minimum() -> None:
    problem = one_pot(1600, GOOD, {**POOR, "minimum": 800})
    smallest = confirmed(problem, "poor")[2].smallest
    assert (smallest["minimum"].enough, smallest["minimum"].too_little) == (200, 190)
    assert (smallest["ask"].enough, smallest["ask"].too_little) == (400, 390)


def test_no_smaller_ask_helps_against_better_work_that_takes_every_cent() -> None:
    problem = one_pot(1000, {**GOOD, "minimum": 100}, POOR)
    smallest = confirmed(problem, "poor")[2].smallest
    assert smallest["minimum"].state == smallest["ask"].state == "impossible"
    assert smallest["merit"].enough == pytest.approx(0.26)


def test_nothing_helps_but_money_where_no_commitment_may_pay() -> None:
    problem = a_problem(
        commitments=[{"id": "theory", "funder": "f", "amount": 900, "areas": ["theory"]}],
        proposals=[{**POOR, "areas": {"practice": 1}}],
    )
    found = confirmed(problem, "poor")[2]
    assert found.forced is None
    assert {kind: s.state for kind, s in found.smallest.items()} == {
        "merit": "impossible",
        "money": "found",
        "minimum": "impossible",
        "ask": "impossible",
    }
    assert found.smallest["money"].enough == 1000


def test_no_money_helps_where_its_kind_of_risk_may_have_none() -> None:
    problem = one_pot(
        2000, GOOD, {**POOR, "risk_tier": "high"}, policy={"risk_most": {"high": 0.0}}
    )
    found = confirmed(problem, "poor")[2]
    assert {s.state for s in found.smallest.values()} == {"impossible"}


def test_a_proposal_that_was_set_aside_is_told_what_it_would_be_without_that() -> None:
    problem = one_pot(1000, GOOD, POOR, locks=[{"proposal": "good", "funded": False}])
    _, proof, found = confirmed(problem, "good")
    assert found.forced is not None
    assert found.forced.lost == pytest.approx(545 - 800)
    assert {s.state for s in found.smallest.values()} == {"none"}
    assert proof.slack == pytest.approx(0, abs=1e-3)


def test_a_tie_within_the_proven_gap_is_called_none() -> None:
    problem = one_pot(1000, GOOD, {**POOR, "merit": 0.7999})
    found = confirmed(problem, "poor", gap=1e-3)[2]
    plan = solved(problem)
    rough = Proof(plan.value, plan.value, plan.value * (1 + 1e-3), frozenset(plan.totals))
    about = explain(problem, plan, has_baselines=False).proposals["poor"].about
    again = confirm(problem, plan, "poor", rough, about, {}, Clock.of(60))
    assert {s.state for s in again.smallest.values()} == {"none"}
    assert again.forced is not None
    assert again.forced.is_none
    assert found.forced is not None


def test_an_overlap_with_a_funded_proposal_is_beaten_only_by_enough_score() -> None:
    overlap = {"proposals": ["good", "poor"], "degree": 0.6}
    problem = one_pot(2000, GOOD, POOR, overlaps=[overlap])
    found = confirmed(problem, "poor")[2]
    assert found.forced is not None
    assert found.forced.lost == pytest.approx(600 - 545)
    assert found.smallest["merit"].enough == pytest.approx(0.06)
    assert found.smallest["money"].state == "impossible"


# True when tried


def _still_funds(problem: Problem, change: Change) -> bool:
    return bool(solve(change.applied_to(problem), gap=1e-9).totals.get(change.proposal))


FEATURES = ["minimum", "areas", "steps", "least_share", "regions", "cap_share_of_ask", "area_cap"]
MORE = [*FEATURES, "overlaps", "floor", "institution_share", "round_to", "spent", "risk_most"]


@settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    seed=st.integers(0, 10**6), features=st.sampled_from([FEATURES, MORE]), which=st.integers(0, 9)
)
def test_every_confirmed_statement_is_true_when_tried(
    seed: int, features: list[str], which: int
) -> None:
    document = random_round(seed, commitments=3, proposals=9, features=features, scale="real")
    problem = read_round(document)
    try:
        plan = solve(problem, gap=1e-9)
    except Infeasible:
        return
    unfunded = [p.id for p in in_order(problem).proposals if p.id not in plan.totals]
    if not unfunded:
        return
    proposal = unfunded[which % len(unfunded)]
    _, proof, found = confirmed(problem, proposal)
    locks = (*problem.locks, Lock(proposal, funded=True))
    if found.forced is None:
        with pytest.raises(Infeasible):
            solve(replace(problem, locks=locks), gap=1e-9)
    else:
        best = solve(replace(problem, locks=locks), gap=1e-9)
        tolerance = proof.slack + 1e-6 * abs(plan.value) + 1
        assert found.forced.lost == pytest.approx(plan.value - best.value, abs=tolerance)
    assert set(found.smallest) == set(CHANGES)
    for kind, smallest in found.smallest.items():
        if smallest.enough is not None:
            assert _still_funds(problem, Change(kind, proposal, smallest.enough)), smallest
        if smallest.too_little:
            assert not _still_funds(problem, Change(kind, proposal, smallest.too_little)), smallest
