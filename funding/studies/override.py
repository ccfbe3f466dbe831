"""What deciding something oneself would cost: the round solved again with other locks."""

from __future__ import annotations

from dataclasses import asdict, replace

from funding.studies.kind import Document, Given, Kind, Teller
from funding.studies.proofs import proof_of
from optimizer.clock import Clock
from optimizer.conflicts import conflict_of
from optimizer.found import Infeasible
from optimizer.outcomes import Proof, outcome_by_rule, outcome_of
from optimizer.pairs import in_order
from optimizer.problem import Lock
from optimizer.stated import promises

SECONDS = 120.0
CONFLICT_SECONDS = 30.0


def study(given: Given, teller: Teller) -> Document:
    """{"proof", "outcome"}, or {"proof", "conflict"} where no plan can keep the locks.

    `parameters`: {"locks": every lock of the round as it would be, as the exchange format has
    them}. A plan of another rule is laid beside what the same rule makes of them; its proof is the
    plan itself.
    """
    problem, plan = in_order(given.problem), given.plan
    floors = promises(problem, plan.funders)
    clock = Clock.of(SECONDS, cancelled=teller.is_cancelled)
    is_best = plan.rule == "welfare"
    funded = frozenset(p for p, total in plan.totals.items() if total)
    as_it_is = Proof(plan.value, plan.value, plan.value, funded)
    proof = proof_of(given, teller, clock) if is_best else as_it_is
    known = {"proof": asdict(proof) | {"funded": sorted(proof.funded)}}
    teller.tell(0.5, "Solving the round with this decided")
    locks = tuple(Lock(**lock) for lock in given.parameters["locks"])
    changed = replace(problem, locks=locks)
    try:
        if is_best:
            outcome = outcome_of(problem, plan, proof, changed, floors, clock)
        else:
            outcome = outcome_by_rule(problem, plan, changed, floors, clock)
    except Infeasible:
        teller.tell(0.8, "Finding out which limits contradict it")
        conflict = conflict_of(changed, floors, CONFLICT_SECONDS, teller.is_cancelled)
        members = [{**asdict(m.demand), "short_by": m.short_by} for m in conflict.members]
        return {**known, "conflict": members}
    return {**known, "outcome": asdict(outcome)}


KIND = Kind(
    name="override",
    label="The price of a decision",
    question="What would deciding this yourself cost?",
    explains="The round is solved again with this decided, and laid beside the plan.",
    study=study,
)
