"""The round's tab, and what applicants see of overlaps."""

from __future__ import annotations

from flask import Blueprint

from funding.routes.round_tabs import offer_round_tabs

bp = Blueprint("overlaps", __name__)
offer_round_tabs(bp)

teams_bp = Blueprint("introductions", __name__)
