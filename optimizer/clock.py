"""A run's time, and who may stop it or hears of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


class Cancelled(Exception):
    """The caller asked for the run to stop."""


@dataclass
class Clock:
    """What is left of a run's time, who listens to it, and which solver it uses.

    `progress(stage, value, bound)` is told of news in minor units of value; `cancelled()` is
    asked often and ends the run with Cancelled.
    """

    deadline: float
    progress: Callable[[str, float | None, float | None], None] | None = None
    cancelled: Callable[[], bool] | None = None
    solver: str = "highs"
    has_run_out: bool = field(default=False)

    @classmethod
    def of(
        cls,
        seconds: float,
        progress: Callable[[str, float | None, float | None], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        solver: str = "highs",
    ) -> Clock:
        return cls(time.monotonic() + max(0.0, seconds), progress, cancelled, solver)

    def within(self, stage: str, seconds: float = math.inf) -> Clock:
        """At most so much of the time, for a part of the run whose values mean nothing outside."""
        heard = self.progress
        told = None if heard is None else (lambda _stage, _value, _bound: heard(stage, None, None))
        deadline = min(self.deadline, time.monotonic() + seconds)
        return Clock(deadline, told, self.cancelled, self.solver)

    @property
    def left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def look(self) -> None:
        """Raise Cancelled if the caller wants no more."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled

    def tell(self, stage: str, value: float | None = None, bound: float | None = None) -> None:
        self.look()
        if self.progress is not None:
            self.progress(stage, value, bound)
