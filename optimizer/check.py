"""Every limit of a round and every figure a plan states, again, in integers and fractions.

Nothing here builds a model or asks a solver, so an error there cannot repeat itself here. Only
`resolve=True`, which reckons the funders' baselines anew, calls on the solver.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction

from optimizer.check_terms import terms
from optimizer.figures import (
    Figure,
    Figures,
    available,
    exact,
    least_funded,
    pair_cap,
    why_ineligible,
)
from optimizer.problem import LINES_ONLY, Lock, Plan, Problem, Proposal
from optimizer.violations import Violation
from optimizer.violations import money as _money
from optimizer.violations import over as _over

SHARE_SLACK = 2
"""Minor units by which shares and area caps may be missed."""

GAP_SLACK = 1e-9
HALF = Fraction(1, 2)


def check(
    problem: Problem, plan: Plan, *, resolve: bool = False, gap: float | None = None
) -> list[Violation]:
    """Everything that is wrong with a plan; empty if nothing is.

    Limits that the plan's rule does not promise are left to `not_promised`. `resolve` reckons the
    baselines of the guarantees anew instead of taking the plan's word; `gap` is the one asked for,
    which a plan called optimal must keep.
    """
    figures = _figures(problem, plan)
    found = [*_lines(problem, plan), *_limits(figures), *terms(figures, plan)]
    if plan.rule not in LINES_ONLY:
        found.extend(_over_several(figures, plan))
    found.extend(_stated_totals(figures, plan))
    found.extend(_stated_areas(figures, plan))
    found.extend(_stated_funders(figures, plan))
    found.extend(_stated_value(figures, plan, gap))
    found.extend(_stated_objective(figures, plan))
    if plan.digest != problem.digest:
        found.append(
            Violation("digest", "the plan", 0, "digest: the plan was made for another round")
        )
    if resolve:
        found.extend(_baselines(problem, plan))
    return found


def not_promised(problem: Problem, plan: Plan) -> list[Violation]:
    """The limits over several proposals, and the floors, that a plan of a rule which does not
    promise them misses; empty for rules that promise every limit."""
    return missed(problem, plan) if plan.rule in LINES_ONLY else []


def missed(problem: Problem, plan: Plan) -> list[Violation]:
    """The limits over several proposals and the floors that a plan of any rule misses."""
    figures = _figures(problem, plan)
    return [*_over_several(figures, plan), *_floors(figures)]


def _figures(problem: Problem, plan: Plan) -> Figures:
    """Of the lines that name what the round has."""
    known = (problem.commitment_by_id, problem.proposal_by_id)
    named = [x for x in plan.lines if x.commitment in known[0] and x.proposal in known[1]]
    return Figures(problem, named)


def _limits(figures: Figures) -> Iterator[Violation]:
    """The limits of lines and of single proposals."""
    for family in (_pairs, _commitments, _proposals, _cofunders, _locks):
        yield from family(figures)


def _over_several(figures: Figures, plan: Plan) -> Iterator[Violation]:
    """The limits named in problem.SUMS."""
    yield from _area_caps(figures)
    yield from _shares(figures)
    yield from _guarantees(figures, plan)


def _floors(figures: Figures) -> Iterator[Violation]:
    """A floor is soft for every rule; a rule that does not weigh it leaves it out unseen."""
    for area in figures.problem.areas:
        short = figures.shortfall(area)
        if short > SHARE_SLACK:
            what = f"gets {_money(short)} less than {area.floor:,}"
            yield _over("floor", area.id, short, what)


# Limits


def _lines(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Each line names a pair once, with a positive amount that is a multiple of `round_to`."""
    round_to = problem.policy.round_to
    for line in plan.lines:
        where = f"{line.commitment} to {line.proposal}"
        for id_, known, kind in (
            (line.commitment, problem.commitment_by_id, "commitment"),
            (line.proposal, problem.proposal_by_id, "proposal"),
        ):
            if id_ not in known:
                yield _over("line", where, line.amount, f"the round has no {kind} {id_}")
        if line.amount <= 0:
            yield _over("line", where, 1 - line.amount, f"{line.amount} is not more than 0")
        if line.amount % round_to:
            by = line.amount % round_to
            yield _over(
                "round_to", where, by, f"{_money(line.amount)} is no multiple of {round_to}"
            )
    for (commitment, proposal), times in Counter(
        (line.commitment, line.proposal) for line in plan.lines
    ).items():
        if times > 1:
            yield _over("line", f"{commitment} to {proposal}", times - 1, f"stands {times} times")


def _pairs(figures: Figures) -> Iterator[Violation]:
    """x[c,p] = 0 unless c may pay p; x[c,p] <= cap; x[c,p] >= ticket."""
    for (commitment_id, proposal_id), amount in figures.pairs.items():
        commitment = figures.problem.commitment_by_id[commitment_id]
        proposal = figures.problem.proposal_by_id[proposal_id]
        where = f"{commitment_id} to {proposal_id}"
        reason = why_ineligible(commitment, proposal)
        if reason is not None:
            yield _over("eligibility", where, amount, reason)
        cap = pair_cap(commitment, proposal)
        if amount > cap:
            by = amount - cap
            yield _over("pair cap", where, by, f"{_money(amount)} is {_money(by)} above {cap:,}")
        if amount < commitment.ticket:
            by = commitment.ticket - amount
            what = f"{_money(amount)} is {_money(by)} below {commitment.ticket:,}"
            yield _over("ticket", where, by, what)


def _commitments(figures: Figures) -> Iterator[Violation]:
    """sum_p x[c,p] <= amount[c], less what is promised"""
    paid: dict[str, int] = defaultdict(int)
    for line in figures.lines:
        paid[line.commitment] += line.amount
    for id_, amount in paid.items():
        by = amount - available(figures.problem.commitment_by_id[id_])
        if by > 0:
            what = f"its lines add up to {_money(amount)}, {_money(by)} more than it has"
            yield _over("amount", id_, by, what)


def _proposals(figures: Figures) -> Iterator[Violation]:
    """X[p] = 0, or minimum[p] <= X[p] <= ask[p]"""
    round_to = figures.problem.policy.round_to
    for id_, total in figures.totals.items():
        proposal = figures.problem.proposal_by_id[id_]
        least = least_funded(proposal, round_to)
        if total > proposal.ask:
            by = total - proposal.ask
            what = f"gets {_money(total)}, {_money(by)} more than it asks"
            yield _over("ask", id_, by, what)
        if 0 < total < least:
            by = least - total
            what = f"gets {_money(total)}, {_money(by)} less than the least that is viable"
            yield _over("minimum", id_, by, what)


def _cofunders(figures: Figures) -> Iterator[Violation]:
    """number of lines of p <= max_cofunders"""
    most = figures.problem.policy.max_cofunders
    if most is None:
        return
    for id_, count in Counter(line.proposal for line in figures.lines).items():
        if count > most:
            what = f"has {count} lines, {count - most} more than {most}"
            yield _over("max_cofunders", id_, count - most, what)


def _area_caps(figures: Figures) -> Iterator[Violation]:
    """sum_p areas[p][a] X[p] <= cap[a], within 2 units"""
    for area in figures.problem.areas:
        amount = figures.area_amounts[area.id]
        if area.cap is not None and amount > area.cap + SHARE_SLACK:
            by = amount - area.cap
            what = f"gets {_money(amount)}, {_money(by)} above {area.cap:,}"
            yield _over("area cap", area.id, by, what)


def _shares(figures: Figures) -> Iterator[Violation]:
    """Money by institution, region and risk tier against shares of all commitments' amounts."""
    policy = figures.problem.policy
    pool = sum(available(commitment) for commitment in figures.problem.commitments)

    def by_group(name: Callable[[Proposal], str | None]) -> dict[str, int]:
        amounts: dict[str, int] = defaultdict(int)
        for id_, total in figures.totals.items():
            group = name(figures.problem.proposal_by_id[id_])
            if group is not None:
                amounts[group] += total
        return amounts

    def too_much(limit: str, group: str, amount: int, share: float) -> Iterator[Violation]:
        most = exact(share) * pool
        if amount > most + SHARE_SLACK:
            what = (
                f"gets {_money(amount)}, {_money(amount - most)} above {share:g} of all commitments"
            )
            yield _over(limit, group, amount - most, what)

    if policy.institution_share is not None:
        for group, amount in by_group(lambda p: p.institution).items():
            yield from too_much("institution_share", group, amount, policy.institution_share)
    tiers = by_group(lambda p: p.risk_tier)
    for group, share in policy.risk_most.items():
        yield from too_much("risk_most", group, tiers.get(group, 0), share)
    regions = by_group(lambda p: p.region)
    for group, share in policy.region_least.items():
        amount, least = regions.get(group, 0), exact(share) * pool
        if amount < least - SHARE_SLACK:
            by = least - amount
            what = f"gets {_money(amount)}, {_money(by)} below {share:g} of all commitments"
            yield _over("region_least", group, by, what)


def _locks(figures: Figures) -> Iterator[Violation]:
    for lock in figures.problem.locks:
        total = figures.totals.get(lock.proposal, 0)
        if lock.amount is not None:
            yield from _amount_lock(figures, lock, lock.amount, total)
        elif lock.funded is not None and lock.funded != (total > 0):
            state = "in" if lock.funded else "out"
            what = f"is pinned {state} and gets {_money(total)}"
            yield _over("lock", lock.proposal, total, what)


def _amount_lock(figures: Figures, lock: Lock, fixed: int, total: int) -> Iterator[Violation]:
    where, amount = lock.proposal, total
    if lock.commitment is not None:
        where = f"{lock.commitment} to {lock.proposal}"
        amount = figures.pairs.get((lock.commitment, lock.proposal), 0)
    if amount != fixed:
        yield _over("lock", where, amount - fixed, f"is {_money(amount)}, locked at {fixed:,}")


def _guarantee_slack(baseline: float) -> Fraction:
    return abs(exact(baseline)) / 10**6 + 5


def _guarantees(figures: Figures, plan: Plan) -> Iterator[Violation]:
    """value[f] >= baseline[f] - (1e-6 |baseline| + 5), the baseline as the plan states it."""
    for funder in figures.problem.funder_by_id.values():
        floors: list[tuple[str, float]] = []
        if funder.guarantee != "none":
            stated = plan.funders.get(funder.id, {}).get(funder.guarantee)
            if stated is None:
                what = f"the plan does not state its value {funder.guarantee}"
                yield _over("guarantee", funder.id, 0, what)
            else:
                floors.append(("guarantee", stated))
        if funder.at_least is not None:
            floors.append(("at_least", funder.at_least))
        for limit, baseline in floors:
            by = exact(baseline) - figures.funder_value(funder).value
            if by > _guarantee_slack(baseline):
                what = f"its value is {float(by):,.2f} below {baseline:,.2f}"
                yield _over(limit, funder.id, by, what)


# Stated figures


def _stated_totals(figures: Figures, plan: Plan) -> Iterator[Violation]:
    for id_ in figures.totals.keys() | plan.totals.keys():
        total, stated = figures.totals.get(id_, 0), plan.totals.get(id_, 0)
        if id_ not in figures.problem.proposal_by_id:
            yield _over("totals", id_, stated, f"the round has no proposal {id_}")
        elif total != stated:
            what = f"stated as {_money(stated)}, its lines add up to {_money(total)}"
            yield _over("totals", id_, stated - total, what)


def _stated_areas(figures: Figures, plan: Plan) -> Iterator[Violation]:
    areas = {area.id: area for area in figures.problem.areas}
    for id_ in plan.areas.keys() - areas.keys():
        yield _over("areas", id_, 0, f"the round has no area {id_}")
    for id_, area in areas.items():
        stated = plan.areas.get(id_)
        if stated is None:
            yield _over("areas", id_, 0, "the plan does not state it")
            continue
        truth = {"amount": figures.area_amounts[id_], "shortfall": figures.shortfall(area)}
        for key, figure in truth.items():
            if key not in stated or abs(stated[key] - figure) > HALF + figure / 10**11:
                says = _money(stated[key]) if key in stated else "nothing"
                by = stated.get(key, 0) - figure
                yield _over(f"area {key}", id_, by, f"stated as {says}, is {_money(figure)}")


def _is_off(stated: float, figure: Figure) -> bool:
    return not math.isfinite(stated) or abs(exact(stated) - figure.value) > figure.slip


def _stated_funders(figures: Figures, plan: Plan) -> Iterator[Violation]:
    funders = figures.problem.funder_by_id
    for id_ in plan.funders.keys() - funders.keys():
        yield _over("funders", id_, 0, f"the round has no funder {id_}")
    for id_, funder in funders.items():
        stated = plan.funders.get(id_, {}).get("value")
        figure = figures.funder_value(funder)
        if stated is None:
            yield _over("funders", id_, 0, "the plan does not state its value")
        elif _is_off(stated, figure):
            what = f"stated as {stated!r}, is {float(figure.value)!r}"
            yield _over("funder value", id_, stated - float(figure.value), what)


def _stated_value(figures: Figures, plan: Plan, asked: float | None) -> Iterator[Violation]:
    figure = figures.value
    value, where = float(figure.value), "the plan"
    if _is_off(plan.value, figure):
        what = f"stated as {plan.value!r}, is {value!r}"
        yield _over("value", where, plan.value - value, what)
    if not math.isfinite(plan.bound) or not math.isfinite(plan.gap):
        yield _over("bound", where, 0, f"{plan.bound!r}, gap {plan.gap!r}: not finite")
        return
    if exact(plan.bound) < figure.value - figure.slip:
        what = f"{plan.bound!r} is below the plan's own value {value!r}"
        yield _over("bound", where, value - plan.bound, what)
    gap = (plan.bound - plan.value) / max(1.0, abs(plan.value))
    if abs(gap - plan.gap) > GAP_SLACK:
        yield _over("gap", where, plan.gap - gap, f"stated as {plan.gap!r}, is {gap!r}")
    if asked is not None and plan.status == "optimal" and gap > asked + GAP_SLACK:
        what = f"called optimal with a gap of {gap:.3g}, asked for {asked:.3g}"
        yield _over("status", where, gap - asked, what)


def _stated_objective(figures: Figures, plan: Plan) -> Iterator[Violation]:
    """Finite, within its bound, and the smallest ratio to the references where there are some."""
    stated, where = plan.objective, "the plan"
    if stated is None:
        return
    if not (math.isfinite(stated.value) and stated.value <= stated.bound < math.inf):
        what = f"{stated.value!r} with the bound {stated.bound!r}"
        yield _over("objective", where, 0, what)
    funders = figures.problem.funder_by_id
    known = {f: most for f, most in stated.against.items() if f in funders and most > 0}
    if len(known) < len(stated.against):
        yield _over("objective", where, 0, "a reference is not above 0, or of no funder")
    elif known:
        ratios = (figures.funder_value(funders[f]).value / exact(most) for f, most in known.items())
        least = float(min(ratios))
        if abs(stated.value - least) > GAP_SLACK * max(1.0, least):
            what = f"stated as {stated.value!r}, is {least!r}"
            yield _over("objective", where, stated.value - least, what)


def _baselines(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """The stated baselines against ones reckoned anew."""
    # the one call on the solver, and only when asked for
    from optimizer.baselines import alone, leave

    for id_, stated in plan.funders.items():
        if id_ not in problem.funder_by_id:
            continue
        for name, reckon in (("alone", alone), ("leave", leave)):
            if name not in stated:
                continue
            again = float(reckon(problem, id_))
            if abs(exact(stated[name]) - exact(again)) > _guarantee_slack(again):
                what = f"stated as {stated[name]!r}, reckoned again as {again!r}"
                yield _over(f"baseline {name}", id_, stated[name] - again, what)
