"""What a plan states of its lines, every figure reckoned from them, and what it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from optimizer.currencies import writer
from optimizer.pairs import Pairs
from optimizer.problem import Line, Problem, Standing
from optimizer.standings import standings
from optimizer.value import (
    Lines,
    area_amounts,
    as_lines,
    funder_value,
    quality,
    shortfall,
    totals_of,
    value_of,
)

Stated = Mapping[str, Mapping[str, float]]  # by funder and kind, minor units of value


class Figures(TypedDict):
    """The fields of a Plan that follow from its lines."""

    value: float
    lines: tuple[Line, ...]
    totals: dict[str, int]
    areas: dict[str, dict[str, int]]
    funders: dict[str, dict[str, float]]
    conditions: tuple[Standing, ...]


def figures_of(pairs: Pairs, lines: Lines, baselines: Stated) -> Figures:
    """Everything that a plan of these lines states, for a round that is in order."""
    problem = pairs.problem
    totals = totals_of(problem, lines)
    amounts, done = area_amounts(problem, totals), quality(problem, totals)
    return {
        "value": value_of(problem, lines),
        "lines": as_lines(problem, lines),
        "totals": {p.id: x for p, x in zip(problem.proposals, totals, strict=True) if x},
        "areas": {
            a.id: {
                "amount": round(amounts[a.id]),
                "shortfall": round(shortfall(a, amounts[a.id])),
            }
            for a in problem.areas
        },
        "funders": {
            id_: {**baselines.get(id_, {}), "value": funder_value(funder, done)}
            for id_, funder in sorted(problem.funder_by_id.items())
        },
        "conditions": standings(pairs, lines, writer(problem.currency)),
    }


def promises(problem: Problem, baselines: Stated) -> dict[str, float]:
    """The least value of each funder that was promised one.

    `baselines`: as they were reckoned, or as a plan's `funders` state them.
    """
    found: dict[str, float] = {}
    for funder in problem.funders:
        stated = baselines.get(funder.id, {})
        least = [stated[funder.guarantee]] if funder.guarantee in stated else []
        if funder.at_least is not None:
            least.append(funder.at_least)
        if least:
            found[funder.id] = max(least)
    return found
