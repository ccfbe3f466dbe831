"""One round's relaxed model kept alive, and solved again under other aims.

Whatever changes from one solve to the next is a cost or the right side of one row, never the
matrix: then the simplex method goes on from the last corner. A row of its own holds the plan's
value, so that among all plans worth at least so much another aim can be sought.

A corner becomes a plan as it does when a round is solved: proposals near the margin are decided by
a small integer search, lines are made whole, and every limit is counted again. That the model is
relaxed makes each of its bounds a bound.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pulp

from optimizer.backend import open_model
from optimizer.clock import Clock
from optimizer.highs import Answer, Vector
from optimizer.margins import margins
from optimizer.mend import FIRST_GAP, NODES, can_mend, mend
from optimizer.model import build
from optimizer.pairs import in_order, pairs_of
from optimizer.problem import Plan, Problem
from optimizer.programme import GE, Detail, Expression, Model
from optimizer.search import CORE
from optimizer.stated import figures_of, promises
from optimizer.value import Lines, breaches
from optimizer.whole import Draft, draft

FEW = 8  # proposals besides the undecided ones in a rough search
WHOLE = 1e-6  # from a whole number, within which a 0/1 variable counts as decided
CLOSE = 5e-4  # of its value, within which a corner's amounts are taken as they are


class LiveRound:
    """A round and its plan, in a solver that can be asked again and again.

    `problem` is in order, `floors` are what the plan promises funders; values are minor units.
    """

    def __init__(self, problem: Problem, plan: Plan, clock: Clock) -> None:
        self.problem, self.plan, self.clock = in_order(problem), plan, clock
        self.floors = promises(self.problem, plan.funders)
        self.pairs = pairs_of(self.problem)
        self.model = build(self.pairs, self.floors, Detail(is_eased=True))
        self.unit = self.model.unit
        has_value = bool(self.model.objective)
        if has_value:
            self.model.add("worth", "plan", dict(self.model.objective), GE, 0.0)
        self.live = open_model(self.model.lp, clock, self.unit)
        self._worth_row = [self.model.rows["worth", "plan"].index] if has_value else []
        self._integers = np.array(
            [v.index for v in self.model.lp.variables() if v.cat == pulp.LpInteger], dtype=np.int32
        )
        self.ask_for(-math.inf)
        self.cost = self.part(self.model.objective)

    def part(self, expression: Expression) -> Vector:
        """Coefficients by column."""
        vector = np.zeros(len(self.live.low))
        for variable, value in expression.items():
            vector[variable.index] = value
        return vector

    def of_totals(self, weight: Vector) -> Vector:
        """The cost of `weight` for each minor unit that a proposal gets, by proposal."""
        vector = np.zeros(len(self.live.low))
        for p, total in enumerate(self.model.total):
            for variable, amount in total.items():
                vector[variable.index] += weight[p] * amount
        return vector

    def ask_for(self, least: float) -> None:
        """Only plans worth at least so much by the round's own weights; minus infinity: any."""
        low = least / self.unit if math.isfinite(least) else -np.inf
        self.live.set_rows(self._worth_row, low, np.inf)

    def aim(self, cost: Vector | None = None) -> None:
        """Maximise this; the plan's value where None."""
        self.live.set_costs(self.cost if cost is None else cost)

    @contextmanager
    def forced(self, p: int, is_funded: bool) -> Iterator[None]:
        """For a while, only plans that fund this proposal, or that do not."""
        low, high = self.live.low, self.live.high
        kept = low.copy(), high.copy()
        if p in self.model.y:
            column = self.model.y[p].index
            low[column] = high[column] = float(is_funded)
        else:
            for variable, weight in self.model.total[p].items():
                least = max(int(self.pairs.least[p]), self.pairs.grid) / self.unit / weight
                if is_funded:
                    low[variable.index] = max(low[variable.index], least)
                else:
                    high[variable.index] = 0.0
        self.live.restore()
        try:
            yield
        finally:
            low[:], high[:] = kept
            self.live.restore()

    def own_lines(self) -> Lines:
        """The plan's own lines, by index."""
        commitment = {c.id: k for k, c in enumerate(self.problem.commitments)}
        proposal = {p.id: k for k, p in enumerate(self.problem.proposals)}
        return {
            (commitment[line.commitment], proposal[line.proposal]): line.amount
            for line in self.plan.lines
        }

    def corner(self) -> Answer:
        """The best with fractions, from where the last one stood; values in model units."""
        return self.live.relax()

    def standing(self) -> Vector:
        """Of each proposal at the last corner, minor units of what is aimed at (`margins`)."""
        return margins(self.model, self.live).standing() * self.unit

    def whole(
        self,
        corner: Answer,
        standing: Vector,
        *,
        judged: Problem | None = None,
        gap: float = FIRST_GAP,
        nodes: int = NODES,
        is_rough: bool = False,
    ) -> Draft | None:
        """Whole lines near a corner; None where none keep every limit.

        `judged`: a round with other weights, by which amounts are chosen; else the round itself.
        `gap` and `nodes` limit the search of what lies near the margin, where `is_rough` of little
        more than what the corner leaves undecided.
        """
        if corner.x is None:
            return None
        x = self._decided(corner.x, standing, gap, nodes, is_rough)
        return None if x is None else self.made_whole(x, corner.bound, judged)

    def made_whole(self, x: Vector, bound: float, judged: Problem | None = None) -> Draft | None:
        """Whole lines for a solution whose 0/1 variables are decided; `bound` in model units."""
        model = self._judging(judged)
        worth = bound * self.unit
        plan = draft(model, self.live, x, worth - CLOSE * max(1.0, abs(worth)))
        if plan is None:
            return None
        found = [plan]
        if can_mend(self.pairs.problem, plan):
            mended = mend(model, plan, self.clock, CLOSE)
            found += [] if mended is None else [mended]
        sound = [d for d in found if not breaches(self.pairs, d.lines, self.floors)]
        return min(sound, key=lambda d: d.rank, default=None)

    def plan_of(self, lines: Lines) -> Plan:
        """The plan that these lines make, with every figure reckoned anew."""
        figures = figures_of(self.pairs, lines, self.plan.funders)
        value = figures["value"]
        bound = max(value, self.plan.bound)
        gap = (bound - value) / max(1.0, abs(value))
        return replace(self.plan, status="time_limit", bound=bound, gap=gap, open=None, **figures)

    def _judging(self, judged: Problem | None) -> Model:
        if judged is None:
            return self.model
        model = copy.copy(self.model)
        model.pairs = replace(self.pairs, problem=judged)
        return model

    def _decided(
        self, x: Vector, standing: Vector, gap: float, nodes: int, is_rough: bool
    ) -> Vector | None:
        """The corner with every 0/1 variable decided: a search of those near the margin."""
        columns = np.array([y.index for y in self.model.y.values()], dtype=np.int32)
        if not columns.size:
            return x
        whole = x[self._integers]
        if (np.abs(whole - np.round(whole)) <= WHOLE).all():
            return x
        near = np.abs(standing[list(self.model.y)])
        loose = np.abs(x[columns] - np.round(x[columns])) > WHOLE
        order = np.lexsort((np.arange(columns.size), near))
        undecided = int(loose.sum())
        loose[order[: undecided + FEW if is_rough else max(CORE, 3 * undecided)]] = True
        kept = columns[~loose]
        self.live.set_columns(kept, np.round(x[kept]), np.round(x[kept]))
        answer = self.live.search(gap, nodes=nodes)
        self.live.restore()
        return answer.x
