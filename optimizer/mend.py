"""Lines of a plan chosen anew, exactly, where whole lines got into trouble."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.backend import open_model
from optimizer.clock import Clock
from optimizer.model import Detail, Model, build
from optimizer.problem import Problem
from optimizer.whole import Draft, draft

NODES = 500  # of a small search's tree
FIRST_GAP = 2e-5  # to which it goes at most: it proves nothing


def can_mend(problem: Problem, plan: Draft) -> bool:
    """Whether choosing lines anew could save the plan, or save agreements."""
    if plan.broken:
        return plan.is_mendable
    return bool(problem.policy.agreement_cost)


def mend(model: Model, plan: Draft, clock: Clock, gap: float, nodes: int = NODES) -> Draft | None:
    """The same funded set with lines chosen exactly where they are in trouble or shared.

    Troubled proposals may be paid by any eligible commitment or dropped; the others keep who
    pays them. Small, since a forest of lines shares few proposals.
    """
    pairs = model.pairs
    payers: dict[int, list[int]] = {}
    for c, p in plan.lines:
        payers.setdefault(p, []).append(c)
    troubled = {p for p, several in payers.items() if len(several) > 1}
    troubled |= {p for (c, p), amount in plan.lines.items() if amount < pairs.ticket[c]}
    cap = np.zeros_like(pairs.cap)
    for p, several in payers.items():
        rows = slice(None) if p in troubled else several
        cap[rows, p] = pairs.cap[rows, p]
    part = replace(pairs, cap=cap, ask=np.where(cap.any(axis=0), pairs.ask, 0))
    small = build(part, model.floors, Detail(lines=True, is_eased=model.detail.is_eased))
    live = open_model(small.lp, clock, small.unit)
    for p, y in small.y.items():
        if p not in troubled:
            live.low[y.index] = 1.0
    live.restore()
    answer = live.search(max(gap / 8, FIRST_GAP), nodes=nodes)
    return None if answer.x is None else draft(small, live, answer.x)
