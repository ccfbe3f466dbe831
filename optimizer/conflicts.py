"""Why a round cannot be satisfied: the fewest demands that cannot hold together, and by how much.

Demands are what people put on a round and could take back: locks, shares, guarantees, hard area
caps, what is needed by year, matching and conditions. The rest (money, restrictions, asks and
minimums, tickets, co-funders, rounding) is taken as given. Single demands are tried first; else
halves are thrown out for as long as what is left still conflicts, then single ones (a deletion
filter): no member of the set can be spared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypedDict

from optimizer.backend import open_model
from optimizer.clock import Clock
from optimizer.model import Detail, build
from optimizer.pairs import exact, in_order, pairs_of
from optimizer.problem import Area, Commitment, Lock, Problem, Proposal
from optimizer.whole import draft


class Terms(TypedDict):
    """Both sides of a round, with only some of their years and conditions."""

    commitments: tuple[Commitment, ...]
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True)
class Demand:
    """One thing asked of the round: `kind` as the format names it, `where` the id it is about.

    `limit` is its number in minor units, None where it has none; `text` says it in words; `year`
    is by whose end, where it is about that.
    """

    kind: str
    where: str
    limit: float | None
    text: str
    lock: Lock | None = None
    year: int | None = None


@dataclass(frozen=True)
class Member:
    """A demand of the conflict. `short_by`: the least change of its number, in minor units, that
    would let the others hold; None where it has no number, or no change of it would do."""

    demand: Demand
    short_by: float | None


@dataclass(frozen=True)
class Conflict:
    """Demands that cannot all hold; without any one of them the others can.

    Not `is_smallest`: the time was up before it was sure that none could be spared. Empty if even
    a round without demands has no plan.
    """

    members: tuple[Member, ...]
    is_smallest: bool = True

    def as_document(self) -> dict[str, object]:
        """For a file: each member's kind, where, limit, short_by and text."""
        rows = []
        for member in self.members:
            row = asdict(member.demand)
            del row["lock"], row["year"]
            rows.append({**row, "short_by": member.short_by})
        return {"conflict": rows, "is_smallest": self.is_smallest}


def conflict_of(
    problem: Problem,
    floors: Mapping[str, float],
    seconds: float = 60.0,
    cancelled: Callable[[], bool] | None = None,
) -> Conflict:
    """The conflict of a round that cannot be satisfied. `floors`: what funders are promised."""
    clock = Clock.of(seconds, None, cancelled)
    ordered = in_order(problem)
    found, is_smallest = _fewest(ordered, list(demands(ordered, floors)), clock)
    members = tuple(Member(d, _short_by(ordered, found, d, clock)) for d in found)
    return Conflict(members, is_smallest)


def demands(problem: Problem, floors: Mapping[str, float]) -> Iterator[Demand]:
    """Every demand of a round, in the order of the format."""
    total = sum(c.available for c in problem.commitments)
    for lock in problem.locks:
        yield Demand("lock", lock.proposal, None, _lock_text(lock), lock)
    for name, least in sorted(floors.items()):
        text = f"{name} is promised a value of at least {least:,.0f}"
        yield Demand("guarantee", name, least, text)
    for area in problem.areas:
        if area.cap is not None:
            yield Demand("area cap", area.id, area.cap, f"{area.id} gets at most {area.cap:,}")
    policy = problem.policy
    if policy.institution_share is not None:
        limit = float(exact(policy.institution_share) * total)
        text = f"no institution gets more than {policy.institution_share * 100:.4g} % of the money"
        yield Demand("institution_share", "", limit, f"{text} ({limit:,.0f})")
    for region, share in sorted(policy.region_least.items()):
        limit = float(exact(share) * total)
        text = f"{region} gets at least {share * 100:.4g} % of the money ({limit:,.0f})"
        yield Demand("region_least", region, limit, text)
    for tier, share in sorted(policy.risk_most.items()):
        limit = float(exact(share) * total)
        text = f"risk tier {tier} gets at most {share * 100:.4g} % of the money ({limit:,.0f})"
        yield Demand("risk_most", tier, limit, text)
    if any(c.releases for c in problem.commitments) and any(p.budget for p in problem.proposals):
        text = "what proposals need by the end of each year has been released by then"
        yield Demand("budget", "", None, text)
    for c in problem.commitments:
        if c.match is not None:
            text = f"{c.id} pays at most {c.match.ratio:g} times what other funders pay a proposal"
            yield Demand("match", c.id, None, text)
        if c.only_if is not None:
            yield Demand("only_if", c.id, None, f"{c.id} pays a proposal only if others do")
        if c.joins_if is not None:
            yield Demand("joins_if", c.id, None, f"{c.id} pays only if others join the round")


def _lock_text(lock: Lock) -> str:
    if lock.commitment is not None:
        return f"{lock.commitment} pays {lock.proposal} exactly {lock.amount:,}"
    if lock.amount is not None:
        return f"{lock.proposal} gets exactly {lock.amount:,}"
    return f"{lock.proposal} is {'funded' if lock.funded else 'not funded'}"


def with_only(problem: Problem, kept: Sequence[Demand]) -> tuple[Problem, dict[str, float]]:
    """The round with these demands and no others, at their own numbers, and its promises."""
    total = sum(c.available for c in problem.commitments)

    def numbers(kind: str) -> dict[str, float]:
        return {d.where: d.limit for d in kept if d.kind == kind and d.limit is not None}

    def shares(kind: str) -> dict[str, float]:
        return {where: limit / total if total else 0.0 for where, limit in numbers(kind).items()}

    caps = numbers("area cap")
    policy = replace(
        problem.policy,
        institution_share=shares("institution_share").get(""),
        region_least=shares("region_least"),
        risk_most=shares("risk_most"),
        overlap_weight=0.0,
        agreement_cost=0,
        floor_penalty=0.0,
    )
    kept_round = replace(
        problem,
        areas=tuple(
            Area(a.id, cap=int(caps[a.id]) if a.id in caps else None) for a in problem.areas
        ),
        locks=tuple(d.lock for d in kept if d.lock is not None),
        policy=policy,
        **_with_terms(problem, kept),
    )
    return kept_round, numbers("guarantee")


def _with_terms(problem: Problem, kept: Sequence[Demand]) -> Terms:
    """Commitments and proposals with those of their conditions and years that are kept."""
    asked = {(d.kind, d.where) for d in kept}
    return {
        "commitments": tuple(
            replace(
                c,
                match=c.match if ("match", c.id) in asked else None,
                only_if=c.only_if if ("only_if", c.id) in asked else None,
                joins_if=c.joins_if if ("joins_if", c.id) in asked else None,
            )
            for c in problem.commitments
        ),
        "proposals": tuple(
            p if ("budget", "") in asked else replace(p, budget=()) for p in problem.proposals
        ),
    }


def is_satisfiable(problem: Problem, kept: Sequence[Demand], clock: Clock) -> bool:
    """Whether some plan may keep these demands, within the tolerances. Raises TimeoutError."""
    return has_plan(problem, kept, clock) is not False


def has_plan(problem: Problem, kept: Sequence[Demand], clock: Clock) -> bool | None:
    """True where a plan in whole units keeps these demands, False where none can.

    None where the solver's point keeps them and whole units near it do not. Raises TimeoutError.
    """
    reduced, floors = with_only(problem, kept)
    pairs = pairs_of(reduced)
    if pairs.blockers:
        return False
    relaxed = Detail(is_eased=True, is_soft=True)
    for detail in (relaxed, replace(relaxed, lines=True, whole=True)):
        model = build(pairs, dict(floors), detail)
        live = open_model(model.lp, clock, model.unit)
        answer = live.search(0.0, enough=-model.surely_missed)
        if answer.is_infeasible or answer.bound * model.unit <= -model.surely_missed:
            return False
        if clock.has_run_out:
            raise TimeoutError
        plan = None if answer.x is None else draft(model, live, answer.x)
        if plan is not None and not plan.broken:
            return True
    return None


def _fewest(problem: Problem, every: list[Demand], clock: Clock) -> tuple[list[Demand], bool]:
    """Demands that conflict, and whether it is sure that none of them can be spared."""
    kept, size = every, len(every) // 2
    try:
        if not is_satisfiable(problem, [], clock):
            return [], True
        if is_satisfiable(problem, every, clock):
            return [], False
        for demand in every:
            if not is_satisfiable(problem, [demand], clock):
                return [demand], True
        while size:
            start = 0
            while start < len(kept):
                fewer = kept[:start] + kept[start + size :]
                if is_satisfiable(problem, fewer, clock):
                    start += size
                else:
                    kept = fewer
            size //= 2
    except TimeoutError:
        return kept, False
    return kept, True


def _short_by(problem: Problem, found: list[Demand], demand: Demand, clock: Clock) -> float | None:
    """The least change of a demand's number that lets the others of the conflict hold."""
    if demand.limit is None:
        return None
    others = [d for d in found if d is not demand]
    is_most = demand.kind in ("area cap", "institution_share", "risk_most")
    total = float(sum(c.available for c in problem.commitments))
    bad, good = demand.limit, max(demand.limit, total) if is_most else 0.0

    def holds(limit: float) -> bool:
        return is_satisfiable(problem, [*others, replace(demand, limit=limit)], clock)

    try:
        if not holds(good):
            return None
        while abs(good - bad) > max(1.0, 1e-6 * abs(demand.limit)):
            middle = round((good + bad) / 2)
            if middle in (good, bad):
                break
            good, bad = (middle, bad) if holds(middle) else (good, middle)
    except TimeoutError:
        return None
    return abs(good - demand.limit)
