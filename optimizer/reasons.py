"""Why each proposal is not funded, and what each line rests on, earns and costs.

The margin comes from the LP relaxation's prices: a proposal's standing is what funding it would
add once the money, the needs and the limits it uses are paid for at those prices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from optimizer.backend import open_model
from optimizer.clock import Clock
from optimizer.estimates import Estimate, estimates
from optimizer.margins import Margins, margins
from optimizer.model import Detail, Model, build, share_of
from optimizer.pairs import Pairs, most, pairs_of, refusal, share_inside
from optimizer.problem import Line, Plan, Problem
from optimizer.sentences import Sentence, all_of, each_of, percent, sentence
from optimizer.value import area_amounts, need_met, shortfall
from optimizer.waiting import waiting_for

Words = Callable[[str], str]  # an id to a name
Money = Callable[[float], str]  # minor units to words

NOBODY = sentence("No money in this round may pay for this kind of work, place or risk tier.")
TOO_MUCH = sentence(
    "The money in this round that may pay for it cannot reach the least amount the proposal needs."
)
NOT_CHOSEN = sentence(
    "The money in this round that may pay for it was not enough for every proposal that could "
    "be paid from it."
)
WITHDRAWN = sentence("It was set aside in this round before the money was allocated.")


@dataclass(frozen=True)
class Refusal:
    """Why one proposal is not funded.

    | field | meaning |
    |---|---|
    | kind | locked_out, no_eligible_money, out_of_reach, overlap, condition, years, |
    | | limit, below_margin, within_gap |
    | commitments | those that may pay it |
    | others | funded proposals that stand in its way, the nearest first |
    | limits | (kind, id) of the limits that leave it no room |
    | about | what funding it would cost and take, estimated |
    | clauses | where no money may pay it: each commitment's clause |
    | sentence | for those who decide |
    | for_applicant | says nothing of scores or others |
    """

    kind: str
    sentence: str
    for_applicant: str
    commitments: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()
    clauses: tuple[tuple[str, str], ...] = ()
    about: Estimate = field(default_factory=Estimate)


@dataclass(frozen=True)
class Ground:
    """What a line rests on, and what it earns (above 0) or costs (below 0), in value.

    Gap, floor and overlap are what would be lost if the whole proposal were not funded, by the
    line's part of it; an overlap is shared between its two proposals, and what was paid before
    is its proposal's own.
    """

    clause: str
    merit: float
    gap: float
    floor: float
    overlap: float
    agreement: float


def refusals(
    problem: Problem,
    plan: Plan,
    floors: Mapping[str, float],
    clock: Clock,
    name: Words,
    money: Money,
) -> dict[str, Refusal]:
    """A reason for each proposal without money, for a round `in_order`."""
    pairs = pairs_of(problem)
    model = build(pairs, dict(floors), Detail(is_eased=True))
    live = open_model(model.lp, clock, model.unit)
    root = live.relax()
    found = None if root.x is None else margins(model, live)
    about = estimates(model, found, plan)
    margin = _Margin(problem, plan, pairs, model, found, about, name, money)
    unfunded = [k for k, p in enumerate(problem.proposals) if not plan.totals.get(p.id)]
    return {
        (id_ := problem.proposals[p].id): replace(margin.reason(p), about=about[id_])
        for p in unfunded
    }


class _Margin:
    """What is needed to say why one proposal is not in the plan."""

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        pairs: Pairs,
        model: Model,
        margins: Margins | None,
        about: Mapping[str, Estimate],
        name: Words,
        money: Money,
    ) -> None:
        self.problem, self.plan, self.pairs, self.model = problem, plan, pairs, model
        self.name, self.money = name, money
        nothing = np.zeros(len(problem.proposals))
        self.standing = nothing if margins is None else margins.standing()
        self.about = about
        self.place = {p.id: k for k, p in enumerate(problem.proposals)}
        self.totals = [plan.totals.get(p.id, 0) for p in problem.proposals]
        self.payers: dict[str, list[str]] = {}
        left = {c.id: int(b) for c, b in zip(problem.commitments, pairs.budget, strict=True)}
        for line in plan.lines:
            left[line.commitment] -= line.amount
            self.payers.setdefault(line.commitment, []).append(line.proposal)
        self.left = left

    def reason(self, p: int) -> Refusal:
        """The first of the reasons, in order of how final they are, that holds."""
        proposal = self.problem.proposals[p]
        if p in self.pairs.pinned_out:
            why = not_funded(sentence("a lock keeps it out"))
            return Refusal("locked_out", why, WITHDRAWN)
        clauses = [(c.id, refusal(c, proposal, self.name)) for c in self.problem.commitments]
        refused = tuple((c, clause) for c, clause in clauses if clause is not None)
        if len(refused) == len(clauses):
            return self._nobody(refused)
        able = tuple(c for c, clause in clauses if clause is None)
        if self.pairs.ask[p] == 0:
            return self._out_of_reach(p, able)
        charge, partners = self._overlap(p)
        costs = self.about[proposal.id].costs
        if charge and costs <= charge:
            twice = not_funded(self._twice(charge, partners))
            return Refusal("overlap", twice, NOT_CHOSEN, able, tuple(partners))
        waiting = waiting_for(self.problem, self.plan, proposal, self.left, self.name, self.money)
        if waiting is not None:
            kind, why = waiting
            return Refusal(kind, not_funded(why), NOT_CHOSEN, able)
        full = self._full(p)
        if full:
            why = sentence(
                "%(limits)s, which leaves it less than its minimum",
                limits=all_of([words for _, words in full]),
            )
            limits = tuple(limit for limit, _ in full)
            return Refusal("limit", not_funded(why), NOT_CHOSEN, able, (), limits)
        return self._below(p, able, costs)

    def _nobody(self, refused: tuple[tuple[str, str], ...]) -> Refusal:
        by_clause: dict[str, list[str]] = {}
        for commitment, clause in refused:
            by_clause.setdefault(clause, []).append(self.name(commitment))
        parts = [
            sentence("%(names)s: %(clause)s", names=all_of(names), clause=clause)
            for clause, names in by_clause.items()
        ]
        why = sentence("no commitment may pay it. %(clauses)s", clauses=each_of(parts, ";"))
        return Refusal("no_eligible_money", not_funded(why), NOBODY, clauses=refused)

    def _out_of_reach(self, p: int, able: tuple[str, ...]) -> Refusal:
        proposal = self.problem.proposals[p]
        caps = sorted(
            (most(self.problem.commitment_by_id[c], proposal) for c in able), reverse=True
        )
        reach = sum(caps[: self.problem.policy.max_cofunders])
        why = sentence(
            "%(payers)s may pay it, but together at most %(reach)s of the %(minimum)s it needs at "
            "least",
            payers=all_of([self.name(c) for c in able]),
            reach=self.money(reach),
            minimum=self.money(proposal.minimum),
        )
        return Refusal("out_of_reach", not_funded(why), TOO_MUCH, able)

    def _overlap(self, p: int) -> tuple[float, list[str]]:
        """What funding it would spend twice, in value, and the funded proposals that it overlaps
        with, the dearest first."""
        policy, id_ = self.problem.policy, self.problem.proposals[p].id
        found: dict[str, float] = {}
        for overlap in self.problem.overlaps:
            if id_ in overlap.proposals:
                other = overlap.proposals[id_ == overlap.proposals[0]]
                if self.plan.totals.get(other):
                    both = min(self.problem.proposal_by_id[q].minimum for q in (id_, other))
                    found[other] = found.get(other, 0.0) + overlap.degree * both
        before = self.problem.proposals[p].paid_before
        charge = policy.overlap_weight * math.fsum([before, *found.values()])
        return charge, sorted(found, key=lambda q: (-found[q], q))

    def _twice(self, charge: float, partners: list[str]) -> Sentence:
        if not partners:
            return sentence(
                "others have paid for the same work already; paying for it again would spend "
                "%(charge)s twice",
                charge=self.money(charge),
            )
        return sentence(
            "it overlaps with %(partners)s, funded already; paying for it too would spend "
            "%(charge)s twice",
            partners=all_of([self.name(q) for q in partners]),
            charge=self.money(charge),
        )

    def _full(self, p: int) -> list[tuple[tuple[str, str], Sentence]]:
        """Hard limits on sums that leave the proposal less than its minimum."""
        proposal, policy = self.problem.proposals[p], self.problem.policy
        least = int(self.pairs.least[p])
        found: list[tuple[tuple[str, str], Sentence]] = []

        def sum_over(attribute: str, value: str | None) -> int:
            members = zip(self.problem.proposals, self.totals, strict=True)
            return sum(total for q, total in members if getattr(q, attribute) == value)

        if policy.institution_share is not None and proposal.institution is not None:
            limit = share_of(self.model, policy.institution_share, up=False) * self.model.unit
            if sum_over("institution", proposal.institution) + least > limit:
                words = sentence(
                    "%(name)s has nearly all that one institution may get",
                    name=self.name(proposal.institution),
                )
                found.append((("institution_share", proposal.institution), words))
        tier = proposal.risk_tier
        if tier is not None and tier in policy.risk_most:
            limit = share_of(self.model, policy.risk_most[tier], up=False) * self.model.unit
            if sum_over("risk_tier", tier) + least > limit:
                words = sentence("risk tier %(tier)s has nearly all that it may get", tier=tier)
                found.append((("risk_most", tier), words))
        amounts = area_amounts(self.problem, self.totals)
        for area in self.problem.areas:
            weight = proposal.areas.get(area.id, 0.0)
            if area.cap is not None and weight and amounts[area.id] + weight * least > area.cap:
                words = sentence("%(name)s has nearly all that it may get", name=self.name(area.id))
                found.append((("area cap", area.id), words))
        return found

    def _below(self, p: int, able: tuple[str, ...], costs: float) -> Refusal:
        """Money that may pay it goes further elsewhere, or the plan is as good without it."""
        rivals = {q for c in able for q in self.payers.get(c, ())}
        nearest = sorted(
            rivals, key=lambda q: (abs(float(self.standing[self.place[q]])) / self._ask(q), q)
        )
        merit = self.about[self.problem.proposals[p].id].merit
        others = tuple(nearest[:3])
        spare = sum(
            min(self.left[c], most(self.problem.commitment_by_id[c], self.problem.proposals[p]))
            for c in able
        )
        if costs == 0 or merit == 0:
            why = sentence(
                "it stands at the margin; a plan with it would be worth no more than the "
                "difference to which this plan is proven the best"
            )
            return Refusal("within_gap", not_funded(why), NOT_CHOSEN, able, others)
        why = self._used(able, spare)
        if others:
            why = sentence(
                "%(used)s by proposals worth more per unit of money (nearest: %(nearest)s)",
                used=why,
                nearest=self.name(others[0]),
            )
        if merit is None:
            why = sentence("%(used)s; no higher merit alone would change that", used=why)
        else:
            why = sentence(
                "%(used)s; it would need about %(merit)s more merit", used=why, merit=_shown(merit)
            )
        return Refusal("below_margin", not_funded(why), NOT_CHOSEN, able, others)

    def _used(self, able: tuple[str, ...], spare: int) -> Sentence:
        payers, is_one = all_of([self.name(c) for c in able], at_most=4), len(able) == 1
        if spare == 0:
            return (
                sentence(
                    "the only commitment that may pay it (%(payers)s) is fully used", payers=payers
                )
                if is_one
                else sentence(
                    "the only commitments that may pay it (%(payers)s) are fully used",
                    payers=payers,
                )
            )
        rest = self.money(spare)
        return (
            sentence(
                "the only commitment that may pay it (%(payers)s) is used but for %(rest)s",
                payers=payers,
                rest=rest,
            )
            if is_one
            else sentence(
                "the only commitments that may pay it (%(payers)s) are used but for %(rest)s",
                payers=payers,
                rest=rest,
            )
        )

    def _ask(self, id_: str) -> int:
        return self.problem.proposal_by_id[id_].ask


def _shown(merit: float) -> str:
    return (
        f"{max(merit, 0.001):.3f}" if merit < 0.01 else f"{math.ceil(merit * 100 - 1e-6) / 100:.2f}"
    )


def not_funded(why: Sentence) -> Sentence:
    """`why`: a clause without a full stop."""
    return sentence("Not funded: %(why)s.", why=why)


def grounds(problem: Problem, plan: Plan, name: Words, money: Money) -> dict[Line, Ground]:
    """What each line rests on, earns and costs."""
    totals = [plan.totals.get(p.id, 0) for p in problem.proposals]
    amounts = area_amounts(problem, totals)
    funded = {p for p, total in plan.totals.items() if total}
    overlap_cost = {p.id: problem.policy.overlap_weight * p.paid_before for p in problem.proposals}
    for overlap in problem.overlaps:
        if funded.issuperset(overlap.proposals):
            both = min(problem.proposal_by_id[p].minimum for p in overlap.proposals)
            half = problem.policy.overlap_weight * overlap.degree * both / 2
            for p in overlap.proposals:
                overlap_cost[p] += half
    found = {}
    for line in plan.lines:
        proposal, total = problem.proposal_by_id[line.proposal], plan.totals[line.proposal]
        part = line.amount / total
        gap = floor = 0.0
        for area in problem.areas:
            weight = proposal.areas.get(area.id, 0.0)
            if weight:
                have = amounts[area.id]
                rest = max(0.0, have - weight * total)
                gap += need_met(area, have) - need_met(area, rest)
                saved = shortfall(area, rest) - shortfall(area, have)
                floor += problem.policy.floor_penalty * saved
        found[line] = Ground(
            clause=_clause(problem, line, name, money),
            merit=proposal.merit * line.amount,
            gap=gap * part,
            floor=floor * part,
            overlap=-overlap_cost[line.proposal] * part + 0.0,
            agreement=-float(problem.policy.agreement_cost),
        )
    return found


def _clause(problem: Problem, line: Line, name: Words, money: Money) -> str:
    """The commitment's own terms that this line meets."""
    commitment = problem.commitment_by_id[line.commitment]
    proposal = problem.proposal_by_id[line.proposal]
    terms = []
    if commitment.areas is not None:
        share = float(share_inside(commitment, proposal))
        areas = [name(a) for a in commitment.areas]
        terms.append(
            sentence(
                "%(share)s of the work lies in %(areas)s (at least %(least)s)",
                share=percent(share),
                areas=all_of(areas) if areas else sentence("no area"),
                least=percent(commitment.least_share),
            )
        )
    if commitment.regions is not None:
        where = name(proposal.region) if proposal.region else sentence("no region")
        terms.append(sentence("it is in %(where)s", where=where))
    if commitment.risk_tiers is not None:
        terms.append(sentence("its risk tier is %(tier)s", tier=str(proposal.risk_tier)))
    limit = most(commitment, proposal)
    if limit < min(proposal.ask, commitment.amount):
        terms.append(sentence("it pays at most %(limit)s of this ask", limit=money(limit)))
    return each_of(terms, ";") if terms else sentence("it may pay any proposal")
