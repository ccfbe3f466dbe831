"""What can be had for what: merit, needs covered and work paid twice, traded for each other.

The round is solved with the weights of its needs and of its overlaps multiplied by several factors.
Each plan keeps every limit of the round; of all of them, those are efficient of which no other is
at least as good in all three respects and better in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

from optimizer.explain import promises
from optimizer.highs import Cancelled
from optimizer.pairs import in_order
from optimizer.problem import Plan, Problem
from optimizer.solve import solve
from optimizer.value import area_amounts, need_met

COVERAGE = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
OVERLAP = (0.0, 0.5, 1.0, 2.0, 8.0)
GAP = 1e-3
SECONDS = 30.0  # for one point
SLIP = 1e-9  # of a figure, below which two are the same


@dataclass(frozen=True)
class Point:
    """A plan, made with the needs' weights times `coverage` and the overlaps' times `overlap`.

    Minor units: `merit` is money weighted by it, `covered` what the needs earn at the round's own
    weights, `twice` the work paid twice, by degree; `totals` by proposal.
    """

    coverage: float
    overlap: float
    merit: float
    covered: float
    twice: float
    agreements: int
    totals: dict[str, int]
    is_efficient: bool = False

    @property
    def rank(self) -> tuple[float, float, float]:
        """More is better in each."""
        return self.merit, self.covered, -self.twice


def frontier(
    problem: Problem,
    plan: Plan,
    *,
    known: dict[str, Any] | None = None,
    tell: Callable[[float, str], None] | None = None,
    keep: Callable[[dict[str, Any]], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    coverage: Iterable[float] = COVERAGE,
    overlap: Iterable[float] = OVERLAP,
) -> dict[str, Any]:
    """Points by factor of the needs' and the overlaps' weights, the plan's own (1, 1) among them.

    `known`: an earlier, unfinished answer to go on from; `keep` is handed one after each point.
    Raises Cancelled.
    """
    ordered = in_order(problem)
    promised = promises(ordered, plan)
    wanted = [pair for pair in product(coverage, overlap) if pair != (1.0, 1.0)]
    points = [Point(**stored) for stored in (known or {}).get("points", ())]
    if not points:
        points = [measure(ordered, plan, 1.0, 1.0)]
    done = {(point.coverage, point.overlap) for point in points}
    for number, (needs, doubles) in enumerate(wanted):
        if (needs, doubles) in done:
            continue
        if cancelled is not None and cancelled():
            raise Cancelled
        if tell is not None:
            tell(number / len(wanted), f"Plan {number + 1} of {len(wanted)}")
        weighed = weigh(ordered, needs, doubles, promised)
        found = solve(weighed, gap=GAP, seconds=SECONDS, cancelled=cancelled)
        points.append(measure(ordered, found, needs, doubles))
        if keep is not None:
            keep({"points": [asdict(point) for point in points]})
    return {"points": [asdict(point) for point in marked(points)]}


def weigh(problem: Problem, needs: float, doubles: float, promised: dict[str, float]) -> Problem:
    """The round with other weights; what funders were promised stays what it was."""
    return replace(
        problem,
        areas=tuple(
            replace(area, steps=tuple(replace(s, weight=s.weight * needs) for s in area.steps))
            for area in problem.areas
        ),
        policy=replace(problem.policy, overlap_weight=problem.policy.overlap_weight * doubles),
        funders=tuple(
            replace(f, guarantee="none", at_least=promised.get(f.id)) for f in problem.funders
        ),
    )


def measure(problem: Problem, plan: Plan, needs: float, doubles: float) -> Point:
    """A plan's figures at the round's own weights."""
    totals = [plan.totals.get(p.id, 0) for p in problem.proposals]
    amounts = area_amounts(problem, totals)
    twice = [
        o.degree * min(problem.proposal_by_id[id_].minimum for id_ in o.proposals)
        for o in problem.overlaps
        if all(plan.totals.get(id_) for id_ in o.proposals)
    ]
    return Point(
        needs,
        doubles,
        merit=sum(p.merit * total for p, total in zip(problem.proposals, totals, strict=True)),
        covered=sum(need_met(area, amounts[area.id]) for area in problem.areas),
        twice=sum(twice),
        agreements=len(plan.lines),
        totals=dict(sorted(plan.totals.items())),
    )


def marked(points: list[Point]) -> list[Point]:
    """The points with the efficient ones marked; of several that are the same, the first."""
    return [
        replace(point, is_efficient=not any(beats(q, point, at < k) for at, q in enumerate(points)))
        for k, point in enumerate(points)
    ]


def beats(one: Point, other: Point, is_earlier: bool) -> bool:
    """Whether one plan is at least as good in all respects, and better in some or found earlier."""
    if one is other:
        return False
    differences = [a - b for a, b in zip(one.rank, other.rank, strict=True)]
    same = [SLIP * max(1.0, abs(a)) for a in one.rank]
    if any(d < -slip for d, slip in zip(differences, same, strict=True)):
        return False
    return is_earlier or any(d > slip for d, slip in zip(differences, same, strict=True))
