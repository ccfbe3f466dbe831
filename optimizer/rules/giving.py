"""Money on its way to proposals, one whole payment at a time: what every step-by-step rule uses.

After each act every limit of a line holds: commitments, asks, caps, tickets, co-funders, locks and
the grid of `round_to`. A proposal may be below its minimum while a rule is at work; the rule takes
such money back before it ends.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimizer.backend import open_model
from optimizer.clock import Clock
from optimizer.found import Found, Infeasible, limitless
from optimizer.model import build
from optimizer.pairs import Pairs
from optimizer.problem import LINES_ONLY, Area, Problem
from optimizer.programme import Detail
from optimizer.search import best_lines
from optimizer.value import Lines, breaches, value_of, worth_to

Pair = tuple[int, int]
Matrix = NDArray[np.float64]

OBLIGED_GAP = 1e-3
TERMS = ("match", "only_if", "joins_if", "years")


class Giving:
    """Whole lines under construction, by index of commitment c and proposal p, minor units."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        self.left: list[int] = pairs.budget.tolist()
        self.lines: dict[Pair, int] = {}
        self.totals = [0] * len(pairs.problem.proposals)
        self.payers: list[list[int]] = [[] for _ in self.totals]
        self.cap: list[list[int]] = pairs.cap.tolist()
        self.asked = [p.ask for p in pairs.problem.proposals]
        self.ask: list[int] = pairs.ask.tolist()  # as far as eligible money could reach
        self.least: list[int] = pairs.least.tolist()
        self.ticket = [max(t, pairs.grid) for t in pairs.ticket.tolist()]
        reach = (pairs.cap > 0).sum(axis=1).tolist()
        self.narrow_first = sorted(range(len(self.left)), key=lambda c: (reach[c], c))
        self.held: dict[Pair, int] = {}  # what locks oblige, never taken back

    @classmethod
    def begin(cls, pairs: Pairs, clock: Clock) -> Giving:
        """With what is locked in paid first: fixed lines, and each pinned proposal's least.

        Raises Infeasible where no lines keep the locks.
        """
        if pairs.blockers:
            raise Infeasible("; ".join(pairs.blockers))
        giving = cls(pairs)
        for (c, p), amount in _obliged(pairs, clock).items():
            giving.pay(c, p, amount)
        giving.held = dict(giving.lines)
        for c, p in pairs.fixed:
            giving.cap[c][p] = pairs.fixed[c, p]
        return giving

    @property
    def slots(self) -> int:
        """Most lines a proposal may have."""
        most = self.pairs.problem.policy.max_cofunders
        return len(self.left) if most is None else most

    def room(self, c: int, p: int) -> int:
        """What c could add to p now, p's ask aside; 0 where that is below the least line."""
        now = self.lines.get((c, p), 0)
        more = min(self.cap[c][p] - now, self.left[c])
        return more if more >= self.first(c, p) and self._may_join(c, p) else 0

    def first(self, c: int, p: int) -> int:
        """The least that c must add to p if it adds anything."""
        return self.pairs.grid if (c, p) in self.lines else self.ticket[c]

    def _may_join(self, c: int, p: int) -> bool:
        return (c, p) in self.lines or len(self.payers[p]) < self.slots

    def pay(self, c: int, p: int, amount: int) -> None:
        """Add a payment that `room` allows."""
        if amount:
            if (c, p) not in self.lines:
                self.payers[p].append(c)
            self.lines[c, p] = self.lines.get((c, p), 0) + amount
            self.left[c] -= amount
            self.totals[p] += amount

    def take_back(self, p: int) -> None:
        """Return what a proposal got beyond what locks oblige."""
        for c in list(self.payers[p]):
            kept = self.held.get((c, p), 0)
            back = self.lines[c, p] - kept
            self.left[c] += back
            self.totals[p] -= back
            self.lines[c, p] = kept
            if not kept:
                del self.lines[c, p]
                self.payers[p].remove(c)

    def fund(self, p: int, upto: int) -> bool:
        """Raise p towards a total of `upto`, as far as money reaches; False where it gets nothing.

        A proposal that is not funded yet gets at least its minimum or nothing. Who pays: the
        commitment that may pay fewest proposals first, unless tickets or co-funders would then
        leave more of it unpaid than the largest purses first.
        """
        wanted = (min(upto, self.ask[p]) - self.totals[p]) // self.pairs.grid * self.pairs.grid
        shares = self._shares(p, wanted) if wanted > 0 else {}
        given = sum(shares.values())
        if not given or self.totals[p] + given < self.least[p]:
            return False
        for c, amount in sorted(shares.items()):
            self.pay(c, p, amount)
        return True

    def _shares(self, p: int, wanted: int) -> dict[int, int]:
        able = [c for c in self.narrow_first if self.room(c, p)]
        largest = sorted(able, key=lambda c: (-self.room(c, p), c))
        best: dict[int, int] = {}
        for order in (able, largest):
            shares = self._fill(p, wanted, order)
            if sum(shares.values()) > sum(best.values()):
                best = shares
            if sum(best.values()) == wanted:
                break
        return best

    def _fill(self, p: int, wanted: int, order: list[int]) -> dict[int, int]:
        """Payments in this order; the last may need others to give way to reach its ticket."""
        shares: dict[int, int] = {}
        open_slots = self.slots - len(self.payers[p])
        missing = wanted
        for c in order:
            if not missing:
                break
            joins = (c, p) not in self.lines
            if joins and not open_slots:
                continue
            first = self.first(c, p)
            if first > missing:
                spare = {d: s - self.first(d, p) for d, s in shares.items()}
                if first - missing > sum(spare.values()):
                    continue
                short = first - missing
                for d, more in spare.items():
                    moved = min(more, short)
                    shares[d] -= moved
                    short -= moved
                missing = first
            shares[c] = min(self.room(c, p), missing)
            missing -= shares[c]
            open_slots -= joins
        return shares

    def by_merit(self) -> None:
        """Pay proposals in order of merit, ties by id, each as much as is asked and left."""
        proposals = self.pairs.problem.proposals
        for p in sorted(range(len(proposals)), key=lambda p: (-proposals[p].merit, p)):
            if self.ask[p]:
                self.fund(p, self.ask[p])

    def by_part(self) -> None:
        """Raise proposals towards their ask, the one with the smallest part of it first.

        Those with nothing yet come last, the smallest minimum first; ties by id.
        """

        def standing(p: int) -> tuple[float, int, int]:
            part = self.totals[p] / self.asked[p]
            return (part or 2.0, self.least[p], p)

        for p in sorted((p for p, ask in enumerate(self.ask) if ask), key=standing):
            self.fund(p, self.ask[p])

    def unviable(self) -> list[int]:
        """Proposals with money below their minimum, the one furthest below it first."""
        low = [p for p, total in enumerate(self.totals) if 0 < total < self.least[p]]
        return sorted(low, key=lambda p: (self.totals[p] / self.least[p], p))


def _obliged(pairs: Pairs, clock: Clock) -> dict[Pair, int]:
    """Lines for what is locked: pinned proposals at the least they may have, nothing else."""
    if not pairs.pinned_in:
        return {}
    least = pairs.least.copy()
    for p in pairs.pinned_in:
        least[p] = max(least[p], sum(v for (_, q), v in pairs.fixed.items() if q == p))
    least[[p for p in range(len(least)) if p not in pairs.pinned_in]] = 0
    only = replace(
        pairs,
        problem=by_lines_only(pairs.problem, is_bare=True),
        ask=least,
        least=least,
        cap=np.minimum(pairs.cap, least),
    )
    return dict(best_lines(only, {}, OBLIGED_GAP, clock).lines or {})


def by_lines_only(problem: Problem, *, is_bare: bool = False) -> Problem:
    """The round without limits over several proposals; `is_bare`: nor needs, overlaps, prices."""
    policy = replace(problem.policy, institution_share=None, region_least={}, risk_most={})
    if is_bare:
        return replace(
            problem,
            areas=tuple(Area(a.id) for a in problem.areas),
            overlaps=(),
            policy=replace(policy, agreement_cost=0, overlap_weight=0.0),
        )
    areas = tuple(replace(a, cap=None) for a in problem.areas)
    return replace(problem, areas=areas, policy=policy)


def held_by(
    rule: str, problem: Problem, floors: Mapping[str, float]
) -> tuple[Problem, Mapping[str, float]]:
    """The round and the funders' promises as far as the rule promises to keep them."""
    return (by_lines_only(problem), {}) if rule in LINES_ONLY else (problem, floors)


def worth(pairs: Pairs) -> Matrix:
    """What a unit paid by c to p is worth to c's funder; 0 where c may not pay p."""
    problem = pairs.problem
    by_funder = {name: worth_to(problem, f) for name, f in problem.funder_by_id.items()}
    rows = [by_funder[c.funder] for c in problem.commitments]
    matrix = np.array(rows, dtype=np.float64).reshape(pairs.cap.shape)
    return np.where(pairs.cap > 0, matrix, 0.0)


def finish(giving: Giving, clock: Clock) -> Found:
    """The lines as found, with a bound on the value of any plan that keeps the limits of lines.

    The rules do not know years, matching and conditions: what of the plan breaks one is cut back.
    """
    clock.look()
    pairs = replace(giving.pairs, problem=by_lines_only(giving.pairs.problem))
    lines: Lines = giving.lines
    if any(broken.limit in TERMS for broken in breaches(pairs, lines, {})):
        lines = _cut_back(pairs, giving, clock)
    value = value_of(giving.pairs.problem, lines)
    return Found(dict(sorted(lines.items())), value, max(value_bound(pairs, {}, clock), value))


def _cut_back(pairs: Pairs, giving: Giving, clock: Clock) -> Lines:
    """As much money as keeps every limit, no line above the plan's own. Raises Infeasible."""
    cap = np.zeros_like(pairs.cap)
    for (c, p), amount in giving.lines.items():
        cap[c, p] = amount
    bare = by_lines_only(pairs.problem, is_bare=True)
    alike = tuple(replace(p, merit=1.0) for p in bare.proposals)
    ask = np.array(giving.totals, dtype=np.int64)
    least = np.where(ask > 0, pairs.least, 0)
    within = replace(pairs, problem=replace(bare, proposals=alike), ask=ask, least=least, cap=cap)
    return best_lines(within, {}, OBLIGED_GAP, clock).lines or {}


def value_bound(
    pairs: Pairs, floors: dict[str, float], clock: Clock, *, is_eased: bool = False
) -> float:
    """What no plan within these limits is worth more than, from one linear relaxation."""
    model = build(pairs, floors, Detail(is_eased=is_eased))
    root = open_model(model.lp, clock, model.unit).relax()
    most = limitless(pairs)
    return min(most, root.bound * model.unit) if math.isfinite(root.bound) else most
