"""The first page: what Tributary is, or, signed in, what waits for whom."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from funding.permissions import PUBLIC, Scope
from funding.reports import inbox
from funding.reports.public.rounds import rounds_of as published_rounds
from funding.reports.tours import tours_of
from funding.routes.context import actor, reading
from funding.routes.security import permission
from funding.services.clock import database_now

bp = Blueprint("home", __name__)

MOST_PUBLISHED = 3
"""Published rounds on the first page."""


@bp.get("/")
@permission(PUBLIC)
def index() -> ResponseReturnValue:
    session = reading()
    if not current_user.is_authenticated:
        scope = Scope(database_now(session).date())
        return render_template(
            "home/welcome.html",
            rounds=inbox.rounds_for(session, None),
            published=published_rounds(session, scope, MOST_PUBLISHED),
        )
    return render_template(
        "home/desk.html",
        rounds=inbox.rounds_for(session, actor()),
        waiting=inbox.waiting_for(session, actor()),
        tours=tours_of(session, actor()),
        today=database_now(session).date(),
    )
