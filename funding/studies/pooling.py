"""What pooling gains: funders without the pool, groups that would leave, prices of guarantees."""

from __future__ import annotations

from funding.studies.kind import Document, Given, Kind, Teller
from optimizer.pooling import pooling


def study(given: Given, teller: Teller) -> Document:
    """What `optimizer.pooling` finds."""
    return pooling(
        given.problem,
        given.plan,
        **given.telling(teller),
    )


KIND = Kind(
    name="pooling",
    label="What pooling gains",
    question="Would any funder, or any group of funders, do better without the pool?",
    explains=(
        "For each funder it is worked out what it could do alone, and what it would have if it "
        "left and the others allocated without it. Then groups of funders that might leave "
        "together are looked at, all of them where there are at most twelve funders, and what it "
        "costs the pool to promise each funder that it never does worse than by leaving. With six "
        "funders that takes minutes, with twelve about an hour; it can be stopped and gone on with."
    ),
    study=study,
    of_any_rule=True,
)
