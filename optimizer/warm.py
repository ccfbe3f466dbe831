"""A round kept warm in a solver while people try changes on it.

The relaxed model holds a floor and a cap for every area, wide open where the round has none, so
that weights, floors, caps and pins change only costs, right sides and bounds; the simplex method
then goes on from the last corner. Another amount of a commitment changes the matrix, and the model
is built anew. Every plan is counted again against every limit by `check` before anybody sees it.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.check import check
from optimizer.clock import Clock
from optimizer.found import Infeasible, OutOfTime
from optimizer.highs import SolverFault
from optimizer.live_round import LiveRound
from optimizer.outcomes import Proof, before_of, fewest_changes
from optimizer.pairs import Pairs, in_order, pairs_of
from optimizer.problem import Plan, Problem
from optimizer.programme import SHARE_SLACK
from optimizer.search import best_lines
from optimizer.stated import figures_of, promises
from optimizer.tweaks import Tweaks
from optimizer.value import Lines, breaches, totals_of, value_of

GAP = 1e-3
THOROUGH = (1e-3, 20, False)  # gap, nodes, and whether the search is rough
ROUGH = ((5e-3, 1, True), (2e-2, 1, True))
"""Ways from a corner to whole lines; a thorough search takes seconds where years or conditions tie
lines together, so rough ones come first."""
SECONDS = 20.0  # for one change; the room waits
LAST_GAP = 1e-2  # of a plan made from nothing, where the warm model gives none
LAST_SECONDS = 4.0  # of that, where another plan can be shown
TIDY_SECONDS = 1.0  # for leaving as it was what does not pay


@dataclass(frozen=True)
class Step:
    """A plan for a changed round, and the seconds that it took. `is_warm`: from the live model."""

    plan: Plan
    problem: Problem
    seconds: float
    is_warm: bool


class WarmRound:
    """A round and its plan, kept so that one change after the other can be tried."""

    def __init__(
        self, problem: Problem, plan: Plan, cancelled: Callable[[], bool] | None = None
    ) -> None:
        self.problem, self.plan = in_order(problem), plan
        self._cancelled = cancelled
        self._model: _Model | None = None
        self._amounts: tuple[int, ...] = ()

    def step(self, tweaks: Tweaks, before: Plan | None = None, known: Sequence[Plan] = ()) -> Step:
        """The round with these changes, solved; of what differs from `before` only what pays.

        `known`: plans of other changes, of which one may still be the best here. Raises Infeasible,
        OutOfTime, and SolverFault where the plan does not pass its check.
        """
        started = time.monotonic()
        clock = Clock.of(SECONDS, None, self._cancelled)
        changed = in_order(tweaks.applied_to(self.problem))
        floors = promises(changed, self.plan.funders)
        pairs = pairs_of(changed)
        others = [before or self.plan, self.plan, *known]
        held = _best_that_holds(pairs, others, floors)
        lines, bound = self._solved(changed, clock)
        is_warm = lines is not None
        if lines is None:
            lines, bound = _from_nothing(pairs, floors, held, bound, clock)
        lines = _near(pairs, others[0], held, lines, bound, floors, clock)
        plan = self._plan(pairs, lines, bound)
        if faults := check(changed, plan):
            raise SolverFault("; ".join(map(str, faults)))
        return Step(plan, changed, time.monotonic() - started, is_warm)

    def _solved(self, changed: Problem, clock: Clock) -> tuple[Lines | None, float]:
        amounts = tuple(c.amount for c in changed.commitments)
        if self._model is None or amounts != self._amounts:
            self._model, self._amounts = _Model(changed, self.plan, clock), amounts
        return self._model.solved(changed, clock)

    def _plan(self, pairs: Pairs, lines: Lines, bound: float) -> Plan:
        figures = figures_of(pairs, lines, self.plan.funders)
        value = figures["value"]
        bound = max(value, bound)
        gap = (bound - value) / max(1.0, abs(value))
        status = "optimal" if gap <= GAP else "time_limit"
        return replace(self.plan, status=status, bound=bound, gap=gap, open=None, **figures)


def _best_that_holds(
    pairs: Pairs, others: Sequence[Plan], floors: dict[str, float]
) -> Lines | None:
    """The best of these plans' lines that keep every limit of the changed round; of two worth the
    same, the first."""
    best, least = None, -math.inf
    for other in others:
        lines = _lines_of(pairs.problem, other)
        worth = value_of(pairs.problem, lines)
        if worth > least and not breaches(pairs, lines, floors):
            best, least = lines, worth + 1e-9 * abs(worth)
    return best


def _from_nothing(
    pairs: Pairs, floors: dict[str, float], held: Lines | None, bound: float, clock: Clock
) -> tuple[Lines, float]:
    """As a round is solved that nobody has looked at; where another plan holds, not for long."""
    own = clock if held is None else clock.within("", LAST_SECONDS)
    try:
        found = best_lines(pairs, floors, LAST_GAP, own)
    except OutOfTime:
        if held is None:
            raise
        return held, bound
    assert found.lines is not None  # no aim was given
    return found.lines, min(bound, found.bound)


def _near(
    pairs: Pairs,
    before: Plan,
    held: Lines | None,
    lines: Lines,
    bound: float,
    floors: dict[str, float],
    clock: Clock,
) -> Lines:
    """The plan that holds already, where it is worth as much; else the new lines, with what
    differs from the step before for no gain left as it was."""
    problem = pairs.problem
    value = value_of(problem, lines)
    if held is not None and value_of(problem, held) >= value - 1e-9 * abs(value):
        return held
    funded = frozenset(
        p.id for p, total in zip(problem.proposals, totals_of(problem, lines), strict=True) if total
    )
    slack = min(max(0.0, bound - value), GAP * abs(value))
    proof = Proof(value, value, value + slack, funded)
    tidy = clock.within("", TIDY_SECONDS)
    return fewest_changes(problem, before_of(problem, before), lines, floors, proof, tidy)


def _lines_of(problem: Problem, plan: Plan) -> Lines:
    """A plan's lines by index in a round that is in order."""
    commitment = {c.id: k for k, c in enumerate(problem.commitments)}
    proposal = {p.id: k for k, p in enumerate(problem.proposals)}
    return {(commitment[x.commitment], proposal[x.proposal]): x.amount for x in plan.lines}


def _wide(problem: Problem) -> Problem:
    """The round with a row for every floor and cap, and with no pins: those are bounds."""
    most = sum(p.ask for p in problem.proposals) + 1
    return replace(
        problem,
        areas=tuple(replace(area, floor=most, cap=most) for area in problem.areas),
        locks=tuple(lock for lock in problem.locks if lock.funded is None),
    )


def _at_most(problem: Problem) -> float:
    """More than any plan is worth, where the solver was interrupted before it had a bound."""
    merit = sum(p.merit * p.ask for p in problem.proposals)
    return merit + sum(step.width * step.weight for a in problem.areas for step in a.steps)


class _Model(LiveRound):
    """The relaxed model of a round with these commitments, for whatever else is changed."""

    def __init__(self, changed: Problem, plan: Plan, clock: Clock) -> None:
        super().__init__(_wide(changed), plan, clock)
        self._low, self._high = self.live.low.copy(), self.live.high.copy()

    def solved(self, changed: Problem, clock: Clock) -> tuple[Lines | None, float]:
        """Whole lines (None where the corner gives none that hold) and a bound, minor units."""
        self.clock = self.live.clock = clock
        self._become(changed)
        self.aim()
        corner = self.corner()
        if corner.is_infeasible:
            raise Infeasible
        bound = min(corner.bound * self.unit, _at_most(changed))
        standing = self.standing()
        for gap, nodes, is_rough in (*ROUGH, THOROUGH):
            found = self.whole(corner, standing, gap=gap, nodes=nodes, is_rough=is_rough)
            if found is not None:
                return found.lines, bound
        return None, bound

    def _become(self, changed: Problem) -> None:
        self.problem, self.pairs = changed, pairs_of(changed)
        self.floors = promises(changed, self.plan.funders)
        self.model = copy.copy(self.model)
        self.model.pairs = self.pairs
        for area in changed.areas:
            floor = self.model.rows.get(("floor", area.id))
            if floor is not None:
                self.live.set_rows([floor.index], area.floor / self.unit, np.inf)
            cap = self.model.rows.get(("area_cap", area.id))
            if cap is not None:
                most = np.inf if area.cap is None else (area.cap + SHARE_SLACK) / self.unit
                self.live.set_rows([cap.index], -np.inf, most)
        for variable in self.model.parts["needs"]:
            k, s = (int(part) for part in variable.name[1:].split("_"))
            self.cost[variable.index] = changed.areas[k].steps[s].weight
        self._pin()

    def _pin(self) -> None:
        low, high = self.live.low, self.live.high
        low[:], high[:] = self._low, self._high
        for p in self.pairs.pinned_in:
            if not self.model.total[p]:
                raise Infeasible  # no eligible money reaches it
            if p in self.model.y:
                low[self.model.y[p].index] = 1.0
                continue
            for variable, weight in self.model.total[p].items():
                least = max(int(self.pairs.least[p]), self.pairs.grid) / self.unit / weight
                low[variable.index] = max(low[variable.index], least)
        for p in self.pairs.pinned_out:
            column = self.model.y.get(p)
            for variable in [column] if column is not None else self.model.total[p]:
                high[variable.index] = 0.0
        self.live.restore()
