"""Years, matching and conditions of a plan, again in integers and fractions (see check.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.figures import Figures, available, exact, pair_cap, why_ineligible
from optimizer.problem import PLAN_FORMATS, Commitment, Condition, Instalment, Plan
from optimizer.violations import Violation, money, over


def terms(figures: Figures, plan: Plan) -> Iterator[Violation]:
    """Everything that version 2 of the format adds."""
    expected = PLAN_FORMATS[figures.problem.format]
    if plan.format != expected:
        what = f"is {plan.format}, the plan of such a round is {expected}"
        yield over("format", "the plan", 0, what)
    yield from _line_years(figures)
    yield from _released(figures)
    yield from _needed(figures)
    found = list(_conditions(figures))
    yield from _kept(figures, found)
    yield from _stated(plan, found)


# Years


def _line_years(figures: Figures) -> Iterator[Violation]:
    """Years stand where commitment or proposal names some, and sum to the line."""
    for line in figures.lines:
        where = f"{line.commitment} to {line.proposal}"
        has_years = bool(
            figures.problem.commitment_by_id[line.commitment].releases
            or figures.problem.proposal_by_id[line.proposal].budget
        )
        if line.years and not has_years:
            yield over("years", where, line.amount, "neither side names years")
        if has_years:
            for part in line.years:
                if part.amount <= 0:
                    what = f"{part.amount} in {part.year} is not more than 0"
                    yield over("years", where, 1 - part.amount, what)
            by = sum(part.amount for part in line.years) - line.amount
            if by:
                what = f"its years sum to {money(line.amount + by)}, not {money(line.amount)}"
                yield over("years", where, by, what)


def _through(parts: tuple[Instalment, ...], year: int) -> int:
    return sum(part.amount for part in parts if part.year <= year)


def _released(figures: Figures) -> Iterator[Violation]:
    """paid by the end of each year + promised by then <= released by then"""
    paid: dict[str, list[Instalment]] = defaultdict(list)
    for line in figures.lines:
        paid[line.commitment].extend(line.years)
    for id_, parts in paid.items():
        commitment = figures.problem.commitment_by_id[id_]
        if not commitment.releases:
            continue
        years = {part.year for part in (*parts, *commitment.releases, *commitment.promised)}
        for year in sorted(years):
            there = _through(commitment.releases, year) - _through(commitment.promised, year)
            by = _through(tuple(parts), year) - there
            if by > 0:
                what = (
                    f"pays {money(by)} more by the end of {year} than is released and not promised"
                )
                yield over("releases", f"{id_}, {year}", by, what)
                break


def _needed(figures: Figures) -> Iterator[Violation]:
    """received by the end of each year >= the share of the ask needed by then, of what it gets"""
    received: dict[str, list[Instalment]] = defaultdict(list)
    for line in figures.lines:
        received[line.proposal].extend(line.years)
    for id_, total in figures.totals.items():
        proposal = figures.problem.proposal_by_id[id_]
        for part in proposal.budget:
            need = -(-_through(proposal.budget, part.year) * total // proposal.ask)
            by = need - _through(tuple(received[id_]), part.year)
            if by > 0:
                what = f"gets {money(by)} too little by the end of {part.year}"
                yield over("budget", f"{id_}, {part.year}", by, what)
                break


# Conditions


@dataclass(frozen=True)
class _Found:
    """One condition as it stands: what is missing, and what the commitment may pay under it."""

    commitment: Commitment
    kind: str
    proposal: str | None
    funders: int
    amount: int

    @property
    def key(self) -> tuple[str, str, str | None]:
        return (self.commitment.id, self.kind, self.proposal)


def _conditions(figures: Figures) -> Iterator[_Found]:
    """Every joins_if, and every match and only_if in what the commitment may pay."""
    problem = figures.problem
    paid: dict[str | None, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in figures.lines:
        funder = problem.commitment_by_id[line.commitment].funder
        paid[line.proposal][funder] += line.amount
        paid[None][funder] += line.amount

    def waiting(c: Commitment, kind: str, condition: Condition, where: str | None) -> _Found:
        by_funder = paid[where]
        others = [a for f, a in by_funder.items() if f != c.funder and a >= condition.least]
        missing = max(0, condition.funders - len(others))
        return _Found(c, kind, where, missing, max(0, condition.total - sum(by_funder.values())))

    for c in problem.commitments:
        if c.joins_if is not None:
            yield waiting(c, "joins_if", c.joins_if, None)
        for p in problem.proposals if c.match is not None or c.only_if is not None else ():
            most = min(pair_cap(c, p), p.ask, available(c))
            if why_ineligible(c, p) is not None or most < max(1, c.ticket):
                continue
            if c.match is not None:
                need = -(-max(1, c.ticket) / exact(c.match.ratio) // 1)
                others = sum(a for f, a in paid[p.id].items() if f != c.funder)
                yield _Found(c, "match", p.id, 0, max(0, int(need) - others))
            if c.only_if is not None:
                yield waiting(c, "only_if", c.only_if, p.id)


def _kept(figures: Figures, found: list[_Found]) -> Iterator[Violation]:
    """Nothing is paid under a condition that does not hold, nor more than a match allows."""
    problem = figures.problem
    paid_in: dict[str, int] = defaultdict(int)
    for line in figures.lines:
        paid_in[line.commitment] += line.amount
    for entry in found:
        c, where = entry.commitment, entry.proposal
        paid = paid_in[c.id] if where is None else figures.pairs.get((c.id, where), 0)
        place = c.id if where is None else f"{c.id} to {where}"
        if entry.kind == "match" and where is not None:
            others = sum(
                a
                for (d, p), a in figures.pairs.items()
                if p == where and problem.commitment_by_id[d].funder != c.funder
            )
            assert c.match is not None
            by = paid - exact(c.match.ratio) * others
            if by > 0:
                what = f"pays {money(by)} more than others' {money(others)} is matched by"
                yield over("match", place, by, what)
        elif paid and (entry.funders or entry.amount):
            lacks = f"{entry.funders} funders and {money(entry.amount)} are missing"
            yield over(entry.kind, place, paid, f"pays {money(paid)} while {lacks}")


def _stated(plan: Plan, found: list[_Found]) -> Iterator[Violation]:
    """The plan's `conditions` against what they are."""
    stated = {(s.commitment, s.kind, s.proposal): s for s in plan.conditions}
    truth = {entry.key: entry for entry in found}
    if len(stated) < len(plan.conditions):
        yield over("conditions", "the plan", 0, "one condition stands more than once")
    for key in [*truth, *(key for key in stated if key not in truth)]:
        place = " ".join(part for part in key if part is not None)
        if key not in stated:
            yield over("conditions", place, 0, "the plan does not state it")
        elif key not in truth:
            yield over("conditions", place, 0, "the round has no such condition")
        else:
            entry, said = truth[key], stated[key]
            is_right = said.holds == (not entry.funders and not entry.amount)
            if not is_right or (said.funders, said.amount) != (entry.funders, entry.amount):
                what = f"stated as {said.funders} funders and {money(said.amount)} missing"
                by = said.amount - entry.amount
                yield over("conditions", place, by, f"{what}, not as it is")
