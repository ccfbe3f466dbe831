"""What a changed round comes to, beside the plan: value lost, who gains, who loses, what opens.

`prove` first finds out how good the plan really is, so that small differences can be told from
none. `outcome_of` then solves the changed round, and keeps of what differs only what matters:
plans of nearly the same value differ in much that nobody needs to hear. A plan of another rule is
laid beside what the same rule makes of the changed round (`outcome_by_rule`); nothing is proven.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.backend import open_model
from optimizer.clock import Clock
from optimizer.found import BEST, Aim, Found, OutOfTime
from optimizer.model import Detail, build
from optimizer.pairs import Pairs, in_order, pairs_of
from optimizer.problem import Area, Plan, Problem
from optimizer.rules import RULES
from optimizer.search import best_lines
from optimizer.value import (
    Lines,
    area_amounts,
    breaches,
    funder_value,
    quality,
    shortfall,
    totals_of,
    value_of,
)
from optimizer.whole import draft

PROOF = 1e-5  # relative gap to which the plan's own round is proven again
FINEST = 1e-8  # to which a changed round is proven at most
RULE_GAP = 1e-3  # to which a changed round is decided by a rule with a bound of its own
NODES = 200  # of the small search for the fewest changes


@dataclass(frozen=True)
class Proof:
    """How good the plan is known to be, minor units of value.

    `best`: of the best plan found, `funded` by it; no plan is worth more than `bound`.
    """

    value: float
    best: float
    bound: float
    funded: frozenset[str]

    @property
    def slack(self) -> float:
        """The proven gap: a difference in value up to this is called none."""
        return max(0.0, self.bound - self.value)

    @property
    def gap(self) -> float:
        """The relative gap to which changed rounds are solved: half of what counts as none."""
        return max(FINEST, self.slack / 2 / max(1.0, abs(self.value)))

    def without(self, proposal: str) -> float:
        """What is reached, for certain, without this unfunded proposal."""
        return self.value if proposal in self.funded else self.best


@dataclass(frozen=True)
class Move:
    """What a proposal got in the plan and gets in the changed round, minor units."""

    proposal: str
    before: int
    after: int


@dataclass(frozen=True)
class Opened:
    """An area's need left open, and what it lacks to its floor, before and after; minor units."""

    area: str
    open_before: int
    open_after: int
    short_before: int
    short_after: int


@dataclass(frozen=True)
class Outcome:
    """A changed round beside the plan; values in minor units of value.

    | field | meaning |
    |---|---|
    | value, bound | of the best plan found for it; of any |
    | lost | the plan's value less this one's; below 0 where the change helps |
    | is_none | the difference is no more than the proven gap |
    | moves | every proposal whose money changes, largest change first |
    | areas | those whose open need or shortfall changes |
    | funders | by id: value before and after, as the funder weighs it |
    """

    value: float
    bound: float
    lost: float
    is_none: bool
    moves: tuple[Move, ...]
    areas: tuple[Opened, ...]
    funders: Mapping[str, tuple[float, float]]

    @property
    def pushed_out(self) -> tuple[str, ...]:
        return tuple(m.proposal for m in self.moves if not m.after)

    @property
    def brought_in(self) -> tuple[str, ...]:
        return tuple(m.proposal for m in self.moves if not m.before)


def prove(
    problem: Problem,
    plan: Plan,
    floors: Mapping[str, float],
    clock: Clock,
    gap: float = PROOF,
) -> Proof:
    """Search on until no plan can be worth more than the relative `gap` above the best found."""
    funded = frozenset(p for p, total in plan.totals.items() if total)
    best, bound = plan.value, plan.bound
    if bound - best > gap * max(1.0, abs(best)):
        ordered = in_order(problem)
        try:
            found = best_lines(pairs_of(ordered), dict(floors), gap, clock)
        except OutOfTime:
            found = Found(None, -math.inf, math.inf)
        bound = max(min(bound, found.bound), best)
        if found.lines is not None and found.value > best:
            best = found.value
            totals = totals_of(ordered, found.lines)
            funded = frozenset(
                p.id for p, total in zip(ordered.proposals, totals, strict=True) if total
            )
    return Proof(plan.value, best, bound, funded)


def solved(
    changed: Problem, floors: Mapping[str, float], proof: Proof, clock: Clock, aim: Aim = BEST
) -> Found:
    """The changed round (`in_order`), solved again; raises Infeasible, OutOfTime."""
    return best_lines(pairs_of(changed), dict(floors), proof.gap, clock, aim)


def outcome_of(
    problem: Problem,
    plan: Plan,
    proof: Proof,
    changed: Problem,
    floors: Mapping[str, float],
    clock: Clock,
) -> Outcome:
    """Solve a changed round and lay it beside the plan; raises Infeasible, OutOfTime."""
    ordered = in_order(changed)
    found = solved(ordered, floors, proof, clock)
    assert found.lines is not None  # no aim was given
    lines = fewest_changes(ordered, before_of(ordered, plan), found.lines, floors, proof, clock)
    return _beside(problem, plan, proof.slack, ordered, lines, found.bound)


def outcome_by_rule(
    problem: Problem, plan: Plan, changed: Problem, floors: Mapping[str, float], clock: Clock
) -> Outcome:
    """The changed round by the rule of the plan, beside it. Raises Infeasible, OutOfTime.

    What is `lost` is value, which other rules do not look for: it may be below 0.
    """
    ordered = in_order(changed)
    found = RULES[plan.rule](pairs_of(ordered), dict(floors), RULE_GAP, clock)
    return _beside(problem, plan, 0.0, ordered, found.lines or {}, found.bound)


def before_of(problem: Problem, plan: Plan) -> dict[str, int]:
    """The plan's money by proposal, minor units, 0 where it gives none."""
    return {p.id: plan.totals.get(p.id, 0) for p in problem.proposals}


def _beside(
    problem: Problem, plan: Plan, slack: float, ordered: Problem, lines: Lines, bound: float
) -> Outcome:
    """Lines of the changed round beside the plan; a difference up to `slack` is none."""
    before = before_of(ordered, plan)
    value, totals = value_of(ordered, lines), totals_of(ordered, lines)
    moves = [
        Move(p.id, before[p.id], after)
        for p, after in zip(ordered.proposals, totals, strict=True)
        if before[p.id] != after
    ]
    lost = plan.value - value
    return Outcome(
        value=value,
        bound=bound,
        lost=lost,
        is_none=abs(lost) <= slack,
        moves=tuple(sorted(moves, key=lambda m: (-abs(m.after - m.before), m.proposal))),
        areas=_opened(ordered, list(before.values()), totals),
        funders=_funders(problem, ordered, plan, totals),
    )


def _opened(problem: Problem, before: list[int], after: list[int]) -> tuple[Opened, ...]:
    then, now = area_amounts(problem, before), area_amounts(problem, after)
    found = [
        Opened(
            area.id,
            still_open(area, then[area.id]),
            still_open(area, now[area.id]),
            round(shortfall(area, then[area.id])),
            round(shortfall(area, now[area.id])),
        )
        for area in problem.areas
    ]
    return tuple(
        o for o in found if o.open_before != o.open_after or o.short_before != o.short_after
    )


def still_open(area: Area, amount: float) -> int:
    """What the area's steps still lack, minor units, when this round puts `amount` into it."""
    return round(max(0.0, sum(step.width for step in area.steps) - area.spent - amount))


def _funders(
    problem: Problem, changed: Problem, plan: Plan, totals: list[int]
) -> dict[str, tuple[float, float]]:
    done = quality(changed, totals)
    return {
        name: (plan.funders.get(name, {}).get("value", 0.0), funder_value(funder, done))
        for name, funder in sorted(problem.funder_by_id.items())
    }


def fewest_changes(
    problem: Problem,
    before: Mapping[str, int],
    lines: Lines,
    floors: Mapping[str, float],
    proof: Proof,
    clock: Clock,
) -> Lines:
    """Lines worth the same, but for a part of the proven gap, that change fewer decisions.

    Of what these lines fund and the plan does not, or the other way round, only what pays is
    kept: each change is charged its part of the gap.
    """
    totals = totals_of(problem, lines)
    differing = [
        p
        for p, (proposal, total) in enumerate(zip(problem.proposals, totals, strict=True))
        if bool(before[proposal.id]) != bool(total)
    ]
    if len(differing) < 2 or not clock.left:
        return lines
    pairs = pairs_of(problem)
    fewer = _search_among(problem, pairs, before, totals, differing, floors, proof, clock)
    value = value_of(problem, lines)
    allowed = max(proof.slack, 1e-9 * max(1.0, abs(value)))
    if fewer is None or value_of(problem, fewer) < value - allowed:
        return lines
    return lines if breaches(pairs, fewer, floors) else fewer


def _search_among(
    problem: Problem,
    pairs: Pairs,
    before: Mapping[str, int],
    totals: list[int],
    differing: list[int],
    floors: Mapping[str, float],
    proof: Proof,
    clock: Clock,
) -> Lines | None:
    """The best lines where only these decisions are free, and each change costs a little."""
    policy = problem.policy
    has_lines = bool(policy.agreement_cost) or policy.max_cofunders is not None
    model = build(pairs, dict(floors), Detail(lines=has_lines, is_eased=True))
    live = open_model(model.lp, clock, model.unit)
    cost = np.zeros(len(model.lp.variables()))
    for variable, worth in model.objective.items():
        cost[variable.index] = worth
    charge = max(proof.slack, 1e-9 * abs(proof.value)) / (len(differing) + 1) / model.unit
    for p, y in model.y.items():
        if p not in differing:
            live.low[y.index] = live.high[y.index] = float(totals[p] > 0)
        else:
            cost[y.index] += charge if before[problem.proposals[p].id] else -charge
    live.set_costs(cost)
    live.restore()
    answer = live.search(FINEST, nodes=NODES)
    if answer.x is None:
        return None
    plan = draft(model, live, answer.x)
    return None if plan is None or plan.broken else plan.lines
