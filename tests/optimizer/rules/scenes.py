"""Short ways to write a round of a rule's own literature and to read what a rule makes of it."""

from __future__ import annotations

from typing import Any

from optimizer.check import check
from optimizer.pairs import in_order, pairs_of
from optimizer.problem import Plan, Problem
from optimizer.read import read_round
from optimizer.rules.equal_shares import buy
from optimizer.rules.giving import Giving
from optimizer.solve import solve

Document = dict[str, Any]


def a_round(
    money: dict[str, int],
    likes: dict[str, dict[str, float]],
    asks: dict[str, int],
    *,
    minimum: dict[str, int] | int | None = None,
    merit: dict[str, float] | None = None,
    **parts: Any,
) -> Problem:
    """One commitment a funder; `likes`: by funder, what a unit in each proposal is worth to it.

    Each proposal has an area of its own, so that any likes can be written as weights. Merit is 1
    unless given; what a funder does not name is worth 0 to it.
    """
    proposals = []
    for name, ask in asks.items():
        row: Document = {"id": name, "ask": ask, "merit": (merit or {}).get(name, 1)}
        row["areas"] = {f"area of {name}": 1}
        if minimum is not None:
            row["minimum"] = minimum if isinstance(minimum, int) else minimum.get(name, ask)
        proposals.append(row)
    return read_round(
        {
            "format": "tributary-round/1",
            "currency": "USD",
            "commitments": [{"id": f, "funder": f, "amount": m} for f, m in money.items()],
            "funders": [
                {"id": f, "weights": {f"area of {p}": likes[f].get(p, 0) for p in asks}}
                for f in money
            ],
            "proposals": proposals,
            "areas": [{"id": f"area of {p}"} for p in asks],
            **parts,
        }
    )


def plan_by(rule: str, problem: Problem, gap: float = 1e-4, **options: Any) -> Plan:
    """The rule's plan, which must pass `check`."""
    plan = solve(problem, rule=rule, gap=gap, **options)
    assert [str(wrong) for wrong in check(problem, plan)] == []
    return plan


def paid(plan: Plan) -> dict[tuple[str, str], int]:
    return {(line.commitment, line.proposal): line.amount for line in plan.lines}


def bought(problem: Problem) -> list[str]:
    """What equal shares buy before the completion, in order."""
    giving = Giving(pairs_of(in_order(problem)))
    return [giving.pairs.problem.proposals[p].id for p in buy(giving)]
