"""What pooling gains: standings, the price of a guarantee, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer.__main__ import main
from optimizer.clock import Cancelled
from optimizer.pooling import pooling
from optimizer.read import write_plan
from tests.optimizer.small_rounds import TWO_FUNDERS, a_problem, a_round, solved
from tests.optimizer.test_coalitions import three_funders

POORER = [
    {"id": "northlight", "weights": {"theory": 1, "practice": 0}},
    {"id": "harbour", "weights": {"theory": 0, "practice": 1}},
]
"""With this need the pool moves all of open's money to theory: harbour would rather leave."""
NEEDS = [{"id": "theory", "steps": [{"width": 1000, "weight": 1}]}, {"id": "practice"}]
SHORT = [
    {**TWO_FUNDERS["commitments"][0], "amount": 400},
    {**TWO_FUNDERS["commitments"][1], "amount": 50},
]


def test_each_funders_value_alone_leaving_and_in_the_pool() -> None:
    problem = a_problem()
    found = pooling(problem, solved(problem))
    assert found["funders"]["northlight"] == {
        "value": pytest.approx(740),
        "alone": pytest.approx(240),
        "leave": pytest.approx(690),
        "is_proven": True,
        "gain": pytest.approx(50),
    }


def test_a_guarantee_that_the_plan_keeps_anyway_costs_nothing() -> None:
    problem = a_problem()
    found = pooling(problem, solved(problem))
    for price in found["guarantees"].values():
        assert (price["price"], price["is_held"]) == (0.0, False)


def test_the_price_of_granting_is_what_the_plan_loses() -> None:
    problem = a_problem(areas=NEEDS, funders=POORER, commitments=SHORT)
    plan = solved(problem)  # 350 at 1.6, and 100 at 0.9
    assert plan.totals == {"audit": 100, "proofs": 350}
    found = pooling(problem, plan)
    # leaving, harbour pays audit 400 at 0.9; kept to that, the pool cannot pay proofs at all
    assert found["funders"]["harbour"]["leave"] == pytest.approx(360)
    price = found["guarantees"]["harbour"]
    assert price["price"] == pytest.approx(650 - 360)
    assert price["at_least"] - 1 <= price["price"] <= price["at_most"] + 1
    groups = [group["funders"] for group in found["groups"]["blocking"]]
    assert groups == [("harbour",), ("northlight",)]  # without northlight, proofs get 400


def test_the_price_of_a_guarantee_that_is_held_is_what_dropping_it_brings() -> None:
    held = [POORER[0], {**POORER[1], "guarantee": "leave"}]
    problem = a_problem(areas=NEEDS, funders=held, commitments=SHORT)
    price = pooling(problem, solved(problem))["guarantees"]["harbour"]
    assert price["is_held"]
    assert price["price"] == pytest.approx(650 - 360)


def test_a_guarantee_that_no_plan_can_keep_is_said_to_be_impossible() -> None:
    locks = [{"proposal": "audit", "funded": False}]
    problem = a_problem(areas=NEEDS, funders=POORER, commitments=SHORT, locks=locks)
    price = pooling(problem, solved(problem))["guarantees"]["harbour"]
    assert (price["price"], price["is_impossible"]) == (None, True)


def test_what_was_kept_is_not_worked_out_again_and_the_rest_is_the_same() -> None:
    problem = three_funders()
    plan = solved(problem)
    kept: list[str] = []
    whole = pooling(problem, plan, keep=lambda found: kept.append(json.dumps(found)))
    again: list[str] = []
    resumed = pooling(
        problem, plan, known=json.loads(kept[7]), keep=lambda found: again.append(json.dumps(found))
    )
    assert json.dumps(resumed) == json.dumps(whole)
    assert len(kept) == len(again) + 8


def test_it_tells_how_far_it_is_and_can_be_cancelled() -> None:
    problem = three_funders()
    plan, heard = solved(problem), []
    pooling(problem, plan, tell=lambda part, words: heard.append((part, words)))
    assert [part for part, _ in heard] == sorted(part for part, _ in heard)
    assert heard[0][1] == "Without the pool: funder 1 of 3"
    assert heard[-1][1] == "Group 6 of 6"
    with pytest.raises(Cancelled):
        pooling(problem, plan, cancelled=lambda: True)


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = a_problem()
    (tmp_path / "round.json").write_text(json.dumps(a_round()))
    (tmp_path / "plan.json").write_text(json.dumps(write_plan(solved(problem))))
    files = [str(tmp_path / "round.json"), str(tmp_path / "plan.json")]
    assert main(["pooling", *files, "-o", str(tmp_path / "pooling.json")]) == 0
    found = json.loads((tmp_path / "pooling.json").read_text())
    assert found["groups"]["is_complete"]
    assert found["groups"]["blocking"] == []


def test_the_command_refuses_a_plan_that_breaks_a_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "round.json").write_text(json.dumps(a_round()))
    broken = write_plan(solved(a_problem()))
    broken["lines"][0]["amount"] += 1000
    (tmp_path / "plan.json").write_text(json.dumps(broken))
    assert main(["pooling", str(tmp_path / "round.json"), str(tmp_path / "plan.json")]) == 4
    assert capsys.readouterr().out
