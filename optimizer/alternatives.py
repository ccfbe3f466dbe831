"""Portfolios nearly as good as the plan that differ most from it and from each other.

How far two portfolios are apart is the money that moves between them: half of what all proposals'
totals differ by. To get far from those found already, money is drawn towards what they do not fund
and away from what they do; that aim is linear and never more than the money that really moves. The
weights of those found are shifted, a few times, towards the nearest one. What comes out is made
whole, counted again against every limit, and kept if it is worth enough.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from optimizer.check import check
from optimizer.clock import Cancelled, Clock
from optimizer.highs import Vector
from optimizer.live_round import LiveRound
from optimizer.pairs import Amounts
from optimizer.problem import Plan, Problem
from optimizer.read import write_plan
from optimizer.sentences import Sentence, each_of, sentence
from optimizer.value import Lines, totals_of, value_of
from optimizer.whole import Draft

MOST = 7
TURNS = 3  # shifts of the weights for one portfolio
NEAREST = 0.02  # of the plan's money: what moves less is no other portfolio
TRIES = 4  # to make up for what whole lines lose
FAR_GAP = 0.05  # far enough: nothing is proven of how far
SECONDS = 600.0


@dataclass(frozen=True)
class Mark:
    """One thing that sets a portfolio apart from the plan: more (or less) of `kind` at `where`.

    `change` is in minor units, or a count for agreements and proposals; `size` makes marks of
    different kinds comparable: a share of the plan's money, or of its count.
    """

    kind: str
    where: str
    change: float
    size: float


def alternatives(
    problem: Problem,
    plan: Plan,
    *,
    tolerance: float = 0.01,
    most: int = MOST,
    seconds: float = SECONDS,
    known: Mapping[str, Any] | None = None,
    tell: Callable[[float, str], None] | None = None,
    keep: Callable[[dict[str, Any]], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    solver: str = "highs",
) -> dict[str, Any]:
    """Portfolios worth at least (1 - tolerance) of the plan's value, the furthest first.

    Each has its `plan` in the exchange format, passed by `check`, `moved` from the plan and from
    the `nearest` other one (minor units), and its `marks`, largest first. Fewer than 3 where there
    are no more that move 2 % of the money. `known`: an earlier, unfinished answer to go on from.
    Raises Cancelled.
    """
    clock = Clock.of(seconds, None, cancelled, solver)
    live = LiveRound(problem, plan, clock)
    least = plan.value - tolerance * abs(plan.value)
    search = _Search(live, least)
    stored = (known or {}).get("portfolios", [])
    for earlier in stored:
        search.found.append(_totals(live.problem, earlier["plan"]))
    portfolios = list(stored)
    while len(portfolios) < most:
        if cancelled is not None and cancelled():
            raise Cancelled
        if tell is not None:
            tell(len(portfolios) / most, f"Looking for portfolio {len(portfolios) + 1}")
        lines = search.furthest()
        if lines is None:
            break
        other = live.plan_of(lines)
        if check(problem, other):  # the count in `whole` should have seen it
            break
        totals = np.array(totals_of(live.problem, lines), dtype=np.int64)
        portfolios.append(
            {
                "plan": write_plan(other),
                "moved": moved(totals, search.found[0]),
                "nearest": min(moved(totals, one) for one in search.found),
                "marks": [asdict(mark) for mark in marks(live.problem, plan, other)],
            }
        )
        search.found.append(totals)
        if keep is not None:
            keep(_document(tolerance, least, portfolios))
    return _document(tolerance, least, portfolios)


def _document(tolerance: float, least: float, portfolios: list[Any]) -> dict[str, Any]:
    return {"tolerance": tolerance, "least": least, "portfolios": portfolios}


def _totals(problem: Problem, document: Mapping[str, Any]) -> Amounts:
    return np.array([document["totals"].get(p.id, 0) for p in problem.proposals], dtype=np.int64)


def moved(one: Amounts, other: Amounts) -> int:
    """The money that goes elsewhere, minor units."""
    return int(np.abs(one - other).sum()) // 2


class _Search:
    """The portfolios found, the plan first, and the way to one far from all of them."""

    def __init__(self, live: LiveRound, least: float) -> None:
        self.live, self.least = live, least
        plan = live.plan
        self.found = [
            np.array([plan.totals.get(p.id, 0) for p in live.problem.proposals], dtype=np.int64)
        ]

    def furthest(self) -> Lines | None:
        """Lines as far from the nearest of those found as was reached; None if all are near."""
        self.live.live.forget()  # so that going on after a stop finds the same
        weights = np.ones(len(self.found))
        best: Draft | None = None
        furthest = max(1.0, NEAREST * float(self.found[0].sum()))
        for _ in range(TURNS):
            away = sum(
                w * np.where(one > 0, -1.0, 1.0) for w, one in zip(weights, self.found, strict=True)
            )
            plan = self._towards(away / weights.sum())
            if plan is None:
                break
            totals = np.array(totals_of(self.live.problem, plan.lines), dtype=np.int64)
            apart = [moved(totals, one) for one in self.found]
            if min(apart) >= furthest:
                best, furthest = plan, min(apart) + 1
            if len(self.found) == 1:
                break
            weights[int(np.argmin(apart))] *= 2.0
        return None if best is None else best.lines

    def _towards(self, direction: Vector) -> Draft | None:
        """Whole lines far in this direction that are worth enough; what they lose by being made
        whole is asked for on top."""
        live = self.live
        live.aim(live.of_totals(direction))
        asked = self.least
        for _ in range(TRIES):
            live.ask_for(asked)
            corner = live.corner()
            if corner.x is None:
                return None
            plan = live.whole(corner, live.standing(), gap=FAR_GAP, nodes=1, is_rough=True)
            if plan is None:
                return None
            short = self.least - value_of(live.problem, plan.lines)
            if short <= 0:
                return plan
            asked += 1.2 * short
        return None


# -- what sets one apart --------------------------------------------------------------------------


def marks(problem: Problem, plan: Plan, other: Plan) -> list[Mark]:
    """Everything that differs from the plan, the most telling first."""
    money = max(1, sum(plan.totals.values()))
    found = []
    for kind, of in _GROUPS.items():
        before, after = of(problem, plan), of(problem, other)
        for where in sorted({*before, *after}):
            change = after.get(where, 0.0) - before.get(where, 0.0)
            found.append(Mark(kind, where, change, abs(change) / money))
    counts = (
        ("agreements", len(plan.lines), len(other.lines)),
        ("proposals", len(plan.totals), len(other.totals)),
    )
    for kind, count, now in counts:
        found.append(Mark(kind, "", now - count, abs(now - count) / max(1, count)))
    telling = [mark for mark in found if mark.change and mark.size >= LEAST_SIZE[mark.kind]]
    return sorted(telling, key=lambda m: (-m.size / LEAST_SIZE[m.kind], m.kind, m.where))


LEAST_SIZE = {
    "area": 0.01,
    "region": 0.015,
    "institution": 0.02,
    "funder": 0.015,
    "agreements": 0.04,
    "proposals": 0.04,
}
"""How large a change must be to tell anything; what is many times that comes first."""


def _by_area(problem: Problem, plan: Plan) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for id_, total in plan.totals.items():
        for area, weight in problem.proposal_by_id[id_].areas.items():
            found[area] += weight * total
    return found


def _by(name: str) -> Callable[[Problem, Plan], dict[str, float]]:
    def count(problem: Problem, plan: Plan) -> dict[str, float]:
        found: Counter[str] = Counter()
        for id_, total in plan.totals.items():
            where = getattr(problem.proposal_by_id[id_], name)
            if where is not None:
                found[where] += total
        return dict(found)

    return count


def _by_funder(problem: Problem, plan: Plan) -> dict[str, float]:
    found: Counter[str] = Counter()
    for line in plan.lines:
        found[problem.commitment_by_id[line.commitment].funder] += line.amount
    return dict(found)


_GROUPS: dict[str, Callable[[Problem, Plan], dict[str, float]]] = {
    "area": _by_area,
    "region": _by("region"),
    "institution": _by("institution"),
    "funder": _by_funder,
}


def names_of(
    portfolios: list[list[Mark]], names: Mapping[str, str], most: int = 2
) -> list[Sentence]:
    """A name for each portfolio, made of what sets it apart: 'more governance, fewer agreements'.

    At least one more mark is named where two would have the same name.
    """
    lengths = [min(most, len(of)) for of in portfolios]

    def name(k: int) -> Sentence:
        told = sorted(portfolios[k][: lengths[k]], key=lambda mark: mark.change < 0)
        words = [in_words(mark, names) for mark in told]
        return each_of(words) if words else sentence("much the same, by other proposals")

    for _ in range(4):
        counted = Counter(name(k) for k in range(len(portfolios)))
        for k, of in enumerate(portfolios):
            if counted[name(k)] > 1:
                lengths[k] = min(lengths[k] + 1, len(of))
    taken: Counter[str] = Counter()
    result = []
    for k in range(len(portfolios)):
        said = name(k)
        taken[said] += 1
        again = taken[said]
        result.append(
            said if again == 1 else sentence("%(name)s (%(number)s)", name=said, number=str(again))
        )
    return result


def in_words(mark: Mark, names: Mapping[str, str]) -> Sentence:
    """A mark as part of a name."""
    is_more = mark.change > 0
    if mark.kind == "agreements":
        return sentence("more agreements") if is_more else sentence("fewer agreements")
    if mark.kind == "proposals":
        return sentence("more proposals") if is_more else sentence("fewer proposals")
    where = names.get(mark.where, mark.where)
    if mark.kind == "funder":
        if is_more:
            return sentence("%(name)s gives more", name=where)
        return sentence("%(name)s gives less", name=where)
    if is_more:
        return sentence("more %(where)s", where=where)
    return sentence("less %(where)s", where=where)
