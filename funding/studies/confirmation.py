"""One unfunded proposal: what was estimated for it, confirmed by solving again."""

from __future__ import annotations

from dataclasses import asdict

from funding.studies.kind import Document, Given, Kind, Teller
from funding.studies.proofs import proof_of
from optimizer.clock import Clock
from optimizer.confirm import confirm
from optimizer.estimates import Estimate
from optimizer.pairs import in_order
from optimizer.stated import promises

SECONDS = 300.0
PARTS = {
    "forced": (0.4, "Trying how high a score would fund it"),
    "merit": (0.55, "Trying how much more money would fund it"),
    "money": (0.7, "Trying how low a least amount would fund it"),
    "minimum": (0.85, "Trying how small an ask would fund it"),
    "ask": (1.0, ""),
}


def study(given: Given, teller: Teller) -> Document:
    """{"proof", "confirmed"} as `optimizer.outcomes.Proof` and `optimizer.confirm` have them.

    `parameters`: {"proposal": its key, "about": its estimate}.
    """
    problem, plan = in_order(given.problem), given.plan
    floors = promises(problem, plan.funders)
    clock = Clock.of(SECONDS, cancelled=teller.is_cancelled)
    proof = proof_of(given, teller, clock)
    teller.tell(0.2, "Funding it, and looking what that costs")
    found = confirm(
        problem,
        plan,
        given.parameters["proposal"],
        proof,
        Estimate(**given.parameters["about"]),
        floors,
        clock,
        done=lambda part: teller.tell(*PARTS[part]),
    )
    return {"proof": asdict(proof) | {"funded": sorted(proof.funded)}, "confirmed": asdict(found)}


KIND = Kind(
    name="confirmation",
    label="Confirmed by solving again",
    question="What would it cost, and take, to fund this proposal?",
    explains="The round is solved again with the proposal funded, and with one change at a time.",
    study=study,
)
