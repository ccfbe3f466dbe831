"""The optimizer's answer for a round, held against the reference's."""

from __future__ import annotations

import json
import math
from typing import Any

from optimizer.check import check
from optimizer.problem import Plan
from optimizer.read import read_plan, read_round, write_plan
from optimizer.solve import Infeasible, solve
from tests.optimizer import by_hand, reference

Document = dict[str, Any]

PLENTY = 3600.0  # seconds: no answer may depend on how fast the machine is
BASELINE_SLACK = 5  # units: limits may be eased by so much, which a baseline may or may not use


def best_of(document: Document, baselines: dict[str, float], slack: float) -> by_hand.Best | None:
    try:
        return reference.solve(document, baselines, slack=slack)
    except by_hand.Infeasible:
        return None


def is_satisfiable(document: Document) -> bool | None:
    """Whether some plan keeps every limit, tolerances used; None where leave is not settled."""
    baselines = reference.baselines(document)
    if baselines is None:
        return None
    return best_of(document, baselines, 1) is not None


def agree(document: Document, gap: float) -> Plan | None:
    """Assert that the optimizer's answer for a round is right; the plan, None if there is none."""
    problem = read_round(document)
    try:
        plan = solve(problem, gap=gap, seconds=PLENTY)
    except Infeasible:
        assert is_satisfiable(document) is not True, "a plan exists"
        return None
    assert [str(violation) for violation in check(problem, plan, gap=gap)] == []
    assert read_plan(json.loads(json.dumps(write_plan(plan)))) == plan
    assert plan.status == "optimal"
    baselines = stated_baselines(document, plan)
    # units: the reference rounds amounts above 10,000 after solving
    slip = 1e-5 if sum(p["ask"] for p in document["proposals"]) < 100_000 else 20
    exact, eased = (best_of(document, baselines, slack) for slack in (0, 1))
    assert eased is not None, "the reference finds no plan at all"
    slip += 1e-6 * abs(eased.value)
    assert plan.value <= eased.bound + slip
    if exact is not None:
        assert plan.bound >= exact.value - slip
        assert plan.value >= exact.value - gap * max(1, abs(exact.value)) - slip
    return plan


def stated_baselines(document: Document, plan: Plan) -> dict[str, float]:
    """The baselines of a plan, asserted to be right wherever they are settled."""
    found = {}
    for funder in document["funders"]:
        kind = funder.get("guarantee", "none")
        if kind == "none":
            continue
        found[funder["id"]] = stated = plan.funders[funder["id"]][kind]
        reckon = reference.alone if kind == "alone" else reference.leave
        again = reckon(document, funder["id"])
        if again is not None:
            assert abs(stated - again) <= BASELINE_SLACK + 2e-6 * abs(again), (funder, again)
    return found


def plans_to_try(document: Document) -> int:
    """How many sets of lines a round has, limits that belong to one pair apart."""
    pairs = [(c, p) for c in document["commitments"] for p in document["proposals"]]
    return math.prod(1 + max(0, by_hand.cap(c, p)) for c, p in pairs if by_hand.may_pay(c, p))


def agree_with_every_plan(document: Document) -> str:
    """Assert that the answer at gap 0 is the best of all plans: solved, impossible, or unsettled.

    Unsettled: nobody's plan, and what leaving would bring depends on which of several best plans
    the others take.
    """
    problem = read_round(document)
    try:
        plan = solve(problem, gap=0.0)
    except Infeasible:
        baselines = reference.baselines(document)
        if baselines is None:
            return "unsettled"
        assert best_of_every_plan(document, baselines, slack=1.0) is None, "a plan exists"
        return "impossible"
    assert check(problem, plan, gap=0.0) == []
    assert plan.status == "optimal"
    baselines = stated_baselines(document, plan)
    exact, eased = (best_of_every_plan(document, baselines, slack) for slack in (0.0, 1.0))
    assert eased is not None, "there is no plan at all"
    slip = 1e-6 * max(1.0, abs(eased.value))
    assert plan.value <= eased.value + slip
    if exact is not None:
        assert plan.value >= exact.value - slip
        assert plan.bound >= exact.value - slip
    return "solved"


def best_of_every_plan(
    document: Document, baselines: dict[str, float], slack: float
) -> by_hand.Best | None:
    try:
        return by_hand.enumerate_best(document, baselines, slack=slack)
    except by_hand.Infeasible:
        return None
