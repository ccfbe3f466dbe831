"""The pages of a round's reviews: for officers and readers, and for the reviewers themselves."""

from funding.routes.reviewing import (
    by_hand,
    co_authors,
    own,
    people,
    progress,
    reading,
    setup,
    suggestion,
)
from funding.routes.reviewing.blueprints import bp, own_bp

__all__ = [
    "bp",
    "by_hand",
    "co_authors",
    "own",
    "own_bp",
    "people",
    "progress",
    "reading",
    "setup",
    "suggestion",
]
