"""How good a run's plan really is: searched for once, then kept with whatever needed it."""

from __future__ import annotations

from dataclasses import asdict

from funding.studies.kind import Given, Teller
from optimizer.clock import Clock
from optimizer.outcomes import Proof, prove
from optimizer.pairs import in_order
from optimizer.stated import promises

SECONDS = 60.0


def proof_of(given: Given, teller: Teller, clock: Clock) -> Proof:
    """The proof that an earlier study of this run left in `partial`, or a new one."""
    known = (given.partial or {}).get("proof")
    if known is not None:
        return Proof(**{**known, "funded": frozenset(known["funded"])})
    teller.tell(0.0, "Finding out how close the plan is to the best")
    problem = in_order(given.problem)
    floors = promises(problem, given.plan.funders)
    proof = prove(problem, given.plan, floors, clock.within("", SECONDS))
    teller.keep({"proof": asdict(proof) | {"funded": sorted(proof.funded)}})
    return proof
