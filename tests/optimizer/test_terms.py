"""Years, matching and conditions: rounds solved by hand, then many against the reference."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.check import check
from optimizer.conflicts import conflict_of
from optimizer.explain import explain
from optimizer.problem import Plan, Problem, Standing
from optimizer.read import read_round, write_plan
from optimizer.solve import RULES, Infeasible, solve
from tests.optimizer import by_hand
from tests.optimizer.comparison import agree, best_of
from tests.optimizer.rounds import TERMS, any_features, random_round
from tests.optimizer.small_rounds import solved

Document = dict[str, Any]


def commitment(id_: str, amount: int, **terms: object) -> Document:
    return {"id": id_, "funder": f"funder of {id_}", "amount": amount, **terms}


def proposal(id_: str, ask: int, merit: float, **more: object) -> Document:
    return {"id": id_, "ask": ask, "minimum": 1, "merit": merit, "areas": {"a": 1}, **more}


def by_year(**amounts: int) -> list[Document]:
    return [{"year": int(year[1:]), "amount": amount} for year, amount in amounts.items()]


def a_round(commitments: list[Document], proposals: list[Document], **more: object) -> Problem:
    return read_round(
        {
            "format": "tributary-round/2",
            "currency": "USD",
            "commitments": commitments,
            "proposals": proposals,
            "areas": [{"id": "a"}],
            **more,
        }
    )


def lines_of(plan: Plan) -> dict[tuple[str, str], int]:
    return {(line.commitment, line.proposal): line.amount for line in plan.lines}


def years_of(plan: Plan) -> dict[tuple[str, str], dict[int, int]]:
    return {
        (line.commitment, line.proposal): {part.year: part.amount for part in line.years}
        for line in plan.lines
    }


def standing(plan: Plan, kind: str, where: str | None) -> Standing:
    (found,) = [s for s in plan.conditions if (s.kind, s.proposal) == (kind, where)]
    return found


# Years


def test_early_needs_are_met_from_early_money_however_good_the_proposal() -> None:
    # 40 are there by 2027, and of P's 100 half is needed by then: it can get no more than 80
    problem = a_round(
        [commitment("c", 100, releases=by_year(y2027=40, y2028=60))],
        [
            proposal("P", 100, 0.9, budget=by_year(y2027=50, y2028=50)),
            proposal("Q", 100, 0.5),
        ],
    )
    plan = solved(problem)
    assert lines_of(plan) == {("c", "P"): 80, ("c", "Q"): 20}
    assert years_of(plan) == {("c", "P"): {2027: 40, 2028: 40}, ("c", "Q"): {2028: 20}}


def test_money_that_is_all_there_pays_the_early_years_of_what_late_money_pays_later() -> None:
    problem = a_round(
        [commitment("late", 50, releases=by_year(y2028=50)), commitment("ready", 50)],
        [proposal("P", 100, 0.9, budget=by_year(y2027=50, y2028=50))],
    )
    plan = solved(problem)
    assert years_of(plan) == {("late", "P"): {2028: 50}, ("ready", "P"): {2027: 50}}


def test_what_is_not_spent_in_a_year_carries_forward() -> None:
    problem = a_round(
        [commitment("c", 100, releases=by_year(y2026=70, y2028=30))],
        [proposal("P", 100, 0.9, budget=by_year(y2027=60, y2028=40))],
    )
    assert years_of(solved(problem)) == {("c", "P"): {2027: 60, 2028: 40}}


def test_money_released_after_a_proposal_has_ended_cannot_pay_it() -> None:
    problem = a_round(
        [commitment("c", 100, releases=by_year(y2029=100))],
        [proposal("P", 100, 0.9, budget=by_year(y2027=50, y2028=50)), proposal("Q", 60, 0.2)],
    )
    assert lines_of(solved(problem)) == {("c", "Q"): 60}


def test_earlier_promises_are_honoured_before_anything_new() -> None:
    problem = a_round([commitment("c", 100, promised=by_year(y2027=30))], [proposal("P", 100, 0.9)])
    assert lines_of(solved(problem)) == {("c", "P"): 70}


def test_money_that_is_owed_next_year_is_not_spent_this_year() -> None:
    # 60 are there in 2027, but 50 of the 100 are owed in 2028, when only 40 more come in
    problem = a_round(
        [commitment("c", 100, releases=by_year(y2027=60, y2028=40), promised=by_year(y2028=50))],
        [proposal("P", 100, 0.9, budget=by_year(y2027=100))],
    )
    assert lines_of(solved(problem)) == {("c", "P"): 50}


def test_shares_are_of_what_is_left_after_earlier_promises() -> None:
    problem = a_round(
        [commitment("c", 100, promised=by_year(y2027=40))],
        [proposal("P", 100, 0.9, institution="i"), proposal("Q", 100, 0.1)],
        policy={"institution_share": 0.5},
    )
    assert lines_of(solved(problem)) == {("c", "P"): 30, ("c", "Q"): 30}


# Matching


def test_matching_money_pays_one_for_one_and_no_more() -> None:
    problem = a_round(
        [commitment("open", 30), commitment("match", 100, match={"ratio": 1})],
        [proposal("P", 100, 0.9)],
    )
    plan = solved(problem)
    assert lines_of(plan) == {("match", "P"): 30, ("open", "P"): 30}
    assert standing(plan, "match", "P").holds


def test_matching_draws_money_to_where_it_brings_more() -> None:
    # 40 open units: in P alone 0.9 each; in Q 0.6 twice over
    problem = a_round(
        [
            commitment("open", 40),
            commitment("match", 40, match={"ratio": 1}, regions=["south"]),
        ],
        [proposal("P", 40, 0.9), proposal("Q", 80, 0.6, region="south")],
    )
    assert lines_of(solved(problem)) == {("match", "Q"): 40, ("open", "Q"): 40}


def test_a_match_stops_at_its_limit_for_a_proposal() -> None:
    problem = a_round(
        [commitment("open", 60), commitment("match", 100, match={"ratio": 2, "up_to": 25})],
        [proposal("P", 60, 0.9), proposal("Q", 60, 0.8)],
    )
    plan = solved(problem)
    assert plan.totals["P"] == 60
    assert {q: v for (c, q), v in lines_of(plan).items() if c == "match"} == {"P": 25, "Q": 25}


def test_a_funders_other_commitment_is_not_money_of_others() -> None:
    own = {"funder": "one"}
    problem = a_round(
        [
            commitment("open", 30) | own,
            commitment("match", 100, match={"ratio": 1}) | own,
        ],
        [proposal("P", 100, 0.9)],
    )
    plan = solved(problem)
    assert lines_of(plan) == {("open", "P"): 30}
    assert standing(plan, "match", "P").amount == 1
    assert standing(plan, "match", "P").text == "any money from other funders in P"


def test_a_match_with_a_least_line_says_how_much_of_others_it_wants() -> None:
    def asks(others: int) -> str:
        problem = a_round(
            [
                commitment("open", 100, funder="two"),
                commitment("match", 100, funder="one", match={"ratio": 1}, ticket=50),
            ],
            [proposal("P", 200, 0.9)],
            locks=[{"proposal": "P", "commitment": "open", "amount": others}],
        )
        return standing(solved(problem), "match", "P").text

    assert asks(0) == "USD 0.50 from other funders in P"
    assert asks(20) == "USD 0.30 more from other funders in P"


# Conditions


def test_a_condition_that_does_not_hold_says_what_would_trigger_it() -> None:
    problem = a_round(
        [
            commitment("shy", 100, only_if={"funders": 2, "least": 10, "total": 90}),
            commitment("open", 20),
        ],
        [proposal("P", 150, 0.9)],
    )
    plan = solved(problem)
    assert lines_of(plan) == {("open", "P"): 20}
    found = standing(plan, "only_if", "P")
    assert (found.holds, found.funders, found.amount) == (False, 1, 70)
    assert found.text == "one more funder paying at least USD 0.10 and USD 0.70 more in P"


def test_money_moves_so_that_a_condition_holds_where_that_is_worth_it() -> None:
    # with 10 from each of two others the shy 100 come to Q, which beats 20 more to P
    problem = a_round(
        [
            commitment("a", 10),
            commitment("b", 10),
            commitment("shy", 100, only_if={"funders": 2, "least": 10}, regions=["south"]),
        ],
        [proposal("P", 20, 0.9), proposal("Q", 150, 0.4, region="south")],
    )
    plan = solved(problem)
    assert lines_of(plan) == {("a", "Q"): 10, ("b", "Q"): 10, ("shy", "Q"): 100}
    assert standing(plan, "only_if", "Q").holds


def test_its_own_money_counts_towards_the_total_it_asks_for() -> None:
    problem = a_round(
        [commitment("shy", 60, only_if={"total": 100}), commitment("open", 40)],
        [proposal("P", 100, 0.5), proposal("Q", 100, 0.9)],
    )
    assert lines_of(solved(problem)) == {("open", "Q"): 40, ("shy", "Q"): 60}


def test_a_commitment_joins_when_enough_others_have() -> None:
    commitments = [
        commitment("shy", 100, joins_if={"funders": 2}),
        commitment("a", 10),
        commitment("b", 10, regions=["south"]),
    ]
    rows = [proposal("P", 110, 0.9), proposal("Q", 100, 0.1, region="south")]
    assert lines_of(solved(a_round(commitments, rows))) == {
        ("a", "P"): 10,
        ("b", "Q"): 10,
        ("shy", "P"): 100,
    }
    alone = solved(a_round(commitments[:2], rows))
    assert lines_of(alone) == {("a", "P"): 10}
    assert standing(alone, "joins_if", None).text == "one more funder in the round"


def test_a_round_that_reaches_its_sum_brings_in_who_waited_for_it() -> None:
    def plan(total: int) -> Plan:
        return solved(
            a_round(
                [commitment("shy", 30, joins_if={"total": total}), commitment("open", 50)],
                [proposal("P", 200, 0.9)],
            )
        )

    assert plan(80).totals == {"P": 80}
    assert plan(81).totals == {"P": 50}
    assert standing(plan(81), "joins_if", None).amount == 31


# Baselines, conflicts, reasons


def test_alone_a_matching_commitment_pays_nothing_and_leaving_it_matches_the_others() -> None:
    problem = a_round(
        [commitment("open", 30), commitment("match", 100, match={"ratio": 1})],
        [proposal("P", 100, 0.5)],
        funders=[{"id": "funder of match", "guarantee": "leave"}],
    )
    assert solved(problem).funders["funder of match"]["leave"] == pytest.approx(30)
    found = explain(problem, solved(problem)).funders["funder of match"]
    assert found.alone == 0


def test_a_lock_that_comes_too_early_conflicts_with_the_years() -> None:
    problem = a_round(
        [commitment("c", 100, releases=by_year(y2028=100))],
        [proposal("P", 100, 0.9, budget=by_year(y2027=50, y2028=50))],
        locks=[{"proposal": "P", "funded": True}],
    )
    with pytest.raises(Infeasible):
        solve(problem)
    kinds = {member.demand.kind for member in conflict_of(problem, {}).members}
    assert kinds == {"lock", "budget"}


def test_a_lock_on_money_that_waits_conflicts_with_its_condition() -> None:
    problem = a_round(
        [commitment("c", 100, only_if={"funders": 1})],
        [proposal("P", 100, 0.9)],
        locks=[{"proposal": "P", "funded": True}],
    )
    with pytest.raises(Infeasible):
        solve(problem)
    kinds = {member.demand.kind for member in conflict_of(problem, {}).members}
    assert kinds == {"lock", "only_if"}


def test_a_proposal_that_waits_for_others_is_told_so() -> None:
    problem = a_round([commitment("c", 100, only_if={"funders": 1})], [proposal("P", 100, 0.9)])
    reason = explain(problem, solved(problem)).proposals["P"]
    assert reason.kind == "condition"
    assert "one more funder in P" in reason.sentence
    assert "funder" not in reason.for_applicant


def test_a_proposal_whose_money_comes_too_late_is_told_so() -> None:
    problem = a_round(
        [commitment("c", 100, releases=by_year(y2028=100))],
        [proposal("P", 100, 0.9, minimum=80, budget=by_year(y2027=50, y2028=50))],
    )
    reason = explain(problem, solved(problem)).proposals["P"]
    assert reason.kind == "years"
    assert "by the end of 2027 it needs at least USD 0.40" in reason.sentence


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_holds_to_years_and_conditions(rule: str) -> None:
    for seed in (1, 4, 9, 17):
        document = mixed(seed)
        document["funders"], document["locks"], document["policy"] = [], [], {}
        problem = read_round(document)
        plan = solve(problem, rule=rule, gap=1e-3)
        assert [str(violation) for violation in check(problem, plan)] == []


# Version 1


def test_a_round_of_version_1_gives_a_plan_of_version_1() -> None:
    document = random_round(3, commitments=3, proposals=8, features=("areas", "minimum", "steps"))
    plan = write_plan(solve(read_round(document)))
    assert plan["format"] == "tributary-plan/1"
    assert list(plan) == [
        "format",
        "status",
        "rule",
        "value",
        "bound",
        "gap",
        "lines",
        "totals",
        "areas",
        "funders",
        "digest",
        "versions",
        "seconds",
    ]
    assert all(set(line) == {"commitment", "proposal", "amount"} for line in plan["lines"])


def test_a_round_without_terms_is_solved_alike_in_both_versions() -> None:
    for seed in range(3):
        document = random_round(seed, commitments=4, proposals=9, features=any_features(seed))
        try:
            first = solve(read_round(document))
        except Infeasible:
            continue
        second = solve(read_round(document | {"format": "tributary-round/2"}))
        assert (first.lines, first.value, first.bound) == (
            second.lines,
            second.value,
            second.bound,
        )


# Many rounds


def mixed(seed: int) -> Document:
    features = [*any_features(seed, TERMS), *any_features(seed + 7)]
    if seed % 2:
        features = [TERMS[seed % 6], TERMS[seed // 6 % 6], "minimum", *any_features(seed, TERMS)]
    return random_round(
        seed,
        commitments=1 + seed % 6,
        proposals=1 + seed // 5 % 9,
        features=features or TERMS,
        scale=("tiny", "small", "small", "real")[seed % 4],
    )


def test_the_reference_finds_the_best_of_all_plans_of_tiny_rounds_with_terms() -> None:
    solved_rounds = 0
    for seed in range(40):
        document = random_round(
            seed,
            commitments=1 + seed % 3,
            proposals=1 + seed // 3 % 2,
            features=[*any_features(seed, TERMS), TERMS[seed % 6], "minimum"],
            scale="tiny",
        )
        best = by_hand.enumerate_best(document)
        reference = best_of(document, {}, 0)
        assert reference is not None
        assert reference.value == pytest.approx(best.value, abs=1e-6), seed
        solved_rounds += bool(best.lines)
    assert solved_rounds > 10


@pytest.mark.parametrize("start", range(0, 40, 10))
def test_terms_mixed_at_random_are_solved_right(start: int) -> None:
    for seed in range(start, start + 10):
        agree(mixed(seed), (1e-3, 1e-5)[seed % 2])


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 1600, 50))
def test_hundreds_more_rounds_with_terms_are_solved_right(start: int) -> None:
    for seed in range(start, start + 50):
        agree(mixed(seed), (1e-3, 1e-5)[seed % 2])
