"""A round with one thing changed: what is tried to say what it would take, or cost.

A change is about one proposal. Each is a round that anybody can write down in the exchange format
and solve again, so what is said of it can be checked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate

from optimizer.problem import Commitment, Instalment, Lock, Problem, Proposal

CHANGES = ("merit", "money", "minimum", "ask")
NEW_MONEY = "more money"


@dataclass(frozen=True)
class Change:
    """One change in favour of one proposal.

    | kind | `by` | what it does |
    |---|---|---|
    | merit | score, in [0, 1] | so much more merit, at most 1 in all |
    | money | minor units | a commitment more, of this amount, that may pay this proposal only |
    | minimum | minor units | so much less needed at least |
    | ask | minor units | so much less asked for, in each year's proportion, and at most that as |
    |  |  | its minimum |
    """

    kind: str
    proposal: str
    by: float

    def applied_to(self, problem: Problem) -> Problem:
        """The changed round. Locks that keep the proposal out are left out of it."""
        free = replace(
            problem, locks=tuple(k for k in problem.locks if not keeps_out(k, self.proposal))
        )
        if self.kind == "money":
            return _with_money(free, self.proposal, round(self.by))
        changed = tuple(self._changed(p) if p.id == self.proposal else p for p in problem.proposals)
        return replace(free, proposals=changed)

    def _changed(self, proposal: Proposal) -> Proposal:
        if self.kind == "merit":
            return replace(proposal, merit=min(1.0, proposal.merit + self.by))
        if self.kind == "minimum":
            return replace(proposal, minimum=max(1, proposal.minimum - round(self.by)))
        ask = max(1, proposal.ask - round(self.by))
        budget = _scaled(proposal.budget, ask, proposal.ask)
        return replace(proposal, ask=ask, minimum=min(ask, proposal.minimum), budget=budget)


def _scaled(budget: tuple[Instalment, ...], ask: int, before: int) -> tuple[Instalment, ...]:
    """A budget by year in the same proportions, summing to a smaller ask."""
    sums = list(accumulate(part.amount for part in budget))
    ends = [ask * done // before for done in sums]
    return tuple(
        replace(part, amount=end - start)
        for part, start, end in zip(budget, [0, *ends], ends, strict=False)
    )


def keeps_out(lock: Lock, proposal: str) -> bool:
    """Whether this lock alone leaves the proposal without any money."""
    if lock.proposal != proposal or lock.commitment is not None:
        return False
    return lock.funded is False or lock.amount == 0


def _with_money(problem: Problem, proposal: str, amount: int) -> Problem:
    """A commitment of a new funder that may pay this proposal and no other."""
    if amount <= 0:
        return problem
    name = NEW_MONEY
    while name in problem.commitment_by_id or name in problem.funder_by_id:
        name += "'"
    others = tuple(p.id for p in problem.proposals if p.id != proposal)
    more = Commitment(name, name, amount, excludes=others)
    return replace(problem, commitments=(*problem.commitments, more))
