"""From the solver's fractions to whole minor units that still keep every limit.

With who is funded (and who takes part) fixed, a corner of the remaining LP is already whole but
for a few proposals that sit on a limit over a sum. Those go down to the grid; then each is raised
by one grid step where that mends a limit or adds value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pulp
from numpy.typing import NDArray

from optimizer.backend import Solver
from optimizer.highs import Vector
from optimizer.model import Model
from optimizer.pairs import Amounts
from optimizer.split import Pair, split
from optimizer.value import Breach, Lines, breaches, value_of

SNAP = 1e-6  # part of a grid step that is taken for the solver's inexactness
MOST_RAISES = 60
FEW_RAISES = 10  # where each asks for a schedule anew
MENDABLE = {"ticket", "max_cofunders"}  # by choosing who pays, not by other amounts
ROOMS = (0.0, 1.0, 4.0)  # times what rounding can take, kept free in rows over single pairs


@dataclass(frozen=True)
class Draft:
    """Whole lines, what they are worth, and the limits they still break."""

    lines: Lines
    value: float
    broken: tuple[Breach, ...]

    @property
    def rank(self) -> tuple[float, float]:
        """Smaller is better: limits first, then value."""
        return (sum(b.excess for b in self.broken), -self.value)

    @property
    def is_mendable(self) -> bool:
        """Whether other lines for the same amounts could keep every limit."""
        return {b.limit for b in self.broken} <= MENDABLE


def columns_of(model: Model) -> tuple[NDArray[np.int32], Vector]:
    """For each proposal the column its total is read from (-1: none) and the minor units a unit."""
    column = np.full(len(model.total), -1, dtype=np.int32)
    factor = np.zeros(len(model.total))
    for p, total in enumerate(model.total):
        for variable, weight in total.items():
            column[p], factor[p] = variable.index, weight * model.unit
    return column, factor


def integers(model: Model, x: Vector) -> dict[int, float]:
    """Every integer variable rounded, by column."""
    chosen = [*model.y.values(), *model.z.values(), *model.choices]
    chosen += [v for total in model.total for v in total if v.cat == pulp.LpInteger]
    return {v.index: float(round(x[v.index])) for v in chosen}


def draft(model: Model, live: Solver, x: Vector, enough: float = math.inf) -> Draft | None:
    """The best whole lines with the integer variables as in `x`; None if nothing fits them.

    `enough`: a value, minor units, at which the amounts of `x` are taken as they are; else the
    best corner is looked for first.
    """
    fixed = integers(model, x)
    cap, least = _support(model, fixed, x)
    plan = _plan(model, _totals(model, x, fixed)[1], cap, least)
    if plan is not None and not plan.broken and plan.value >= enough:
        return plan
    live.set_columns(list(fixed), list(fixed.values()), list(fixed.values()))
    corner = live.relax()
    live.restore()
    if corner.x is not None:
        x = corner.x
    raw, totals = _totals(model, x, fixed)
    cap, least = _support(model, fixed, x)
    found = _raise(model, raw, totals, cap, least)
    better = [d for d in (plan, found) if d is not None]
    if model.ties is not None and not any(d.is_mendable for d in better):
        for times in ROOMS:
            near = _with_room(model, live, x, fixed, times) if times else x
            if near is not None and not any(d.is_mendable for d in better):
                raw, totals = _totals(model, near, fixed)
                grown = _raise(model, raw, totals, *_support(model, fixed, near, may_grow=True))
                better += [] if grown is None else [grown]
    return min(better, key=lambda d: d.rank, default=None)


def _with_room(
    model: Model, live: Solver, x: Vector, fixed: dict[int, float], times: float
) -> Vector | None:
    """A corner that keeps years and conditions with a few units to spare; None if none does.

    Rounding down can break a row that adds single pairs up by no more than that.
    """
    active = [
        (tie.row, min(times * tie.room, tie.most_room))
        for tie in model.tied
        if tie.room and (tie.when is None or x[tie.when.index] > SNAP)
    ]

    def hold(with_room: bool) -> None:
        for row, room in active:
            right, extra = -float(row.constant), room if with_room else 0.0
            if row.sense == pulp.LpConstraintLE:
                live.set_rows([row.index], -np.inf, right - extra)
            else:
                live.set_rows([row.index], right + extra, np.inf)

    live.set_columns(list(fixed), list(fixed.values()), list(fixed.values()))
    hold(True)
    corner = live.relax()
    hold(False)
    live.restore()
    return corner.x


def _support(
    model: Model, fixed: dict[int, float], x: Vector, *, may_grow: bool = False
) -> tuple[Amounts, dict[Pair, int]]:
    """Lines that take part, and what they then hold at least.

    Where years or conditions look at single pairs, lines stay within a grid step of the solution
    `x`; `may_grow` lets matches, too, be rounded up.
    """
    pairs = model.pairs
    cap, least = pairs.cap, {}
    if model.z:
        cap = cap.copy()
        for (c, p), z in model.z.items():
            if fixed[z.index]:
                least[c, p] = max(int(pairs.ticket[c]), pairs.grid)
            else:
                cap[c, p] = 0
    if model.ties is not None:
        cap = _guided(model, x, cap, least, may_grow)
        shut = [c for (c, p), j in model.gates.items() if p is None and not fixed[j.index]]
        cap[shut] = 0
    return cap, least


def _guided(
    model: Model, x: Vector, cap: Amounts, least: dict[Pair, int], may_grow: bool
) -> Amounts:
    """Caps near the solution for pairs that years and conditions look at; adds to `least`."""
    grid, cap = model.pairs.grid, cap.copy()
    assert model.ties is not None
    for c, p in np.argwhere(model.ties.own & (cap > 0)).tolist():
        steps = x[model.x[c, p].index] * model.unit / grid
        base = math.floor(steps + SNAP) * grid
        if base:
            least[c, p] = max(base, least.get((c, p), 0))
        # a match may not grow by what rounding took from the money it follows
        above = 0 if model.ties.matched[c, p] and not may_grow else math.ceil(steps - SNAP) * grid
        cap[c, p] = min(int(cap[c, p]), max(base, above))
    return cap


def _totals(model: Model, x: Vector, fixed: dict[int, float]) -> tuple[Vector, list[int]]:
    """What each proposal gets: as the solver has it, and on the grid below."""
    pairs, grid = model.pairs, model.pairs.grid
    column, factor = columns_of(model)
    raw = np.where(column >= 0, x[column] * factor, 0.0)
    whole = np.floor(raw / grid + SNAP).astype(np.int64) * grid
    totals = np.clip(whole, 0, pairs.ask)
    totals[totals < pairs.least] = 0
    for p, y in model.y.items():
        if fixed[y.index]:
            totals[p] = max(int(pairs.least[p]), min(int(whole[p]), int(pairs.ask[p])))
        else:
            totals[p] = 0
    return raw, [int(t) for t in totals]


def _raise(
    model: Model, raw: Vector, totals: list[int], cap: Amounts, least: dict[Pair, int]
) -> Draft | None:
    """The plan of these totals, improved by single grid steps upwards."""
    best = _plan(model, totals, cap, least)
    if best is None:
        return None
    grid = model.pairs.grid
    above = [p for p, total in enumerate(totals) if total and raw[p] - total > SNAP * grid]
    above.sort(key=lambda p: (totals[p] - raw[p], p))
    worth_it = grid * len(above) > 1e-7 * max(1, sum(totals))
    if (best.broken and best.is_mendable) or (not best.broken and not worth_it):
        return best
    for p in above[: FEW_RAISES if model.late else MOST_RAISES]:
        if totals[p] + grid <= model.pairs.ask[p]:
            totals[p] += grid
            tried = _plan(model, totals, cap, least)
            if tried is not None and tried.rank < best.rank:
                best = tried
            else:
                totals[p] -= grid
    return best


def _plan(model: Model, totals: list[int], cap: Amounts, least: dict[Pair, int]) -> Draft | None:
    """Lines for these totals; what no money is left for is given up where minimums allow."""
    pairs = model.pairs
    found = split(pairs, totals, cap, least)
    for p, missing in found.missing.items():
        if totals[p] - missing < pairs.least[p]:
            return None
    value = value_of(pairs.problem, found.lines)
    return Draft(found.lines, value, tuple(breaches(pairs, found.lines, model.floors)))
