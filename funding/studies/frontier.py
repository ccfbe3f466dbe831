"""What can be had for what: merit, needs covered and work paid twice, traded for each other."""

from __future__ import annotations

from funding.studies.kind import Document, Given, Kind, Teller
from optimizer.frontier import frontier


def study(given: Given, teller: Teller) -> Document:
    """The points of the frontier, as `optimizer.frontier` has them."""
    return frontier(
        given.problem,
        given.plan,
        where=given.sweep,
        **given.telling(teller),
    )


KIND = Kind(
    name="frontier",
    label="Trade-offs",
    question="What does covering needs, or paying nothing twice, cost in merit?",
    explains=(
        "The round is solved again and again with more and less weight on the areas' needs and on "
        "overlaps. What comes out are the plans in which none of the three, merit, needs covered "
        "and work paid twice, can be improved without giving up another. It takes a minute or so."
    ),
    study=study,
)
