"""Two texts side by side, as an officer reads them."""

from __future__ import annotations

from typing import Any

from funding.config import Config
from funding.overlap.evidence import shared_passages


def side_by_side(config: Config, left: str, right: str) -> tuple[list[Any], list[Any]]:
    """The passages of both texts, what they share marked.

    Where the site compares texts by what they mean, sentences are paired by that, too.
    """
    vectors = None
    if config.overlap_method == "sentences":
        # here, since the model takes a second to load
        from funding.overlap.methods import method_named

        vectors = method_named(config.overlap_method).vectors
    return shared_passages(left, right, vectors)
