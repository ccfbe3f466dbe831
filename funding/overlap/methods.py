"""What a text method is, and the methods there are, by the name that the setting gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

DEFAULT = "characters"
NAMES = (DEFAULT, "sentences")

NOTICEABLE = {DEFAULT: 0.16, "sentences": 0.65}
"""Least likeness (cosine) of two texts that is worth somebody's look: methods differ in scale."""


class Method(Protocol):
    """Texts in, one row a text out.

    `fingerprint` changes whenever the rows of a text would: an index of another fingerprint is
    made anew, never misread. Sparse rows are counts, weighted by the index; dense rows have
    length 1.
    """

    name: str
    fingerprint: str
    is_sparse: bool

    def vectors(self, texts: Sequence[str]) -> Any: ...


def method_named(name: str) -> Method:
    """Raises ValueError for a name that no method has.

    `sentences` raises NotInstalled (funding/overlap/minilm.py) when it is first used without its
    packages.
    """
    # here, since what they need takes a second to load, and the site seldom asks
    if name == DEFAULT:
        from funding.overlap.characters import Characters

        return Characters()
    if name == "sentences":
        from funding.overlap.sentences import Sentences

        return Sentences()
    raise ValueError(f"There is no text method {name!r}: choose one of {', '.join(NAMES)}.")
