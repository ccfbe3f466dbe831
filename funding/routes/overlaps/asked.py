"""What the pages of a round's overlaps are asked for: the round, and a list's filters and order."""

from __future__ import annotations

from collections.abc import Collection

from flask import request

from funding.listing import Listing
from funding.models import Round
from funding.permissions import fetch, working_rounds
from funding.routes.context import actor, reading


def round_asked(round_id: int) -> Round:
    """The round, for somebody who may read its overlaps; raises NotFound."""
    round_: Round = fetch(reading(), working_rounds(actor(), "overlap.read"), round_id, "round")
    return round_


def listing_asked(sortable: Collection[str], filters: Collection[str]) -> Listing:
    """The page's filters and order, the most probable first where none is asked for."""
    return Listing.parse(
        request.path,
        request.args,
        sortable=sortable,
        filters=filters,
        default_sort="-probability",
    )
