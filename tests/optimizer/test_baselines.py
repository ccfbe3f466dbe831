"""What a funder would reach without the pool, worked out by hand."""

from __future__ import annotations

import pytest

from optimizer.baselines import alone, leave, promised
from optimizer.clock import Clock
from optimizer.pairs import in_order
from optimizer.solve import solve
from tests.optimizer.small_rounds import TWO_FUNDERS, a_problem, solved


def test_alone_a_funder_spends_only_its_own_money() -> None:
    assert alone(a_problem(), "northlight") == 240
    assert alone(a_problem(), "harbour") == pytest.approx(450 + 60)


def test_alone_a_funder_keeps_its_restrictions_caps_and_tickets() -> None:
    theory = {**TWO_FUNDERS["commitments"][1], "cap_per_proposal": 150, "ticket": 120}
    assert alone(a_problem(commitments=[theory]), "northlight") == pytest.approx(150 * 0.6)
    theory["ticket"] = 160
    assert alone(a_problem(commitments=[theory]), "northlight") == 0


def test_alone_a_funder_weighs_areas_its_own_way() -> None:
    funders = [{"id": "harbour", "weights": {"practice": 0.1}}]
    assert alone(a_problem(funders=funders), "harbour") == pytest.approx(240 + 200 * 0.09)


def test_alone_no_need_overlap_lock_or_policy_binds() -> None:
    bound = a_problem(
        areas=[{"id": "practice", "cap": 0}, {"id": "theory", "cap": 0}],
        overlaps=[{"proposals": ["audit", "proofs"], "degree": 1}],
        locks=[{"proposal": "audit", "funded": False}],
        policy={"round_to": 1000, "max_cofunders": 0, "institution_share": 0},
    )
    assert alone(bound, "harbour") == alone(a_problem(), "harbour")


def test_leaving_the_others_spend_first_and_own_money_fills_what_remains() -> None:
    # without theory, open pays audit 500 and proofs 100; then theory adds 300 to proofs
    assert leave(a_problem(), "northlight") == pytest.approx(450 + 240)
    # without open, theory pays proofs 400; then open adds audit 500 and survey 100
    assert leave(a_problem(), "harbour") == pytest.approx(740)


def test_leaving_a_proposal_the_others_fund_has_no_minimum_left() -> None:
    proposals = [{"id": "proofs", "ask": 400, "minimum": 350, "merit": 0.6, "areas": {"theory": 1}}]
    commitments = [
        {"id": "big", "funder": "harbour", "amount": 390},
        {"id": "small", "funder": "northlight", "amount": 30},
    ]
    problem = a_problem(proposals=proposals, commitments=commitments)
    assert leave(problem, "northlight") == pytest.approx(400 * 0.6)
    assert leave(problem, "harbour") == pytest.approx(390 * 0.6)


def test_leaving_nobody_is_promised_anything() -> None:
    funders = [{"id": "northlight", "guarantee": "leave"}, {"id": "harbour", "at_least": 10**6}]
    assert leave(a_problem(funders=funders), "northlight") == pytest.approx(690)


def test_where_the_others_cannot_be_satisfied_they_fund_nothing() -> None:
    locks = [{"proposal": "audit", "funded": True}]
    assert leave(a_problem(locks=locks), "harbour") == pytest.approx(450 + 60)


@pytest.mark.parametrize("guarantee", ["alone", "leave"])
def test_a_funder_that_asks_for_it_is_never_worse_off(guarantee: str) -> None:
    funders = [
        {"id": "northlight", "weights": {"practice": 0.2, "theory": 3}, "guarantee": guarantee},
        {"id": "harbour", "guarantee": guarantee},
    ]
    plan = solved(a_problem(funders=funders))
    for funder in plan.funders.values():
        assert funder["value"] >= funder[guarantee] * (1 - 1e-6) - 5


def test_a_baseline_without_time_is_not_called_proven() -> None:
    funders = [{"id": "northlight", "guarantee": "leave"}]
    problem = in_order(a_problem(funders=funders))
    found = promised(problem, Clock.of(0.0))["northlight"]["leave"]
    assert not found.is_proven


def test_a_plan_held_to_an_unproven_baseline_is_not_called_optimal() -> None:
    funders = [{"id": "northlight", "guarantee": "leave"}]
    plan = solve(a_problem(funders=funders), baseline_seconds=0.0)
    assert plan.status == "time_limit"


def test_baselines_not_begun_in_time_cost_nothing_and_are_not_called_proven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a large round only to build the model of each would overrun the time by far."""

    def never(*_: object) -> None:
        raise AssertionError("begun without time")

    monkeypatch.setattr("optimizer.baselines.reach_leaving", never)
    problem = in_order(a_problem(funders=[{"id": "harbour", "guarantee": "leave"}]))
    baseline = promised(problem, Clock.of(0.0))["harbour"]["leave"]
    assert baseline.value == 0
    assert not baseline.is_proven
