"""The blueprints of publishing: by round, and by award."""

from flask import Blueprint

from funding.routes.round_tabs import offer_round_tabs

bp = Blueprint("publishing", __name__, url_prefix="/rounds/<int:round_id>/public")
offer_round_tabs(bp)
awards_bp = Blueprint("disclosure", __name__, url_prefix="/awards/<int:award_id>/public")
