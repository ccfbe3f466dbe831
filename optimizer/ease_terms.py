"""How years and conditions may give way where a round has no plan (`relaxation.py`).

A condition is kept or given up as a whole. Money that is released over time may come earlier: by
the k-th date before which not all is there, e_ck more of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.conflicts import Demand
from optimizer.model import Model
from optimizer.problem import Commitment, Instalment, Problem
from optimizer.ties import cuts, needs

CONDITIONS = ("match", "only_if", "joins_if")


def ease_terms(model: Model, terms: Iterable[Demand]) -> list[tuple[Demand, Any, float]]:
    """Variables that let these terms give way: the demand, its variable, what 1 of it counts."""
    problem, ties = model.problem, model.ties
    if ties is None:
        return []
    index = {c.id: k for k, c in enumerate(problem.commitments)}
    found: list[tuple[Demand, Any, float]] = []
    for demand in terms:
        if demand.kind in CONDITIONS:
            c = index[demand.where]
            given_up = model.choice("give", len(found))
            _add_way_out(model, demand.kind, c, given_up)
            found.append((demand, given_up, float(problem.commitments[c].available)))
    due = {year for p in problem.proposals for year, _ in needs(p)}
    for c in np.flatnonzero(ties.timed.any(axis=1)).tolist():
        commitment, before = problem.commitments[c], 0
        for k, (last, amount) in enumerate(cuts(commitment)):
            row = model.rows.get(("release", f"{commitment.id}|{k}"))
            if row is not None:
                late = (commitment.available - amount) / model.unit
                earlier = model.variable("early", c, k, high=late)
                row.expr.addterm(earlier, -1.0)
                year = min(y for y in due if before < y <= last)  # the first that may need it
                text = f"what {commitment.id} has released by the end of {year}"
                demand = Demand("releases", commitment.id, float(amount), text, year=year)
                found.append((demand, earlier, model.unit))
            before = last
    return found


def _add_way_out(model: Model, kind: str, c: int, given_up: Any) -> None:
    """Let the commitment pay as if its condition held, where that is given up."""
    pairs, id_ = model.pairs, model.problem.commitments[c].id
    if kind == "joins_if":
        model.rows[kind, id_].expr.addterm(given_up, -int(pairs.budget[c]) / model.unit)
        return
    for p, proposal in enumerate(model.problem.proposals):
        row = model.rows.get((kind, f"{id_}|{proposal.id}"))
        if row is not None:
            cap = min(int(pairs.cap[c, p]), int(pairs.budget[c])) / model.unit
            row.expr.addterm(given_up, -cap)


def with_earlier(problem: Problem, wanted: Sequence[tuple[Demand, float]]) -> Problem:
    """The round with money released earlier: by the end of a demand's year so much is there."""
    by_id: dict[str, list[tuple[int, float]]] = {}
    for demand, amount in wanted:
        assert demand.year is not None
        by_id.setdefault(demand.where, []).append((demand.year, amount))
    return replace(
        problem,
        commitments=tuple(
            replace(c, releases=_released(c, by_id[c.id])) if c.id in by_id else c
            for c in problem.commitments
        ),
    )


def _released(c: Commitment, wanted: Sequence[tuple[int, float]]) -> tuple[Instalment, ...]:
    """The releases, with enough of them moved forward; what is promised stays on top."""
    years = sorted({r.year for r in (*c.releases, *c.promised)} | {year for year, _ in wanted})
    steps, before = [], 0
    for year in years:
        released = sum(r.amount for r in c.releases if r.year <= year)
        owed = sum(r.amount for r in c.promised if r.year <= year)
        needed = max((int(amount) for y, amount in wanted if y <= year), default=0)
        through = min(c.amount, max(released, needed + owed))
        if through > before:
            steps.append(Instalment(year, through - before))
        before = max(before, through)
    return tuple(steps)
