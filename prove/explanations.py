"""Every explanation of the demo round's plan, confirmed by solving again.

An estimate of the cost of funding a proposal agrees where it lies within the proven gap, or a
quarter, of the true one. Of the smallest changes every eighth is tried once more in the plainest
way: the changed round is solved from nothing, and its plan looked at. Each proposal that is
confirmed is kept, so that a proof that was stopped goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from funding.models import Run
from optimizer.changes import CHANGES, Change
from optimizer.clock import Clock
from optimizer.confirm import FOUND, IMPOSSIBLE, NONE, UNSURE, Confirmed, confirm
from optimizer.estimates import Estimate
from optimizer.explain import explain
from optimizer.outcomes import Proof
from optimizer.outcomes import prove as prove_plan
from optimizer.pairs import in_order
from optimizer.problem import Plan, Problem
from optimizer.read import read_plan, read_round
from optimizer.solve import solve
from optimizer.stated import promises
from prove._demo import solved
from prove._state import Progress

SECONDS = 4 * 3600.0
AGREES = 0.25
Found = dict[str, Any]
SOURCES = ("optimizer", "seeds", "funding/services/demo.py", "prove/explanations.py")
TOLD = 8  # proposals between two signs of life
EVERY = 8  # of the smallest changes, one is solved from nothing
PLAINLY = 3e-6  # the gap of that


def prove() -> Iterator[str]:
    problem, plan = demo_round()
    floors, clock = promises(in_order(problem), plan.funders), Clock.of(SECONDS)
    progress = Progress("explanations", SOURCES)
    found = explain(problem, plan, has_baselines=False)
    tried = sum(price.is_tried for price in found.prices)
    yield f"{tried} of {len(found.prices)} prices of limits confirmed by solving with a little more"
    assert tried == len(found.prices)

    proof = prove_plan(problem, plan, floors, clock)
    yield f"differences up to {proof.slack / abs(proof.value):.4%} of the plan's value are none"
    about = {id_: refusal.about for id_, refusal in found.proposals.items()}
    left = {id_: one for id_, one in about.items() if id_ not in progress.done}
    yield f"{len(about) - len(left)} of {len(about)} proposals confirmed before"
    for id_, one in confirm_each(problem, plan, left, floors, clock, proof):
        progress.finish(id_, found=one)
        if len(progress.found) % TOLD == 0:
            yield f"{len(progress.found)} of {len(about)} so far"
    confirmed = progress.found
    yield f"{len(confirmed)} of {len(about)} proposals that are not funded confirmed"
    assert confirmed.keys() == about.keys()
    yield from costs(confirmed, {id_: one.costs for id_, one in about.items()}, proof)
    yield from changes(confirmed)
    yield plainly(problem, confirmed)
    solves = sum(one["tries"] for one in confirmed.values())
    yield f"{solves} solves, {solves / len(confirmed):.1f} a proposal"


def confirm_each(
    problem: Problem,
    plan: Plan,
    estimates: Mapping[str, Estimate],
    floors: Mapping[str, float],
    clock: Clock,
    proof: Proof,
) -> Iterator[tuple[str, Found]]:
    """Each proposal with what solving again showed, as it comes: a process for every core."""
    with ProcessPoolExecutor() as pool:
        asked = {
            pool.submit(confirm, problem, plan, id_, proof, estimate, floors, clock): id_
            for id_, estimate in sorted(estimates.items())
        }
        for future in as_completed(asked):
            yield asked[future], _kept(future.result())


def _kept(one: Confirmed) -> Found:
    """What the proof keeps of a proposal, in plain JSON."""
    return {
        "lost": None if one.forced is None else one.forced.lost,
        "is_none": one.forced is not None and one.forced.is_none,
        "states": {kind: smallest.state for kind, smallest in one.smallest.items()},
        "changes": [
            (kind, by, is_enough)
            for kind, smallest in one.smallest.items()
            for by, is_enough in ((smallest.enough, True), (smallest.too_little, False))
            if by
        ],
        "tries": one.tries,
    }


def demo_round() -> tuple[Problem, Plan]:
    """The demo round as it is loaded, and its plan."""
    with solved() as (_config, database, run_id), database.reading() as session:
        run = session.get_one(Run, run_id)
        problem = read_round(run.problem or {})
        plan = read_plan(run.plan or {}, problem)
    return problem, plan


def costs(
    confirmed: Mapping[str, Found], estimated: Mapping[str, float], proof: Proof
) -> Iterator[str]:
    """How near the estimated costs came."""
    errors = {}
    for id_, one in confirmed.items():
        if one["lost"] is not None:
            true = max(0.0, one["lost"])
            error = abs(estimated[id_] - true)
            errors[id_] = (error, error <= max(proof.slack, AGREES * true))
    agreed = sum(is_near for _, is_near in errors.values())
    worst = max(error for error, _ in errors.values())
    none = len(confirmed) - len(errors)
    yield f"{agreed} of {len(errors)} estimated costs agree; {none} cannot be funded as is"
    yield f"largest error of an estimated cost: {worst / abs(proof.value):.4%} of the plan's value"
    nothing = sum(one["is_none"] for one in confirmed.values())
    yield f"{nothing} could be funded at no cost that can be measured"


def changes(confirmed: Mapping[str, Found]) -> Iterator[str]:
    """What came of the search for the smallest changes, by kind."""
    for kind in CHANGES:
        states = Counter(one["states"][kind] for one in confirmed.values())
        words = ", ".join(f"{states[s]} {s}" for s in (FOUND, NONE, IMPOSSIBLE, UNSURE))
        yield f"smallest change in {kind}: {words}"


def plainly(problem: Problem, confirmed: Mapping[str, Found]) -> str:
    """Solve some of the changed rounds from nothing and look whether they fund the proposal."""
    stated = [
        (Change(kind, id_, by), is_enough)
        for id_, one in sorted(confirmed.items())
        for kind, by, is_enough in one["changes"]
    ]
    picked = stated[::EVERY]
    for change, is_enough in picked:
        plan = solve(change.applied_to(problem), gap=PLAINLY, seconds=600)
        is_funded = bool(plan.totals.get(change.proposal))
        assert is_funded == is_enough, f"{change} is not what was said of it"
    return f"{len(picked)} of {len(stated)} statements on changes solved from nothing: all true"
