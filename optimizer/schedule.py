"""When each line is paid: whole minor units by year, never before release, never too late.

Money of commitments that have all of it from the start, and are needed by year, goes first; money
that is released over time then comes as late as the needs allow. With the amounts of lines given
this is a linear programme on the lines that could be late; its corner is mostly whole, and what is
not is settled by a small search for corrections of a few units. Lines to proposals that name no
years are paid as soon as their money is released and not needed elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pulp

from optimizer.clock import Clock
from optimizer.highs import Live
from optimizer.problem import Instalment, Problem
from optimizer.programme import GE, LE
from optimizer.ties import available_by, cuts, needs

Pair = tuple[int, int]
Lines = Mapping[Pair, int]  # (commitment, proposal) by index to minor units

REACH = 2  # units by which a whole amount may lie from the corner's
SECONDS = 60.0


@dataclass(frozen=True)
class Schedule:
    """`through[c, p][year]`: what a line has paid by a year's end; `missing[p]`: what comes late.

    Only lines of money that is released over time to proposals that name years.
    """

    through: dict[Pair, dict[int, int]]
    missing: dict[int, int]


def schedule(problem: Problem, lines: Lines) -> Schedule:
    """The latest payments that meet every need, in whole minor units; else what is missing."""
    task = _task(problem, lines)
    if not task.through:
        return Schedule({}, {})
    unit = 10.0 ** max(0, len(str(max(lines.values()))) - 5)
    found, missing = _corner(task, unit)
    if not missing and not _is_kept(task, found):
        found, missing = _corrected(task, found)
    through: dict[Pair, dict[int, int]] = defaultdict(dict)
    for (pair, year), amount in found.items():
        through[pair][year] = amount
    return Schedule(dict(through), missing)


@dataclass(frozen=True)
class _Task:
    """`through`: what a line can have paid by a year at most; `due[p, year]`: what all together
    must have; `free[c, year]`: what a commitment may have paid."""

    through: dict[tuple[Pair, int], int]
    due: dict[tuple[int, int], int]
    free: dict[tuple[int, int], int]

    @cached_property
    def rows(self) -> list[tuple[dict[tuple[Pair, int], int], int, int]]:
        """Every limit as (terms, sense, right)."""
        sums: dict[tuple[str, int, int], dict[tuple[Pair, int], int]] = defaultdict(dict)
        years: dict[Pair, list[int]] = defaultdict(list)
        for (c, p), year in self.through:
            years[c, p].append(year)
            sums["due", p, year][(c, p), year] = 1
        for c, year in self.free:
            for pair, own in years.items():
                if pair[0] == c and own[0] <= year:
                    last = max(y for y in own if y <= year)
                    sums["free", c, year][pair, last] = 1
        found = [
            (terms, GE, self.due[p, y]) if kind == "due" else (terms, LE, self.free[p, y])
            for (kind, p, y), terms in sums.items()
        ]
        for pair, own in years.items():
            found += [({(pair, a): 1, (pair, b): -1}, LE, 0) for a, b in pairwise(own)]
        return found


def _task(problem: Problem, lines: Lines) -> _Task:
    """What has to be paid by when, and what may be."""
    late = {c for c in {c for c, _ in lines} if cuts(problem.commitments[c])}
    by_proposal: dict[int, list[int]] = defaultdict(list)
    for c, p in sorted(lines):
        by_proposal[p].append(c)
    through: dict[tuple[Pair, int], int] = {}
    due: dict[tuple[int, int], int] = {}
    for p, payers in by_proposal.items():
        timed = [c for c in payers if c in late]
        if timed:
            total = sum(lines[c, p] for c in payers)
            ready = sum(lines[c, p] for c in payers if c not in late)
            for year, share in needs(problem.proposals[p]):
                due[p, year] = -int(-share * total // 1) - ready
                for c in timed:
                    through[(c, p), year] = lines[c, p]
    ordered = dict(sorted(through.items()))
    years = sorted({year for _, year in ordered})
    spending = sorted({c for (c, _), _ in ordered})
    free = {(c, y): available_by(problem.commitments[c], y) for c in spending for y in years}
    return _Task(ordered, due, free)


def _corner(task: _Task, unit: float) -> tuple[dict[tuple[Pair, int], int], dict[int, int]]:
    """Whole parts of a corner of the linear programme, and what is missing by proposal."""
    lp = pulp.LpProblem("schedule", pulp.LpMaximize)
    w = {
        key: lp.add_variable(f"w{k:06d}", 0, most / unit)
        for k, (key, most) in enumerate(task.through.items())
    }
    short: dict[int, Any] = {}
    for p, _ in task.due:
        if p not in short:
            short[p] = lp.add_variable(f"e{p:06d}", 0, None)
    for k, (terms, sense, right) in enumerate(task.rows):
        left = {w[key]: float(weight) for key, weight in terms.items()}
        if sense == GE:
            left[short[next(iter(terms))[0][1]]] = 1.0
        row = pulp.LpConstraint(pulp.LpAffineExpression(left), sense, rhs=right / unit)
        lp.addConstraint(row, f"r{k:06d}")
    cost = dict.fromkeys(w.values(), -1.0) | dict.fromkeys(short.values(), -1e4)
    lp += pulp.LpAffineExpression(cost)
    answer = Live(lp, Clock.of(SECONDS)).relax()
    if answer.x is None:
        return {}, dict.fromkeys(short, 1)
    point = answer.x * unit
    whole = {
        key: min(most, int(np.floor(point[w[key].index] + 1e-4)))
        for key, most in task.through.items()
    }
    missing = {p: int(np.ceil(point[e.index] - 0.5)) for p, e in short.items()}
    return whole, {p: m for p, m in missing.items() if m > 0}


def _is_kept(task: _Task, whole: Mapping[tuple[Pair, int], int]) -> bool:
    """Whether whole amounts keep every row."""
    for terms, sense, right in task.rows:
        have = sum(weight * whole[key] for key, weight in terms.items())
        if have < right if sense == GE else have > right:
            return False
    return True


def _corrected(
    task: _Task, whole: Mapping[tuple[Pair, int], int]
) -> tuple[dict[tuple[Pair, int], int], dict[int, int]]:
    """The whole amounts with a few units moved so that every row is kept, if that can be."""
    lp = pulp.LpProblem("corrections", pulp.LpMaximize)
    d = {
        key: lp.add_variable(
            f"d{k:06d}",
            -min(REACH, whole[key]),
            min(REACH, most - whole[key]),
            pulp.LpInteger,
        )
        for k, (key, most) in enumerate(task.through.items())
    }
    for k, (terms, sense, right) in enumerate(task.rows):
        rest = right - sum(weight * whole[key] for key, weight in terms.items())
        limit = 2 * REACH * len(terms) + 1
        left = {d[key]: float(weight) for key, weight in terms.items()}
        rest = max(-limit, min(limit, rest))
        lp.addConstraint(
            pulp.LpConstraint(pulp.LpAffineExpression(left), sense, rhs=rest), f"r{k:06d}"
        )
    lp += pulp.LpAffineExpression(dict.fromkeys(d.values(), -1.0))
    answer = Live(lp, Clock.of(SECONDS)).search(0.0)
    if answer.x is None:
        return dict(whole), {p: 1 for p, _ in task.due}
    return {key: whole[key] + round(answer.x[d[key].index]) for key in whole}, {}


def years_of(problem: Problem, lines: Lines) -> dict[Pair, tuple[Instalment, ...]]:
    """Each line's payments by year, where its commitment or its proposal names years."""
    found = schedule(problem, lines)
    through = dict(found.through)
    for c, p in sorted(lines):
        if (c, p) not in through and problem.proposals[p].budget:
            through[c, p] = _as_needed(problem, lines, through, c, p)
    for c, commitment in enumerate(problem.commitments):
        undated = [p for d, p in sorted(lines) if d == c and (c, p) not in through]
        if commitment.releases and undated:
            through.update(_as_released(problem, lines, through, c, undated))
    return {pair: _steps(paid) for pair, paid in sorted(through.items())}


def _as_needed(
    problem: Problem, lines: Lines, through: Mapping[Pair, dict[int, int]], c: int, p: int
) -> dict[int, int]:
    """A line of money that is all there: what the needs ask for and nothing else has paid."""
    total = sum(amount for (_, q), amount in lines.items() if q == p)
    paid: dict[int, int] = {}
    for year, share in needs(problem.proposals[p]):
        others = sum(t.get(year, 0) for (_, q), t in through.items() if q == p)
        need = -int(-share * total // 1) - others
        paid[year] = max(max(paid.values(), default=0), min(lines[c, p], need))
    return paid


def _as_released(
    problem: Problem,
    lines: Lines,
    through: Mapping[Pair, dict[int, int]],
    c: int,
    undated: list[int],
) -> dict[Pair, dict[int, int]]:
    """Lines to proposals that name no years: each as soon as money is there to spare."""
    commitment = problem.commitments[c]
    dated = [paid for (d, _), paid in through.items() if d == c]
    years = sorted({r.year for r in commitment.releases} | {y for paid in dated for y in paid})

    def spare(year: int) -> int:
        used = sum(max((a for y, a in paid.items() if y <= year), default=0) for paid in dated)
        return available_by(commitment, year) - used

    found: dict[Pair, dict[int, int]] = {}
    for k, year in enumerate(years):
        left = min(spare(y) for y in years[k:])
        for p in undated:
            found.setdefault((c, p), {})[year] = min(left, lines[c, p])
            left -= found[c, p][year]
    return found


def _steps(through: Mapping[int, int]) -> tuple[Instalment, ...]:
    """Payments by year from sums through each year; years without a payment are left out."""
    steps, before = [], 0
    for year, amount in sorted(through.items()):
        if amount > before:
            steps.append(Instalment(year, amount - before))
        before = max(before, amount)
    return tuple(steps)
