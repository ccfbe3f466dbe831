"""Every kind of study, in the order in which their pages are offered."""

from __future__ import annotations

from funding.studies import (
    alternatives,
    arrival,
    confirmation,
    frontier,
    override,
    overrides,
    pooling,
    rules,
    sureness,
)
from funding.studies.kind import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        alternatives.KIND,
        sureness.KIND,
        frontier.KIND,
        pooling.KIND,
        rules.KIND,
        arrival.KIND,
    )
}

QUESTIONS: dict[str, Kind] = {
    kind.name: kind for kind in (confirmation.KIND, override.KIND, overrides.KIND)
}
"""Those without a page of their own: answered where the question arises."""
