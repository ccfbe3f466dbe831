"""What a plan rests on: prices of limits, reasons by proposal and line, what pooling gains.

Sentences are for those who decide on grants. Ids are used as names unless names are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import cast

from optimizer.baselines import reach_alone, reach_leaving
from optimizer.clock import Clock
from optimizer.cofunders import cofunder_prices
from optimizer.currencies import writer
from optimizer.pairs import in_order
from optimizer.prices import Price, shadow_prices
from optimizer.problem import LINES_ONLY, Line, Plan, Problem
from optimizer.reasons import Ground, Refusal, grounds, not_funded, refusals
from optimizer.rules.giving import by_lines_only
from optimizer.rules.words import IN_WORDS
from optimizer.sentences import sentence
from optimizer.stated import promises

WHATEVER_THE_RULE = frozenset(["locked_out", "no_eligible_money", "out_of_reach"])


@dataclass(frozen=True)
class Gain:
    """A funder's value in the plan and without the pool; baselines None where not reckoned.

    `gain` is over leaving; `is_proven` is whether the baselines are proven to 1e-6.
    """

    value: float
    alone: float | None
    leave: float | None
    is_proven: bool

    @property
    def gain(self) -> float | None:
        return None if self.leave is None else self.value - self.leave


@dataclass(frozen=True)
class Explanation:
    """Everything that can be said of a plan; keys are ids."""

    prices: tuple[Price, ...]
    proposals: Mapping[str, Refusal]
    lines: Mapping[Line, Ground]
    funders: Mapping[str, Gain]

    def add_to(self, document: dict[str, object]) -> dict[str, object]:
        """A plan's document with `shadow_prices`, and `why` by proposal, line and funder."""
        stated = cast(list[dict[str, object]], document["lines"])
        grounds = zip(stated, self.lines.values(), strict=True)
        rows = [{**row, "why": asdict(ground)} for row, ground in grounds]
        why = {
            "proposals": {id_: asdict(refusal) for id_, refusal in self.proposals.items()},
            "funders": {id_: {**asdict(g), "gain": g.gain} for id_, g in self.funders.items()},
        }
        prices = [asdict(price) for price in self.prices]
        return {**document, "lines": rows, "shadow_prices": prices, "why": why}


def explain(
    problem: Problem,
    plan: Plan,
    *,
    seconds: float = 60.0,
    names: Mapping[str, str] | None = None,
    money: Callable[[float], str] | None = None,
    cancelled: Callable[[], bool] | None = None,
    has_baselines: bool = True,
    solver: str = "highs",
) -> Explanation:
    """Explain a plan that passes `check`.

    Limits have prices in a plan of `welfare` only; where another rule decided, a proposal that
    could have been paid is told so. `names` maps ids to names for sentences; `money` writes minor
    units (the currency's code and whole units where None). Baselines that the plan does not state
    are reckoned in what is left of `seconds`, unless `has_baselines` is False.
    """
    clock = Clock.of(seconds, None, cancelled, solver)
    ordered = in_order(problem)
    known = names or {}

    def name(id_: str) -> str:
        return known.get(id_, id_)

    write = money or writer(problem.currency)
    by_rule = plan.rule != "welfare"
    floors = {} if plan.rule in LINES_ONLY else promises(ordered, plan.funders)
    held = by_lines_only(ordered) if plan.rule in LINES_ONLY else ordered
    refused = refusals(held, plan, floors, clock, name, write)
    return Explanation(
        prices=() if by_rule else _prices(ordered, plan, floors, clock),
        proposals=_by_rule(plan.rule, refused) if by_rule else refused,
        lines=grounds(ordered, plan, name, write),
        funders={
            id_: _gain(ordered, plan, id_, clock, has_baselines) for id_ in sorted(plan.funders)
        },
    )


def _prices(
    problem: Problem, plan: Plan, floors: Mapping[str, float], clock: Clock
) -> tuple[Price, ...]:
    found = shadow_prices(problem, plan, floors, clock)
    return (*found, *cofunder_prices(problem, plan, floors, clock))


def _by_rule(rule: str, refused: Mapping[str, Refusal]) -> dict[str, Refusal]:
    """Reasons that hold whatever the rule, and the rule itself for the others."""
    known = IN_WORDS.get(rule)
    why = not_funded(known.refused if known else sentence("the rule of this plan chose others"))
    return {
        id_: r
        if r.kind in WHATEVER_THE_RULE
        else Refusal("by_rule", why, r.for_applicant, r.commitments)
        for id_, r in refused.items()
    }


def _gain(problem: Problem, plan: Plan, id_: str, clock: Clock, has_baselines: bool) -> Gain:
    stated = plan.funders[id_]
    alone, leave, is_proven = stated.get("alone"), stated.get("leave"), True
    if has_baselines and id_ in problem.funder_by_id:
        if alone is None and clock.left:
            found = reach_alone(problem, id_, clock)
            alone, is_proven = found.value, found.is_proven
        if leave is None and clock.left:
            found = reach_leaving(problem, id_, clock)
            leave, is_proven = found.value, is_proven and found.is_proven
    return Gain(stated["value"], alone, leave, is_proven)
