"""What it would cost and take to fund each unfunded proposal, estimated for all at once.

From the prices of the LP relaxation that the model in hand gives: a proposal pays for the money it
draws, cheapest first, and is short by what its standing lacks (margins.py). Whole decisions make
the truth coarser; `confirm.py` finds it by solving again, starting from these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.highs import Vector
from optimizer.margins import Margins
from optimizer.model import Model
from optimizer.pairs import most, refusal
from optimizer.problem import Plan, Problem

HALVINGS = 30
MOST_NAMED = 6
LEAST_LEFT = 0.99  # of a minimum taken off: nothing is left, and nothing is no change


@dataclass(frozen=True)
class Estimate:
    """About what one unfunded proposal would cost and need; None: no such change would fund it.

    | field | unit | meaning |
    |---|---|---|
    | costs | minor units of value | lost by funding it as it is |
    | pushes_out | ids | funded proposals that would lose their money, the nearest first |
    | merit | score | more, to be funded |
    | money | minor units | more that may pay it |
    | minimum | minor units | less needed at least |
    | ask | minor units | less asked for, the minimum included |
    """

    costs: float = 0.0
    pushes_out: tuple[str, ...] = ()
    merit: float | None = None
    money: float | None = None
    minimum: float | None = None
    ask: float | None = None


def estimates(model: Model, found: Margins | None, plan: Plan) -> dict[str, Estimate]:
    """An estimate for each proposal of the model's round that the plan does not fund."""
    problem, unit = model.problem, model.unit
    unfunded = [p for p, row in enumerate(problem.proposals) if not plan.totals.get(row.id)]
    if found is None:
        return {problem.proposals[p].id: Estimate() for p in unfunded}
    charge = _charges(problem, found, plan, unit)
    free = charge - found.twice  # the model's own charge taken out, the plan's put in
    least, nothing = found.least, np.zeros(len(found.least))
    cost = -(found.standing() + free) * unit
    merit = _least_that(lambda x: found.standing(x) + free, nothing, nothing + 1)
    money = _least_that(lambda x: found.standing(given=x) + free, nothing, least) * unit
    lower = _least_that(lambda x: found.standing(least=least - x) + free, nothing, least) * unit
    rivals = _Rivals(model, found, plan)
    estimated = {}
    for p in unfunded:
        row = problem.proposals[p]
        above = row.ask - row.minimum
        if model.pairs.ask[p] == 0:
            estimated[row.id] = _out_of_reach(problem, p)
            continue
        less = float(lower[p]) if lower[p] < LEAST_LEFT * least[p] * unit else None
        needs_more = merit[p] if row.merit + merit[p] <= 1 else None
        estimated[row.id] = Estimate(
            costs=max(0.0, float(cost[p])),
            pushes_out=rivals.of(p),
            merit=None if needs_more is None else float(needs_more),
            money=_finite(money[p]),
            minimum=less,
            ask=None if less is None else above + less if less else 0.0,
        )
    return estimated


def _finite(amount: float) -> float | None:
    return float(amount) if np.isfinite(amount) else None


def _least_that(standing: Callable[[Vector], Vector], low: Vector, high: Vector) -> Vector:
    """The least change, by proposal, at which it stands at 0 or above; infinite beyond `high`."""
    enough, beyond = standing(low) >= 0, standing(high) < 0
    first = low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_short = standing(middle) < 0
        low, high = np.where(is_short, middle, low), np.where(is_short, high, middle)
    least: Vector = np.where(enough, first, np.where(beyond, np.inf, high))
    return least


def _charges(problem: Problem, found: Margins, plan: Plan, unit: float) -> Vector:
    """What overlaps with funded proposals take from each one's standing, at most 0, model units.

    Paying twice, or giving up the other proposal, whichever costs less.
    """
    standing = found.standing() - found.twice
    place = {p.id: k for k, p in enumerate(problem.proposals)}
    twice, instead = np.zeros(len(place)), np.zeros(len(place))
    for overlap in problem.overlaps:
        cost = problem.policy.overlap_weight * overlap.degree
        cost *= min(problem.proposal_by_id[p].minimum for p in overlap.proposals)
        for own, other in (overlap.proposals, reversed(overlap.proposals)):
            if plan.totals.get(other):
                twice[place[own]] += cost / unit
                instead[place[own]] += max(0.0, float(standing[place[other]]))
    return -np.minimum(twice, instead)


def _out_of_reach(problem: Problem, p: int) -> Estimate:
    """Where eligible money cannot reach the minimum, the difference is what is missing."""
    row = problem.proposals[p]
    caps = sorted(
        (most(c, row) for c in problem.commitments if refusal(c, row) is None), reverse=True
    )
    reach = sum(caps[: problem.policy.max_cofunders])
    short = max(0, row.minimum - reach)
    lower = short if reach else None
    return Estimate(
        money=float(short),
        minimum=None if lower is None else float(lower),
        ask=None if lower is None else float(row.ask - row.minimum + lower),
    )


class _Rivals:
    """Funded proposals in the order in which they would lose their money."""

    def __init__(self, model: Model, found: Margins, plan: Plan) -> None:
        problem = self.problem = model.problem
        self.pairs, self.plan = model.pairs, plan
        place = {p.id: k for k, p in enumerate(problem.proposals)}
        standing = found.standing()
        self.nearness = {
            id_: float(standing[place[id_]]) / problem.proposal_by_id[id_].ask
            for id_ in plan.totals
        }
        self.payers: dict[str, list[str]] = {c.id: [] for c in problem.commitments}
        self.left = {
            c.id: int(b) for c, b in zip(problem.commitments, model.pairs.budget, strict=True)
        }
        for line in plan.lines:
            self.payers[line.commitment].append(line.proposal)
            self.left[line.commitment] -= line.amount
        self.pinned = {problem.proposals[p].id for p in model.pairs.pinned_in}

    def of(self, p: int) -> tuple[str, ...]:
        """Those whose money together makes up for what is not left over, at most a few."""
        able = [int(c) for c in np.flatnonzero(self.pairs.cap[:, p])]
        ids = [self.problem.commitments[c].id for c in able]
        spare = sum(
            min(self.left[id_], int(self.pairs.cap[c, p])) for c, id_ in zip(able, ids, strict=True)
        )
        missing = int(self.pairs.least[p]) - spare
        found: list[str] = []
        for id_ in self._nearest(ids):
            if missing <= 0 or len(found) == MOST_NAMED:
                break
            found.append(id_)
            missing -= self.plan.totals[id_]
        return tuple(found)

    def _nearest(self, commitments: Sequence[str]) -> list[str]:
        rivals = {id_ for c in commitments for id_ in self.payers[c]} - self.pinned
        return sorted(rivals, key=lambda id_: (abs(self.nearness[id_]), id_))
