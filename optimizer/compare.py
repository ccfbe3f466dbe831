"""Rules side by side: the same round by each of them, and what sets their plans apart.

Every figure is reckoned from whole lines, for every rule in the same way; the funders' baselines
are found once. What a funder would reach alone is always among the figures, since a gain is asked
of every rule, whether or not the round promises one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from optimizer.baselines import Baseline, promised, reach_alone
from optimizer.check import missed
from optimizer.clock import Clock
from optimizer.found import Infeasible, OutOfTime
from optimizer.pairs import in_order
from optimizer.problem import Plan, Problem
from optimizer.rules import RULES
from optimizer.sentences import sentence
from optimizer.solve import solve
from optimizer.value import area_amounts, spent_twice, totals_of
from optimizer.violations import Violation

COMPARISON_FORMAT = "tributary-comparison/1"
BASELINES = 0.3  # of the time
SEARCHING = ("welfare", "maxmin")  # come last, so that they have what time the others leave
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Outcome:
    """What one rule makes of the round. Money in minor units, values as docs/format.md has them.

    | field | meaning |
    |---|---|
    | plan | None where the rule found none, for the reason in `trouble` |
    | spent, funded, agreements | money given, proposals funded, lines |
    | covered | the part of the areas' open needs that the money meets; by area, and in all |
    | doubles | money spent twice: degree times the smaller minimum, where both are funded |
    | not_kept | limits over several proposals and floors of areas that are missed |
    """

    rule: str
    plan: Plan | None
    trouble: str = ""
    spent: int = 0
    funded: int = 0
    agreements: int = 0
    covered: float = 0.0
    covered_by_area: dict[str, float] | None = None
    doubles: float = 0.0
    not_kept: tuple[Violation, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Outcomes in the order of the rules asked for; `alone` by funder with money."""

    outcomes: tuple[Outcome, ...]
    alone: dict[str, float]

    @property
    def planned(self) -> dict[str, Plan]:
        return {o.rule: o.plan for o in self.outcomes if o.plan is not None}

    @property
    def always(self) -> tuple[str, ...]:
        """Proposals that every rule with a plan funds, by id."""
        funded = [set(plan.totals) for plan in self.planned.values()]
        return tuple(sorted(set.intersection(*funded))) if funded else ()

    @property
    def only(self) -> dict[str, tuple[str, ...]]:
        """By rule, the proposals that it alone funds."""
        count = Counter(p for plan in self.planned.values() for p in plan.totals)
        return {
            rule: tuple(sorted(p for p in plan.totals if count[p] == 1))
            for rule, plan in self.planned.items()
        }

    def gain(self, rule: str) -> dict[str, float]:
        """By funder with money: its value in the rule's plan less what it would reach alone."""
        plan = self.planned[rule]
        return {f: plan.funders[f]["value"] - alone for f, alone in self.alone.items()}

    def as_document(self) -> dict[str, object]:
        """The comparison as JSON has it; every number finite."""
        return {
            "format": COMPARISON_FORMAT,
            "alone": self.alone,
            "always": list(self.always),
            "rules": [self._row(outcome) for outcome in self.outcomes],
        }

    def _row(self, outcome: Outcome) -> dict[str, object]:
        plan = outcome.plan
        if plan is None:
            return {"rule": outcome.rule, "trouble": outcome.trouble}
        objective = plan.objective
        return {
            "rule": outcome.rule,
            "status": plan.status,
            "value": plan.value,
            "bound": plan.bound,
            "objective": objective
            and {"name": objective.name, "value": objective.value, "bound": objective.bound},
            "spent": outcome.spent,
            "funded": outcome.funded,
            "agreements": outcome.agreements,
            "covered": outcome.covered,
            "covered_by_area": outcome.covered_by_area,
            "doubles": outcome.doubles,
            "funders": {f: plan.funders[f]["value"] for f in sorted(plan.funders)},
            "gain": self.gain(outcome.rule),
            "totals": plan.totals,
            "only": list(self.only[outcome.rule]),
            "not_kept": [asdict(limit) for limit in outcome.not_kept],
        }


def compare(
    problem: Problem,
    rules: Sequence[str] = tuple(RULES),
    *,
    gap: float = 1e-3,
    seconds: float = 120.0,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    solver: str = "highs",
    known: Mapping[str, Plan] | None = None,
    keep: Callable[[Plan], None] | None = None,
) -> Comparison:
    """The round by each of `rules`, all within `seconds`.

    A rule that finds no plan says why instead of one. `known`: plans by rule that are taken as they
    are; `keep` is handed each new one. `progress(stage, part done)`. Raises Cancelled.
    """
    clock = Clock.of(seconds, None, cancelled, solver)
    ordered = in_order(problem)

    def tell(stage: str, part: float) -> None:
        clock.look()
        if progress is not None:
            progress(stage, part)

    tell("baselines", 0.0)
    first = clock.within("baselines", BASELINES * seconds)
    baselines = promised(ordered, first, BASELINES * seconds)
    alone = {
        f: _alone(ordered, f, baselines, first)
        for f in sorted({c.funder for c in problem.commitments})
    }
    outcomes: dict[str, Outcome] = {}
    for k, rule in enumerate(sorted(rules, key=SEARCHING.__contains__)):
        plan = (known or {}).get(rule)
        try:
            if plan is None:
                tell(rule, BASELINES + (1 - BASELINES) * k / len(rules))
                plan = solve(
                    problem,
                    rule=rule,
                    gap=gap,
                    seconds=clock.left / (len(rules) - k),
                    cancelled=cancelled,
                    solver=solver,
                    baselines=baselines,
                )
                if keep is not None:
                    keep(plan)
        except Infeasible:
            outcomes[rule] = Outcome(rule, None, sentence("no plan keeps every limit of the round"))
        except OutOfTime:
            outcomes[rule] = Outcome(
                rule, None, sentence("the time was up before any plan was found")
            )
        else:
            outcomes[rule] = outcome_of(problem, plan)
    tell("done", 1.0)
    return Comparison(tuple(outcomes[rule] for rule in rules), alone)


def _alone(
    problem: Problem, funder: str, baselines: dict[str, dict[str, Baseline]], clock: Clock
) -> float:
    known = baselines.get(funder, {}).get("alone")
    return known.value if known is not None else reach_alone(problem, funder, clock).value


def outcome_of(problem: Problem, plan: Plan) -> Outcome:
    """The figures of one plan, from its lines."""
    ordered = in_order(problem)
    commitment = {c.id: k for k, c in enumerate(ordered.commitments)}
    proposal = {p.id: k for k, p in enumerate(ordered.proposals)}
    lines = {(commitment[x.commitment], proposal[x.proposal]): x.amount for x in plan.lines}
    amounts = area_amounts(ordered, totals_of(ordered, lines))
    need = {a.id: max(0, sum(s.width for s in a.steps) - a.spent) for a in ordered.areas}
    met = {a: min(float(open_), amounts[a]) for a, open_ in need.items()}
    needed = sum(need.values())
    funded = {p for p, total in plan.totals.items() if total}
    return Outcome(
        rule=plan.rule,
        plan=plan,
        spent=sum(line.amount for line in plan.lines),
        funded=len(plan.totals),
        agreements=len(plan.lines),
        covered=math.fsum(met.values()) / needed if needed else 0.0,
        covered_by_area={a: met[a] / need[a] for a in met if need[a]},
        doubles=spent_twice(ordered, funded),
        not_kept=tuple(missed(problem, plan)),
    )
