"""Plans of rounds worked out by hand, and how a run begins and ends."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from optimizer import search, whole
from optimizer.check import check
from optimizer.clock import Cancelled
from optimizer.highs import SolverFault
from optimizer.problem import Line
from optimizer.read import read_round
from optimizer.solve import Infeasible, OutOfTime, solve
from tests.optimizer.rounds import random_round
from tests.optimizer.small_rounds import TWO_FUNDERS, a_problem, solved


def test_money_goes_where_it_does_most_good() -> None:
    plan = solved(a_problem())
    assert plan.value == 740
    assert plan.lines == (
        Line("open", "audit", 500),
        Line("open", "survey", 100),
        Line("theory", "proofs", 400),
    )


def test_restricted_money_never_funds_an_ineligible_proposal() -> None:
    plan = solved(a_problem())
    assert {line.proposal for line in plan.lines if line.commitment == "theory"} == {"proofs"}


def test_a_proposal_gets_its_minimum_or_nothing() -> None:
    proposals = [{**p, "minimum": p["ask"]} for p in TWO_FUNDERS["proposals"]]
    assert solved(a_problem(proposals=proposals)).totals == {"audit": 500, "proofs": 400}


def test_need_that_is_met_counts_less() -> None:
    need = {"id": "practice", "steps": [{"width": 300, "weight": 1.0}], "spent": 200}
    plan = solved(a_problem(areas=[need, {"id": "theory"}]))
    assert plan.value == pytest.approx(740 + 100)


def test_a_floor_draws_money_that_merit_would_not() -> None:
    areas = [{"id": "practice"}, {"id": "theory", "floor": 450}]
    proposals = [*TWO_FUNDERS["proposals"]]
    proposals.append({"id": "poor", "ask": 50, "merit": 0.01, "areas": {"theory": 1}})
    plan = solved(a_problem(areas=areas, proposals=proposals))
    assert plan.totals["poor"] == 50
    assert plan.areas["theory"] == {"amount": 450, "shortfall": 0}


def test_an_overlap_keeps_the_lesser_of_two_out() -> None:
    overlap = {"proposals": ["audit", "survey"], "degree": 1.0}
    assert solved(a_problem(overlaps=[overlap])).totals == {"audit": 500, "proofs": 400}


def test_an_agreement_that_costs_more_than_it_brings_is_not_made() -> None:
    plan = solved(a_problem(policy={"agreement_cost": 60}))
    assert plan.totals == {"audit": 500, "proofs": 400}
    assert plan.value == 690 - 120


def test_a_ticket_is_paid_whole_or_not_at_all() -> None:
    commitments = [{**c, "ticket": 150} for c in TWO_FUNDERS["commitments"]]
    plan = solved(a_problem(commitments=commitments))
    assert min(line.amount for line in plan.lines) >= 150
    assert plan.value == pytest.approx(450 * 0.9 + 150 * 0.5 + 240)


def test_at_most_so_many_pay_one_proposal() -> None:
    commitments = [
        {"id": "a", "funder": "f", "amount": 300},
        {"id": "b", "funder": "g", "amount": 250},
    ]
    plan = solved(a_problem(commitments=commitments, policy={"max_cofunders": 1}))
    payers = [line.proposal for line in plan.lines]
    assert len(payers) == len(set(payers))
    assert plan.value == pytest.approx(300 * 0.9 + 250 * 0.6)


def test_lines_are_multiples_and_an_ask_that_is_none_gets_the_multiple_below() -> None:
    proposals = [{"id": "p", "ask": 470, "merit": 0.5, "areas": {"theory": 1}}]
    assert solved(a_problem(proposals=proposals, policy={"round_to": 100})).totals == {"p": 400}


def test_a_locked_line_stays_to_the_cent_and_others_move_around_it() -> None:
    plan = solved(a_problem(locks=[{"proposal": "survey", "commitment": "open", "amount": 217}]))
    assert Line("open", "survey", 217) in plan.lines
    assert plan.totals["audit"] == 383


def test_a_promised_value_is_kept_at_a_price() -> None:
    funders = [{"id": "harbour", "weights": {"practice": 0, "theory": 1}, "at_least": 240}]
    proposals = [
        {"id": "audit", "ask": 600, "minimum": 1, "merit": 0.9, "areas": {"practice": 1}},
        {"id": "proofs", "ask": 400, "minimum": 1, "merit": 0.6, "areas": {"theory": 1}},
    ]
    commitments = [{"id": "open", "funder": "harbour", "amount": 600}]
    plan = solved(a_problem(funders=funders, proposals=proposals, commitments=commitments))
    assert plan.totals == {"audit": 200, "proofs": 400}
    assert plan.funders["harbour"]["value"] >= 240


def test_a_tolerance_is_used_only_where_whole_units_need_it() -> None:
    proposals = [
        {"id": "p", "ask": 5, "merit": 0.5, "areas": {"theory": 1}, "region": "north"},
        {"id": "q", "ask": 5, "merit": 0.4, "areas": {"theory": 1}, "region": "south"},
    ]
    commitments = [{"id": "c", "funder": "f", "amount": 10}]
    shares = {"region_least": {"south": 0.7}}
    problem = a_problem(proposals=proposals, commitments=commitments, policy=shares)
    assert solved(problem).totals == {"p": 5, "q": 5}


def test_a_round_that_cannot_be_satisfied_says_so() -> None:
    with pytest.raises(Infeasible):
        solve(a_problem(policy={"region_least": {"nowhere": 0.5}}))


def test_more_money_never_hurts() -> None:
    for seed in range(12):
        document = random_round(
            seed, commitments=3, proposals=7, features=["minimum", "steps", "overlaps", "ticket"]
        )
        before = solved(read_round(document)).value
        for commitment in document["commitments"]:
            commitment["amount"] *= 2
        assert solved(read_round(document)).value >= before - 1e-6 * abs(before)


def test_cancelling_ends_the_run() -> None:
    with pytest.raises(Cancelled):
        solve(a_problem(), cancelled=lambda: True)


def test_cancelling_in_the_middle_ends_the_run() -> None:
    document = random_round(1, commitments=8, proposals=200, features=["minimum", "areas"])
    asked = iter(range(10**9))
    with pytest.raises(Cancelled):
        solve(read_round(document), gap=0.0, cancelled=lambda: next(asked) > 25)


def test_progress_tells_stages_and_never_a_bound_below_the_value() -> None:
    heard: list[tuple[str, float | None, float | None]] = []
    solved(a_problem(), progress=lambda *news: heard.append(news))
    assert [stage for stage, _, _ in heard][:2] == ["model", "relaxation"]
    assert heard[-1][0] == "plan"
    known = [(v, b) for _, v, b in heard if v is not None and b is not None]
    assert known
    assert all(b >= v - 1e-6 for v, b in known)


def test_an_error_in_the_listener_reaches_the_caller() -> None:
    def fails(stage: str, _value: float | None, _bound: float | None) -> None:
        raise ValueError(stage)

    with pytest.raises(ValueError, match="model"):
        solve(a_problem(), progress=fails)


def test_out_of_time_the_empty_plan_is_kept_and_called_what_it_is() -> None:
    problem = read_round(random_round(3, commitments=6, proposals=60, features=["minimum"]))
    plan = solve(problem, gap=0.0, seconds=0.0)
    assert plan.status == "time_limit"
    assert math.isfinite(plan.gap)
    assert check(problem, plan) == []


def test_out_of_time_without_any_plan_is_an_error_of_its_own() -> None:
    problem = a_problem(locks=[{"proposal": "survey", "funded": True}])
    with pytest.raises(OutOfTime):
        solve(problem, seconds=0.0)


def test_a_plan_that_fails_its_own_recount_is_never_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = whole._plan

    def overspent(*arguments: object) -> object:
        found = honest(*arguments)  # type: ignore[arg-type]
        if found is None:
            return None
        lines = {pair: 3 * amount for pair, amount in found.lines.items()}
        return replace(found, lines=lines)

    monkeypatch.setattr(whole, "_plan", overspent)
    with pytest.raises(SolverFault):
        solve(a_problem())


def test_the_gap_is_proven_by_a_bound_from_the_solver() -> None:
    for seed in range(20):
        document = random_round(seed, commitments=4, proposals=20, features=["minimum", "steps"])
        plan = solve(read_round(document), gap=0.02)
        assert plan.bound >= plan.value
        exact = solved(read_round(document))
        assert plan.bound >= exact.value - 1e-6 * abs(exact.value)
        assert plan.gap <= 0.02


def test_the_exact_model_is_taken_where_the_relaxed_one_cannot_prove_the_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[search.Detail] = []
    honest = search._Search.exact

    def noted(self: search._Search, detail: search.Detail) -> None:
        seen.append(detail)
        honest(self, detail)

    monkeypatch.setattr(search._Search, "exact", noted)
    commitments = [{"id": f"c{k}", "funder": "f", "amount": 100, "ticket": 60} for k in range(3)]
    proposals = [
        {"id": f"p{k}", "ask": 90, "minimum": 50, "merit": 0.5, "areas": {"theory": 1}}
        for k in range(4)
    ]
    plan = solved(a_problem(commitments=commitments, proposals=proposals))
    assert plan.value == 3 * 90 * 0.5
    assert seen
