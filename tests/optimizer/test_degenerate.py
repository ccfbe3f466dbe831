"""Rounds at the edge of sense: each is solved right or refused by name, never answered wrongly."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.check import check
from optimizer.problem import Plan
from optimizer.read import BadInput, read_round
from optimizer.solve import Infeasible, solve
from tests.optimizer.comparison import agree

Document = dict[str, Any]

HUGE = 10**15


def a_round(commitments: list[Document], proposals: list[Document], **rest: object) -> Document:
    """A round of one area, ids c0, c1... and p0, p1..., everything else as given."""
    funded = {"areas": {"a": 1}, "merit": 0.5}
    return {
        "format": "tributary-round/1",
        "currency": "USD",
        "areas": rest.pop("areas", [{"id": "a"}]),
        "commitments": [{"id": f"c{i}", "funder": f"f{i}", **c} for i, c in enumerate(commitments)],
        "proposals": [{"id": f"p{j}", **funded, **p} for j, p in enumerate(proposals)],
        "funders": [],
        **rest,
    }


def solved(document: Document, gap: float = 1e-6) -> Plan:
    problem = read_round(document)
    plan = solve(problem, gap=gap)
    assert [str(violation) for violation in check(problem, plan, gap=gap)] == []
    assert plan.status == "optimal"
    return plan


# Nothing to allocate


@pytest.mark.parametrize(
    "document",
    [
        a_round([], []),
        a_round([], [], areas=[]),
        a_round([], [{"ask": 5}]),
        a_round([{"amount": 5}], []),
        a_round([{"amount": 0}], [{"ask": 5}]),
        a_round([{"amount": 4}], [{"ask": 5}]),
        a_round([{"amount": 5, "areas": []}], [{"ask": 5}]),
        a_round([{"amount": 5, "regions": ["x"]}], [{"ask": 5}]),
        a_round([{"amount": 5, "risk_tiers": []}], [{"ask": 5}]),
        a_round([{"amount": 5, "excludes": ["p0"]}], [{"ask": 5}]),
        a_round([{"amount": 5, "cap_share_of_ask": 0}], [{"ask": 5}]),
        a_round([{"amount": 5, "cap_per_proposal": 0}], [{"ask": 5, "minimum": 1}]),
        a_round([{"amount": 5, "ticket": 6}], [{"ask": 5}]),
        a_round([{"amount": 50, "ticket": 6}], [{"ask": 5}]),
        a_round([{"amount": 5}], [{"ask": 5}], policy={"max_cofunders": 0}),
        a_round([{"amount": 5}], [{"ask": 5}], policy={"round_to": 6}),
        a_round([{"amount": 5}], [{"ask": 5}], policy={"round_to": HUGE}),
        a_round([{"amount": 5}], [{"ask": 5}], policy={"agreement_cost": HUGE}),
        a_round([{"amount": 50}], [{"ask": 50}], areas=[{"id": "a", "cap": 0}]),
        a_round([{"amount": 50}], [{"ask": 50}], locks=[{"proposal": "p0", "amount": 0}]),
        a_round([{"amount": 50}], [{"ask": 50}], locks=[{"proposal": "p0", "funded": False}]),
        a_round([{"amount": 50}], [{"ask": 50, "risk_tier": "t"}], policy={"risk_most": {"t": 0}}),
    ],
)
def test_a_round_in_which_nothing_can_be_paid_has_an_empty_plan(document: Document) -> None:
    plan = solved(document)
    assert plan.lines == ()
    assert plan.totals == {}
    assert plan.value == plan.bound == plan.gap == 0


def test_an_unreachable_floor_is_reported_and_charged_in_an_empty_plan() -> None:
    document = a_round([], [{"ask": 5}], areas=[{"id": "a", "floor": 70}])
    plan = solved(document)
    assert plan.areas == {"a": {"amount": 0, "shortfall": 70}}
    assert plan.value == -700


def test_proposals_without_merit_are_worth_nothing_and_break_nothing() -> None:
    assert solved(a_round([{"amount": 9}], [{"ask": 5, "merit": 0}] * 3)).value == 0


# Very large and very small


def test_the_largest_amounts_are_paid_to_the_unit() -> None:
    document = a_round([{"amount": HUGE}], [{"ask": HUGE, "merit": 1}])
    plan = solved(document)
    assert plan.totals == {"p0": HUGE}
    assert plan.value == HUGE


def test_sums_beyond_what_a_float_holds_keep_every_limit() -> None:
    document = a_round(
        [{"amount": HUGE - i} for i in range(20)],
        [{"ask": HUGE - 7 * j, "minimum": 1, "merit": 1 - j / 100} for j in range(30)],
    )
    plan = solved(document, gap=1e-3)
    assert sum(plan.totals.values()) <= sum(HUGE - i for i in range(20))
    assert sum(plan.totals.values()) >= 0.999 * 20 * HUGE


def test_a_huge_commitment_pays_asks_of_one_unit() -> None:
    plan = solved(a_round([{"amount": HUGE}], [{"ask": 1, "merit": 1}] * 5))
    assert plan.totals == {f"p{j}": 1 for j in range(5)}


def test_an_ask_of_one_unit_next_to_a_huge_one_gets_its_unit() -> None:
    document = a_round(
        [{"amount": HUGE}], [{"ask": HUGE, "minimum": 1, "merit": 0.5}, {"ask": 1, "merit": 1}]
    )
    plan = solved(document, gap=1e-3)
    assert plan.totals["p0"] >= HUGE - 10**12
    assert plan.totals.get("p1", 0) <= 1


def test_one_unit_goes_to_the_better_proposal() -> None:
    proposals = [{"ask": 1, "merit": 0.4}, {"ask": 1, "merit": 0.41}]
    assert solved(a_round([{"amount": 1}], proposals)).totals == {"p1": 1}


def test_one_unit_cannot_be_divided() -> None:
    document = a_round([{"amount": 1}] * 3, [{"ask": 2, "merit": 1}, {"ask": 2, "merit": 0.9}])
    assert solved(document).totals == {"p0": 2}


@pytest.mark.parametrize("price", [10**6, 1e-6])
def test_extreme_prices_are_solved_right(price: float) -> None:
    document = a_round(
        [{"amount": 1000}, {"amount": 500}],
        [{"ask": 700, "merit": 0.9}, {"ask": 600, "minimum": 5, "merit": 0.1}, {"ask": 300}],
        areas=[
            {"id": "a", "floor": 1400, "steps": [{"width": 900, "weight": price}]},
        ],
        overlaps=[{"proposals": ["p0", "p1"], "degree": 1}],
        policy={"overlap_weight": price, "floor_penalty": price},
    )
    assert agree(document, 1e-6) is not None


def test_steps_wider_than_all_money_and_spent_beyond_all_steps_are_solved_right() -> None:
    step = {"width": HUGE, "weight": 0.5}
    for spent, value in ((0, 10.0), (HUGE // 2, 10.0), (HUGE - 4, 7.0), (HUGE, 5.0)):
        area = {"id": "a", "spent": spent, "steps": [step]}
        document = a_round([{"amount": 10}], [{"ask": 10}], areas=[area])
        assert solved(document).value == pytest.approx(value)


# Many of the same


def test_equal_proposals_are_funded_as_far_as_the_money_goes_and_always_the_same() -> None:
    document = a_round([{"amount": 35}, {"amount": 30}], [{"ask": 10, "merit": 0.7}] * 12)
    plan = solved(document)
    assert sorted(plan.totals.values()) == [10] * 6
    assert solved(document).lines == plan.lines
    document["proposals"].reverse()
    assert solved(document).lines == plan.lines


def test_proposals_that_all_overlap_are_funded_once() -> None:
    pairs = [(i, j) for i in range(6) for j in range(i)]
    document = a_round(
        [{"amount": 1000}],
        [{"ask": 10 + j, "merit": 0.5} for j in range(6)],
        overlaps=[{"proposals": [f"p{i}", f"p{j}"], "degree": 1} for i, j in pairs],
    )
    assert solved(document).totals == {"p5": 15}


def test_a_pair_listed_twice_is_charged_twice() -> None:
    document = a_round(
        [{"amount": 20}],
        [{"ask": 10, "merit": 1}] * 2,
        overlaps=[
            {"proposals": ["p0", "p1"], "degree": 0.4},
            {"proposals": ["p1", "p0"], "degree": 0.4},
        ],
    )
    assert solved(document).value == pytest.approx(20 - 8)


@pytest.mark.parametrize(("commitments", "proposals"), [(1, 300), (150, 1), (60, 3)])
def test_long_thin_rounds_are_solved(commitments: int, proposals: int) -> None:
    document = a_round(
        [{"amount": 1000 + i} for i in range(commitments)],
        [{"ask": 900 + j, "merit": (j % 50) / 50, "minimum": 300} for j in range(proposals)],
    )
    plan = solved(document, gap=1e-4)
    assert sum(plan.totals.values()) == min(
        sum(1000 + i for i in range(commitments)),
        sum(900 + j for j in range(proposals) if j % 50),
    )


def test_names_that_look_alike_to_a_solver_stay_apart() -> None:
    names = [
        "a b",
        "a-b",
        "a_b",
        "A b",
        " a b",
        "é",
        "e\u0301",
        "x" * 5000,
        "0",
        "[]",
        "\n",
        "__proto__",
    ]
    document = {
        "format": "tributary-round/1",
        "currency": "USD",
        "areas": [{"id": name, "floor": k} for k, name in enumerate(names)],
        "commitments": [{"id": name, "funder": name, "amount": 9} for name in names],
        "funders": [{"id": name, "guarantee": "alone"} for name in names],
        "proposals": [
            {"id": name, "ask": 10 + k, "minimum": 1, "merit": 0.9, "areas": {name: 1}}
            for k, name in enumerate(names)
        ],
        "policy": {"institution_share": 0.5, "region_least": {}, "risk_most": {"\n": 0.5}},
    }
    plan = solved(document)
    assert sum(plan.totals.values()) == 9 * len(names)
    assert set(plan.funders) == set(names)


# What cannot hold


@pytest.mark.parametrize(
    "rest",
    [
        {"locks": [{"proposal": "p0", "amount": 10}, {"proposal": "p0", "amount": 9}]},
        {"locks": [{"proposal": "p0", "amount": 10}, {"proposal": "p0", "funded": False}]},
        {"locks": [{"proposal": "p0", "funded": True}, {"proposal": "p0", "funded": False}]},
        {"locks": [{"proposal": "p0", "amount": 0}, {"proposal": "p0", "funded": True}]},
        {"locks": [{"proposal": "p0", "amount": 4}]},
        {"locks": [{"proposal": "p0", "amount": 11}]},
        {"locks": [{"proposal": "p0", "amount": HUGE}]},
        {"locks": [{"proposal": "p0", "commitment": "c1", "amount": 5}]},
        {
            "locks": [
                {"proposal": "p0", "commitment": "c0", "amount": 4},
                {"proposal": "p0", "amount": 4},
            ]
        },
        {"locks": [{"proposal": "p0", "commitment": "c0", "amount": 13}]},
        {"locks": [{"proposal": "p1", "funded": True}]},
        {
            "locks": [
                {"proposal": "p0", "commitment": "c0", "amount": 0},
                {"proposal": "p0", "funded": True},
            ]
        },
        {"locks": [{"proposal": "p0", "amount": 7}], "policy": {"round_to": 2}},
        {"locks": [{"proposal": "p0", "funded": True}], "policy": {"round_to": 50}},
        {"locks": [{"proposal": "p0", "funded": True}], "policy": {"max_cofunders": 0}},
        {"locks": [{"proposal": "p0", "funded": True}], "areas": [{"id": "a", "cap": 0}]},
        {"policy": {"region_least": {"Nowhere": 0.5}}},
        {"policy": {"region_least": {"here": 0.7, "Nowhere": 0.7}}},
        {"policy": {"region_least": {"here": 1.0}}},
        {"funders": [{"id": "f0", "at_least": 1e9}]},
        {"funders": [{"id": "a funder without a commitment", "at_least": 100}]},
    ],
)
def test_a_round_that_contradicts_itself_is_refused_not_bent(rest: Document) -> None:
    document = a_round(
        [{"amount": 12}, {"amount": 12, "excludes": ["p0", "p1"]}],
        [{"ask": 10, "minimum": 5, "region": "here"}, {"ask": 13}],
        **rest,
    )
    with pytest.raises(Infeasible):
        solve(read_round(document))


def test_shares_that_two_units_would_mend_are_taken_as_met() -> None:
    document = a_round(
        [{"amount": 10}],
        [{"ask": 10, "minimum": 5, "region": "here"}],
        policy={"region_least": {"Nowhere": 0.2}},
    )
    assert solved(document).totals == {"p0": 10}


def test_a_floor_above_its_cap_is_reported_not_refused() -> None:
    area = {"id": "a", "floor": 90, "cap": 40}
    document = a_round([{"amount": 200}], [{"ask": 200, "minimum": 1}], areas=[area])
    plan = solved(document)
    assert 40 <= plan.totals["p0"] <= 42
    assert plan.areas["a"]["shortfall"] == 90 - plan.totals["p0"]


@pytest.mark.parametrize("amount", [HUGE + 1, 2**63, 10**30, -1, 1.5, float("nan"), float("inf")])
def test_amounts_out_of_range_never_reach_the_solver(amount: float) -> None:
    with pytest.raises(BadInput):
        read_round(a_round([{"amount": amount}], [{"ask": 1}]))
    with pytest.raises(BadInput):
        read_round(a_round([{"amount": 1}], [{"ask": amount}]))
