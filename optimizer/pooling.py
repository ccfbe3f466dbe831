"""What pooling gains: each funder alone, if it leaves and in the pool; groups; guarantees' prices.

`python -m optimizer pooling` and the site's study of the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from optimizer.baselines import reach_alone, reach_leaving
from optimizer.clock import Clock
from optimizer.coalitions import Groups, blocking_groups
from optimizer.found import Infeasible, OutOfTime
from optimizer.pairs import in_order, pairs_of
from optimizer.problem import Plan, Problem
from optimizer.search import best_lines
from optimizer.stated import promises
from optimizer.value import PROMISE_SHARE, PROMISE_SLACK

GAP = 1e-3
SECONDS = 4 * 3600.0
ONE = 120.0  # seconds for one funder's baseline, or one guarantee's price
Document = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """One funder, minor units: its value alone, if it leaves, in the pool; is that proven."""

    value: float
    alone: float
    leave: float
    is_proven: bool

    @property
    def gain(self) -> float:
        return self.value - self.leave


@dataclass(frozen=True)
class Guarantee:
    """What it costs the pool to promise a funder what it would have by leaving.

    `is_held`: the plan holds it already, and `price` is what dropping it would bring; else what
    granting it would cost. Minor units of the plan's value, between `at_least` and `at_most` since
    plans are proven to a gap. None: not known in the time, or (`is_impossible`) no plan grants it.
    """

    is_held: bool
    price: float | None
    at_least: float | None
    at_most: float | None
    is_impossible: bool = False


def pooling(
    problem: Problem,
    plan: Plan,
    *,
    seconds: float = SECONDS,
    known: Document | None = None,
    tell: Callable[[float, str], None] | None = None,
    keep: Callable[[Document], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Document:
    """Funders' standings, guarantees' prices and blocking groups, as JSON can hold them.

    `known`: an unfinished answer to go on from; `keep` is handed one after each step. Raises
    Cancelled. Where `seconds` end it, what is missing is said by `groups.is_complete` and None.
    Guarantees have prices in plans of the welfare rule only: others do not look for the best value.
    """
    ordered, clock = in_order(problem), Clock.of(seconds, cancelled=cancelled)
    found: Document = {"funders": {}, "guarantees": {}, "groups": None, **(known or {})}
    funders = sorted({c.funder for c in ordered.commitments})

    def step(part: float, words: str) -> None:
        clock.look()
        if tell is not None:
            tell(part, words)

    def store() -> None:
        if keep is not None:
            keep(found)

    for k, id_ in enumerate(funders):
        if id_ not in found["funders"]:
            step(0.2 * k / len(funders), f"Without the pool: funder {k + 1} of {len(funders)}")
            found["funders"][id_] = standing(ordered, plan, id_, clock)
            store()
    for k, id_ in enumerate(funders if plan.rule == "welfare" else ()):
        if id_ not in found["guarantees"]:
            step(0.2 + 0.2 * k / len(funders), f"Guarantee {k + 1} of {len(funders)}")
            leave = found["funders"][id_]["leave"]
            found["guarantees"][id_] = asdict(guarantee(ordered, plan, id_, leave, clock))
            store()

    def stored(groups: Groups) -> None:
        found["groups"] = groups.as_document()
        store()

    begun = found["groups"]
    groups = blocking_groups(
        ordered,
        plan,
        clock,
        known=None if begun is None else Groups.from_document(begun),
        tell=lambda part, words: step(0.4 + 0.6 * part, words),
        keep=stored,
    )
    return {**found, "groups": groups.as_document()}


def standing(problem: Problem, plan: Plan, id_: str, clock: Clock) -> Document:
    """A funder's values, with baselines as the plan states them where it does."""
    stated = plan.funders[id_]
    alone, leave, is_proven = stated.get("alone"), stated.get("leave"), True
    if alone is None:
        reached = reach_alone(problem, id_, clock.within("", ONE))
        alone, is_proven = reached.value, reached.is_proven
    if leave is None:
        reached = reach_leaving(problem, id_, clock.within("", ONE))
        leave, is_proven = reached.value, is_proven and reached.is_proven
    found = Standing(stated["value"], alone, leave, is_proven)
    return {**asdict(found), "gain": found.gain}


def guarantee(problem: Problem, plan: Plan, id_: str, leave: float, clock: Clock) -> Guarantee:
    """The price of promising a funder its `leave`, for a round that is `in_order`.

    A plan that gives it as much already is still the best once it is promised: the price is 0.
    """
    floors = promises(problem, plan.funders)
    is_held = problem.funder_by_id[id_].guarantee == "leave"
    slack = PROMISE_SHARE * abs(leave) + PROMISE_SLACK
    if is_held:
        at_least = problem.funder_by_id[id_].at_least
        floors.pop(id_, None)
        if at_least is not None:
            floors[id_] = at_least
    elif plan.funders[id_]["value"] >= leave - slack:
        return Guarantee(False, 0.0, 0.0, 0.0)
    else:
        floors[id_] = max(leave, floors.get(id_, leave))
    try:
        other = best_lines(pairs_of(problem), floors, GAP, clock.within("", ONE))
    except Infeasible:
        return Guarantee(is_held, None, None, None, is_impossible=True)
    except OutOfTime:
        return Guarantee(is_held, None, None, None)
    free, bound = (other, plan) if is_held else (plan, other)
    at_least = max(0.0, free.value - bound.bound)
    at_most = max(0.0, free.bound - bound.value)
    price = min(at_most, max(at_least, free.value - bound.value))
    return Guarantee(is_held, price, at_least, at_most)
