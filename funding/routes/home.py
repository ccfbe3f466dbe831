"""The first page: what Tributary is, or, signed in, where one's work is."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from funding.permissions import PUBLIC, visible_rounds
from funding.routes.context import actor, actor_or_none, reading
from funding.routes.security import permission

bp = Blueprint("home", __name__)


@bp.get("/")
@permission(PUBLIC)
def index() -> ResponseReturnValue:
    rounds = reading().scalars(visible_rounds(actor_or_none())).all()
    if current_user.is_authenticated:
        return render_template("home/desk.html", rounds=rounds, by=actor())
    return render_template("home/welcome.html", rounds=rounds)
