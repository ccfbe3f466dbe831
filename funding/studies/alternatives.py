"""Portfolios nearly as good as the plan that differ most from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from funding.services.run_words import told
from funding.studies.kind import Document, Given, Kind, Teller
from funding.studies.tolerances import read_tolerance
from optimizer.alternatives import Mark, alternatives, names_of
from optimizer.sentences import kept


def study(given: Given, teller: Teller) -> Document:
    """The portfolios, as `optimizer.alternatives` has them."""
    return alternatives(
        given.problem,
        given.plan,
        tolerance=given.parameters["tolerance"],
        **given.telling(teller),
    )


def portfolio_names(
    marks: Sequence[Sequence[Mapping[str, Any]]], names: Mapping[str, str], hidden: frozenset[str]
) -> list[str]:
    """A name for each portfolio, made of what sets it apart, in the reader's language; nothing at
    `hidden` is named."""
    said = [[Mark(**m) for m in of if m["where"] not in hidden] for of in marks]
    return [told(kept(name)) for name in names_of(said, names)]


KIND = Kind(
    name="alternatives",
    label="Alternatives",
    question="Which other portfolios are nearly as good?",
    explains=(
        "The optimizer looks for portfolios that lose almost nothing against this plan and move as "
        "much money as possible to other proposals. Each keeps every limit of the round. If they "
        "differ a lot, there is room for judgement. It takes a minute or two."
    ),
    study=study,
    read=read_tolerance,
)
