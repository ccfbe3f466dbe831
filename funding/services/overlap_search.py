"""Finding proposals whose texts are alike: TF-IDF on characters over titles and abstracts.

Character n-grams within words (3 to 5) see through endings and word order; what they cannot see
is the same idea in wholly other words. On the demo round's labelled pairs, 14 of the 17 that
overlap are found at the threshold: every copy, edit and paraphrase, and five of eight that share
only an idea.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

THRESHOLD = 0.16
"""Least similarity (cosine, from 0 to 1) of a candidate."""

NEAREST = 5
"""Most candidates that one proposal brings in."""

_NEAR_COPY = 0.9
_A_FEW = 10
_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Alike:
    """Two texts by their place in the list, `first` < `second`, and how alike they are."""

    first: int
    second: int
    similarity: float


def find_alike(texts: Sequence[str]) -> list[Alike]:
    """Pairs at or above the threshold among each text's nearest, most alike first."""
    if len(texts) < 2:
        return []
    # here, since they take a second to load and only the worker's task needs them
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(3, 5),
        sublinear_tf=True,
        # what half of the texts have tells nothing; of a few texts, two may be half
        max_df=max(_A_FEW, len(texts) // 2),
        dtype=np.float32,
    )
    try:
        matrix = vectorizer.fit_transform(texts)
    except ValueError:  # no n-gram is left: the texts are empty
        return []
    nearest = min(NEAREST, len(texts) - 1)
    found: dict[tuple[int, int], float] = {}
    for start in range(0, len(texts), _ROWS_AT_ONCE):
        rows = (matrix[start : start + _ROWS_AT_ONCE] @ matrix.T).toarray()
        for offset, row in enumerate(rows):
            own = start + offset
            row[own] = -1.0
            for other in np.argpartition(-row, nearest - 1)[:nearest]:
                if row[other] >= THRESHOLD:
                    pair = (min(own, int(other)), max(own, int(other)))
                    found[pair] = round(min(1.0, float(row[other])), 3)
    alike = [Alike(*pair, similarity) for pair, similarity in found.items()]
    return sorted(alike, key=lambda a: (-a.similarity, a.first, a.second))


def suggested_degree(similarity: float) -> float:
    """A first guess at the degree: a near copy is 1; to be judged by somebody who has read both."""
    return min(1.0, round(similarity / _NEAR_COPY, 1))
