"""Rounds small enough to work out by hand."""

from __future__ import annotations

from typing import Any

from optimizer.check import check
from optimizer.problem import Plan, Problem
from optimizer.read import read_round
from optimizer.solve import solve

Document = dict[str, Any]

TWO_FUNDERS: Document = {
    "commitments": [
        {"id": "open", "funder": "harbour", "amount": 600},
        {"id": "theory", "funder": "northlight", "amount": 500, "areas": ["theory"]},
    ],
    "proposals": [
        {"id": "audit", "ask": 500, "minimum": 100, "merit": 0.9, "areas": {"practice": 1}},
        {"id": "proofs", "ask": 400, "minimum": 100, "merit": 0.6, "areas": {"theory": 1}},
        {"id": "survey", "ask": 300, "minimum": 100, "merit": 0.5, "areas": {"practice": 1}},
    ],
    "areas": [{"id": "practice"}, {"id": "theory"}],
}
"""Best by hand: audit 500 from open, proofs 400 from theory, survey 100 from open: 740."""


def a_round(**parts: object) -> Document:
    """A round in the format: TWO_FUNDERS with these parts put in place."""
    return {"format": "tributary-round/1", "currency": "USD", **TWO_FUNDERS, **parts}


def a_problem(**parts: object) -> Problem:
    return read_round(a_round(**parts))


PLENTY = 3600.0  # seconds: no answer may depend on how fast the machine is


def solved(problem: Problem, gap: float = 1e-6, **options: Any) -> Plan:
    """The plan, which must pass `check` and be proven."""
    plan = solve(problem, gap=gap, **{"seconds": PLENTY, **options})
    assert [str(violation) for violation in check(problem, plan, gap=gap)] == []
    assert plan.status == "optimal"
    return plan
