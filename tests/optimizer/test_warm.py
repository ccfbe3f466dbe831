"""A round kept warm: changes add up to the round that anybody could solve, and every plan holds."""

from __future__ import annotations

import pytest

from bench.rounds import TERMS, make_round
from optimizer.check import check
from optimizer.found import Infeasible
from optimizer.problem import Plan, Problem
from optimizer.read import read_round
from optimizer.solve import solve
from optimizer.tweaks import Tweaks
from optimizer.warm import WarmRound


def small(kind: str = "plain") -> tuple[Problem, Plan]:
    problem = read_round(make_round(5, 40, kind, seed=3))
    return problem, solve(problem, gap=1e-3)


def several(problem: Problem, plan: Plan) -> list[Tweaks]:
    first, second = problem.areas[0].id, problem.areas[1].id
    out = next(p.id for p in problem.proposals if not plan.totals.get(p.id))
    commitment = problem.commitments[0]
    return [
        Tweaks(weights={first: 3.0}),
        Tweaks(weights={first: 3.0}, floors={second: 2 * plan.areas[second]["amount"]}),
        Tweaks(caps={first: plan.areas[first]["amount"] // 2}),
        Tweaks(pins={out: True}),
        Tweaks(pins={out: None}),
        Tweaks(amounts={commitment.id: commitment.amount // 2}),
    ]


@pytest.mark.parametrize("kind", ["plain", "tickets", TERMS])
def test_a_plan_after_each_change_keeps_the_changed_round_and_is_near_the_best(kind: str) -> None:
    problem, plan = small(kind)
    warm = WarmRound(problem, plan)
    before = plan
    for tweaks in several(problem, plan):
        step = warm.step(tweaks, before)
        assert check(tweaks.applied_to(problem), step.plan) == []
        anew = solve(tweaks.applied_to(problem), gap=1e-2)
        assert step.plan.value >= anew.value * (1 - 0.03)
        assert step.plan.bound >= anew.value * (1 - 1e-6)
        before = step.plan


def test_without_a_change_the_plan_stays_to_the_cent() -> None:
    problem, plan = small()
    warm = WarmRound(problem, plan)
    warm.step(Tweaks(weights={problem.areas[0].id: 5.0}))
    assert warm.step(Tweaks()).plan.totals == plan.totals


def test_a_plan_of_another_step_is_shown_again_where_it_is_the_best() -> None:
    problem, plan = small()
    warm = WarmRound(problem, plan)
    heavy = Tweaks(weights={problem.areas[0].id: 5.0})
    first = warm.step(heavy).plan
    assert warm.step(heavy, plan, [first]).plan.value >= first.value


def test_a_pin_that_no_money_reaches_is_no_plan() -> None:
    problem, plan = small()
    poor = Tweaks(amounts={c.id: 1 for c in problem.commitments})
    pinned = Tweaks(amounts=poor.amounts, pins={problem.proposals[0].id: True})
    warm = WarmRound(problem, plan)
    assert warm.step(poor).plan.totals == {}
    with pytest.raises(Infeasible):
        warm.step(pinned)


def test_another_amount_keeps_the_proportions_of_the_years() -> None:
    problem = read_round(make_round(5, 40, TERMS, seed=3))
    commitment = next(c for c in problem.commitments if c.releases)
    changed = Tweaks(amounts={commitment.id: 1_000_003}).applied_to(problem)
    releases = changed.commitment_by_id[commitment.id].releases
    assert sum(part.amount for part in releases) == 1_000_003
    assert [part.year for part in releases] == [part.year for part in commitment.releases]


def test_a_funder_whose_money_differs_is_promised_nothing() -> None:
    problem, _ = small()
    commitment = problem.commitments[0]
    changed = Tweaks(amounts={commitment.id: 1}).applied_to(problem)
    assert changed.funder_by_id[commitment.funder].guarantee == "none"
