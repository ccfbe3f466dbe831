"""Proposals that money is left for, but which waits for others or is released too late."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from optimizer.pairs import most, refusal
from optimizer.problem import Commitment, Plan, Problem, Proposal
from optimizer.sentences import Sentence, each_of, sentence
from optimizer.ties import available_by, needs


def waiting_for(
    problem: Problem,
    plan: Plan,
    proposal: Proposal,
    left: Mapping[str, int],
    name: Callable[[str], str],
    money: Callable[[float], str],
) -> tuple[str, Sentence] | None:
    """The kind of reason, and why without a full stop, for a proposal without money; else None.

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
            sentence("%(name)s would pay for it with %(text)s", name=name(id_), text=text)
            for (id_, _), text in sorted(unmet.items())
            if id_ in waits and spare[id_]
        ]
        return "condition", sentence(
            "the money left for it waits for others (%(asked)s)", asked=each_of(asked, ";")
        )
    return _too_late(plan, proposal, able, spare, money)


def _too_late(
    plan: Plan,
    proposal: Proposal,
    able: list[Commitment],
    spare: Mapping[str, int],
    money: Callable[[float], str],
) -> tuple[str, Sentence] | None:
    for year, share in needs(proposal):
        needed = -int(-share * proposal.minimum // 1)
        there = sum(min(spare[c.id], _left_by(plan, c, year)) for c in able)
        if there < needed:
            return "years", sentence(
                "by the end of %(year)s it needs at least %(needed)s; of the money left that may "
                "pay it, %(there)s is released by then",
                year=str(year),
                needed=money(needed),
                there=money(there),
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
