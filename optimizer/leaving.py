"""What others' plans leave to a group that goes: a bound without deciding anything.

    maximise  the value of X, the others' plan, as the round counts it
    subject to  sum_p g_cp <= B_c  for members' commitments, 0 for the others'      [adds]
                X_p + sum_c g_cp <= R_p        g: what the group adds               [remains]
                sum_a w_fa Q_a >= more than the plan gives f, each member f         [gains]

X keeps the rows of the relaxed model with the members' money taken out, without locks and regions'
shares, which change with who is there. The others spend their money as is best for the round as
they see it; beside a plan of theirs that is worth more than this maximum not every member can gain,
whatever that plan is in detail.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.backend import open_model
from optimizer.clock import Clock
from optimizer.highs import INFINITY
from optimizer.model import Detail, add_values, build
from optimizer.pairs import Pairs, pairs_of
from optimizer.problem import Problem
from optimizer.programme import GE, LE, Expression


class Leaving:
    """One live model for all groups of a round that is `in_order`; only right sides change."""

    def __init__(
        self, problem: Problem, free: Pairs, wanted: Mapping[str, float], clock: Clock
    ) -> None:
        """`free`: pairs without needs, minimums and terms; `wanted`: by funder, minor units."""
        self.problem = problem
        funders = tuple(replace(f, guarantee="none", at_least=None) for f in problem.funders)
        policy = replace(problem.policy, region_least={})
        rest = replace(problem, funders=funders, policy=policy, locks=())
        self.model = build(pairs_of(rest), {}, Detail(is_eased=True))
        self.unit = self.model.unit
        self.budget = {
            c: -float(row.constant)
            for c, commitment in enumerate(problem.commitments)
            if (row := self.model.rows.get(("commitment", commitment.id))) is not None
        }
        self.adds = self._add_group(free)
        for f, least in wanted.items():
            self.model.add("gains", f, self.model.worth[f], GE, least / self.unit)
        self.least = {f: least / self.unit for f, least in wanted.items()}
        self.live = open_model(self.model.lp, clock, self.unit)

    def most(self, group: Collection[str]) -> float:
        """What others' plans beside which every member gains are worth at most, minor units.

        -inf where there is none.
        """
        live, commitments = self.live, self.problem.commitments
        for c, budget in self.budget.items():
            most = budget * (commitments[c].funder not in group)
            live.set_rows([self._row("commitment", commitments[c].id)], -INFINITY, most)
        for c, budget in self.adds.items():
            most = budget * (commitments[c].funder in group)
            live.set_rows([self._row("adds", commitments[c].id)], -INFINITY, most)
        for f, least in self.least.items():
            low = least if f in group else -INFINITY
            live.set_rows([self._row("gains", f)], low, INFINITY)
        answer = live.relax()
        return -math.inf if answer.is_infeasible else answer.bound * self.unit

    def _row(self, family: str, name: str) -> int:
        return int(self.model.rows[family, name].index)

    def _add_group(self, free: Pairs) -> dict[int, float]:
        """Money that groups add; the budgets of the commitments that can, model units."""
        model = self.model
        more: list[Expression] = [{} for _ in self.problem.proposals]
        adds: dict[int, float] = {}
        for c, commitment in enumerate(self.problem.commitments):
            able = np.flatnonzero(free.cap[c]).tolist()
            if able:
                given: Expression = {}
                for p in able:
                    added = model.variable("n", c, p, high=self._units(free.cap[c, p]))
                    given[added] = more[p][added] = 1.0
                adds[c] = self._units(free.budget[c])
                model.add("adds", commitment.id, given, LE, 0.0)
        for p, proposal in enumerate(self.problem.proposals):
            more[p].update(model.total[p])
            model.add("remains", proposal.id, more[p], LE, self._units(proposal.ask))
        add_values(model, more)
        return adds

    def _units(self, amount: Any) -> float:
        return int(amount) / self.unit
