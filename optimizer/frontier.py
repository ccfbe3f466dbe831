"""What can be had for what: merit, needs covered and work paid twice, traded for each other.

The round is solved with the weights of its needs and of its overlaps multiplied by several factors.
Each plan keeps every limit of the round; of all of them, those are efficient of which no other is
at least as good in all three respects and better in one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from optimizer.clock import Cancelled, Clock
from optimizer.live_round import LiveRound
from optimizer.pairs import in_order
from optimizer.problem import Plan, Problem
from optimizer.sweep import HERE, sweep
from optimizer.value import area_amounts, need_met, spent_twice, totals_of, value_of

COVERAGE = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
OVERLAP = (0.0, 0.05, 0.2, 1.0, 4.0)
SECONDS = 300.0  # for one piece
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
    where: str = HERE,
    known: Mapping[str, Any] | None = None,
    tell: Callable[[float, str], None] | None = None,
    keep: Callable[[dict[str, Any]], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    coverage: Sequence[float] = COVERAGE,
    overlap: Sequence[float] = OVERLAP,
) -> dict[str, Any]:
    """Points by factor of the needs' and the overlaps' weights, the plan's own (1, 1) first.

    Answers `points`; `gap`, the largest that their own aims leave open; `missing`, for how many
    weights there was no time. `known`: an earlier, unfinished answer to go on from; `keep` is
    handed one after each piece. Raises Cancelled.
    """
    pieces = [Piece(problem, plan, needs, tuple(overlap)) for needs in coverage]

    def on_answer(answers: Mapping[int, dict[str, Any]]) -> None:
        if tell is not None:
            tell(len(answers) / len(pieces), "Weighing needs and overlaps differently")
        if keep is not None:
            keep({"pieces": {str(k): answer for k, answer in answers.items()}})

    done = {int(k): answer for k, answer in (known or {}).get("pieces", {}).items()}
    answers = sweep(
        trace, pieces, where=where, known=done, on_answer=on_answer, cancelled=cancelled
    )
    own = measure(in_order(problem), plan.totals, len(plan.lines), 1.0, 1.0)
    points = [own, *(Point(**point) for answer in answers for point in answer["points"])]
    return {
        "points": [asdict(point) for point in marked(points)],
        "gap": max((answer["gap"] for answer in answers), default=0.0),
        "missing": sum(answer.get("missing", 0) for answer in answers),
    }


@dataclass(frozen=True)
class Piece:
    """Points that differ in the overlaps' weight only, solved on one live model."""

    problem: Problem
    plan: Plan
    coverage: float
    overlap: tuple[float, ...]


def trace(piece: Piece, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """The points of one piece, but for the plan's own; only costs change from one to the next."""
    live = LiveRound(piece.problem, piece.plan, Clock.of(SECONDS, None, cancelled))
    needs, doubles = (live.part(live.model.parts[part]) for part in ("needs", "overlaps"))
    points, gap, missing = [], 0.0, 0
    for overlap in piece.overlap:
        if (piece.coverage, overlap) == (1.0, 1.0):
            continue
        if cancelled():
            raise Cancelled
        judged = weigh(live.problem, piece.coverage, overlap)
        live.aim(live.cost + (piece.coverage - 1) * needs + (overlap - 1) * doubles)
        corner = live.corner()
        if not corner.is_finished:
            missing += 1
            continue
        found = live.whole(corner, live.standing(), judged=judged)
        lines = live.own_lines() if found is None else found.lines
        value = value_of(judged, lines)
        gap = max(gap, (corner.bound * live.unit - value) / max(1.0, abs(value)))
        totals = totals_of(live.problem, lines)
        by_id = {p.id: x for p, x in zip(live.problem.proposals, totals, strict=True) if x}
        points.append(asdict(measure(live.problem, by_id, len(lines), piece.coverage, overlap)))
    return {"points": points, "gap": gap, "missing": missing}


def weigh(problem: Problem, needs: float, doubles: float) -> Problem:
    """The round with its needs' and its overlaps' weights multiplied."""
    return replace(
        problem,
        areas=tuple(
            replace(area, steps=tuple(replace(s, weight=s.weight * needs) for s in area.steps))
            for area in problem.areas
        ),
        policy=replace(problem.policy, overlap_weight=problem.policy.overlap_weight * doubles),
    )


def measure(
    problem: Problem, totals: Mapping[str, int], agreements: int, needs: float, doubles: float
) -> Point:
    """A plan's figures at the round's own weights."""
    amounts = area_amounts(problem, [totals.get(p.id, 0) for p in problem.proposals])
    return Point(
        needs,
        doubles,
        merit=math.fsum(problem.proposal_by_id[id_].merit * x for id_, x in totals.items()),
        covered=math.fsum(need_met(area, amounts[area.id]) for area in problem.areas),
        twice=spent_twice(problem, {id_ for id_, x in totals.items() if x}),
        agreements=agreements,
        totals=dict(sorted(totals.items())),
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
