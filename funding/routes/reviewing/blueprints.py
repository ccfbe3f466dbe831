"""The two blueprints, and what their pages share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for

from funding.models import Round
from funding.permissions import fetch, working_rounds
from funding.routes.context import actor, reading
from funding.routes.round_tabs import may_in, offer_round_tabs

bp = Blueprint("reviewing", __name__)
"""What officers, the committee and auditors see of reviews."""
own_bp = Blueprint("reviews", __name__)
"""What reviewers see."""
offer_round_tabs(bp)

PARTS = (
    ("Progress", "reviewing.index", "review.read"),
    ("Reviewers", "reviewing.reviewers", "review.read"),
    ("Suggested assignment", "reviewing.suggestion", "review.assign"),
    ("Form", "reviewing.form", "review.read"),
    ("Calibration", "reviewing.calibration", "review.read"),
    ("Release", "reviewing.releases", "review.read"),
)


def review_round(round_id: int, permission: str = "review.read") -> Round:
    """The round, for somebody who may do this in it; raises NotFound."""
    found: Round = fetch(reading(), working_rounds(actor(), permission), round_id, "round")
    return found


def parts_of(round_: Round) -> list[dict[str, Any]]:
    """The parts of a round's reviews for the person signed in, as ui.choices takes them."""
    return [
        {
            "label": label,
            "url": url_for(endpoint, round_id=round_.id),
            "current": request.endpoint == endpoint,
        }
        for label, endpoint, permission in PARTS
        if may_in(actor(), round_, permission)
    ]


def may_assign(round_: Round) -> bool:
    return may_in(actor(), round_, "review.assign")
