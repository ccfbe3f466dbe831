"""What a kind of study is, what it is given, and whom it tells how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypedDict

from optimizer.clock import Cancelled
from optimizer.found import OutOfTime
from optimizer.problem import Plan, Problem
from optimizer.read import read_plan, read_round

__all__ = ["Cancelled", "Document", "Given", "Kind", "OutOfTime", "Teller", "no_parameters"]

Document = dict[str, Any]


class Teller(Protocol):
    """Who listens to a study. `keep` is for what it need not work out again if it is stopped."""

    def tell(self, part: float, words: str) -> None:
        """How far it is, from 0 to 1, and what it is doing."""

    def is_cancelled(self) -> bool:
        """Whether somebody wants it to stop; the study then raises Cancelled."""

    def keep(self, partial: Document) -> None:
        """Store what there is by now; it comes back as `Given.partial`."""


class Telling(TypedDict):
    """Arguments that the optimizer's sweeps have in common."""

    known: Document | None
    tell: Callable[[float, str], None]
    keep: Callable[[Document], None]
    cancelled: Callable[[], bool]


@dataclass(frozen=True)
class Given:
    """What a study starts from.

    `parameters`: all it depends on besides round and plan. `names`: by id, as sentences have them.
    `partial`: what an earlier attempt kept. `sweep`: where independent pieces of it may run.
    """

    problem: Problem
    plan: Plan
    parameters: Mapping[str, Any]
    names: Mapping[str, str]
    partial: Document | None = None
    sweep: str = "here"

    def telling(self, teller: Teller) -> Telling:
        """What every sweep of the optimizer is given to go on from, and to tell."""
        return {
            "known": self.partial,
            "tell": teller.tell,
            "keep": teller.keep,
            "cancelled": teller.is_cancelled,
        }

    @classmethod
    def read(cls, round_document: Document, plan_document: Document, **others: Any) -> Given:
        """From a round and a plan in the exchange format. Raises optimizer.read.BadInput."""
        problem = read_round(round_document)
        return cls(problem, read_plan(plan_document, problem), **others)


def no_parameters(_form: Mapping[str, str]) -> Document:
    return {}


@dataclass(frozen=True)
class Kind:
    """One kind of study: `label` names its page, `question` is what it answers, `explains` says
    what will be done and how long it takes.

    `read` makes the parameters of what was typed (raises InvalidInput); `needs_scores` asks for
    every proposal's scores among them: `scores`, {proposal: [0 to 1, ...]}. `of_any_rule`: it means
    something for plans that do not look for the most value too.
    """

    name: str
    label: str
    question: str
    explains: str
    study: Callable[[Given, Teller], Document]
    read: Callable[[Mapping[str, str]], Document] = field(default=no_parameters)
    needs_scores: bool = False
    of_any_rule: bool = False
