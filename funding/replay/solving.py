"""The round solved, and the same yardstick laid to what really happened: all through the optimizer.

Besides the pooled plan there are two things to set it against. What really happened; and `in
turn`: the same funders under the same assumptions without a pool, each in its turn from the
largest, spending its own money as it sees best on what the ones before it left open. What pooling
changes lies between the plan and that, for both choose by the same merit; what happened was chosen
by judgements that no list of grants holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from funding.replay.build import KEPT, KEPT_SHARE, ReplayRound
from optimizer.baselines import leave as value_of_leaving
from optimizer.check import check
from optimizer.clock import Cancelled
from optimizer.figures import Figures
from optimizer.problem import Funder, Line, Plan, Problem
from optimizer.read import read_round, write_plan
from optimizer.solve import Infeasible, OutOfTime, SolverFault, solve

__all__ = ["Cancelled", "OutOfTime", "Side", "Solved", "SolverFault", "solve_round"]

GAP = 1e-4
SECONDS = 60.0

Progress = Callable[[str, float | None, float | None], None]


@dataclass(frozen=True)
class Side:
    """One way to spend the pool, measured by the replay's yardstick.

    `lines`: (funder, recipient) -> minor units. `value` and `funders` are money weighted by merit
    and need (or the funder's own areas); `areas` in minor units.
    """

    lines: Mapping[tuple[str, str], int]
    totals: Mapping[str, int]
    areas: Mapping[str, float]
    value: float
    funders: Mapping[str, float]


@dataclass(frozen=True)
class Solved:
    """`guarantee_held`: False where no plan could keep the promise to all funders at once.

    `leaving`: what each funder would have if the others pooled without it; empty unless asked.
    """

    really: Side
    in_turn: Side
    plan: Side
    status: str
    gap: float
    guarantee_held: bool
    leaving: Mapping[str, float]
    document: dict[str, Any]
    plan_document: dict[str, Any]


def solve_round(
    made: ReplayRound,
    *,
    is_leaving_asked: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Solved:
    """Solve, and check what is shown. Raises Cancelled; SolverFault where a check fails."""
    problem = read_round(made.document)
    free = replace(problem, funders=tuple(replace(f, guarantee="none") for f in problem.funders))
    really = _as_it_was(free, made)
    document = made.document
    if made.is_promised_what_was:
        document = _promising_what_was(free, document, really)
        problem = read_round(document)
    guarantee_held = True
    try:
        plan = solve(problem, gap=GAP, seconds=SECONDS, progress=progress, cancelled=cancelled)
    except Infeasible:
        guarantee_held, problem = False, free
        plan = solve(problem, gap=GAP, seconds=SECONDS, progress=progress, cancelled=cancelled)
    if faults := check(problem, plan, gap=GAP):
        raise SolverFault("; ".join(map(str, faults)))
    stated = {name: figures.get("leave") for name, figures in plan.funders.items()}
    leaving = {name: value for name, value in stated.items() if value is not None}
    if is_leaving_asked and not leaving:
        for funder in made.funders:
            _stop_if(cancelled)
            leaving[funder.name] = value_of_leaving(free, funder.name, SECONDS)
    return Solved(
        really=_side(made, free, really),
        in_turn=_side(made, free, _in_turn(free, made, cancelled)),
        plan=_side(made, free, plan.lines),
        status=plan.status,
        gap=plan.gap,
        guarantee_held=guarantee_held,
        leaving=leaving,
        document=document,
        plan_document=write_plan(plan),
    )


def _stop_if(cancelled: Callable[[], bool] | None) -> None:
    if cancelled is not None and cancelled():
        raise Cancelled


def _side(made: ReplayRound, problem: Problem, lines: Iterable[Line]) -> Side:
    figures = Figures(problem, lines)
    amounts: dict[str, float] = dict.fromkeys(made.areas, 0.0)
    mix = {one.name: one.areas for one in made.recipients}
    for recipient, total in figures.totals.items():
        for area, share in mix[recipient].items():
            amounts[area] += share * total
    return Side(
        lines=figures.pairs,
        totals=figures.totals,
        areas=amounts,
        value=float(figures.value.value),
        funders={
            name: float(figures.funder_value(funder).value)
            for name, funder in problem.funder_by_id.items()
        },
    )


def _as_it_was(problem: Problem, made: ReplayRound) -> list[Line]:
    """The real grants as lines, shown to keep every limit of the round that was built of them."""
    lines = [Line(funder, to, amount) for (funder, to), amount in sorted(made.really.items())]
    figures = Figures(problem, lines)
    value = float(figures.value.value)
    stated = Plan(
        status="time_limit",
        rule="as it was",
        value=value,
        bound=value,
        gap=0.0,
        lines=tuple(lines),
        totals=figures.totals,
        areas={
            area.id: {"amount": round(figures.area_amounts[area.id]), "shortfall": 0}
            for area in problem.areas
        },
        funders={
            name: {"value": float(figures.funder_value(funder).value)}
            for name, funder in problem.funder_by_id.items()
        },
        digest=problem.digest,
        versions={},
        seconds=0.0,
    )
    if faults := check(problem, stated):
        text = "; ".join(map(str, faults))
        raise SolverFault(f"what really happened breaks the round's own limits: {text}")
    return lines


def _promising_what_was(
    problem: Problem, document: dict[str, Any], really: Iterable[Line]
) -> dict[str, Any]:
    """The document with what really happened as the least that the plan is worth to each."""
    figures = Figures(problem, really)
    funders = [
        {
            **funder,
            "at_least": float(figures.funder_value(problem.funder_by_id[funder["id"]]).value),
        }
        for funder in document["funders"]
    ]
    return {**document, "funders": funders}


def _in_turn(
    problem: Problem, made: ReplayRound, cancelled: Callable[[], bool] | None
) -> list[Line]:
    given: Counter[str] = Counter()
    lines: list[Line] = []
    for funder in sorted(made.funders, key=lambda funder: (-funder.amount, funder.name)):
        left = _what_is_left(problem, problem.funder_by_id[funder.name], given)
        if not left.proposals:
            break
        plan = solve(left, gap=GAP, seconds=SECONDS, cancelled=cancelled)
        lines += plan.lines
        for line in plan.lines:
            given[line.proposal] += line.amount
    return lines


def _what_is_left(problem: Problem, funder: Funder, given: Mapping[str, int]) -> Problem:
    """The round of one funder: its money, its own view of value, what the asks still lack."""
    proposals = []
    for proposal in problem.proposals:
        rest = proposal.ask - given.get(proposal.id, 0)
        if rest <= 0:
            continue
        worth = proposal.merit * sum(
            share * funder.weights.get(area, 1.0) for area, share in proposal.areas.items()
        )
        has_started = proposal.id in given
        proposals.append(
            replace(
                proposal,
                ask=rest,
                minimum=1 if has_started else proposal.minimum,
                merit=min(1.0, worth),
            )
        )
    names = {proposal.id for proposal in proposals}
    return replace(
        problem,
        commitments=tuple(
            replace(c, excludes=tuple(name for name in c.excludes if name in names))
            for c in problem.commitments
            if c.funder == funder.id
        ),
        funders=(),
        proposals=tuple(proposals),
        areas=tuple(
            # only the benefit of the doubt remains: it is the yardstick's own, not a need
            replace(area, spent=int(given.get(area.id.removeprefix(KEPT), 0) * KEPT_SHARE))
            if area.id.startswith(KEPT)
            else replace(area, steps=())
            for area in problem.areas
        ),
    )
