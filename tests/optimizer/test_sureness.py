"""Always, sometimes and never are true; resampled reviews can be had again from their seed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.clock import Cancelled
from optimizer.problem import Lock
from optimizer.read import read_round
from optimizer.solve import Infeasible, OutOfTime, solve
from optimizer.sureness import reviewed_again, spreads, sureness
from tests.optimizer.rounds import Document, random_round, small_rounds
from tests.optimizer.small_rounds import a_problem, solved
from tests.optimizer.test_alternatives import TWINS


def standings(found: dict) -> dict[str, str]:
    return {id_: at["standing"] for id_, at in found["standings"].items()}


def test_twins_are_sometimes_funded_or_sure_as_the_tolerance_has_it() -> None:
    problem = a_problem(**TWINS)
    plan = solved(problem)
    wide = sureness(problem, plan, tolerance=0.01, samples=1)
    assert standings(wide) == {"a": "sometimes", "b": "sometimes", "c": "never"}
    narrow = sureness(problem, plan, tolerance=0.005, samples=1)
    assert standings(narrow) == {"a": "always", "b": "never", "c": "never"}


def test_a_proposal_that_no_money_may_pay_is_never_funded() -> None:
    commitments = [{"id": "open", "funder": "harbour", "amount": 1000, "areas": ["theory"]}]
    problem = a_problem(**(TWINS | {"commitments": commitments}))
    found = sureness(problem, solved(problem), tolerance=0.9, samples=1)
    assert found["standings"]["b"]["standing"] == "never"
    assert found["standings"]["b"]["by"] in ("bound", "solving")


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(document=small_rounds())
def test_always_and_never_are_true_when_the_round_is_solved_again(document: Document) -> None:
    """Forced the other way, the best plan is worth less than a good one (or there is none)."""
    problem = read_round(document)
    try:
        plan = solve(problem, gap=1e-6)
    except (Infeasible, OutOfTime):
        return
    found = sureness(problem, plan, tolerance=0.02, samples=0)
    least = plan.value - 0.02 * abs(plan.value)
    for id_, standing in standings(found).items():
        if standing not in ("always", "never"):
            continue
        assert (plan.totals.get(id_, 0) > 0) == (standing == "always")
        lock = Lock(proposal=id_, funded=standing == "never")
        if any(other.proposal == id_ for other in problem.locks):
            continue
        try:
            forced = solve(replace(problem, locks=(*problem.locks, lock)), gap=1e-6)
        except Infeasible:
            continue
        assert forced.value < least + 1e-6 * max(1.0, abs(least)), id_


def test_most_proposals_of_a_larger_round_are_settled() -> None:
    problem = read_round(random_round(3, commitments=5, proposals=30, features=["areas", "steps"]))
    found = standings(sureness(problem, solve(problem, gap=1e-4), samples=0))
    assert len(found) == 30
    assert sum(standing == "open" for standing in found.values()) <= 3


def test_a_sample_for_which_there_was_no_time_is_not_counted_as_the_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = a_problem(**TWINS)
    plan = solved(problem)
    monkeypatch.setattr("optimizer.sureness.SECONDS", 0.0)
    with pytest.raises(OutOfTime):
        sureness(problem, plan, samples=5, seconds=60)


def test_the_same_seed_gives_the_same_reviews_wherever_and_another_seed_others() -> None:
    problem = read_round(random_round(8, commitments=3, proposals=12, features=["areas"]))
    plan = solve(problem)
    first = sureness(problem, plan, samples=30, seed=4)
    assert first == sureness(problem, plan, samples=30, seed=4, where="processes")
    assert first["resampled"] != sureness(problem, plan, samples=30, seed=5)["resampled"]


def test_reviews_that_agree_change_nothing_and_leave_no_regret() -> None:
    problem = a_problem(**TWINS)
    scores = {"a": 0.0, "b": 0.0, "c": 0.0}  # standard deviations
    found = sureness(problem, solved(problem), scores=scores, samples=5)["resampled"]
    assert found["funded"] == {"a": 5}
    assert all(least == pytest.approx(0.0) for least, _ in found["regret"])


def test_reviews_that_differ_swap_twins_at_a_price() -> None:
    problem = a_problem(**TWINS)
    scores = {"a": [0.8, 1.0], "b": [0.79, 1.0], "c": [0.5, 0.5]}
    found = sureness(problem, solved(problem), scores=scores, samples=50)["resampled"]
    assert 10 < found["funded"]["a"] < 45
    assert found["funded"]["a"] + found["funded"].get("b", 0) >= 45
    assert all(most >= least >= 0 for least, most in found["regret"])
    assert max(least for least, _ in found["regret"]) > 0.01


def often_funded(at_least: float | None) -> dict[str, int]:
    """How often either of two proposals is funded of 40 resampled reviews; money is for one."""
    promise = {} if at_least is None else {"at_least": at_least}
    problem = a_problem(
        commitments=[{"id": "c", "funder": "keen", "amount": 100}],
        funders=[{"id": "keen", "weights": {"theory": 1, "practice": 0}, **promise}],
        proposals=[
            {"id": "P", "ask": 100, "merit": 0.5, "areas": {"theory": 1}},
            {"id": "Q", "ask": 100, "merit": 0.5, "areas": {"practice": 1}},
        ],
    )
    scores = {"P": 0.3, "Q": 0.3}  # how far another reviewer's may lie
    found = sureness(problem, solved(problem), scores=scores, samples=40)
    return dict(found["resampled"]["funded"])


def test_what_funders_are_promised_is_kept_as_reviewed_in_every_sample() -> None:
    free = often_funded(None)
    assert 0 < free["P"] < 40
    assert 0 < free["Q"] < 40
    assert often_funded(40) == {"P": 40}  # 50 by the merit as reviewed, whatever is drawn


def test_a_proposal_that_its_reviewers_agree_on_is_drawn_towards_the_round() -> None:
    problem = a_problem(**TWINS)
    found = spreads(problem, {"a": [0.9, 0.9], "b": [0.6, 1.0], "c": 0.02})
    assert 0 < found["a"] < found["b"]
    assert found["c"] == 0.02
    assert spreads(problem, {})["a"] == pytest.approx(0.1)


def test_merit_stays_between_0_and_1() -> None:
    problem = a_problem(**TWINS)
    spread = {"a": 5.0, "b": 5.0, "c": 5.0}
    for sample in range(20):
        judged = reviewed_again(problem, spread, 1, sample)
        assert all(0 <= p.merit <= 1 for p in judged.proposals)


def test_a_study_that_stopped_gives_the_same_as_one_go() -> None:
    problem = read_round(random_round(8, commitments=3, proposals=12, features=["areas"]))
    plan = solve(problem)
    kept: list[dict] = []
    with pytest.raises(Cancelled):
        sureness(
            problem,
            plan,
            samples=60,
            keep=lambda partial: kept.append(json.loads(json.dumps(partial))),
            cancelled=lambda: bool(kept and kept[-1].get("pieces")),
        )
    assert list(kept[-1]["pieces"]) == ["0"]
    assert sureness(problem, plan, samples=60, known=kept[-1]) == sureness(
        problem, plan, samples=60
    )
