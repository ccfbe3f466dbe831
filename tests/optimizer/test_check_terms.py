"""Files of version 2: every fault of years and conditions is named, every broken one is caught."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from optimizer.check import check
from optimizer.problem import Instalment, Line, Plan
from optimizer.read import BadInput, read_plan, read_round, write_plan, write_round
from optimizer.solve import solve
from tests.optimizer.documents import changed

Document = dict[str, Any]

ROUND: Document = {
    "format": "tributary-round/2",
    "currency": "USD",
    "commitments": [
        {
            "id": "c1",
            "funder": "f1",
            "amount": 100,
            "releases": [{"year": 2027, "amount": 40}, {"year": 2028, "amount": 60}],
            "promised": [{"year": 2028, "amount": 10}],
        },
        {"id": "c2", "funder": "f2", "amount": 50, "match": {"ratio": 0.5, "up_to": 30}},
        {
            "id": "c3",
            "funder": "f3",
            "amount": 30,
            "only_if": {"funders": 1, "least": 5},
            "joins_if": {"total": 60},
        },
    ],
    "proposals": [
        {
            "id": "p1",
            "ask": 120,
            "minimum": 1,
            "merit": 0.9,
            "areas": {"a": 1},
            "budget": [{"year": 2027, "amount": 60}, {"year": 2028, "amount": 60}],
        },
        {"id": "p2", "ask": 80, "minimum": 1, "merit": 0.5, "areas": {"a": 1}},
    ],
    "areas": [{"id": "a"}],
}


def plan() -> Plan:
    return solve(read_round(ROUND), gap=1e-6)


def test_a_round_with_every_term_is_read_and_written_back() -> None:
    problem = read_round(ROUND)
    assert read_round(write_round(problem)) == problem
    assert problem.commitments[0].releases == (Instalment(2027, 40), Instalment(2028, 60))
    assert problem.commitments[0].available == 90


def test_its_plan_passes_and_is_read_as_it_was_written() -> None:
    found = plan()
    assert check(read_round(ROUND), found) == []
    assert read_plan(json.loads(json.dumps(write_plan(found)))) == found


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("commitments.0.releases.1.amount", 50, "releases: amounts summing to 90; expected a sum"),
        ("commitments.0.releases.1.year", 2027, "releases: 2027 after 2027; expected years asc"),
        ("commitments.0.releases.1.year", "2028", 'releases[1].year: "2028"; expected a whole'),
        ("commitments.0.releases.1.month", 3, "releases[1].month: unknown key"),
        ("commitments.0.promised.0.year", 2026, "promised: 10 owed by the end of 2026; expected"),
        ("commitments.0.promised.0.amount", -1, "promised[0].amount: -1; expected a whole number"),
        ("commitments.1.match.ratio", 0, "match.ratio: 0; expected a number from"),
        ("commitments.1.match.up_to", 1.5, "match.up_to: 1.5; expected a whole number"),
        ("commitments.1.match", 2, "match: 2; expected an object"),
        ("commitments.2.only_if", {}, "only_if: asks for nothing; expected funders or total"),
        ("commitments.2.only_if.funders", 0, "only_if.least: stands without funders"),
        ("commitments.2.joins_if.total", None, "joins_if.total: null; expected a whole number"),
        ("commitments.2.joins_if.others", 1, "joins_if.others: unknown key"),
        ("proposals.0.budget.0.amount", 61, "budget: amounts summing to 121; expected a sum of"),
        ("format", "tributary-round/1", "commitments[0].releases: unknown key"),
    ],
)
def test_a_fault_of_years_or_conditions_is_named(path: str, value: object, fault: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_round(changed(ROUND, path, value))
    assert any(fault in line for line in caught.value.faults), caught.value.faults


def with_line(found: Plan, index: int, **change: object) -> Plan:
    lines = list(found.lines)
    lines[index] = dataclasses.replace(lines[index], **change)  # type: ignore[arg-type]
    return dataclasses.replace(found, lines=tuple(lines))


def paid_early(found: Plan) -> Plan:
    line = found.lines[0]
    return with_line(found, 0, years=(Instalment(2026, line.amount),))


def paid_late(found: Plan) -> Plan:
    line = found.lines[0]
    return with_line(found, 0, years=(Instalment(2029, line.amount),))


def years_short(found: Plan) -> Plan:
    line = found.lines[0]
    return with_line(found, 0, years=(Instalment(2028, line.amount - 1),))


def matched_alone(found: Plan) -> Plan:
    return dataclasses.replace(found, lines=(Line("c2", "p2", 10),))


def nobody_else(found: Plan) -> Plan:
    return dataclasses.replace(found, lines=(Line("c3", "p2", 30),))


def said_to_hold(found: Plan) -> Plan:
    wrong = dataclasses.replace(found.conditions[0], holds=not found.conditions[0].holds)
    return dataclasses.replace(found, conditions=(wrong, *found.conditions[1:]))


def left_out(found: Plan) -> Plan:
    return dataclasses.replace(found, conditions=found.conditions[1:])


def of_the_first_version(found: Plan) -> Plan:
    return dataclasses.replace(found, format="tributary-plan/1")


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        (paid_early, "releases"),
        (paid_late, "budget"),
        (years_short, "years"),
        (matched_alone, "match"),
        (nobody_else, "only_if"),
        (nobody_else, "joins_if"),
        (said_to_hold, "conditions"),
        (left_out, "conditions"),
        (of_the_first_version, "format"),
    ],
)
def test_a_broken_term_is_caught(change: Callable[[Plan], Plan], limit: str) -> None:
    found = plan()
    assert (found.lines[0].commitment, found.lines[0].proposal) == ("c1", "p1")
    assert limit in {v.limit for v in check(read_round(ROUND), change(found))}
