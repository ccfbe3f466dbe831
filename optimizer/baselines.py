"""What a funder would reach without the pool: `alone`, and `leave` (docs/format.md).

Both are proven to 1e-6, whatever gap the round itself is solved to.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.clock import Clock
from optimizer.found import ROUNDING, Aim, Found, Infeasible, OutOfTime
from optimizer.pairs import Pairs, in_order, pairs_of
from optimizer.problem import Area, Policy, Problem
from optimizer.search import best_lines
from optimizer.value import funder_value, quality, totals_of, worth_to

PROOF = 1e-6
ROUGH = 1e-2  # to which every baseline is known before any is proven
PART = 0.6  # of a run's time for baselines, at most
SECONDS = 600.0


@dataclass(frozen=True)
class Baseline:
    """A funder's value, in minor units of money weighted by its worth, and how far it is proven."""

    value: float
    gap: float

    @property
    def is_proven(self) -> bool:
        return self.gap <= PROOF + ROUNDING


UNKNOWN = Baseline(0.0, math.inf)


def alone(problem: Problem, funder: str, seconds: float = SECONDS) -> float:
    """The largest value the funder can reach with its own commitments only."""
    return reach_alone(in_order(problem), funder, Clock.of(seconds)).value


def leave(problem: Problem, funder: str, seconds: float = SECONDS) -> float:
    """Its value when the others allocate without it and it then spends on what remains."""
    return reach_leaving(in_order(problem), funder, Clock.of(seconds)).value


def reach_alone(problem: Problem, funder: str, clock: Clock, gap: float = PROOF) -> Baseline:
    """`alone` for a round that is `in_order`."""
    own = own_round(problem, [funder], worth_to(problem, problem.funder_by_id[funder]))
    found = _best(pairs_of(own), gap, clock)
    totals = totals_of(own, found.lines or {})
    return Baseline(funder_value(problem.funder_by_id[funder], quality(problem, totals)), found.gap)


def reach_leaving(problem: Problem, funder: str, clock: Clock, gap: float = PROOF) -> Baseline:
    """`leave` for a round that is `in_order`."""
    others = others_leaving(problem, [funder], clock, gap)
    own = own_round(problem, [funder], worth_to(problem, problem.funder_by_id[funder]))
    added = _best(pairs_of(own, others.given), gap, clock)
    more = totals_of(own, added.lines or {})
    totals = [a + b for a, b in zip(others.totals, more, strict=True)]
    value = funder_value(problem.funder_by_id[funder], quality(problem, totals))
    return Baseline(value, max(others.gap, added.gap))


@dataclass(frozen=True)
class Others:
    """What those who stay pay, minor units: by (funder, proposal) and by proposal; how proven.

    `value` is None where they cannot keep the round's limits and fund nothing.
    """

    given: Counter[tuple[str, int]]
    totals: list[int]
    gap: float
    value: float | None = None


def others_leaving(
    problem: Problem, leaving: Sequence[str], clock: Clock, gap: float, enough: float = math.inf
) -> Others:
    """What the others allocate by the welfare rule once these funders have left together.

    A plan worth `enough`, minor units, ends the search.
    """
    rest, has_plan = without(problem, leaving), True
    try:
        found = best_lines(pairs_of(rest), {}, gap, clock, Aim(enough=enough))
    except Infeasible:
        found, has_plan = Found({}, 0.0, 0.0), False  # they then fund nothing
    except OutOfTime:
        found = Found({}, 0.0, float("inf"))
    given: Counter[tuple[str, int]] = Counter()
    for (c, p), amount in (found.lines or {}).items():
        given[rest.commitments[c].funder, p] += amount
    value = found.value if has_plan else None
    return Others(given, totals_of(rest, found.lines or {}), found.gap, value)


def promised(
    problem: Problem, clock: Clock, seconds: float | None = None
) -> dict[str, dict[str, Baseline]]:
    """The baselines that funders asked to be held to, by funder and kind.

    They take at most `seconds` (PART of the run where None): first each to ROUGH, then each to
    PROOF in an equal part of what is left. One that is not proven counts with the value found, 0
    where it was not begun in time, and no plan held to it is called optimal.
    """
    asking = [f for f in problem.funders if f.guarantee != "none"]
    limit = PART * clock.left if seconds is None else min(seconds, PART * clock.left)
    every = clock.within("", limit)
    found = {f.id: UNKNOWN for f in asking}
    for gap in (ROUGH, PROOF, PROOF):  # a second try has the time that others left
        waiting = [f for f in asking if not found[f.id].is_proven]
        for k, f in enumerate(waiting):
            if not every.left:
                break
            share = every.left / (len(waiting) - k)
            part = clock.within(f"{f.guarantee}: {f.id}", share)
            part.tell("baseline")
            reach = reach_alone if f.guarantee == "alone" else reach_leaving
            again = reach(problem, f.id, part, gap)
            found[f.id] = min(found[f.id], again, key=lambda b: (b.gap, -b.value))
    return {f.id: {f.guarantee: found[f.id]} for f in asking}


def without(problem: Problem, leaving: Sequence[str]) -> Problem:
    """The round without some funders' commitments and without anybody's guarantee."""
    gone = {c.id for c in problem.commitments if c.funder in leaving}
    return replace(
        problem,
        commitments=tuple(c for c in problem.commitments if c.id not in gone),
        funders=tuple(replace(f, guarantee="none", at_least=None) for f in problem.funders),
        locks=tuple(k for k in problem.locks if k.commitment not in gone),
    )


def own_round(problem: Problem, spending: Sequence[str], worth: Sequence[float]) -> Problem:
    """Only these funders' money, and what a unit of each proposal is worth to them.

    No need, overlap, lock or policy.
    """
    return replace(
        problem,
        commitments=tuple(c for c in problem.commitments if c.funder in spending),
        proposals=tuple(
            replace(p, merit=w, paid_before=0)
            for p, w in zip(problem.proposals, worth, strict=True)
        ),
        areas=tuple(Area(a.id) for a in problem.areas),
        overlaps=(),
        locks=(),
        policy=Policy(),
    )


def _best(pairs: Pairs, gap: float, clock: Clock) -> Found:
    try:
        return best_lines(pairs, {}, gap, clock)
    except OutOfTime:
        return Found({}, 0.0, float("inf"))
