"""What each decision that people took beforehand costs: the round solved again without it."""

from __future__ import annotations

from dataclasses import asdict, replace

from funding.studies.kind import Document, Given, Kind, Teller
from funding.studies.proofs import proof_of
from optimizer.clock import Clock
from optimizer.found import Infeasible, OutOfTime
from optimizer.outcomes import outcome_of
from optimizer.pairs import in_order
from optimizer.problem import Lock
from optimizer.stated import promises

SECONDS = 300.0


def study(given: Given, teller: Teller) -> Document:
    """{"proof", "pins": [{"lock", "price", "is_none", "would_get"}]}.

    `parameters`: {"pins": the locks that are pins, as the exchange format has them}. `price` is
    what the plan would be worth more without the pin, in minor units of value (None where that
    was not found in time), `would_get` what its proposal would then get; `is_none`: no more than
    the proven gap.
    """
    problem, plan = in_order(given.problem), given.plan
    floors = promises(problem, plan.funders)
    clock = Clock.of(SECONDS, cancelled=teller.is_cancelled)
    pins = given.parameters["pins"]
    proof = proof_of(given, teller, clock)
    found: list[Document] = []
    for number, pin in enumerate(pins):
        teller.tell((number + 1) / (len(pins) + 1), f"Solving the round without pin {number + 1}")
        lock = Lock(**pin)
        changed = replace(problem, locks=tuple(kept for kept in problem.locks if kept != lock))
        entry: Document = {"lock": pin, "price": None, "is_none": False, "would_get": None}
        try:
            outcome = outcome_of(problem, plan, proof, changed, floors, clock)
            moves = {move.proposal: move.after for move in outcome.moves}
            now = plan.totals.get(lock.proposal, 0)
            entry |= {
                "price": max(0.0, -outcome.lost),
                "is_none": outcome.is_none,
                "would_get": moves.get(lock.proposal, now),
            }
        except (Infeasible, OutOfTime):
            pass  # no price is said
        found.append(entry)
    return {"proof": asdict(proof) | {"funded": sorted(proof.funded)}, "pins": found}


KIND = Kind(
    name="overrides",
    label="Overrides",
    question="What do the decisions taken beforehand cost?",
    explains="The round is solved again without each of them, and laid beside the plan.",
    study=study,
)
