"""Groups of funders that would all do better by leaving the pool together.

Leaving is the exchange format's `leave`, for several at once: the others allocate by the welfare
rule without the group's commitments and without guarantees; then the group adds its own, on what
remains of each ask, under its own restrictions only. A group blocks a plan if it can do so in a
way that is worth more to each of its members than the plan is, by more than the format's
tolerance (1e-6 of the value and 5 units). A group of one blocks where its `leave` is above its
value in the plan. All funders together are no group that leaves: nobody would be left.

Up to `MOST_EXACT` funders every group is looked at, small ones first. Three things save work and
lose nothing. If all the money of the round, spent without needs, policy or minimums, cannot give
every member of a group more than the plan does, neither can the group, nor any that contains it.
A group that contains a smaller blocking one is not named again. And an LP over both sides
(`leaving.py`) says what the others' plan is worth at most where every member gains beside it: as
soon as the others have found a plan worth more, nothing more is solved. Beyond, groups are grown
from each funder by whoever's money is worth most to the group and the other way round, and others
are drawn at random; then 'none found' is no proof.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np

from optimizer.backend import open_model
from optimizer.baselines import PROOF, Others, others_leaving, own_round
from optimizer.clock import Clock
from optimizer.found import Infeasible, OutOfTime
from optimizer.highs import INFINITY
from optimizer.leaving import Leaving
from optimizer.model import Detail, build
from optimizer.pairs import Pairs, pairs_of
from optimizer.problem import Plan, Problem
from optimizer.search import best_lines
from optimizer.value import PROMISE_SHARE, PROMISE_SLACK, funder_value, quality, totals_of, worth_to

MOST_EXACT = 12
SAMPLES = 300
GAP = 1e-3  # to which the others' plan is solved; a group that is named is solved again to PROOF
SEED = 0

Names = tuple[str, ...]
Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Group:
    """Funders that would all do better, and by how much more each values what would get done."""

    funders: Names
    gains: dict[str, float]


@dataclass
class Groups:
    """What came of the search.

    `how`: 'all' or 'sample'. Of `possible` candidates `looked` were settled: `ruled_out` by a
    bound, `larger` for containing a blocking group, the others one by one. `undecided`: time
    was up in the midst of them. `blocking`: all that were found.
    """

    how: str
    possible: int
    looked: int = 0
    ruled_out: int = 0
    larger: int = 0
    undecided: int = 0
    blocking: list[Group] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether every group there is was settled, so that 'none' is proven."""
        return self.how == "all" and self.looked == self.possible and not self.undecided

    def as_document(self) -> dict[str, Any]:
        return {**asdict(self), "is_complete": self.is_complete}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Groups:
        parts = {name: value for name, value in document.items() if name != "is_complete"}
        found = [Group(tuple(g["funders"]), dict(g["gains"])) for g in parts.pop("blocking")]
        return cls(**parts, blocking=found)


def blocking_groups(
    problem: Problem,
    plan: Plan,
    clock: Clock,
    *,
    known: Groups | None = None,
    tell: Tell | None = None,
    keep: Callable[[Groups], None] | None = None,
    most_exact: int = MOST_EXACT,
    samples: int = SAMPLES,
    gap: float = GAP,
) -> Groups:
    """Groups that block a plan of a round that is `in_order`, as far as time allows.

    `gap`: to which the others' plan is solved. `known`: an unfinished answer to go on from;
    `keep` is handed one after each group. Raises Cancelled.
    """
    search = _Search(problem, plan, clock, gap)
    is_exact = len(search.funders) <= most_exact
    candidates = list(every(search.funders) if is_exact else some(problem, search.funders, samples))
    found = known or Groups("all" if is_exact else "sample", len(candidates))
    for group in candidates[found.looked :]:
        if not clock.left:
            break
        if tell is not None:
            share = found.looked / len(candidates)
            tell(share, f"Group {found.looked + 1:,} of {len(candidates):,}")
        clock.look()
        if any(set(smaller.funders) <= set(group) for smaller in found.blocking):
            found.larger += 1
        elif not search.could(group):
            found.ruled_out += 1
        else:
            try:
                others = search.others(group)
                if others is None:
                    found.ruled_out += 1
                elif search.look(group, others) and (blocked := search.look_again(group)):
                    found.blocking.append(blocked)
            except OutOfTime:
                found.undecided += 1
        found.looked += 1
        if keep is not None:
            keep(found)
    return found


def every(funders: Names) -> Iterator[Names]:
    """All groups but that of all, small ones first."""
    for size in range(1, len(funders)):
        yield from combinations(funders, size)


def some(problem: Problem, funders: Names, samples: int) -> Iterator[Names]:
    """Each funder alone; groups grown from each by mutual worth; groups drawn at random."""
    mutual = _mutual(problem, funders)
    seen: set[frozenset[int]] = set()

    def fresh(group: frozenset[int]) -> bool:
        is_new = group not in seen and 0 < len(group) < len(funders)
        seen.add(group)
        return is_new

    def named(group: frozenset[int]) -> Names:
        return tuple(funders[k] for k in sorted(group))

    for start in range(len(funders)):
        grown = [start]
        while len(grown) < len(funders):
            if fresh(frozenset(grown)):
                yield named(frozenset(grown))
            worth = mutual[grown].sum(axis=0)
            worth[grown] = -1.0
            grown.append(int(np.argmax(worth)))
    draw = random.Random(SEED)
    for _ in range(samples):
        group = frozenset(draw.sample(range(len(funders)), draw.randint(2, len(funders) - 1)))
        if fresh(group):
            yield named(group)


def _mutual(problem: Problem, funders: Names) -> Any:
    """What two funders' money could be worth to each other, as a matrix."""
    pairs = pairs_of(problem)
    owner = np.array([funders.index(c.funder) for c in problem.commitments])
    reach = np.array(
        [np.minimum(pairs.ask, pairs.cap[owner == k].sum(axis=0)) for k in range(len(funders))]
    )
    worth = np.array([worth_to(problem, problem.funder_by_id[f]) for f in funders])
    one_way = worth @ reach.T
    return one_way + one_way.T


class _Search:
    """One plan, and what each funder would have to be given to do better."""

    def __init__(self, problem: Problem, plan: Plan, clock: Clock, gap: float) -> None:
        self.problem, self.clock, self.gap = problem, clock, gap
        self.funders: Names = tuple(sorted({c.funder for c in problem.commitments}))
        totals = [plan.totals.get(p.id, 0) for p in problem.proposals]
        done = quality(problem, totals)
        by_id = problem.funder_by_id
        self.value = {f: funder_value(by_id[f], done) for f in self.funders}
        self.slack = {f: PROMISE_SHARE * abs(v) + PROMISE_SLACK for f, v in self.value.items()}
        self.cannot: list[frozenset[str]] = []
        self._rows: dict[str, int] = {}
        self._least: dict[str, float] = {}
        self._free = self._without_needs()
        self._live = self._all_money()
        self._leaving: Leaving | None = None

    def _without_needs(self) -> Pairs:
        """Every commitment without conditions, years, policy and minimums."""
        merit = [p.merit for p in self.problem.proposals]
        free = own_round(self.problem, self.funders, merit)
        free = replace(
            free,
            commitments=tuple(
                replace(c, releases=(), match=None, only_if=None, joins_if=None)
                for c in free.commitments
            ),
            proposals=tuple(replace(p, minimum=1, budget=()) for p in free.proposals),
        )
        return pairs_of(free)

    def _all_money(self) -> Any:
        """An LP over all the money, to ask again."""
        floors = {f: v + self.slack[f] for f, v in self.value.items()}
        model = build(self._free, floors, Detail())
        live = open_model(model.lp, self.clock, model.unit)
        live.set_costs(0.0)
        for f, least in floors.items():
            self._rows[f] = model.rows["guarantee", f].index
            self._least[f] = least / model.unit
        return live

    def could(self, group: Names) -> bool:
        """Whether all the money there is could give every member more than the plan does."""
        if any(smaller <= set(group) for smaller in self.cannot):
            return False
        for f, row in self._rows.items():
            self._live.set_rows([row], self._least[f] if f in group else -INFINITY, INFINITY)
        if self._live.relax().is_infeasible:
            self.cannot.append(frozenset(group))
            return False
        return True

    def others(self, group: Names) -> Others | None:
        """What the others do without the group; None where not every member can gain beside it.

        Raises OutOfTime, Cancelled.
        """
        if self._leaving is None:
            wanted = {f: v + self.slack[f] for f, v in self.value.items()}
            self._leaving = Leaving(self.problem, self._free, wanted, self.clock)
        most = self._leaving.most(group)
        if most == -math.inf:
            return None
        # of two plans proven to the gap, one is worth at least what the other is, less the gap
        enough = most + self.gap * max(1.0, abs(most)) * (1 + 2 * self.gap) + PROMISE_SLACK
        others = self._without(group, self.gap, enough)
        return None if others.value is not None and others.value >= enough else others

    def _without(self, group: Names, gap: float, enough: float = math.inf) -> Others:
        others = others_leaving(self.problem, group, self.clock, gap, enough)
        if self.clock.has_run_out:
            raise OutOfTime
        return others

    def look_again(self, group: Names) -> Group | None:
        """The same with the others' plan proven. Raises OutOfTime, Cancelled."""
        return self.look(group, self._without(group, PROOF))

    def look(self, group: Names, others: Others) -> Group | None:
        """The group with its gains if it blocks the plan, beside this plan of the others."""
        problem = self.problem
        there = quality(problem, others.totals)
        by_id = problem.funder_by_id
        floors = {
            f: self.value[f] + 2 * self.slack[f] - funder_value(by_id[f], there) for f in group
        }
        own = own_round(problem, group, [p.merit for p in problem.proposals])
        wanted = {f: least for f, least in floors.items() if least > 0}
        try:
            added = best_lines(pairs_of(own, others.given), wanted, GAP, self.clock)
        except Infeasible:
            return None
        more = totals_of(own, added.lines or {})
        done = quality(problem, [a + b for a, b in zip(others.totals, more, strict=True)])
        gains = {f: funder_value(by_id[f], done) - self.value[f] for f in group}
        is_better = all(gain > self.slack[f] for f, gain in gains.items())
        return Group(group, gains) if is_better else None
