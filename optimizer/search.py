"""From a round to whole lines with a proven gap.

First the relaxed model: its LP gives a bound and a price for funding each proposal or not. The
proposals whose price is near zero are decided by a small integer search, the rest as the LP says;
mostly the gap is proven then. If not, every proposal whose price alone exceeds what could still
be gained is fixed for good and the rest is searched. Only where whole lines (tickets, co-funders,
rounding) lose more than the gap is the exact model built. Nothing depends on the clock except
giving up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from optimizer.backend import Solver, open_model
from optimizer.highs import Answer, Clock, SolverFault, Vector
from optimizer.margins import margins
from optimizer.model import Detail, Model, build
from optimizer.pairs import Pairs
from optimizer.problem import Problem
from optimizer.value import Lines, breaches, value_of
from optimizer.whole import Draft, draft

MENDABLE = {"ticket", "max_cofunders"}
CORE = 30  # proposals near the margin that the first small search decides, at least
NODES = 2000  # of its tree
FEW_PAIRS = 4000
LARGEST_RANGE = 10**9  # grid steps in an ask; beyond it one step is nothing to a solver


class Infeasible(Exception):
    """No plan keeps every limit of the round. `floors`: what its funders were promised."""

    floors: Mapping[str, float] = MappingProxyType({})


class OutOfTime(Exception):
    """The time was up before any plan was found."""


@dataclass
class Found:
    """The best whole lines so far and a proven bound on what any could be worth, minor units."""

    lines: Lines | None
    value: float
    bound: float

    @property
    def gap(self) -> float:
        if self.lines is None or not math.isfinite(self.bound):
            return math.inf
        return (self.bound - self.value) / max(1.0, abs(self.value))

    def enough(self, gap: float) -> float:
        """The bound that would prove the gap for these lines."""
        if self.lines is None:
            return -math.inf
        return self.value + gap * max(1.0, abs(self.value))

    def offer(self, problem: Problem, lines: Lines | None) -> None:
        """Keep these lines if they are worth more; the first found stays on a tie."""
        if lines is not None:
            value = value_of(problem, lines)
            if self.lines is None or value > self.value:
                self.lines, self.value = lines, value


def best_lines(pairs: Pairs, floors: dict[str, float], gap: float, clock: Clock) -> Found:
    """The best plan within these limits, to a relative gap if time allows.

    `floors`: the least value promised to funders, minor units. Raises Infeasible, OutOfTime.
    """
    if pairs.blockers:
        raise Infeasible("; ".join(pairs.blockers))
    try:
        return _best(pairs, floors, gap, clock, is_eased=False)
    except Infeasible:
        return _best(pairs, floors, gap, clock, is_eased=True)


def _best(
    pairs: Pairs, floors: dict[str, float], gap: float, clock: Clock, *, is_eased: bool
) -> Found:
    found = Found(None, -math.inf, math.inf)
    if not breaches(pairs, {}, floors, tolerance=float(is_eased)):
        found.offer(pairs.problem, {})
    _relaxed(pairs, floors, gap, clock, found, is_eased=is_eased)
    fits = int(pairs.ask.max(initial=0)) // pairs.grid <= LARGEST_RANGE
    for is_whole in (False, True) if fits else (False,):
        if found.gap > gap and not clock.has_run_out:
            detail = Detail(lines=True, whole=is_whole, is_eased=is_eased)
            _exact(pairs, floors, gap, clock, found, detail)
    if found.lines is None:
        raise OutOfTime
    found.bound = max(min(found.bound, _limitless(pairs)), found.value)
    return found


def _limitless(pairs: Pairs) -> float:
    """What a plan that met every ask and every need would be worth: a bound without solving."""
    problem = pairs.problem
    asks = [int(ask) for ask in pairs.ask]
    merit = math.fsum(p.merit * ask for p, ask in zip(problem.proposals, asks, strict=True))
    return merit + math.fsum(s.width * s.weight for a in problem.areas for s in a.steps)


def _relaxed(
    pairs: Pairs,
    floors: dict[str, float],
    gap: float,
    clock: Clock,
    found: Found,
    *,
    is_eased: bool,
) -> None:
    """Bound and plans from the model without tickets, co-funders and whole multiples."""
    clock.tell("model")
    model = build(pairs, floors, Detail(is_eased=is_eased))
    live = open_model(model.lp, clock, model.unit)
    clock.tell("relaxation")
    root = live.relax()
    if root.is_infeasible:
        raise Infeasible
    found.bound = min(found.bound, root.bound * model.unit)
    if root.x is None:
        return
    standing = margins(model, live).standing()[list(model.y)]
    clock.tell("margin", found.value if found.lines is not None else None, found.bound)
    _offer(model, live, root.x, standing, found, gap, clock)
    if found.gap <= gap or clock.has_run_out or _lines_decide(pairs):
        return
    _prove(model, live, root, standing, found, gap, clock)


def _lines_decide(pairs: Pairs) -> bool:
    """Whether the exact model is both needed for the last of the gap and small enough at once."""
    return bool(pairs.problem.policy.agreement_cost) and int((pairs.cap > 0).sum()) <= FEW_PAIRS


def _offer(
    model: Model,
    live: Solver,
    x: Vector,
    standing: Vector,
    found: Found,
    gap: float,
    clock: Clock,
) -> None:
    """A plan from a search over the proposals nearest the margin, others as the LP has them."""
    columns = np.array([y.index for y in model.y.values()], dtype=np.int32)
    if columns.size:
        value = x[columns]
        loose = np.abs(value - np.round(value)) > 1e-6
        order = np.lexsort((np.arange(columns.size), np.abs(standing)))
        loose[order[: max(CORE, 3 * int(loose.sum()))]] = True
        kept = columns[~loose]
        live.set_columns(kept, np.round(x[kept]), np.round(x[kept]))
        answer = live.search(gap / 4, nodes=NODES)
        live.restore()
        if answer.x is None:
            return
        x = answer.x
    _keep(model, live, x, found, gap, clock)


def _keep(
    model: Model, live: Solver, x: Vector, found: Found, gap: float, clock: Clock
) -> Draft | None:
    """Turn a solution into whole lines, mend them if need be, and offer them."""
    plan = draft(model, live, x)
    if plan is not None and plan.broken and {b.limit for b in plan.broken} <= MENDABLE:
        plan = _mend(model, plan, gap, clock)
    elif plan is not None and not plan.broken and model.problem.policy.agreement_cost:
        found.offer(model.problem, plan.lines)
        plan = _mend(model, plan, gap, clock)
    if plan is not None and not plan.broken:
        found.offer(model.problem, plan.lines)
        clock.tell("plan", found.value, found.bound)
    return plan


def _prove(
    model: Model,
    live: Solver,
    root: Answer,
    standing: Vector,
    found: Found,
    gap: float,
    clock: Clock,
) -> None:
    """Search what the prices do not already decide, to the gap."""
    cutoff = -math.inf
    if found.lines is not None:
        cutoff = (found.value + gap / 2 * max(1.0, abs(found.value))) / model.unit
        columns = np.array([y.index for y in model.y.values()], dtype=np.int32)
        if columns.size:
            is_open = live.low[columns] < live.high[columns]
            decided = is_open & (root.bound - np.abs(standing) <= cutoff)
            side = (standing > 0).astype(float)
            live.set_columns(columns[decided], side[decided], side[decided])
    answer = live.search(gap / 3, enough=found.enough(gap))
    live.restore()
    if answer.is_infeasible and found.lines is None:
        raise Infeasible
    bound = cutoff if answer.is_infeasible else max(answer.bound, cutoff)
    found.bound = min(found.bound, bound * model.unit)
    if answer.x is not None:
        _keep(model, live, answer.x, found, gap, clock)


def _mend(model: Model, plan: Draft, gap: float, clock: Clock) -> Draft | None:
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
    answer = live.search(gap / 8, nodes=NODES)
    return None if answer.x is None else draft(small, live, answer.x)


def _exact(
    pairs: Pairs,
    floors: dict[str, float],
    gap: float,
    clock: Clock,
    found: Found,
    detail: Detail,
) -> None:
    """Plan and bound with every line decided; at last with totals on the grid as well."""
    clock.tell("exact model", found.value if found.lines is not None else None, found.bound)
    model = build(pairs, floors, detail)
    live = open_model(model.lp, clock, model.unit)
    answer = live.search(gap / 2, enough=found.enough(gap))
    if answer.is_infeasible:
        if found.lines is not None and detail.is_eased:
            raise SolverFault("the exact model is said to be infeasible, but a plan exists")
        raise Infeasible  # a plan there may be, but only within the tolerances
    found.bound = min(found.bound, answer.bound * model.unit)
    if answer.x is None:
        return
    plan = draft(model, live, answer.x)
    if plan is not None and not plan.broken:
        found.offer(model.problem, plan.lines)
    elif detail.whole and answer.is_finished and found.gap > gap:
        broken = "no whole lines" if plan is None else repr(plan.broken)
        raise SolverFault(f"the solver's plan does not hold in whole units: {broken}")
