"""From a round to whole lines with a proven gap.

First the relaxed model: its LP gives a bound and a price for funding each proposal or not. What it
funds in part is funded, and amounts are chosen anew; if that is not clearly within the gap, the
proposals whose price is near zero are decided by a small integer search, the rest as the LP says.
Mostly the gap is proven then. If not, every proposal whose price alone exceeds what could still
be gained is fixed for good and the rest is searched. Only where whole lines (tickets, co-funders,
rounding) lose more than the gap is the exact model built. Nothing depends on the clock except
giving up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from optimizer.backend import Solver, open_model
from optimizer.clock import Clock
from optimizer.found import BEST, ROUNDING, Aim, Found, Hopeless, Infeasible, OutOfTime, limitless
from optimizer.highs import Answer, SolverFault, Vector
from optimizer.margins import margins
from optimizer.mend import FIRST_GAP, NODES, can_mend, mend
from optimizer.model import Detail, Model, build
from optimizer.pairs import Pairs
from optimizer.still_open import Prices
from optimizer.triggered import settled
from optimizer.value import breaches
from optimizer.whole import draft

CORE = 30  # proposals near the margin that the first small search decides, at least
FEW_NODES = 20  # where the exact model is taken at once anyway
ROUGH_GAP = 1e-3  # to which it goes where a proof will search everything anyway
FEW_PAIRS = 4000  # eligible pairs up to which the exact model is taken at once
LOOSE = 1e-6  # from a whole number, more than a solver's inexactness
LARGEST_RANGE = 10**9  # grid steps in an ask; beyond it one step is nothing to a solver


def best_lines(
    pairs: Pairs, floors: dict[str, float], gap: float, clock: Clock, aim: Aim = BEST
) -> Found:
    """The best plan within these limits, to a relative gap if time allows.

    `floors`: the least value promised to funders, minor units. Without lines only where an `aim`
    is given and no plan is worth it. Raises Infeasible, OutOfTime.
    """
    if pairs.blockers:
        raise Infeasible("; ".join(pairs.blockers))
    if math.isfinite(aim.least):  # what no plan is worth even with tolerances, none is at all
        return _best(pairs, floors, gap, clock, aim, is_eased=True)
    try:
        return _best(pairs, floors, gap, clock, aim, is_eased=False)
    except Hopeless:
        raise
    except Infeasible:
        return _best(pairs, floors, gap, clock, aim, is_eased=True)


def _best(
    pairs: Pairs, floors: dict[str, float], gap: float, clock: Clock, aim: Aim, *, is_eased: bool
) -> Found:
    search = _Search(pairs, floors, gap, clock, aim, is_eased)
    if not breaches(pairs, {}, floors, tolerance=float(is_eased)):
        search.found.offer(pairs.problem, {})
    search.relaxed()
    if search.has_no_plan and not search.is_done and search.has_time_to_build:
        search.keep_demands()
    for detail in search.details():
        if not search.is_done and search.has_time_to_build:
            search.exact(detail)
    found = search.found
    if found.lines is None and found.bound > aim.least:
        raise OutOfTime(found.bound)
    found.bound = max(min(found.bound, limitless(pairs)), found.value)
    if found.lines is not None and not found.is_proven(gap):
        found.settled = search.prices.settled(found.value, (pairs.ask > 0).tolist())
    return found


class _Search:
    """One round on its way to a proven plan."""

    def __init__(
        self,
        pairs: Pairs,
        floors: dict[str, float],
        gap: float,
        clock: Clock,
        aim: Aim,
        is_eased: bool,
    ) -> None:
        self.pairs, self.floors, self.gap, self.clock = pairs, floors, gap, clock
        self.aim, self.is_eased = aim, is_eased
        self.found = Found(None, -math.inf, math.inf)
        self.prices = Prices(standing=np.zeros(len(pairs.problem.proposals)))
        self.building = 0.0  # seconds that the relaxed model took to build, the least any takes
        self.broken = ""  # what the last solution breaks in whole lines

    @property
    def is_done(self) -> bool:
        found, aim = self.found, self.aim
        is_answered = found.value >= aim.enough or found.bound <= aim.least
        return is_answered or found.is_proven(self.gap) or self.clock.has_run_out

    @property
    def has_no_plan(self) -> bool:
        return self.found.lines is None

    @property
    def has_time_to_build(self) -> bool:
        """Whether another model would be there before the time is up."""
        return self.clock.left > self.building

    def tell(self, stage: str) -> None:
        has_plan = self.found.lines is not None
        self.clock.tell(stage, self.found.value if has_plan else None, self.found.bound)

    def details(self) -> list[Detail]:
        """The models that hold more than the relaxed one, in the order in which they are tried."""
        needs_lines = Detail(lines=True, is_eased=self.is_eased)
        everything = Detail(lines=True, whole=True, is_eased=self.is_eased)
        if int(self.pairs.ask.max(initial=0)) // self.pairs.grid > LARGEST_RANGE:
            return [needs_lines]
        return [everything] if self._is_coarse() else [needs_lines, everything]

    def _is_coarse(self) -> bool:
        """Whether one step of the grid is more than the gap, so that only whole totals prove it."""
        worth = abs(self.found.value) if self.found.lines is not None else math.inf
        return self.pairs.grid > self.gap * worth

    def _is_decided_by_detail(self) -> bool:
        """Whether the exact model is needed for the last of the gap, and small enough at once."""
        has_prices = bool(self.pairs.problem.policy.agreement_cost)
        return self._is_small() and (has_prices or self._is_coarse())

    def _is_small(self) -> bool:
        return int((self.pairs.cap > 0).sum()) <= FEW_PAIRS

    def relaxed(self) -> None:
        """Bound and plans from the model without tickets, co-funders and whole multiples."""
        self.clock.tell("model")
        started = self.clock.left
        model = build(self.pairs, self.floors, Detail(is_eased=self.is_eased))
        live = open_model(model.lp, self.clock, model.unit)
        self.building = started - self.clock.left
        self.clock.tell("relaxation")
        root = live.relax()
        if root.is_infeasible:
            raise Infeasible
        self.found.bound = self.prices.bound = root.bound * model.unit
        if root.x is None:
            return
        reduced = live.reduced_costs * model.unit
        self.prices.gates = {key: float(reduced[v.index]) for key, v in model.gates.items()}
        self.prices.standing = margins(model, live).standing() * model.unit
        self.tell("margin")
        if not math.isfinite(self.aim.least):  # else the proof alone finds what matters
            self._find(model, live, root)
        needs_lines = self._is_small() and bool(self.broken)  # to prove it here is mostly in vain
        if not self.is_done and not needs_lines and not self._is_decided_by_detail():
            self._prove(model, live, self.gap / 3)

    def _find(self, model: Model, live: Solver, root: Answer) -> None:
        """Plans near the corner of the relaxation: rounded, then from a small search.

        First with every condition settled, where there are some; only if that gives no plan are
        they part of the search.
        """
        assert root.x is not None
        near = settled(model, live, root.value) if model.choices else None
        for x in (root.x,) if near is None else (near, root.x):
            if not self.pairs.problem.policy.agreement_cost:  # which rounding would not see
                self._rounded(model, live, x)
            if not self.found.is_proven(self.gap / 4):
                self._first(model, live, x, model.choices if x is near else ())
            if not self.has_no_plan:
                return

    def exact(self, detail: Detail) -> None:
        """Plan and bound with every line decided, or with totals on the grid as well."""
        self.tell("exact model")
        model = build(self.pairs, self.floors, detail)
        live = open_model(model.lp, self.clock, model.unit)
        answer = self._prove(model, live, self.gap / 2)
        if (
            answer.is_finished
            and detail.whole
            and not self.is_done
            and self.broken
            and not model.late
        ):
            raise SolverFault(f"the solver's plan does not hold: {self.broken}")

    def keep_demands(self) -> None:
        """A first plan by missing as little as can be of what is demanded from below.

        To ask for the best plan when there may be none leaves a search without a bound to go by;
        here the bound itself proves that promises and regions' shares cannot all be kept.
        """
        problem = self.pairs.problem
        if not self.floors and not problem.policy.region_least:
            return
        self.tell("first plan")
        model = build(self.pairs, self.floors, Detail(lines=True, is_eased=True, is_soft=True))
        live = open_model(model.lp, self.clock, model.unit)
        answer = live.search(0.0, enough=-model.surely_missed)
        if answer.is_infeasible or answer.bound * model.unit <= -model.surely_missed:
            raise Hopeless
        if answer.x is not None:
            self._keep(model, live, answer.x)

    def _rounded(self, model: Model, live: Solver, x: Vector) -> None:
        """A plan that funds all that the LP funds in part: mostly close, and one solve away.

        Others then give up a little of what they get above their minimum; where what is funded in
        part is all or nothing, little would come of it.
        """
        loose = [(p, y) for p, y in model.y.items() if LOOSE < x[y.index] < 1 - LOOSE]
        if all(y not in model.total[p] for p, y in loose):
            x = x.copy()
            x[[y.index for _, y in loose]] = 1.0
            self._keep(model, live, x)

    def _first(self, model: Model, live: Solver, x: Vector, settled: Sequence[Any]) -> None:
        """A plan from a search over the proposals nearest the margin, others as the LP has them.

        So are the `settled` conditions.
        """
        columns = np.array([y.index for y in model.y.values()], dtype=np.int32)
        if columns.size:
            near = np.abs(self.prices.standing[list(model.y)])
            loose = np.abs(x[columns] - np.round(x[columns])) > LOOSE
            order = np.lexsort((np.arange(columns.size), near))
            loose[order[: max(CORE, 3 * int(loose.sum()))]] = True
            chosen = np.array([v.index for v in settled], dtype=np.int32)
            kept = np.concatenate([columns[~loose], chosen])
            live.set_columns(kept, np.round(x[kept]), np.round(x[kept]))
            is_searched_anyway = self._is_small() and self.gap < FIRST_GAP
            first = ROUGH_GAP if is_searched_anyway else max(self.gap / 4, FIRST_GAP)
            answer = live.search(first, nodes=NODES)
            live.restore()
            if answer.x is None:
                return
            x = answer.x
        self._keep(model, live, x)

    def _prove(self, model: Model, live: Solver, gap: float) -> Answer:
        """Search what the relaxed model's prices do not already decide, to a relative gap."""
        cutoff = self._decide(model, live)
        has_prices = model.detail.lines and bool(self.pairs.problem.policy.agreement_cost)
        enough, least = self.found.enough(self.gap), self.aim.least
        if math.isfinite(least):
            enough = least if enough is None else max(enough, least)
        worth = self.aim.enough + ROUNDING * abs(self.aim.enough)
        answer = live.search(gap, enough=enough, may_restart=has_prices, worth=worth)
        live.restore()
        is_ruled_out = self.found.lines is None and math.isfinite(least)
        if answer.is_infeasible and not is_ruled_out and not self._has_strict_plan():
            raise Infeasible
        bound = -math.inf if answer.is_infeasible else answer.bound * model.unit
        self.found.bound = min(self.found.bound, max(bound, cutoff))
        if answer.x is not None and self.found.bound > least:
            self._keep(model, live, answer.x)
        return answer

    def _decide(self, model: Model, live: Solver) -> float:
        """Fix what cannot pay: a plan that decided it otherwise is worth at most what is returned.

        Sound for every model with more detail than the relaxed one, whose prices these are.
        """
        cutoff = self.aim.least
        if self.found.lines is not None:
            worth = self.found.value + self.gap / 2 * max(1.0, abs(self.found.value))
            cutoff = max(cutoff, worth)
        if not math.isfinite(cutoff):
            return cutoff
        columns = np.array([y.index for y in model.y.values()], dtype=np.int32)
        if columns.size:
            standing = self.prices.standing[list(model.y)]
            is_open = live.low[columns] < live.high[columns]
            decided = is_open & (self.prices.bound - np.abs(standing) <= cutoff)
            side = (standing > 0).astype(float)
            live.set_columns(columns[decided], side[decided], side[decided])
        return cutoff

    def _has_strict_plan(self) -> bool:
        """Whether the plan in hand needs no tolerance that this pass does not use."""
        lines, tolerance = self.found.lines, float(self.is_eased)
        return lines is not None and not breaches(self.pairs, lines, self.floors, tolerance)

    def _keep(self, model: Model, live: Solver, x: Vector) -> None:
        """Turn a solution into whole lines, mend them if need be, and offer them."""
        bound = math.inf if model.detail.is_soft else self.found.bound
        plan = draft(model, live, x, bound - self.gap / 2 * max(1.0, abs(bound)))
        self.broken = "no whole lines" if plan is None else ", ".join(map(str, plan.broken))
        if plan is not None and not plan.broken:
            self.found.offer(self.pairs.problem, plan.lines)
        may_mend = not model.detail.lines and self.has_time_to_build
        if plan is not None and may_mend and can_mend(self.pairs.problem, plan):
            nodes = FEW_NODES if self._is_decided_by_detail() else NODES
            plan = mend(model, plan, self.clock, self.gap, nodes)
            if plan is not None and not plan.broken:
                self.found.offer(self.pairs.problem, plan.lines)
        if self.found.lines is not None:
            self.tell("plan")
