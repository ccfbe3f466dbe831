"""What a search is for, what it has found and is proven of it, and why it may end with nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from optimizer.pairs import Pairs
from optimizer.problem import Objective, Problem
from optimizer.still_open import Settled
from optimizer.value import Lines, value_of

ROUNDING = 1e-9


class Infeasible(Exception):
    """No plan keeps every limit of the round. `floors`: what its funders were promised."""

    floors: Mapping[str, float] = MappingProxyType({})


class Hopeless(Infeasible):
    """Not even the format's tolerances let a plan keep every limit."""


class OutOfTime(Exception):
    """The time was up before any plan was found; none is worth more than `bound`, minor units."""

    def __init__(self, bound: float = math.inf) -> None:
        super().__init__("the time was up before any plan was found")
        self.bound = bound


@dataclass(frozen=True)
class Aim:
    """What a search is for, where it is not for the best plan: minor units of value.

    Plans worth less than `least` do not matter, so nothing is proven of them: the bound stays at
    `least` or above. A plan worth `enough` ends the search.
    """

    least: float = -math.inf
    enough: float = math.inf


BEST = Aim()


@dataclass
class Found:
    """The best whole lines so far and a proven bound on what any could be worth, minor units.

    `objective` is for rules that aim at something else than value; `settled` says what a search
    that was cut short knows all the same.
    """

    lines: Lines | None
    value: float
    bound: float
    objective: Objective | None = None
    settled: Settled | None = None

    @property
    def gap(self) -> float:
        if self.lines is None or not math.isfinite(self.bound):
            return math.inf
        return (self.bound - self.value) / max(1.0, abs(self.value))

    def is_proven(self, gap: float) -> bool:
        """Whether the gap is at most this, up to the rounding of floating numbers."""
        return self.gap <= gap + ROUNDING

    def enough(self, gap: float) -> float | None:
        """The bound that would prove the gap for these lines; None without lines."""
        if self.lines is None:
            return None
        return self.value + gap * max(1.0, abs(self.value))

    def offer(self, problem: Problem, lines: Lines | None) -> None:
        """Keep these lines if they are worth more; the first found stays on a tie."""
        if lines is not None:
            value = value_of(problem, lines)
            if self.lines is None or value > self.value:
                self.lines, self.value = lines, value


def limitless(pairs: Pairs) -> float:
    """What a plan that met every ask and every need would be worth: a bound without solving."""
    problem = pairs.problem
    asks = [int(ask) for ask in pairs.ask]
    merit = math.fsum(p.merit * ask for p, ask in zip(problem.proposals, asks, strict=True))
    return merit + math.fsum(s.width * s.weight for a in problem.areas for s in a.steps)
