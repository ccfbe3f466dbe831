"""Which commitment may pay which proposal, and how much: every limit that belongs to one pair.

All amounts are whole minor units and, since every line is a multiple of `round_to`, are tightened
to that grid at once: budgets, asks and caps down, minimums and tickets up. Nothing feasible is
lost by it, and the corners of the relaxed model then lie on the grid by themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import Commitment, Lock, Overlap, Problem, Proposal
from optimizer.sentences import Sentence, each_of, percent, sentence

Amounts = NDArray[np.int64]

SHARE_TOLERANCE = Fraction(1, 10**9)


@cache
def exact(number: float) -> Fraction:
    """A number of the round as it was written, in decimal: 0.29 is 29/100."""
    return Fraction(repr(number))


def in_order(problem: Problem) -> Problem:
    """The same round with every list sorted, so that a plan never depends on their order."""
    return replace(
        problem,
        commitments=tuple(sorted(problem.commitments, key=lambda c: c.id)),
        proposals=tuple(
            replace(p, areas=dict(sorted(p.areas.items())))
            for p in sorted(problem.proposals, key=lambda p: p.id)
        ),
        funders=tuple(sorted(problem.funders, key=lambda f: f.id)),
        areas=tuple(sorted(problem.areas, key=lambda a: a.id)),
        overlaps=tuple(
            sorted(
                (Overlap((min(o.proposals), max(o.proposals)), o.degree) for o in problem.overlaps),
                key=lambda o: (o.proposals, o.degree),
            )
        ),
        locks=tuple(sorted(problem.locks, key=_lock_order)),
    )


def _lock_order(lock: Lock) -> tuple[str, str, int, int]:
    amount = -1 if lock.amount is None else lock.amount
    funded = -1 if lock.funded is None else int(lock.funded)
    return (lock.proposal, lock.commitment or "", amount, funded)


def share_inside(commitment: Commitment, proposal: Proposal) -> Fraction:
    """The part of a proposal's tags that lies in the commitment's areas, exactly as written."""
    if commitment.areas is None:
        return Fraction(1)
    inside = (proposal.areas.get(a, 0) for a in dict.fromkeys(commitment.areas))
    return sum((exact(weight) for weight in inside), Fraction(0))


def most(commitment: Commitment, proposal: Proposal) -> int:
    """The least of the caps on one line, in minor units; eligibility is not looked at."""
    limits = [proposal.ask, commitment.available]
    if commitment.cap_per_proposal is not None:
        limits.append(commitment.cap_per_proposal)
    if commitment.cap_share_of_ask < 1:
        limits.append(int(exact(commitment.cap_share_of_ask) * proposal.ask))
    if commitment.match is not None and commitment.match.up_to is not None:
        limits.append(commitment.match.up_to)
    if commitment.pays_share_only:
        limits.append(int(min(Fraction(1), share_inside(commitment, proposal)) * proposal.ask))
    return min(limits)


def refusal(
    commitment: Commitment, proposal: Proposal, name: Callable[[str], str] = str
) -> Sentence | None:
    """The clause by which this commitment may not pay this proposal, in words; None if it may.

    `name` turns ids of areas, regions and tiers into names.
    """
    if proposal.id in commitment.excludes:
        return sentence("the proposal is excluded (a conflict of interest or a refusal)")
    if commitment.regions is not None and proposal.region not in commitment.regions:
        regions = each_of(list(map(name, commitment.regions))) or sentence("no region")
        return sentence("it pays only in %(regions)s", regions=regions)
    if commitment.risk_tiers is not None and proposal.risk_tier not in commitment.risk_tiers:
        tiers = each_of(list(map(name, commitment.risk_tiers))) or sentence("(none)")
        return sentence("it pays only for risk tier %(tiers)s", tiers=tiers)
    if commitment.areas is not None:
        share = share_inside(commitment, proposal)
        if share < exact(commitment.least_share) - SHARE_TOLERANCE:
            return sentence(
                "less than %(least)s of the work lies in %(areas)s (%(share)s)",
                least=percent(commitment.least_share),
                areas=each_of(list(map(name, commitment.areas))) or sentence("no area"),
                share=percent(float(share)),
            )
    if most(commitment, proposal) < max(1, commitment.ticket):
        return sentence(
            "the most it may pay to one such proposal is below the least it pays at all"
        )
    return None


@dataclass(frozen=True)
class Pairs:
    """The round in arrays: rows are commitments, columns proposals, both in order of id.

    | field | meaning, in minor units on the grid of `grid` |
    |---|---|
    | budget[c], ticket[c] | all it can pay; least line |
    | ask[p], least[p] | most and least when funded; 0 and 0: cannot be funded |
    | cap[c, p] | most of one line; 0: not eligible |
    | fixed | lines locked at an amount |
    | pinned_in, pinned_out | proposals that must, must not be funded |
    | blockers | locks that no plan can keep, in words; empty in a sound round |
    | outside | what funders outside this round pay a proposal already, by (funder, proposal) |
    """

    problem: Problem
    grid: int
    budget: Amounts
    ticket: Amounts
    ask: Amounts
    least: Amounts
    cap: Amounts
    fixed: dict[tuple[int, int], int]
    pinned_in: frozenset[int]
    pinned_out: frozenset[int]
    blockers: tuple[str, ...]
    outside: Mapping[tuple[str, int], int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The sum of what all commitments have available, which shares are shares of."""
        return sum(c.available for c in self.problem.commitments)

    def by_funder(self, funder: str) -> NDArray[np.bool_]:
        """Which commitments are this funder's."""
        return np.array([c.funder == funder for c in self.problem.commitments], dtype=bool)

    def outsiders(self, p: int | None, but: str, least: int = 1) -> list[int]:
        """Minor units by funder outside that pays proposal p (the round where None) enough."""
        paid: Counter[str] = Counter()
        for (funder, q), amount in self.outside.items():
            if funder != but and p in (q, None):
                paid[funder] += amount
        return [amount for _, amount in sorted(paid.items()) if amount >= least]


def tags(problem: Problem) -> NDArray[np.float64]:
    """Tag weights as a matrix, proposals by areas."""
    column = {a.id: k for k, a in enumerate(problem.areas)}
    matrix = np.zeros((len(problem.proposals), len(problem.areas)))
    for row, proposal in enumerate(problem.proposals):
        for area, weight in proposal.areas.items():
            matrix[row, column[area]] = weight
    return matrix


def pairs_of(
    problem: Problem,
    given: Mapping[tuple[str, int], int] | None = None,
    *,
    is_tight: bool = True,
) -> Pairs:
    """Every limit on one pair, one commitment or one proposal. `problem` is `in_order`.

    `given`: minor units by (funder, proposal) that others pay already. It takes up the ask, and
    where there is some no minimum is left; caps stay shares of the whole ask. `is_tight` also
    lowers asks to what eligible money can reach, which helps a search but hides what more would
    bring.
    """
    grid = problem.policy.round_to
    asks = np.array([p.ask for p in problem.proposals], dtype=np.int64)
    ask = asks // grid * grid
    minimum = np.array([p.minimum for p in problem.proposals], dtype=np.int64)
    if given:
        had = np.zeros_like(asks)
        for (_, p), amount in given.items():
            had[p] += amount
        ask = np.maximum(asks - had, 0) // grid * grid
        minimum[had > 0] = 1
    least = -(-np.minimum(minimum, ask) // grid) * grid
    budget = np.array([c.available // grid * grid for c in problem.commitments], dtype=np.int64)
    ticket = np.array(
        [-(-max(c.ticket, 0) // grid) * grid for c in problem.commitments], dtype=np.int64
    )
    cap = _caps(problem, asks) // grid * grid
    cap = np.minimum(cap, ask)
    cap[cap < np.maximum(ticket, 1)[:, np.newaxis]] = 0

    locks = _Locks(problem)
    for c, p in locks.zero:
        cap[c, p] = 0
    reach = np.minimum(ask, _reach(cap, budget, problem.policy.max_cofunders))
    unfundable = reach < np.maximum(least, 1)
    unfundable[list(locks.pinned_out)] = True
    ask = reach if is_tight else ask
    ask[unfundable] = 0
    least[unfundable] = 0
    locks.fix_totals(ask, least, grid)
    cap[:, ask == 0] = 0
    locks.check_lines(cap, ticket, grid)
    return Pairs(
        problem=problem,
        grid=grid,
        budget=budget,
        ticket=ticket,
        ask=ask,
        least=least,
        cap=np.minimum(cap, ask),
        fixed=locks.lines,
        pinned_in=frozenset(locks.pinned_in),
        pinned_out=frozenset(locks.pinned_out),
        blockers=tuple(locks.blockers),
        outside=given or {},
    )


def _caps(problem: Problem, asks: Amounts) -> Amounts:
    """cap_cp in minor units before rounding, 0 where not eligible."""
    weights = tags(problem)
    column = {a.id: k for k, a in enumerate(problem.areas)}
    place = {p.id: k for k, p in enumerate(problem.proposals)}
    regions = np.array([p.region for p in problem.proposals], dtype=object)
    tiers = np.array([p.risk_tier for p in problem.proposals], dtype=object)
    caps = np.zeros((len(problem.commitments), len(asks)), dtype=np.int64)
    for row, c in enumerate(problem.commitments):
        eligible = np.ones(len(asks), dtype=bool)
        if c.areas is not None:
            inside = weights[:, sorted({column[a] for a in c.areas})].sum(axis=1)
            eligible &= inside >= c.least_share - 1e-9
            for p in np.flatnonzero(np.abs(inside - c.least_share + 1e-9) < 1e-11):
                share = share_inside(c, problem.proposals[p])
                eligible[p] = share >= exact(c.least_share) - SHARE_TOLERANCE
        if c.regions is not None:
            eligible &= np.isin(regions, [r for r in c.regions if r is not None])
        if c.risk_tiers is not None:
            eligible &= np.isin(tiers, [t for t in c.risk_tiers if t is not None])
        eligible[[place[p] for p in c.excludes]] = False
        limit = np.minimum(asks, c.available)
        if c.match is not None and c.match.up_to is not None:
            limit = np.minimum(limit, c.match.up_to)
        if c.cap_share_of_ask < 1 or (c.pays_share_only and c.areas is not None):
            for p in np.flatnonzero(eligible):
                limit[p] = most(c, problem.proposals[p])
        elif c.cap_per_proposal is not None:
            limit = np.minimum(limit, c.cap_per_proposal)
        caps[row] = np.where(eligible, limit, 0)
    return caps


def _reach(cap: Amounts, budget: Amounts, cofunders: int | None) -> Amounts:
    """The most that any allowed number of co-funders together could pay each proposal."""
    single = np.minimum(cap, budget[:, np.newaxis])
    if cofunders is not None and cofunders < len(single):
        single = -np.sort(-single, axis=0)[:cofunders]
    reach: Amounts = single.sum(axis=0, dtype=np.int64)
    return reach


class _Locks:
    """The locks of a round by kind, and what is impossible in them taken singly or together."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.pinned_in: set[int] = set()
        self.pinned_out: set[int] = set()
        self.lines: dict[tuple[int, int], int] = {}
        self.zero: set[tuple[int, int]] = set()
        self.totals: dict[int, int] = {}
        self.blockers: list[str] = []
        proposal = {p.id: k for k, p in enumerate(problem.proposals)}
        commitment = {c.id: k for k, c in enumerate(problem.commitments)}
        for lock in problem.locks:
            p = proposal[lock.proposal]
            if lock.commitment is not None and lock.amount is not None:
                self._line(commitment[lock.commitment], p, lock.amount)
            elif lock.amount is not None:
                self._total(p, lock.amount)
            else:
                (self.pinned_in if lock.funded else self.pinned_out).add(p)
        for p in sorted(self.pinned_in & self.pinned_out):
            self._block(p, "is locked both in and out")

    def _block(self, p: int, what: str) -> None:
        self.blockers.append(f"{self.problem.proposals[p].id} {what}")

    def _line(self, c: int, p: int, amount: int) -> None:
        known = 0 if (c, p) in self.zero else self.lines.get((c, p))
        if known is not None and known != amount:
            self._block(p, f"has one line locked at {known} and at {amount}")
        elif amount == 0:
            self.zero.add((c, p))
        else:
            self.lines[c, p] = amount
            self.pinned_in.add(p)

    def _total(self, p: int, amount: int) -> None:
        if self.totals.setdefault(p, amount) != amount:
            self._block(p, f"has its total locked at {self.totals[p]} and at {amount}")
        (self.pinned_in if amount else self.pinned_out).add(p)

    def fix_totals(self, ask: Amounts, least: Amounts, grid: int) -> None:
        """A locked total becomes both ask and least."""
        for p, amount in sorted(self.totals.items()):
            if amount and (amount % grid or not max(1, least[p]) <= amount <= ask[p]):
                self._block(p, f"cannot be given the locked total of {amount}")
            elif amount:
                ask[p] = least[p] = amount
        for p in sorted(self.pinned_in - self.pinned_out):
            if ask[p] == 0:
                self._block(p, "is locked in and no money that may pay it reaches its minimum")

    def check_lines(self, cap: Amounts, ticket: Amounts, grid: int) -> None:
        """A locked line keeps every limit on its pair."""
        for (c, p), amount in sorted(self.lines.items()):
            if amount % grid or not ticket[c] <= amount <= cap[c, p]:
                name = self.problem.commitments[c].id
                self._block(p, f"cannot be given the locked line of {amount} from {name}")
