"""Reading plans: their shape is held to, what they say is left to `check`."""

from __future__ import annotations

import math
from typing import Any

import pytest

from optimizer.problem import Problem
from optimizer.read import BadInput, read_plan, read_round, write_plan
from tests.optimizer.documents import REMOVED, ROUND, changed

Document = dict[str, Any]

PLAN: Document = {
    "format": "tributary-plan/1",
    "status": "optimal",
    "rule": "welfare",
    "value": 20.0,
    "bound": 20.5,
    "gap": 0.025,
    "lines": [{"commitment": "c1", "proposal": "p1", "amount": 40}],
    "totals": {"p1": 40},
    "areas": {"a1": {"amount": 30, "shortfall": 0}, "a2": {"amount": 10, "shortfall": 10}},
    "funders": {"f1": {"value": 1.5, "alone": 1.0}, "f2": {"value": 1.0}},
    "digest": "0" * 64,
    "versions": {"python": "3.11"},
    "seconds": 0.25,
}


def plan_faults(document: object, problem: Problem | None = None) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_plan(document, problem)  # type: ignore[arg-type]
    return caught.value.faults


def test_a_plan_is_read_and_written_as_it_stands() -> None:
    plan = read_plan(PLAN)
    assert plan.lines[0].amount == 40
    assert plan.areas["a2"] == {"amount": 10, "shortfall": 10}
    assert plan.funders["f1"] == {"value": 1.5, "alone": 1.0}
    assert write_plan(plan) == PLAN


def test_what_explain_adds_is_allowed() -> None:
    document = changed(PLAN, "why", {"p2": "because"})
    document = changed(document, "shadow_prices", [1])
    document = changed(document, "lines.0.why", {"text": "because"})
    assert read_plan(document) == read_plan(PLAN)


def test_lines_that_break_limits_are_read_because_check_is_to_name_them() -> None:
    for amount in (0, -5, 10**15):
        assert read_plan(changed(PLAN, "lines.0.amount", amount)).lines[0].amount == amount


def test_lines_must_name_what_the_round_has_when_it_is_given() -> None:
    problem = read_round(ROUND)
    read_plan(PLAN, problem)
    document = changed(PLAN, "lines.0.commitment", "c9")
    assert read_plan(document).lines[0].commitment == "c9"
    assert plan_faults(document, problem) == [
        'lines[0].commitment: "c9"; expected the id of a commitment of the round'
    ]


@pytest.mark.parametrize("key", list(PLAN))
def test_every_key_of_a_plan_must_be_there(key: str) -> None:
    assert plan_faults(changed(PLAN, key, REMOVED))[0].startswith(f"{key}: missing; expected ")


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("format", "tributary-round/1", 'format: "tributary-round/1"'),
        ("status", "great", 'status: "great"'),
        ("value", math.nan, "value: NaN"),
        ("bound", math.inf, "bound: Infinity"),
        ("gap", "0", 'gap: "0"'),
        ("lines", {}, "lines: an empty object"),
        ("lines.0.amount", 1.5, "lines[0].amount: 1.5"),
        ("lines.0.amount", True, "lines[0].amount: true"),
        ("lines.0.note", "x", "lines[0].note: unknown key"),
        ("lines.1", None, "lines[1]: null"),
        ("totals.p1", 40.5, "totals.p1: 40.5"),
        ("areas.a1", 5, "areas.a1: 5"),
        ("areas.a1.amount", REMOVED, "areas.a1.amount: missing"),
        ("areas.a1.amount", 0.5, "areas.a1.amount: 0.5"),
        ("funders.f1.value", REMOVED, "funders.f1.value: missing"),
        ("funders.f1.alone", None, "funders.f1.alone: null"),
        ("funders.f1.gain", 1, "funders.f1.gain: unknown key"),
        ("digest", 5, "digest: 5"),
        ("versions.python", 3, "versions.python: 3"),
        ("seconds", -1, "seconds: -1"),
        ("extra", 1, "extra: unknown key"),
    ],
)
def test_a_fault_of_a_plan_is_named(path: str, value: object, where: str) -> None:
    (fault,) = plan_faults(changed(PLAN, path, value))
    assert fault.startswith(where)
    assert "; expected " in fault
