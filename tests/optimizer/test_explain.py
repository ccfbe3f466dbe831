"""Prices, reasons and gains, each held against solving again."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from optimizer.explain import Explanation, explain, writer
from optimizer.problem import Lock, Plan, Problem
from optimizer.read import read_plan, read_round, write_plan
from optimizer.solve import Infeasible, solve
from optimizer.value import value_of
from tests.optimizer.rounds import random_round
from tests.optimizer.small_rounds import TWO_FUNDERS, a_problem, solved

POOR = {"id": "poor", "ask": 200, "merit": 0.3, "areas": {"practice": 1}}


def with_poor(**parts: Any) -> Problem:
    return a_problem(proposals=[*TWO_FUNDERS["proposals"], {**POOR, **parts}])


def explained(problem: Problem, **options: Any) -> tuple[Plan, Explanation]:
    plan = solved(problem)
    return plan, explain(problem, plan, **options)


def price(found: Explanation, kind: str, where: str) -> float:
    (match,) = [p for p in found.prices if (p.kind, p.where) == (kind, where)]
    return match.price


# Prices


def test_a_price_is_what_one_more_unit_of_money_is_worth() -> None:
    _, found = explained(a_problem())
    assert price(found, "commitment", "open") == pytest.approx(0.5)  # survey would get it
    assert price(found, "commitment", "theory") == pytest.approx(0)  # 100 are left over


def test_a_cap_that_binds_has_a_price_above_0_and_a_demand_one_below() -> None:
    capped = a_problem(areas=[{"id": "practice", "cap": 550}, {"id": "theory"}])
    # survey has its minimum of 100, so audit gets the rest of the cap
    assert price(explained(capped)[1], "area cap", "practice") == pytest.approx(0.9)
    policy = {"region_least": {"far": 0.1}}
    far = {"id": "far", "ask": 300, "minimum": 1, "merit": 0.1, "areas": {"practice": 1}}
    proposals = [*TWO_FUNDERS["proposals"], {**far, "region": "far"}]
    demanded = a_problem(proposals=proposals, policy=policy)
    # a unit more for far is a unit less for audit
    assert price(explained(demanded)[1], "region_least", "far") == pytest.approx(0.1 - 0.9)


def test_a_floor_out_of_reach_costs_its_penalty_and_one_that_binds_what_it_displaces() -> None:
    areas = [{"id": "practice"}, {"id": "theory", "floor": 450}]
    assert price(explained(a_problem(areas=areas))[1], "area floor", "theory") == pytest.approx(-10)


def test_one_more_cofunder_is_worth_the_money_it_brings() -> None:
    """The one line may be of 60; a second commitment has 30 for it and for nothing else."""
    problem = a_problem(
        commitments=[
            {"id": "large", "funder": "one", "amount": 60},
            {"id": "small", "funder": "two", "amount": 30},
        ],
        proposals=[
            {"id": "p", "ask": 100, "minimum": 50, "merit": 0.5, "areas": {"theory": 1}},
        ],
        policy={"max_cofunders": 1},
    )
    plan, found = explained(problem)
    assert plan.totals == {"p": 60}
    assert price(found, "max_cofunders", "p") == pytest.approx(30 * 0.5)


@pytest.mark.parametrize("seed", range(8))
def test_one_more_cofunder_is_worth_at_least_its_price(seed: int) -> None:
    features = ["minimum", "areas", "steps", "ticket", "cap_share_of_ask", "agreement_cost"]
    document = random_round(seed, commitments=4, proposals=6, features=features)
    document.setdefault("policy", {})["max_cofunders"] = 1 + seed % 2
    problem = read_round(document)
    plan = solved(problem)
    found = explain(problem, plan, has_baselines=False)
    full = {p.where: p.price for p in found.prices if p.kind == "max_cofunders"}
    lines = Counter(line.proposal for line in plan.lines)
    assert set(full) == {p for p, count in lines.items() if count == 1 + seed % 2}
    document["policy"]["max_cofunders"] += 1
    more = solved(read_round(document)).value - plan.value
    assert all(0 <= price <= more + 2 + 1e-3 * abs(plan.value) for price in full.values())


def funded_as_before(problem: Problem, plan: Plan) -> Problem:
    """The same round where exactly the plan's proposals are funded."""
    locks = [Lock(p.id, funded=p.id in plan.totals) for p in problem.proposals]
    return replace(problem, locks=tuple(locks))


@pytest.mark.parametrize("seed", range(10))
def test_prices_of_money_are_confirmed_by_solving_again_with_more(seed: int) -> None:
    features = ["minimum", "areas", "steps", "least_share", "regions"]
    problem = read_round(
        random_round(seed, commitments=4, proposals=14, features=features, scale="real")
    )
    plan = solved(problem)
    found = explain(problem, plan, has_baselines=False)
    fixed = funded_as_before(problem, plan)
    before = solve(fixed, gap=1e-9).value
    for commitment in problem.commitments:
        more = max(10, commitment.amount // 10**4)
        richer = tuple(
            replace(c, amount=c.amount + more) if c.id == commitment.id else c
            for c in problem.commitments
        )
        gain = solve(replace(fixed, commitments=richer), gap=1e-9).value - before
        assert gain / more == pytest.approx(
            price(found, "commitment", commitment.id), rel=0.02, abs=0.02
        )


# Why not


def test_no_eligible_money_is_said_with_each_clause() -> None:
    commitments = [
        {"id": "theory", "funder": "f", "amount": 500, "areas": ["theory"]},
        {"id": "south", "funder": "g", "amount": 500, "regions": ["south"]},
    ]
    found = explained(a_problem(commitments=commitments))[1].proposals["audit"]
    assert found.kind == "no_eligible_money"
    assert dict(found.clauses) == {
        "south": "it pays only in south",
        "theory": "less than 50% of the work lies in theory (0%)",
    }
    assert "south: it pays only in south" in found.sentence


def test_money_that_cannot_reach_the_minimum_is_said_with_both_amounts() -> None:
    commitments = [{"id": "open", "funder": "f", "amount": 60_000, "cap_per_proposal": 9_000}]
    proposals = [{"id": "p", "ask": 10_000, "merit": 0.9, "areas": {"theory": 1}}]
    problem = a_problem(commitments=commitments, proposals=proposals)
    found = explained(problem)[1].proposals["p"]
    assert found.kind == "out_of_reach"
    assert "USD 90.00 of the USD 100" in found.sentence


def test_an_overlap_is_said_with_the_other_by_name() -> None:
    overlap = {"proposals": ["audit", "survey"], "degree": 1.0}
    problem = a_problem(overlaps=[overlap])
    found = explained(problem, names={"audit": "Audits of models"})[1].proposals["survey"]
    assert (found.kind, found.others) == ("overlap", ("audit",))
    assert "it overlaps with Audits of models" in found.sentence


def test_a_full_limit_is_said_by_name() -> None:
    proposals = [
        {**p, "institution": "institute" if p["id"] != "proofs" else "other"}
        for p in TWO_FUNDERS["proposals"]
    ]
    problem = a_problem(proposals=proposals, policy={"institution_share": 0.46})
    found = explained(problem)[1].proposals["survey"]
    assert (found.kind, found.limits) == ("limit", (("institution_share", "institute"),))


def test_below_the_margin_names_the_money_the_nearest_and_the_merit_missing() -> None:
    found = explained(with_poor())[1].proposals["poor"]
    assert (found.kind, found.commitments) == ("below_margin", ("open",))
    assert found.others[0] == "survey"
    assert found.about.merit == pytest.approx(0.2, abs=1e-6)
    assert found.sentence == (
        "Not funded: the only commitment that may pay it (open) is fully used by proposals worth "
        "more per unit of money (nearest: survey); it would need about 0.20 more merit."
    )


def test_the_merit_that_is_said_to_be_missing_really_funds_it() -> None:
    tried = 0
    for seed in range(12):
        document = random_round(
            seed, commitments=3, proposals=16, features=["minimum", "areas", "steps"], scale="real"
        )
        problem = read_round(document)
        plan = solved(problem)
        for id_, reason in explain(problem, plan, has_baselines=False).proposals.items():
            needed = reason.about.merit
            if reason.kind != "below_margin" or needed is None:
                continue
            merit = problem.proposal_by_id[id_].merit + needed
            if merit + 0.1 <= 1:
                tried += 1
                better = tuple(
                    replace(p, merit=merit + 0.1) if p.id == id_ else p for p in problem.proposals
                )
                assert id_ in solved(replace(problem, proposals=better)).totals
    assert tried > 5


def test_funding_it_all_the_same_costs_at_least_what_is_said() -> None:
    problem = with_poor()
    plan, found = explained(problem)
    costs = found.proposals["poor"].about.costs
    assert costs == pytest.approx(200 * 0.2)
    forced = solved(replace(problem, locks=(Lock("poor", funded=True),)))
    assert plan.value - forced.value >= costs - 1e-6


def test_a_lock_that_keeps_it_out_is_said() -> None:
    problem = a_problem(locks=[{"proposal": "audit", "funded": False}])
    assert explained(problem)[1].proposals["audit"].kind == "locked_out"


def test_every_unfunded_proposal_has_a_reason_and_no_funded_one() -> None:
    for seed in range(40):
        problem = read_round(random_round(seed, commitments=4, proposals=12))
        try:
            plan = solve(problem)
        except Infeasible:
            continue
        found = explain(problem, plan, has_baselines=False)
        assert set(found.proposals) == {p.id for p in problem.proposals} - set(plan.totals)
        assert all(r.sentence.startswith("Not funded: ") for r in found.proposals.values())


def test_an_applicant_hears_nothing_of_scores_or_others() -> None:
    problem = with_poor()
    found = explained(problem)[1].proposals["poor"]
    ids = [p.id for p in problem.proposals] + [c.id for c in problem.commitments]
    assert not any(word in found.for_applicant for word in [*ids, "merit", "score"])


# Why


def test_a_line_says_which_clause_allows_it_and_what_it_earns() -> None:
    areas = [{"id": "practice"}, {"id": "theory", "steps": [{"width": 300, "weight": 0.5}]}]
    plan, found = explained(a_problem(areas=areas))
    (line,) = [k for k in plan.lines if k.commitment == "theory"]
    ground = found.lines[line]
    assert ground.clause == "100% of the work lies in theory (at least 50%)"
    assert (ground.merit, ground.gap) == (240, 150)


def test_what_lines_earn_adds_up_to_the_value_where_nothing_is_shared() -> None:
    problem = a_problem(policy={"agreement_cost": 7})
    plan, found = explained(problem)
    parts = [g.merit + g.gap + g.floor + g.overlap + g.agreement for g in found.lines.values()]
    assert sum(parts) == pytest.approx(plan.value)


# Funders


def test_a_funders_gain_is_over_leaving() -> None:
    plan, found = explained(a_problem())
    gain = found.funders["northlight"]
    assert (gain.value, gain.alone, gain.leave) == pytest.approx((740, 240, 690))
    assert gain.gain == pytest.approx(50)
    assert gain.value == plan.funders["northlight"]["value"]


def test_baselines_that_the_plan_states_are_not_reckoned_again() -> None:
    funders = [{"id": "northlight", "guarantee": "alone"}]
    found = explained(a_problem(funders=funders), has_baselines=False)[1]
    assert found.funders["northlight"].alone == 240
    assert found.funders["harbour"].alone is None


# The document


def test_an_explained_plan_can_be_read_as_the_plan_it_explains() -> None:
    problem = with_poor()
    plan, found = explained(problem)
    document = found.add_to(write_plan(plan))
    assert read_plan(json.loads(json.dumps(document)), problem) == plan
    assert {"shadow_prices", "why"} <= set(document)


@pytest.mark.parametrize(
    ("currency", "words"), [("USD", "USD 1,234"), ("JPY", "JPY 123,400"), ("KWD", "KWD 123")]
)
def test_money_is_written_in_the_currencys_own_units(currency: str, words: str) -> None:
    assert writer(currency)(123_400) == words


def test_the_value_that_lines_are_worth_is_the_formats() -> None:
    problem = a_problem()
    assert value_of(problem, {(0, 0): 500, (0, 2): 100, (1, 1): 400}) == 740


def test_a_plan_of_another_rule_gives_the_rule_as_the_reason_and_no_prices() -> None:
    problem = with_poor()
    plan = solve(problem, rule="greedy")
    found = explain(problem, plan)
    assert found.prices == ()
    assert found.proposals["poor"].kind == "by_rule"
    assert "higher scores" in found.proposals["poor"].sentence
    assert "score" not in found.proposals["poor"].for_applicant
    assert set(found.lines) == set(plan.lines)
