"""The least relaxation of a round that cannot be satisfied: what to change so that a plan exists.

Every demand may be eased at once, which the conflict (`conflicts.py`) does not say: its members
are the fewest that clash, and mending one clash may leave another.

    minimise  sum_d e_d + sum_k stake_k r_k

    subject to  every rule that is no demand, and
      sum over an institution, tier, area <= limit_d + e_d       [share, cap]
      sum over a region >= limit_d - e_d                         [region]
      value_f >= promised_f - e_d                                [guarantee]
      a lock holds, or r_k = 1 and it is given up                [lock]
      so does a condition of a commitment                        [match, only_if, joins_if]
      sum_p (x_cp - l_cpk) <= B_ck + e_ck                        [release] paid by the k-th date

Restrictions of funders are kept; what they ask of others, and when they release their money, gives
way like any other demand. Every demand has the tolerance that the format allows it. e_d is in minor
units of money, or of money weighted by merit for a promise. Giving up a lock counts as the money it
holds: its amount, or the least that its proposal needs; giving up a condition as the money that
waits for it. Money released earlier counts once for each date that it passes. Numbers are then
rounded to what people can write down (whole units, millionths of a share), and the eased round is
solved before anything is said.

What a funder would reach by leaving depends on the very limits that are eased, so such a promise
is held at the number it has now.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pulp

from optimizer.backend import open_model
from optimizer.clock import Clock
from optimizer.conflicts import Demand, demands, has_plan, with_only
from optimizer.ease_terms import CONDITIONS, ease_terms, with_earlier
from optimizer.model import Detail, Model, build
from optimizer.pairs import Pairs, in_order, pairs_of
from optimizer.problem import Lock, Problem
from optimizer.programme import GE, LE, Expression
from optimizer.value import PROMISE_SLACK, SLACK

UPPER = ("releases", "area cap", "institution_share", "risk_most")
SHARES = ("institution_share", "region_least", "risk_most")
SHARE_STEPS = 10**6  # a share is written to so many parts of 1
GAP = 1e-4  # to which the least change is proven
NOTHING = 1e-6  # part of a minor unit that is the solver's inexactness


@dataclass(frozen=True)
class Change:
    """One demand eased: `to` in minor units, None for a lock given up; `share` where it is one.

    `by` is what the change counts: the difference, or for a lock the money it holds; 0 for a
    promise that is only held at its number.
    """

    demand: Demand
    to: float | None
    by: float
    share: float | None
    text: str


@dataclass(frozen=True)
class Relaxation:
    """Changes that together let a plan exist; solving the eased round has shown it.

    `is_least`: no changes that add up to less (by more than rounding and 0.1 %) would do.
    """

    changes: tuple[Change, ...]
    is_least: bool

    @property
    def total(self) -> float:
        return math.fsum(change.by for change in self.changes)

    def as_document(self) -> dict[str, object]:
        """For a file: the changes with kind, where, limit, to, share, by, text and maybe year."""
        rows = []
        for change in self.changes:
            row = {**asdict(change.demand), **asdict(change)}
            del row["demand"], row["lock"]
            if row["year"] is None:
                del row["year"]
            rows.append(row)
        return {"changes": rows, "total": self.total, "is_least": self.is_least}


def relaxation_of(
    problem: Problem,
    floors: Mapping[str, float],
    seconds: float = 60.0,
    cancelled: Callable[[], bool] | None = None,
) -> Relaxation | None:
    """The least changes that repair a round; None where none was found (and shown) in time.

    `floors`: what its funders are promised, in value.
    """
    clock = Clock.of(seconds, None, cancelled)
    ordered = in_order(problem)
    every = list(demands(ordered, floors))
    for detail in (Detail(lines=True), Detail(lines=True, whole=True)):
        found = _least(ordered, every, detail, clock)
        if found is None:
            return None
        try:
            if has_plan(with_earlier(ordered, _releases(found)), _eased(every, found), clock):
                return found
        except TimeoutError:
            return None
    return None


def repaired(problem: Problem, relaxation: Relaxation) -> Problem:
    """The round with the changes made. A promise that was eased becomes the funder's `at_least`."""
    policy, areas, funders, locks = (
        problem.policy,
        {a.id: a for a in problem.areas},
        {f.id: f for f in problem.funders},
        list(problem.locks),
    )
    earlier = with_earlier(problem, _releases(relaxation)).commitments
    commitments = {c.id: c for c in earlier}
    for change in relaxation.changes:
        kind, where, to = change.demand.kind, change.demand.where, change.to
        if kind == "lock":
            locks = [lock for lock in locks if lock != change.demand.lock]
        elif kind in CONDITIONS:
            condition: dict[str, Any] = {kind: None}
            commitments[where] = replace(commitments[where], **condition)
        elif kind == "area cap" and to is not None:
            areas[where] = replace(areas[where], cap=int(to))
        elif kind == "guarantee":
            funders[where] = replace(funders[where], guarantee="none", at_least=to)
        elif kind == "institution_share":
            policy = replace(policy, institution_share=change.share)
        elif change.share is not None:
            shares = {**getattr(policy, kind), where: change.share}
            eased: dict[str, Any] = {kind: shares}
            policy = replace(policy, **eased)
    return replace(
        problem,
        policy=policy,
        areas=tuple(areas.values()),
        funders=tuple(funders.values()),
        locks=tuple(locks),
        commitments=tuple(commitments.values()),
        digest="",
    )


def _releases(relaxation: Relaxation) -> list[tuple[Demand, float]]:
    """Money released earlier: what of it, and how much is then there."""
    changed = ((c.demand, c.to) for c in relaxation.changes if c.demand.kind == "releases")
    return [(demand, to) for demand, to in changed if to is not None]


def _eased(every: Iterable[Demand], relaxation: Relaxation) -> list[Demand]:
    """The demands of the round with the changes made."""
    changed = {id(change.demand): change for change in relaxation.changes}
    kept = []
    for demand in every:
        change = changed.get(id(demand))
        if change is None:
            kept.append(demand)
        elif change.to is not None:
            kept.append(replace(demand, limit=change.to))
    return kept


# The elastic model


def _least(
    problem: Problem, every: list[Demand], detail: Detail, clock: Clock
) -> Relaxation | None:
    terms = [demand for demand in every if demand.limit is None and demand.lock is None]
    free, _ = with_only(problem, terms)
    pairs = pairs_of(free)
    own = np.zeros(pairs.cap.shape, dtype=bool)
    for demand in every:
        if demand.lock is not None and demand.lock.commitment is not None:
            own[_pair(problem, demand.lock)] = True
    model = build(pairs, {}, detail, own)
    ease: list[tuple[Demand, Any, float]] = []  # demand, its variable, what 1 of it counts
    ease += ease_terms(model, terms)
    for k, demand in enumerate(d for d in every if d not in terms):
        if demand.lock is not None:
            given_up = model.variable("r", k, high=1, cat=pulp.LpInteger)
            _add_lock(model, demand.lock, given_up, str(k))
            ease.append((demand, given_up, float(stake(problem, demand.lock))))
        elif sums := _weights(pairs, demand):
            more = model.variable("e", k)
            _add_sums(model, demand, sums, more, str(k))
            ease.append((demand, more, model.unit))
    live = open_model(model.lp, clock, model.unit)
    cost = np.zeros(len(model.lp.variables()))
    for _, variable, counts in ease:
        cost[variable.index] = -counts / model.unit
    live.set_costs(cost)
    answer = live.search(GAP)
    if answer.x is None:
        return None
    changes = [
        change
        for demand, variable, counts in ease
        if (change := _change(pairs, demand, float(answer.x[variable.index]) * counts))
    ]
    if any(change.demand.kind != "guarantee" for change in changes):
        eased = {change.demand.where for change in changes if change.demand.kind == "guarantee"}
        changes += [_held(d) for d in every if _is_by_leaving(problem, d) and d.where not in eased]
    found = -answer.value * model.unit
    is_least = found + answer.bound * model.unit <= 1 + 10 * GAP * found
    return Relaxation(tuple(changes), is_least)


def stake(problem: Problem, lock: Lock) -> int:
    """The money a lock holds, minor units: its amount, or the least its proposal needs."""
    return lock.amount or problem.proposal_by_id[lock.proposal].minimum


def _pair(problem: Problem, lock: Lock) -> tuple[int, int]:
    commitments = [c.id for c in problem.commitments]
    proposals = [p.id for p in problem.proposals]
    return commitments.index(str(lock.commitment)), proposals.index(lock.proposal)


def _add_lock(model: Model, lock: Lock, given_up: Any, name: str) -> None:
    """left = amount, or funded or not, unless r = 1: a lock that no plan can keep forces r."""
    pairs = model.pairs
    p = [q.id for q in model.problem.proposals].index(lock.proposal)
    if lock.amount is None:
        funded: Expression = {model.y[p]: 1.0} if p in model.y else {}
        if lock.funded:
            model.add("kept in", name, {**funded, given_up: 1.0}, GE, 1)
        else:
            model.add("kept out", name, {**funded, given_up: -1.0}, LE, 0)
        return
    if lock.commitment is not None:
        c, _ = _pair(model.problem, lock)
        left = {model.x[c, p]: 1.0} if (c, p) in model.x else {}
        least, most = max(1, int(pairs.ticket[c])), int(pairs.cap[c, p])
    else:
        left, least, most = dict(model.total[p]), max(1, int(pairs.least[p])), int(pairs.ask[p])
    amount = lock.amount
    if amount and (amount % pairs.grid or not least <= amount <= most):
        model.add("given up", name, {given_up: 1.0}, GE, 1)
        return
    fixed, most_of_it = amount / model.unit, most / model.unit
    model.add("at least", name, {**left, given_up: fixed}, GE, fixed)
    model.add("at most", name, {**left, given_up: fixed - most_of_it}, LE, fixed)


def _add_sums(
    model: Model, demand: Demand, sums: list[dict[int, float]], more: Any, name: str
) -> None:
    """Sums of money, or of value, within a limit (and its tolerance) that `more` eases."""
    limit, slack = _limit(model.pairs, demand), _slack(demand)
    sign, sense = (1.0, LE) if demand.kind in UPPER else (-1.0, GE)
    for k, weights in enumerate(sums):
        left = {**_sum(model, weights), more: -sign}
        model.add(demand.kind, f"{name}.{k}", left, sense, (limit + sign * slack) / model.unit)


def _slack(demand: Demand) -> int:
    return PROMISE_SLACK if demand.kind == "guarantee" else SLACK


def _limit(pairs: Pairs, demand: Demand) -> float:
    """A demand's number, but of one from below no more than is out of reach by a unit.

    What is far beyond all money there is (10^24) would leave a solver no digits for the rest.
    """
    limit = float(demand.limit or 0.0)
    if demand.kind in UPPER:
        return limit
    (weights,) = _weights(pairs, demand)
    reach = math.fsum(weight * int(pairs.ask[p]) for p, weight in weights.items())
    return min(limit, reach + _slack(demand) + 1)


def _weights(pairs: Pairs, demand: Demand) -> list[dict[int, float]]:
    """What a unit of each proposal's money counts in each sum of a demand, by proposal."""
    proposals = list(enumerate(pairs.problem.proposals))
    if demand.kind == "area cap":
        return [{k: p.areas.get(demand.where, 0.0) for k, p in proposals}]
    if demand.kind == "guarantee":
        funder = pairs.problem.funder_by_id[demand.where]
        worth = {
            k: p.merit * math.fsum(funder.weights.get(a, 1.0) * w for a, w in p.areas.items())
            for k, p in proposals
        }
        return [worth]
    if demand.kind == "institution_share":
        names = sorted({p.institution for _, p in proposals if p.institution is not None})
        return [{k: 1.0 for k, p in proposals if p.institution == name} for name in names]
    key = "region" if demand.kind == "region_least" else "risk_tier"
    return [{k: 1.0 for k, p in proposals if getattr(p, key) == demand.where}]


def _sum(model: Model, weights: Mapping[int, float]) -> Expression:
    counted = {p: weight for p, weight in weights.items() if weight}
    return {v: weight * w for p, weight in counted.items() for v, w in model.total[p].items()}


# In words


def _change(pairs: Pairs, demand: Demand, by: float) -> Change | None:
    """A demand eased by at least so much, to a number that can be written; None for nothing."""
    if by < NOTHING:
        return None
    if demand.limit is None:
        return Change(demand, None, by, None, f"give up that {demand.text}")
    limit = _limit(pairs, demand)
    to = limit + by if demand.kind in UPPER else max(0.0, limit - by)
    share = None
    if demand.kind in SHARES:
        pool = pairs.total
        share = _written(to / pool * SHARE_STEPS, demand) / SHARE_STEPS
        to = share * pool
        shown = f"{share * 100:.6g} % of the money ({to:,.0f})"
    else:
        to = float(_written(to, demand))
        shown = f"{to:,.0f}"
    text = f"{shown} instead of {demand.limit:,.0f}: {demand.text}"
    return Change(demand, to, abs(to - demand.limit), share, text)


def _is_by_leaving(problem: Problem, demand: Demand) -> bool:
    """Whether a promise follows what the others would do without its funder."""
    is_promise = demand.kind == "guarantee"
    return is_promise and problem.funder_by_id[demand.where].guarantee == "leave"


def _held(demand: Demand) -> Change:
    """A promise that stays, as the number that it is now."""
    limit = demand.limit or 0.0
    text = f"hold the promise to {demand.where} at {limit:,.0f}, what leaving brings it now"
    return Change(demand, limit, 0.0, None, text)


def _written(number: float, demand: Demand) -> int:
    """To the whole number on the side that eases."""
    if demand.kind in UPPER:
        return math.ceil(number - NOTHING)
    return max(0, math.floor(number + NOTHING))
