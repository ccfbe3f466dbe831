"""How sure each proposal's fate is: among all good plans, and if the reviews had been others'."""

from __future__ import annotations

from funding.studies.kind import Document, Given, Kind, Teller
from funding.studies.tolerances import read_tolerance
from optimizer.sureness import sureness


def study(given: Given, teller: Teller) -> Document:
    """Standings and resampled reviews, as `optimizer.sureness` has them."""
    return sureness(
        given.problem,
        given.plan,
        tolerance=given.parameters["tolerance"],
        scores=given.parameters["scores"],
        where=given.sweep,
        **given.telling(teller),
    )


KIND = Kind(
    name="sureness",
    label="Sureness",
    question="How sure is each proposal's place?",
    explains=(
        "Two questions, proposal by proposal. Is it funded in every plan that is nearly as good as "
        "this one, in some, or in none? And how often would it be funded if others had reviewed: "
        "the round is solved 200 times with scores drawn from how far apart the reviewers' scores "
        "are. It takes a few minutes."
    ),
    study=study,
    read=read_tolerance,
    needs_scores=True,
)
