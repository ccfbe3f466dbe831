"""Changes of a round that are tried one after the other while people look on.

Each leaves the round's proposals and restrictions as they are; what changes is a cost, the right
side of a row, or the bounds of a column (`warm.py`), but for a commitment's size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate

from optimizer.problem import Area, Commitment, Instalment, Lock, Problem


@dataclass(frozen=True)
class Tweaks:
    """All that differs from the round, by id.

    | field | meaning |
    |---|---|
    | weights | an area's needs weigh so many times as much |
    | floors | an area's floor, minor units |
    | caps | an area's cap, minor units; None: no cap |
    | amounts | what a commitment gives, minor units |
    | pins | a proposal is pinned in (True) or out (False); None: an earlier pin is lifted |
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    floors: Mapping[str, int] = field(default_factory=dict)
    caps: Mapping[str, int | None] = field(default_factory=dict)
    amounts: Mapping[str, int] = field(default_factory=dict)
    pins: Mapping[str, bool | None] = field(default_factory=dict)

    def applied_to(self, problem: Problem) -> Problem:
        """The changed round. A funder whose money differs is promised nothing: what it would
        reach without the pool is known only for what it gave."""
        changed = {
            c.id: _with_amount(c, self.amounts[c.id]) if c.id in self.amounts else c
            for c in problem.commitments
        }
        funders = {
            problem.commitment_by_id[id_].funder
            for id_, amount in self.amounts.items()
            if problem.commitment_by_id[id_].amount != amount
        }
        locks = tuple(k for k in problem.locks if k.funded is None or k.proposal not in self.pins)
        pinned = tuple(
            Lock(id_, funded=funded)
            for id_, funded in sorted(self.pins.items())
            if funded is not None
        )
        return replace(
            problem,
            commitments=tuple(changed.values()),
            areas=tuple(self._area(area) for area in problem.areas),
            funders=tuple(
                replace(f, guarantee="none", at_least=None) if f.id in funders else f
                for f in problem.funders
            ),
            locks=(*locks, *pinned),
        )

    def _area(self, area: Area) -> Area:
        times = self.weights.get(area.id, 1.0)
        return replace(
            area,
            steps=tuple(replace(step, weight=step.weight * times) for step in area.steps),
            floor=self.floors.get(area.id, area.floor),
            cap=self.caps.get(area.id, area.cap),
        )


def _with_amount(commitment: Commitment, amount: int) -> Commitment:
    """With another amount; what is released by year keeps its proportions."""
    amount = max(amount, sum(owed.amount for owed in commitment.promised))
    sums = list(accumulate(part.amount for part in commitment.releases))
    ends = [amount * done // max(1, commitment.amount) for done in sums]
    if ends:
        ends[-1] = amount
    releases = tuple(
        Instalment(part.year, end - start)
        for part, start, end in zip(commitment.releases, [0, *ends], ends, strict=False)
    )
    return replace(commitment, amount=amount, releases=releases)
