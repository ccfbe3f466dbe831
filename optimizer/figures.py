"""What a plan amounts to, reckoned from its lines in exact fractions.

Numbers of a round count as the decimal that is written: 0.29 is 29/100. Nothing here is shared
with the model that a solver sees, so that `check` can catch it in an error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from optimizer.problem import Area, Commitment, Funder, Line, Problem, Proposal

ELIGIBILITY_TOLERANCE = Fraction(1, 10**9)


@lru_cache(maxsize=100_000)
def exact(number: float) -> Fraction:
    """The decimal that stands for `number`, as a fraction."""
    return Fraction(repr(float(number)))


def share_in_areas(commitment: Commitment, proposal: Proposal) -> Fraction:
    """How much of the proposal's weight lies in the commitment's areas; 1 where it takes any."""
    if commitment.areas is None:
        return Fraction(1)
    inside = [proposal.areas[area] for area in set(commitment.areas) if area in proposal.areas]
    return sum(map(exact, inside), Fraction(0))


def available(commitment: Commitment) -> int:
    """Minor units a commitment has for this round: its amount less what it owes already."""
    return commitment.amount - sum(owed.amount for owed in commitment.promised)


def pair_cap(commitment: Commitment, proposal: Proposal) -> int:
    """Most minor units the commitment may pay to the proposal by its own caps."""
    cap = int(exact(commitment.cap_share_of_ask) * proposal.ask)
    if commitment.pays_share_only:
        cap = min(cap, int(share_in_areas(commitment, proposal) * proposal.ask))
    if commitment.cap_per_proposal is not None:
        cap = min(cap, commitment.cap_per_proposal)
    if commitment.match is not None and commitment.match.up_to is not None:
        cap = min(cap, commitment.match.up_to)
    return cap


def why_ineligible(commitment: Commitment, proposal: Proposal) -> str | None:
    """What keeps the commitment from paying the proposal at all, in words; None if nothing."""
    share = share_in_areas(commitment, proposal)
    if share < exact(commitment.least_share) - ELIGIBILITY_TOLERANCE:
        return (
            f"{float(share):.6g} of its weight lies in the commitment's areas, "
            f"which asks for {commitment.least_share:g}"
        )
    if commitment.regions is not None and proposal.region not in commitment.regions:
        return f"its region ({proposal.region or 'none'}) is not one the commitment pays for"
    if commitment.risk_tiers is not None and proposal.risk_tier not in commitment.risk_tiers:
        return f"its risk tier ({proposal.risk_tier or 'none'}) is not one the commitment pays for"
    if proposal.id in commitment.excludes:
        return "the commitment excludes it"
    return None


def least_funded(proposal: Proposal, round_to: int) -> int:
    """Fewest minor units that count as funded: the minimum, or what of the ask can be paid."""
    return min(proposal.minimum, proposal.ask // round_to * round_to)


def steps_value(area: Area, money: Fraction) -> Fraction:
    """What `money` in the area earns by its steps, counted from the first."""
    value = Fraction(0)
    for step in area.steps:
        part = min(money, Fraction(step.width))
        value += exact(step.weight) * part
        money -= part
    return value


@dataclass(frozen=True)
class Figure:
    """A number and the sum of the sizes of its terms, which bounds what floats can lose on it."""

    value: Fraction
    size: Fraction

    @classmethod
    def of(cls, terms: Iterable[Fraction]) -> Figure:
        listed = list(terms)
        return cls(sum(listed, Fraction(0)), sum(map(abs, listed), Fraction(0)))

    @property
    def slip(self) -> Fraction:
        """How far a float reckoned in any order may lie from the value."""
        return self.size / 10**11 + Fraction(1, 10**6)


class Figures:
    """The totals and values of lines that name only what the round has."""

    def __init__(self, problem: Problem, lines: Iterable[Line]) -> None:
        self.problem = problem
        self.lines = tuple(lines)

    @cached_property
    def pairs(self) -> dict[tuple[str, str], int]:
        """Minor units by commitment and proposal."""
        pairs: dict[tuple[str, str], int] = defaultdict(int)
        for line in self.lines:
            pairs[line.commitment, line.proposal] += line.amount
        return dict(pairs)

    @cached_property
    def totals(self) -> dict[str, int]:
        """Minor units by proposal, those with a line only."""
        totals: dict[str, int] = defaultdict(int)
        for line in self.lines:
            totals[line.proposal] += line.amount
        return dict(totals)

    @cached_property
    def area_amounts(self) -> dict[str, Fraction]:
        """This round's own money by area."""
        amounts = {area.id: Fraction(0) for area in self.problem.areas}
        for id_, total in self.totals.items():
            for area, weight in self.problem.proposal_by_id[id_].areas.items():
                amounts[area] += exact(weight) * total
        return amounts

    def shortfall(self, area: Area) -> Fraction:
        return max(Fraction(0), area.floor - self.area_amounts[area.id])

    @cached_property
    def value(self) -> Figure:
        """The plan's value as FORMAT defines it."""
        problem, policy = self.problem, self.problem.policy
        terms = [
            exact(problem.proposal_by_id[id_].merit) * total for id_, total in self.totals.items()
        ]
        for area in problem.areas:
            spent = Fraction(area.spent)
            terms.append(steps_value(area, spent + self.area_amounts[area.id]))
            terms.append(-steps_value(area, spent))
            terms.append(-exact(policy.floor_penalty) * self.shortfall(area))
        for overlap in problem.overlaps:
            pair = [problem.proposal_by_id[id_] for id_ in overlap.proposals]
            if all(self.totals.get(p.id, 0) > 0 for p in pair):
                twice = min(p.minimum for p in pair)
                terms.append(-exact(policy.overlap_weight) * exact(overlap.degree) * twice)
        for id_, total in self.totals.items():
            if total > 0:
                before = problem.proposal_by_id[id_].paid_before
                terms.append(-exact(policy.overlap_weight) * before)
        terms.append(Fraction(-policy.agreement_cost * len(self.lines)))
        return Figure.of(terms)

    @cached_property
    def quality(self) -> dict[str, Fraction]:
        """Money weighted by merit, by area: sum_p merit[p] areas[p][a] X[p]."""
        quality: dict[str, Fraction] = defaultdict(Fraction)
        for id_, total in self.totals.items():
            proposal = self.problem.proposal_by_id[id_]
            worth = exact(proposal.merit) * total
            for area, weight in proposal.areas.items():
                quality[area] += exact(weight) * worth
        return dict(quality)

    def funder_value(self, funder: Funder) -> Figure:
        """What the plan is worth to a funder, by its own weights, whoever pays."""
        return Figure.of(
            exact(funder.weights.get(area, 1.0)) * amount for area, amount in self.quality.items()
        )
