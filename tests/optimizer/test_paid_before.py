"""Work that somebody outside of the round has paid for already: funding it spends that twice."""

from __future__ import annotations

import pytest

from optimizer.baselines import reach_alone
from optimizer.check import check
from optimizer.clock import Clock
from optimizer.compare import outcome_of
from optimizer.explain import explain
from optimizer.pairs import in_order
from optimizer.problem import Problem
from optimizer.read import BadInput, read_round
from tests.optimizer.comparison import agree
from tests.optimizer.rounds import any_features, random_round
from tests.optimizer.small_rounds import TWO_FUNDERS, a_problem, a_round, solved


def paid(**amounts: int) -> Problem:
    proposals = [{**p, "paid_before": amounts.get(p["id"], 0)} for p in TWO_FUNDERS["proposals"]]
    return a_problem(format="tributary-round/2", proposals=proposals)


def test_what_is_paid_for_already_costs_its_amount_once() -> None:
    # 740 with nothing paid before
    assert solved(paid(audit=30)).value == 740 - 30
    assert solved(paid(audit=30)).totals == solved(paid()).totals


def test_what_is_worth_less_than_what_is_paid_already_stays_out() -> None:
    problem = paid(survey=90)
    plan = solved(problem)
    assert plan.totals == {"audit": 500, "proofs": 400}
    (refusal,) = explain(problem, plan).proposals.values()
    assert refusal.kind == "overlap"
    assert "others have paid for the same work already" in refusal.sentence
    assert "90" in refusal.sentence


def test_a_plan_that_pays_again_says_how_much_it_spends_twice() -> None:
    problem = paid(audit=30)
    plan = solved(problem)
    assert check(problem, plan) == []
    assert outcome_of(problem, plan).doubles == 30
    lines = explain(problem, plan).lines
    assert sum(g.overlap for line, g in lines.items() if line.proposal == "audit") == -30
    prices = {price.kind: price.price for price in explain(problem, plan).prices}
    assert prices["overlap_weight"] == -30


def test_alone_a_funder_pays_no_heed_to_it() -> None:
    plain, heavy = (in_order(p) for p in (paid(), paid(audit=400, proofs=400, survey=400)))
    for funder in plain.funder_by_id:
        alone = [reach_alone(p, funder, Clock.of(10)).value for p in (plain, heavy)]
        assert alone[0] == alone[1]


def test_the_first_version_of_the_format_does_not_know_it() -> None:
    document = {**a_round(), "proposals": [{**TWO_FUNDERS["proposals"][0], "paid_before": 5}]}
    with pytest.raises(BadInput, match="paid_before: unknown key"):
        read_round(document)


@pytest.mark.parametrize("amount", [-1, 1.5, "5", 10**16])
def test_an_amount_that_is_none_is_refused_by_name(amount: object) -> None:
    rows = [{**TWO_FUNDERS["proposals"][0], "paid_before": amount}]
    with pytest.raises(BadInput, match="paid_before"):
        read_round({**a_round(), "format": "tributary-round/2", "proposals": rows})


@pytest.mark.parametrize("start", range(0, 120, 30))
def test_rounds_with_it_are_solved_right(start: int) -> None:
    for seed in range(start, start + 30):
        document = random_round(
            seed,
            commitments=1 + seed % 4,
            proposals=1 + seed // 4 % 8,
            features=["paid_before", "minimum", *any_features(seed)],
            scale=("tiny", "small", "real")[seed % 3],
        )
        agree(document, (1e-3, 1e-6)[seed % 2])
