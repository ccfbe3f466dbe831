"""Proposals that money is left for, but which waits for others or is released too late."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from optimizer.pairs import most, refusal
from optimizer.problem import Commitment, Plan, Problem, Proposal
from optimizer.ties import available_by, needs


def waiting_for(
    problem: Problem,
    plan: Plan,
    proposal: Proposal,
    left: Mapping[str, int],
    name: Callable[[str], str],
    money: Callable[[float], str],
) -> tuple[str, str] | None:
    """The kind of reason and its sentence for a proposal without money; None if neither is why.

    `left`: minor units each commitment has not spent. A condition is why when the money that waits
    would make up the minimum together with what is free; years are why when all that is left
    would, and what of it is released in time would not.
    """
    able = [c for c in problem.commitments if refusal(c, proposal) is None]
    spare = {c.id: min(left[c.id], most(c, proposal)) for c in able}
    unmet = {
        (s.commitment, s.kind): s.text
        for s in plan.conditions
        if not s.holds and s.proposal in (None, proposal.id)
    }
    waits = {
        c.id for c in able for kind in ("joins_if", "match", "only_if") if (c.id, kind) in unmet
    }
    free = sum(amount for id_, amount in spare.items() if id_ not in waits)
    if sum(spare.values()) < proposal.minimum:
        return None
    if free < proposal.minimum:
        asked = [
            f"{name(id_)} would pay for it with {text}"
            for (id_, _), text in sorted(unmet.items())
            if id_ in waits and spare[id_]
        ]
        sentence = "Not funded: the money left for it waits for others"
        return "condition", f"{sentence} ({'; '.join(asked)})."
    return _too_late(plan, proposal, able, spare, money)


def _too_late(
    plan: Plan,
    proposal: Proposal,
    able: list[Commitment],
    spare: Mapping[str, int],
    money: Callable[[float], str],
) -> tuple[str, str] | None:
    for year, share in needs(proposal):
        needed = -int(-share * proposal.minimum // 1)
        there = sum(min(spare[c.id], _left_by(plan, c, year)) for c in able)
        if there < needed:
            return "years", (
                f"Not funded: by the end of {year} it needs at least {money(needed)}; of the money "
                f"left that may pay it, {money(there)} is released by then."
            )
    return None


def _left_by(plan: Plan, commitment: Commitment, year: int) -> int:
    """Minor units a commitment could still pay by the end of a year, later lines kept."""
    parts = [part for line in plan.lines if line.commitment == commitment.id for part in line.years]
    years = {year, *(part.year for part in parts), *(r.year for r in commitment.releases)}
    return min(
        available_by(commitment, y) - sum(part.amount for part in parts if part.year <= y)
        for y in years
        if y >= year
    )
