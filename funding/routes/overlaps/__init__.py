"""The pages of a round's overlaps, and the introductions that follow from them."""

from funding.routes.overlaps import introductions, outside, pairs, pictures
from funding.routes.overlaps.blueprints import bp, teams_bp

__all__ = ["bp", "introductions", "outside", "pairs", "pictures", "teams_bp"]
