"""The checker: a plan that keeps every limit passes, and every way to break one is caught."""

from __future__ import annotations

import copy
import dataclasses
import math
import random
from typing import Any

import pytest

from optimizer.check import Violation, check
from optimizer.problem import Line, Plan
from optimizer.read import digest, read_plan, read_round
from tests.optimizer import by_hand, reference
from tests.optimizer.rounds import any_features, random_round

Document = dict[str, Any]

# Every limit of the format, each met exactly by LINES: one unit more (or less) breaks it.
ROUND: Document = {
    "format": "tributary-round/1",
    "currency": "USD",
    "commitments": [
        {"id": "c1", "funder": "f1", "amount": 100, "areas": ["a1"], "least_share": 0.6},
        {"id": "c2", "funder": "f2", "amount": 200, "regions": ["Asia"], "ticket": 40},
        {"id": "c3", "funder": "f3", "amount": 100, "areas": ["a2"], "pays_share_only": True},
        {"id": "c4", "funder": "f3", "amount": 100, "risk_tiers": ["low"], "excludes": ["p1"]},
        {"id": "c5", "funder": "f3", "amount": 100, "cap_share_of_ask": 0.29},
        {"id": "c6", "funder": "f4", "amount": 100, "cap_per_proposal": 30},
    ],
    "funders": [
        {"id": "f1", "weights": {"a1": 2}, "guarantee": "alone"},
        {"id": "f2", "at_least": 100},
        {"id": "f4", "guarantee": "leave"},
    ],
    "proposals": [
        {
            "id": "p1",
            "ask": 140,
            "minimum": 140,
            "merit": 0.5,
            "areas": {"a1": 0.6, "a2": 0.4},
            "region": "Asia",
            "institution": "i1",
            "risk_tier": "high",
        },
        {
            "id": "p2",
            "ask": 100,
            "minimum": 50,
            "merit": 0.8,
            "areas": {"a1": 0.29, "a2": 0.71},
            "region": "Africa",
            "institution": "i1",
            "risk_tier": "low",
        },
        {"id": "p3", "ask": 90, "minimum": 10, "merit": 0.9, "areas": {"a2": 1}},
        {"id": "p4", "ask": 70, "merit": 0.1, "areas": {"a1": 1}, "region": "Asia"},
    ],
    "areas": [
        {"id": "a1", "spent": 20, "steps": [{"width": 50, "weight": 0.5}], "floor": 150},
        {"id": "a2", "steps": [{"width": 60, "weight": 0.7}, {"width": 30, "weight": 0.2}]},
    ],
    "overlaps": [{"proposals": ["p1", "p2"], "degree": 0.5}],
    "locks": [
        {"proposal": "p4", "funded": False},
        {"proposal": "p3", "funded": True},
        {"proposal": "p1", "commitment": "c1", "amount": 100},
        {"proposal": "p1", "commitment": "c6", "amount": 0},
        {"proposal": "p1", "amount": 140},
    ],
    "policy": {"max_cofunders": 3, "agreement_cost": 2, "floor_penalty": 3},
}

LINES = {
    ("c1", "p1"): 100,
    ("c2", "p1"): 40,
    ("c3", "p2"): 71,
    ("c5", "p2"): 29,
    ("c6", "p3"): 30,
}

BASELINES = {"f1": 100.0, "f4": 50.0}


def made(document: Document, lines: by_hand.Lines, **stated: float) -> Plan:
    """A plan of these lines whose figures are all right, except those given."""
    best = by_hand.Best(lines, by_hand.value(document, lines), math.inf)
    best = dataclasses.replace(best, bound=stated.pop("bound", best.value + 0.5))
    baselines = {
        "f1": stated.pop("alone", BASELINES["f1"]),
        "f4": stated.pop("leave", BASELINES["f4"]),
    }
    asked = {f["id"] for f in document["funders"] if f.get("guarantee", "none") != "none"}
    baselines = {funder: value for funder, value in baselines.items() if funder in asked}
    plan = by_hand.plan_document(document, best, baselines, digest(document))
    return read_plan({**plan, **stated})


def found(document: Document, plan: Plan, **options: Any) -> list[tuple[str, str]]:
    violations = check(read_round(document), plan, **options)
    return [(violation.limit, violation.where) for violation in violations]


def altered(**changes: int) -> by_hand.Lines:
    """LINES with some set: `c1_p1=90`; 0 removes the line."""
    lines = {**LINES, **{tuple(pair.split("_")): amount for pair, amount in changes.items()}}
    return {pair: amount for pair, amount in lines.items() if amount}  # type: ignore[misc]


def changed(path: str, value: object) -> Document:
    document = copy.deepcopy(ROUND)
    *way, last = path.split(".")
    inner: Any = document
    for step in way:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    inner[last] = value
    return document


def test_a_plan_that_keeps_every_limit_passes() -> None:
    assert check(read_round(ROUND), made(ROUND, LINES)) == []
    assert by_hand.is_allowed(ROUND, LINES, BASELINES, 0)


def test_the_value_of_the_example_is_what_a_hand_reckons() -> None:
    # merit 140 x 0.5 + 100 x 0.8 + 30 x 0.9 = 177
    # a1: 84 + 29 = 113 of new money; of the step's 50, 20 are spent: 30 x 0.5 = 15
    # a2: 56 + 71 + 30 = 157: 60 x 0.7 + 30 x 0.2 = 48
    # overlap: 0.5 x min(140, 50) = 25; five lines: 10; floor: 3 x (150 - 113) = 111
    assert by_hand.value(ROUND, LINES) == pytest.approx(177 + 15 + 48 - 25 - 10 - 111)
    plan = made(ROUND, LINES)
    assert plan.value == pytest.approx(94)
    assert plan.areas["a1"] == {"amount": 113, "shortfall": 37}


# Each limit of the round, by a change of the lines


@pytest.mark.parametrize(
    ("lines", "limit", "where"),
    [
        (altered(c1_p1=101), "amount", "c1"),
        (altered(c1_p1=101), "ask", "p1"),
        (altered(c1_p1=99), "minimum", "p1"),
        (altered(c1_p1=99), "lock", "c1 to p1"),
        (altered(c1_p1=99, c2_p1=41), "lock", "c1 to p1"),
        (altered(c2_p1=39, c4_p2=1), "ticket", "c2 to p1"),
        (altered(c2_p1=39), "lock", "p1"),
        (altered(c6_p1=1, c2_p1=39), "lock", "c6 to p1"),
        (altered(c1_p2=29, c5_p2=0), "eligibility", "c1 to p2"),
        (altered(c2_p2=29, c5_p2=0), "eligibility", "c2 to p2"),
        (altered(c2_p3=40), "eligibility", "c2 to p3"),
        (altered(c4_p1=40, c2_p1=0), "eligibility", "c4 to p1"),
        (altered(c4_p3=10), "eligibility", "c4 to p3"),
        (altered(c3_p2=72, c5_p2=28), "pair cap", "c3 to p2"),
        (altered(c3_p2=70, c5_p2=30), "pair cap", "c5 to p2"),
        (altered(c6_p3=31), "pair cap", "c6 to p3"),
        (altered(c6_p3=0), "lock", "p3"),
        (altered(c6_p3=9), "minimum", "p3"),
        (altered(c6_p2=20, c5_p2=9, c3_p2=61, c4_p2=10), "max_cofunders", "p2"),
        (altered(c6_p4=30, c5_p4=20, c1_p4=20), "lock", "p4"),
        (altered(c3_p2=49, c5_p2=0), "minimum", "p2"),
    ],
)
def test_a_broken_limit_is_named_with_its_place(
    lines: by_hand.Lines, limit: str, where: str
) -> None:
    assert (limit, where) in found(ROUND, made(ROUND, lines))
    assert not by_hand.is_allowed(ROUND, lines, BASELINES, 0)


# Each limit of the round, by a change of the round


@pytest.mark.parametrize(
    ("path", "value", "limit", "where"),
    [
        ("commitments.0.amount", 99, "amount", "c1"),
        ("commitments.0.least_share", 0.61, "eligibility", "c1 to p1"),
        ("commitments.0.areas", [], "eligibility", "c1 to p1"),
        ("commitments.0.regions", ["Africa"], "eligibility", "c1 to p1"),
        ("commitments.5.regions", ["Africa", "Asia"], "eligibility", "c6 to p3"),
        ("commitments.5.risk_tiers", ["low"], "eligibility", "c6 to p3"),
        ("commitments.0.excludes", ["p4", "p1"], "eligibility", "c1 to p1"),
        ("commitments.0.cap_per_proposal", 99, "pair cap", "c1 to p1"),
        ("commitments.0.cap_share_of_ask", 0.71, "pair cap", "c1 to p1"),
        ("commitments.0.pays_share_only", True, "pair cap", "c1 to p1"),
        ("commitments.1.ticket", 41, "ticket", "c2 to p1"),
        ("proposals.1.minimum", 101, None, None),
        ("proposals.2.minimum", 31, "minimum", "p3"),
        ("areas.0.cap", 110, "area cap", "a1"),
        ("areas.0.cap", 111, None, None),
        ("areas.1.cap", 154, "area cap", "a2"),
        ("policy.max_cofunders", 1, "max_cofunders", "p1"),
        ("policy.max_cofunders", 0, "max_cofunders", "p3"),
        ("policy.institution_share", 0.33, "institution_share", "i1"),
        ("policy.institution_share", 0.34, None, None),
        ("policy.risk_most", {"low": 0.13}, "risk_most", "low"),
        ("policy.risk_most", {"low": 0.14, "high": 0.2}, None, None),
        ("policy.region_least", {"Africa": 0.15}, "region_least", "Africa"),
        ("policy.region_least", {"Africa": 0.145}, None, None),
        ("policy.region_least", {"Nowhere": 0.01}, "region_least", "Nowhere"),
        ("policy.round_to", 10, "round_to", "c3 to p2"),
        ("locks.4.amount", 141, "lock", "p1"),
        ("locks.0.funded", True, "lock", "p4"),
        ("locks.1.funded", False, "lock", "p3"),
        ("funders.1.at_least", 177.1, None, None),
        ("funders.1.at_least", 182.1, "at_least", "f2"),
    ],
)
def test_a_tighter_round_makes_the_same_lines_break_it(
    path: str, value: object, limit: str | None, where: str | None
) -> None:
    document = changed(path, value)
    if path == "proposals.1.minimum":
        document["proposals"][1]["ask"] = 101
        document["proposals"][1]["minimum"] = 100
    violations = found(document, made(document, LINES))
    assert violations == [] if limit is None else (limit, where) in violations
    assert by_hand.is_allowed(document, LINES, BASELINES, 1) is (limit is None)


def test_an_ask_that_is_no_multiple_is_funded_up_to_the_multiple_below() -> None:
    document = {**ROUND, "commitments": ROUND["commitments"][:1], "locks": [], "funders": []}
    document["proposals"] = [{"id": "p1", "ask": 97, "merit": 1, "areas": {"a1": 1}}]
    document["overlaps"], document["policy"] = [], {"round_to": 10}
    assert found(document, made(document, {("c1", "p1"): 90})) == []
    assert ("minimum", "p1") in found(document, made(document, {("c1", "p1"): 80}))
    assert ("ask", "p1") in found(document, made(document, {("c1", "p1"): 100}))
    assert ("round_to", "c1 to p1") in found(document, made(document, {("c1", "p1"): 97}))


def test_a_share_is_rounded_down_from_the_decimal_as_written() -> None:
    # 0.29 x 100 is 28.999999999999996 in floats
    assert found(ROUND, made(ROUND, altered(c5_p2=29))) == []
    document = changed("proposals.1.ask", 99)  # 0.29 x 99 = 28.71, 0.71 x 99 = 70.29
    violations = found(document, made(document, altered(c5_p2=29, c3_p2=70)))
    assert violations == [("pair cap", "c5 to p2")]
    assert ("pair cap", "c3 to p2") in found(document, made(document, altered(c5_p2=28)))


def test_a_share_just_below_the_least_counts_within_a_billionth() -> None:
    for weight, is_eligible in ((0.5999999995, True), (0.599999998, False)):
        document = changed("proposals.0.areas", {"a1": weight, "a2": round(1 - weight, 10)})
        violations = found(document, made(document, LINES))
        assert (("eligibility", "c1 to p1") in violations) is not is_eligible


# Lines


@pytest.mark.parametrize(
    ("line", "limit", "where"),
    [
        (Line("c6", "p3", 5), "line", "c6 to p3"),
        (Line("c4", "p2", 0), "line", "c4 to p2"),
        (Line("c4", "p2", -1), "line", "c4 to p2"),
        (Line("c9", "p2", 5), "line", "c9 to p2"),
        (Line("c4", "p9", 5), "line", "c4 to p9"),
    ],
)
def test_a_line_that_does_not_stand_for_a_payment_is_caught(
    line: Line, limit: str, where: str
) -> None:
    plan = made(ROUND, LINES)
    plan = dataclasses.replace(plan, lines=(*plan.lines, line))
    assert (limit, where) in found(ROUND, plan)


def test_a_line_split_in_two_is_caught_although_the_sums_are_right() -> None:
    plan = made(ROUND, LINES)
    halves = (Line("c6", "p3", 15), Line("c6", "p3", 15))
    lines = tuple(line for line in plan.lines if line.commitment != "c6") + halves
    plan = dataclasses.replace(plan, lines=lines, value=plan.value - 2, bound=plan.bound - 2)
    plan = dataclasses.replace(plan, gap=(plan.bound - plan.value) / plan.value)
    assert found(ROUND, plan) == [("line", "c6 to p3")]


# Guarantees and baselines as stated


def test_a_funder_may_lack_five_units_and_a_millionth_of_its_baseline_and_no_more() -> None:
    value = made(ROUND, LINES).funders["f1"]["value"]
    assert value == pytest.approx(70 * 1.6 + 80 * 1.29 + 27)
    assert found(ROUND, made(ROUND, LINES, alone=value + 5.0001)) == []
    assert found(ROUND, made(ROUND, LINES, alone=value + 5.01)) == [("guarantee", "f1")]
    assert found(ROUND, made(ROUND, LINES, leave=177 + 5.01)) == [("guarantee", "f4")]


@pytest.mark.parametrize("funder", ["f1", "f4"])
def test_a_guarantee_whose_baseline_is_not_stated_is_caught(funder: str) -> None:
    plan = made(ROUND, LINES)
    funders = {**plan.funders, funder: {"value": plan.funders[funder]["value"]}}
    assert found(ROUND, dataclasses.replace(plan, funders=funders)) == [("guarantee", funder)]


# Stated figures


@pytest.mark.parametrize(
    ("stated", "limit"),
    [
        ({"value": 94.001}, "value"),
        ({"value": 93.999}, "value"),
        ({"value": math.nan}, "value"),
        ({"bound": 93.9}, "bound"),
        ({"bound": math.inf}, "bound"),
        ({"bound": math.nan}, "bound"),
        ({"gap": 0.0}, "gap"),
        ({"gap": -1.0}, "gap"),
        ({"gap": math.nan}, "bound"),
        ({"digest": "0" * 64}, "digest"),
        ({"totals": {"p1": 140, "p2": 100}}, "totals"),
        ({"totals": {"p1": 140, "p2": 100, "p3": 31}}, "totals"),
        ({"totals": {"p1": 140, "p2": 100, "p3": 30, "p4": 1}}, "totals"),
        ({"totals": {"p1": 140, "p2": 100, "p3": 30, "p9": 0}}, "totals"),
        ({"areas": {"a1": {"amount": 113, "shortfall": 37}}}, "areas"),
    ],
)
def test_a_figure_stated_wrongly_is_caught(stated: Document, limit: str) -> None:
    plan = dataclasses.replace(made(ROUND, LINES), **stated)
    assert limit in [name for name, _ in found(ROUND, plan)]


def test_a_total_of_nothing_may_be_stated_or_left_out() -> None:
    plan = made(ROUND, LINES)
    assert found(ROUND, dataclasses.replace(plan, totals={**plan.totals, "p4": 0})) == []


@pytest.mark.parametrize("key", ["amount", "shortfall"])
@pytest.mark.parametrize("by", [1, -1])
def test_an_area_stated_one_unit_off_is_caught(key: str, by: int) -> None:
    plan = made(ROUND, LINES)
    areas = copy.deepcopy(plan.areas)
    areas["a1"][key] += by
    assert found(ROUND, dataclasses.replace(plan, areas=areas)) == [(f"area {key}", "a1")]
    del areas["a1"][key]
    assert found(ROUND, dataclasses.replace(plan, areas=areas)) == [(f"area {key}", "a1")]


def test_areas_and_funders_that_the_round_does_not_have_are_caught() -> None:
    plan = made(ROUND, LINES)
    areas = {**plan.areas, "a9": {"amount": 0, "shortfall": 0}}
    assert found(ROUND, dataclasses.replace(plan, areas=areas)) == [("areas", "a9")]
    funders = {**plan.funders, "f9": {"value": 0.0}}
    assert found(ROUND, dataclasses.replace(plan, funders=funders)) == [("funders", "f9")]


@pytest.mark.parametrize("by", [0.001, -0.001, math.inf])
def test_a_funders_value_stated_wrongly_is_caught(by: float) -> None:
    plan = made(ROUND, LINES)
    funders = copy.deepcopy(plan.funders)
    funders["f3"]["value"] += by
    assert found(ROUND, dataclasses.replace(plan, funders=funders)) == [("funder value", "f3")]


def test_every_funder_must_be_stated_listed_or_not() -> None:
    plan = made(ROUND, LINES)
    funders = {id_: stated for id_, stated in plan.funders.items() if id_ != "f3"}
    assert found(ROUND, dataclasses.replace(plan, funders=funders)) == [("funders", "f3")]


def test_optimal_is_refused_to_a_plan_with_more_than_the_gap_asked_for() -> None:
    plan = made(ROUND, LINES, bound=95.0)
    assert found(ROUND, plan, gap=0.011) == []
    assert found(ROUND, plan, gap=0.010) == [("status", "the plan")]
    assert found(ROUND, dataclasses.replace(plan, status="time_limit"), gap=0.01) == []


def test_a_violation_says_in_words_what_where_and_by_how_much() -> None:
    violations = check(read_round(ROUND), made(ROUND, altered(c6_p3=31)))
    assert violations == [
        Violation("pair cap", "c6 to p3", 1.0, "pair cap, c6 to p3: 31 is 1 above 30")
    ]
    assert str(violations[0]) == violations[0].text
    document = changed("areas.0.cap", 50)
    (violation,) = check(read_round(document), made(document, LINES))
    assert violation.text == "area cap, a1: gets 113, 63 above 50"
    assert violation.by == 63


def test_an_empty_plan_is_right_for_an_empty_round() -> None:
    document = {"format": "tributary-round/1", "currency": "USD", "funders": []}
    assert found(document, made(document, {}, bound=0.0)) == []


# Against the tests' own reckoning of what is allowed


def moved(rng: random.Random, document: Document, lines: by_hand.Lines) -> by_hand.Lines:
    """The lines with one or two amounts changed at random, or a line added or removed."""
    lines = dict(lines)
    unit = by_hand.policy(document, "round_to", 1)
    for _ in range(rng.randint(1, 2)):
        pair = (
            rng.choice(document["commitments"])["id"],
            rng.choice(document["proposals"])["id"],
        )
        if lines and rng.random() < 0.7:
            pair = rng.choice(sorted(lines))
        step = rng.choice([1, unit, -unit, 3 * unit, -lines.get(pair, 0)])
        lines[pair] = lines.get(pair, 0) + step
    return {pair: amount for pair, amount in lines.items() if amount > 0}


def test_it_agrees_with_the_reference_on_plans_moved_at_random() -> None:
    verdicts = {True: 0, False: 0}
    for seed in range(250):
        document = random_round(
            seed,
            commitments=1 + seed % 4,
            proposals=1 + seed % 6,
            features=any_features(seed),
            scale="small" if seed % 3 else "tiny",
        )
        baselines = reference.baselines(document)
        if baselines is None:
            continue
        try:
            best = reference.solve(document, baselines)
        except by_hand.Infeasible:
            continue
        problem, rng = read_round(document), random.Random(seed)
        for lines in (best.lines, *(moved(rng, document, best.lines) for _ in range(12))):
            worth = by_hand.value(document, lines)
            plan = read_plan(
                by_hand.plan_document(
                    document, by_hand.Best(lines, worth, worth), baselines, problem.digest
                )
            )
            violations = check(problem, plan)
            is_allowed = by_hand.is_allowed(document, lines, baselines, 1)
            assert (violations == []) == is_allowed, (seed, lines, violations)
            verdicts[is_allowed] += 1
    assert min(verdicts.values()) > 300, verdicts
