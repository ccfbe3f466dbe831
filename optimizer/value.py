"""What integer lines are worth, and which limits they break: the solver's own second look.

`check.py` does the same for others, from the format alone; nothing here is shared with it.
Sums are exact to one rounding (math.fsum), so the order of lines never shows.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from optimizer.pairs import Pairs, exact
from optimizer.problem import Area, Condition, Funder, Line, Problem
from optimizer.schedule import schedule, years_of

Lines = Mapping[tuple[int, int], int]  # (commitment, proposal) by index to minor units
SLACK = 2
PROMISE_SLACK = 5
PROMISE_SHARE = 1e-6


def totals_of(problem: Problem, lines: Lines) -> list[int]:
    """What each proposal gets, minor units."""
    totals = [0] * len(problem.proposals)
    for (_, p), amount in lines.items():
        totals[p] += amount
    return totals


def area_amounts(problem: Problem, totals: list[int]) -> dict[str, float]:
    """sum_p t_pa X_p for each area, minor units."""
    terms: dict[str, list[float]] = {a.id: [] for a in problem.areas}
    for proposal, total in zip(problem.proposals, totals, strict=True):
        if total:
            for area, weight in proposal.areas.items():
                terms[area].append(weight * total)
    return {area: math.fsum(found) for area, found in terms.items()}


def need_met(area: Area, amount: float) -> float:
    """The steps' value of `amount` after `spent`, less that of `spent` alone."""
    value, spent = 0.0, area.spent
    for step in area.steps:
        left, spent = max(0, step.width - spent), max(0, spent - step.width)
        part = min(amount, left)
        value += step.weight * part
        amount -= part
    return value


def shortfall(area: Area, amount: float) -> float:
    """Minor units below the area's floor."""
    return max(0.0, area.floor - amount)


def value_of(problem: Problem, lines: Lines) -> float:
    """The plan's value as docs/format.md defines it."""
    totals, policy = totals_of(problem, lines), problem.policy
    amounts = area_amounts(problem, totals)
    funded = {p.id for p, total in zip(problem.proposals, totals, strict=True) if total}

    def terms() -> Iterator[float]:
        for proposal, total in zip(problem.proposals, totals, strict=True):
            yield proposal.merit * total
        for area in problem.areas:
            yield need_met(area, amounts[area.id])
            yield -policy.floor_penalty * shortfall(area, amounts[area.id])
        yield -policy.overlap_weight * spent_twice(problem, funded)
        yield -float(policy.agreement_cost * len(lines))

    return math.fsum(terms())


def spent_twice(problem: Problem, funded: set[str]) -> float:
    """Minor units that funding these proposals would spend on work that is paid for already.

    Of two that overlap, the degree times the smaller minimum; of one that somebody outside of
    the round has paid for, what was paid.
    """

    def terms() -> Iterator[float]:
        for overlap in problem.overlaps:
            if funded.issuperset(overlap.proposals):
                both = min(problem.proposal_by_id[p].minimum for p in overlap.proposals)
                yield overlap.degree * both
        for proposal in problem.proposals:
            if proposal.paid_before and proposal.id in funded:
                yield float(proposal.paid_before)

    return math.fsum(terms())


def worth_to(problem: Problem, funder: Funder) -> list[float]:
    """A unit's worth to a funder by proposal: merit times its weights over the tags."""
    return [
        p.merit * math.fsum(funder.weights.get(a, 1.0) * w for a, w in p.areas.items())
        for p in problem.proposals
    ]


def quality(problem: Problem, totals: list[int]) -> dict[str, float]:
    """sum_p q_p t_pa X_p for each area: all that a funder's value depends on."""
    terms: dict[str, list[float]] = {a.id: [] for a in problem.areas}
    for proposal, total in zip(problem.proposals, totals, strict=True):
        if total:
            for area, weight in proposal.areas.items():
                terms[area].append(proposal.merit * weight * total)
    return {area: math.fsum(found) for area, found in terms.items()}


def funder_value(funder: Funder, done: Mapping[str, float]) -> float:
    """What gets done (`quality`), by whoever's money, as this funder weighs it."""
    return math.fsum(funder.weights.get(a, 1.0) * part for a, part in done.items())


@dataclass(frozen=True)
class Breach:
    """A limit that lines break, where, and by how many minor units."""

    limit: str
    where: str
    excess: float


def breaches(
    pairs: Pairs, lines: Lines, floors: Mapping[str, float], tolerance: float = 1.0
) -> list[Breach]:
    """Every hard limit that integer lines break. `floors`: what funders were promised.

    `tolerance` is the part of the format's tolerances that is allowed, 0 to 1.
    """
    return [b for b in _breaches(pairs, lines, floors, tolerance) if b.excess > 0]


def _breaches(
    pairs: Pairs, lines: Lines, floors: Mapping[str, float], tolerance: float
) -> Iterator[Breach]:
    problem, policy = pairs.problem, pairs.problem.policy
    totals = totals_of(problem, lines)
    spent: Counter[int] = Counter()
    count: Counter[int] = Counter()
    for (c, p), amount in lines.items():
        name = f"{problem.commitments[c].id} -> {problem.proposals[p].id}"
        spent[c] += amount
        count[p] += 1
        yield Breach("round_to", name, amount % pairs.grid or (amount <= 0))
        yield Breach("cap", name, amount - int(pairs.cap[c, p]))
        yield Breach("ticket", name, int(pairs.ticket[c]) - amount)
    for (c, p), amount in pairs.fixed.items():
        name = f"{problem.commitments[c].id} -> {problem.proposals[p].id}"
        yield Breach("lock", name, abs(lines.get((c, p), 0) - amount))
    for c, amount in spent.items():
        yield Breach("commitment", problem.commitments[c].id, amount - int(pairs.budget[c]))
    for p, total in enumerate(totals):
        name = problem.proposals[p].id
        if total:
            yield Breach("ask", name, total - int(pairs.ask[p]))
            yield Breach("minimum", name, int(pairs.least[p]) - total)
            if policy.max_cofunders is not None:
                yield Breach("max_cofunders", name, count[p] - policy.max_cofunders)
        elif p in pairs.pinned_in:
            yield Breach("lock", name, 1)
        if total and p in pairs.pinned_out:
            yield Breach("lock", name, total)
    yield from _sums(pairs, totals, tolerance * SLACK)
    yield from _terms(pairs, lines, totals)
    done = quality(problem, totals) if floors else {}
    for name, least in floors.items():
        have = funder_value(problem.funder_by_id[name], done)
        slack = tolerance * (PROMISE_SHARE * abs(least) + PROMISE_SLACK)
        yield Breach("guarantee", name, least - slack - have)


def _sums(pairs: Pairs, totals: list[int], slack: float) -> Iterator[Breach]:
    problem, policy = pairs.problem, pairs.problem.policy
    amounts = area_amounts(problem, totals)
    for area in problem.areas:
        if area.cap is not None:
            yield Breach("area cap", area.id, amounts[area.id] - area.cap - slack)
    for family, shares in (("risk_most", policy.risk_most), ("region_least", policy.region_least)):
        groups: dict[str | None, int] = defaultdict(int)
        for proposal, total in zip(problem.proposals, totals, strict=True):
            groups[proposal.risk_tier if family == "risk_most" else proposal.region] += total
        for name, share in shares.items():
            limit = exact(share) * pairs.total
            over = groups[name] - limit if family == "risk_most" else limit - groups[name]
            yield Breach(family, name, float(over) - slack)
    if policy.institution_share is not None:
        institutions: dict[str, int] = defaultdict(int)
        for proposal, total in zip(problem.proposals, totals, strict=True):
            if proposal.institution is not None:
                institutions[proposal.institution] += total
        limit = exact(policy.institution_share) * pairs.total
        for name, total in institutions.items():
            yield Breach("institution_share", name, float(total - limit) - slack)


def _terms(pairs: Pairs, lines: Lines, totals: list[int]) -> Iterator[Breach]:
    """Matching, conditions and years that lines break."""
    problem = pairs.problem
    paid = paid_by(pairs, lines)
    joined: set[int] = set()
    for (c, p), amount in lines.items():
        commitment = problem.commitments[c]
        name = f"{commitment.id} -> {problem.proposals[p].id}"
        if commitment.match is not None:
            limit = exact(commitment.match.ratio) * others_pay(paid[p], commitment.funder)
            yield Breach("match", name, float(amount - limit))
        if commitment.only_if is not None:
            for short in missing_for(commitment.only_if, paid[p], commitment.funder):
                yield Breach("only_if", name, short)
        if commitment.joins_if is not None and c not in joined:
            joined.add(c)
            for short in missing_for(commitment.joins_if, paid[None], commitment.funder):
                yield Breach("joins_if", commitment.id, short)
    for p, missing in schedule(problem, lines).missing.items():
        yield Breach("years", problem.proposals[p].id, missing)


def paid_by(pairs: Pairs, lines: Lines) -> dict[int | None, Counter[str]]:
    """Minor units by funder, those outside included: by proposal, and for the round (None)."""
    paid: dict[int | None, Counter[str]] = defaultdict(Counter)
    for (c, p), amount in lines.items():
        paid[p][pairs.problem.commitments[c].funder] += amount
    for (funder, p), amount in pairs.outside.items():
        paid[p][funder] += amount
    for by_funder in list(paid.values()):
        paid[None].update(by_funder)
    return paid


def others_pay(paid: Mapping[str, int], but: str) -> int:
    """What funders other than this one pay, minor units."""
    return sum(amount for funder, amount in paid.items() if funder != but)


def missing_for(condition: Condition, paid: Mapping[str, int], but: str) -> tuple[int, int]:
    """How many more other funders, and how many minor units more, a condition asks for."""
    counting = sum(amount >= condition.least for f, amount in paid.items() if f != but)
    return max(0, condition.funders - counting), max(0, condition.total - sum(paid.values()))


def as_lines(problem: Problem, lines: Lines) -> tuple[Line, ...]:
    """Lines with ids and years, in order of commitment and proposal."""
    years = years_of(problem, lines)
    return tuple(
        Line(problem.commitments[c].id, problem.proposals[p].id, amount, years.get((c, p), ()))
        for (c, p), amount in sorted(lines.items())
    )
