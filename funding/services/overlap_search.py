"""Finding proposals of a round whose texts are alike.

On the demo round's labelled pairs the default method finds 14 of the 17 that overlap at the
threshold: every copy, edit and paraphrase, and five of eight that share only an idea.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funding.overlap.works import Work

THRESHOLD = 0.16
"""Least similarity (cosine, from 0 to 1) of a candidate."""

NEAREST = 5
"""Most candidates that one proposal brings in."""

_NEAR_COPY = 0.9


@dataclass(frozen=True)
class Alike:
    """Two texts by their place in the list, `first` < `second`, and how alike they are."""

    first: int
    second: int
    similarity: float


def find_alike(texts: Sequence[str]) -> list[Alike]:
    """Pairs at or above the threshold among each text's nearest, most alike first."""
    # here, since it takes a second to load and only the worker's task needs it
    from funding.overlap.index import Index

    works = [Work(str(at), text=text) for at, text in enumerate(texts)]
    index = Index()
    index.put(works)
    alike = []
    for pair in index.alike(works, THRESHOLD, NEAREST):
        first, second = sorted((int(pair.first), int(pair.second)))
        alike.append(Alike(first, second, round(pair.similarity, 3)))
    return sorted(alike, key=lambda a: (-a.similarity, a.first, a.second))


def suggested_degree(similarity: float) -> float:
    """A first guess at the degree: a near copy is 1; to be judged by somebody who has read both."""
    return min(1.0, round(similarity / _NEAR_COPY, 1))
