"""The plans of a live session: a round kept warm, and one change after the other tried on it.

A step's changes are a document: {"weights": {area: times}, "floors", "caps": {area: minor units},
"amounts": {commitment: minor units}, "pins": {proposal: in or out}}, all that differs from the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from funding.studies.kind import Document
from optimizer.conflicts import conflict_of
from optimizer.found import Infeasible, OutOfTime
from optimizer.highs import SolverFault
from optimizer.problem import Plan
from optimizer.read import read_plan, read_round, write_plan
from optimizer.stated import promises
from optimizer.tweaks import Tweaks
from optimizer.warm import WarmRound

__all__ = ["KEYS", "Impossible", "Infeasible", "OutOfTime", "Room", "SolverFault"]

KEYS = ("weights", "floors", "caps", "amounts", "pins")
CONFLICT_SECONDS = 4.0
MOST_KNOWN = 12
"""Plans of earlier steps that are tried again: settings that were left are often come back to."""


class Impossible(Exception):
    """No plan keeps everything that is asked; `members` are demands that contradict each other."""

    def __init__(self, members: list[Document]) -> None:
        super().__init__("no plan keeps all of this")
        self.members = members


@dataclass(frozen=True)
class Solved:
    """A step's plan as a document, passed by its check, and the seconds that it took."""

    result: Document
    seconds: float


class Room:
    """One session's round. Made of the run's documents; solving leaves it warm for the next."""

    def __init__(
        self, problem: Document, plan: Document, cancelled: Callable[[], bool] | None = None
    ) -> None:
        self.problem = read_round(problem)
        self.plan = read_plan(plan, self.problem)
        self._cancelled = cancelled
        self._warm = WarmRound(self.problem, self.plan, cancelled)

    def solve(
        self, changes: Document, before: Document | None, known: Iterable[Document] = ()
    ) -> Solved:
        """The plan under these changes. `before`: the plan of the step it follows, `known`: those
        of others. Raises Impossible, OutOfTime, SolverFault.
        """
        tweaks = tweaks_of(changes)
        old = self._read(before)
        others = [plan for plan in map(self._read, known) if plan is not None]
        try:
            step = self._warm.step(tweaks, old, others[-MOST_KNOWN:])
        except Infeasible:
            raise Impossible(self._conflict(tweaks)) from None
        return Solved(_kept(step.plan), step.seconds)

    def _read(self, document: Document | None) -> Plan | None:
        return None if document is None else read_plan({**self._rest, **document}, self.problem)

    @property
    def _rest(self) -> Document:
        """What steps do not keep of a plan, since the run has it."""
        document = write_plan(self.plan)
        return {key: document[key] for key in document if key not in STEP_KEYS}

    def _conflict(self, tweaks: Tweaks) -> list[Document]:
        changed = tweaks.applied_to(self.problem)
        floors = promises(changed, self.plan.funders)
        found = conflict_of(changed, floors, CONFLICT_SECONDS, self._cancelled or (lambda: False))
        return [
            {
                "kind": member.demand.kind,
                "where": member.demand.where,
                "limit": member.demand.limit,
                "short_by": member.short_by,
                "lock": None
                if member.demand.lock is None
                else {
                    "proposal": member.demand.lock.proposal,
                    "commitment": member.demand.lock.commitment,
                    "amount": member.demand.lock.amount,
                    "funded": member.demand.lock.funded,
                },
            }
            for member in found.members
        ]


STEP_KEYS = ("status", "value", "bound", "gap", "lines", "totals", "areas", "funders")
"""What a step keeps of its plan."""


def _kept(plan: Plan) -> Document:
    document: Mapping[str, Any] = write_plan(plan)
    return {key: document[key] for key in STEP_KEYS}


def tweaks_of(changes: Document) -> Tweaks:
    return Tweaks(**{key: changes.get(key, {}) for key in KEYS})
