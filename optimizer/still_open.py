"""What a search that was cut short leaves undecided, and what it has settled all the same.

The prices of the relaxed model say of each decision that no plan with it taken the other way is
worth more than so much (margins.py; for a condition, the reduced cost of its 0/1 variable). Where
that is no more than the plan in hand, every plan worth more has it as the prices do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from optimizer.highs import Vector
from optimizer.problem import Objective, Open, Plan, Problem, Waiting

Gate = tuple[int, int | None]  # a commitment, and the proposal it waits in (None: the round)
MOST_NAMED = 6


@dataclass(frozen=True)
class Settled:
    """By index, what every plan has in common that is worth more than the one in hand.

    `open` proposals and `gates` (conditions of commitments) are those that prices do not decide.
    """

    funded: frozenset[int] = frozenset()
    unfunded: frozenset[int] = frozenset()
    open: tuple[int, ...] = ()
    gates: tuple[Gate, ...] = ()


@dataclass
class Prices:
    """What decisions cost at a relaxed model's prices, minor units of value.

    `standing`: of each proposal, above 0 where funding it pays; `gates`: of each condition.
    """

    bound: float = math.inf
    standing: Vector = field(default_factory=lambda: np.zeros(0))
    gates: Mapping[Gate, float] = field(default_factory=dict)

    def settled(self, value: float, can_be_funded: Sequence[bool]) -> Settled:
        """What a plan of this value and these prices settle."""
        spare = self.bound - value
        sides: dict[bool | None, list[int]] = {True: [], False: [], None: []}
        for p, (size, is_able) in enumerate(zip(self.standing, can_be_funded, strict=True)):
            is_decided = not is_able or abs(size) >= spare
            sides[bool(is_able and size > 0) if is_decided else None].append(p)
        gates = [gate for gate, size in self.gates.items() if abs(size) < spare]
        return Settled(
            frozenset(sides[True]), frozenset(sides[False]), tuple(sides[None]), tuple(gates)
        )


def still_open(
    problem: Problem,
    plan: Plan,
    asked: float,
    settled: Settled | None,
    unproven: Sequence[str],
) -> Open:
    """In words, what a plan with the status 'time_limit' leaves open, for a round in order.

    `asked`: the gap that was asked for; `unproven`: funders whose baseline was not proven in time.
    """
    said = [_distance(plan.objective, plan.gap, asked)]
    proposals: tuple[str, ...] = ()
    conditions: tuple[Waiting, ...] = ()
    if settled is not None and plan.gap > asked:
        ids = [p.id for p in problem.proposals]
        proposals = tuple(ids[p] for p in settled.open)
        conditions = tuple(
            Waiting(problem.commitments[c].id, None if p is None else ids[p])
            for c, p in settled.gates
        )
        said += _decisions(len(ids), settled, proposals, conditions)
    short = [id_ for id_, area in plan.areas.items() if area["shortfall"]]
    if short and plan.gap > asked:
        said.append(f"Whether the floor of {_named(short)} can be met is open.")
    if unproven:
        said.append(
            f"The promise to {_named(unproven)} is held at the most that was found in the time."
        )
    return Open(
        funded=len(settled.funded) if settled else 0,
        unfunded=len(settled.unfunded) if settled else 0,
        proposals=proposals,
        conditions=conditions,
        promises=tuple(unproven),
        text=tuple(said),
    )


def _distance(objective: Objective | None, gap: float, asked: float) -> str:
    if objective is not None:
        what, gap = f"has a {objective.name} more than", objective.gap
        end = "above this one's"
    else:
        what, end = "is worth more than", "above this one"
    if gap <= asked:
        return f"It is proven that no plan {what} {gap:.3%} {end}."
    return f"It is proven that no plan {what} {gap:.3%} {end}; {asked:.3%} was asked for."


def _decisions(
    count: int,
    settled: Settled,
    proposals: Sequence[str],
    conditions: Sequence[Waiting],
) -> list[str]:
    known = (
        f"Of {count:,} proposals, every plan worth more funds {len(settled.funded):,} and leaves "
        f"out {len(settled.unfunded):,}"
    )
    if not proposals:
        said = [f"{known}; only amounts, and who pays them, are still open."]
    else:
        said = [f"{known}; still open: {_named(proposals)}."]
    if conditions:
        where = [
            w.commitment if w.proposal is None else f"{w.commitment} in {w.proposal}"
            for w in conditions
        ]
        said.append(f"Whether these conditions are met is open: {_named(where)}.")
    return said


def _named(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1:,} others"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
