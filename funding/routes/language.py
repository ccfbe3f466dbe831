"""The language of a page: the reader's own choice, else what their browser asks for."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from babel import Locale
from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from funding.language import ENGLISH, LANGUAGES, current, set_language
from funding.permissions import PUBLIC
from funding.routes.context import config, in_transaction
from funding.routes.security import FILES, permission
from funding.services import identity

bp = Blueprint("language", __name__)

COOKIE = "language"
YEAR = 365 * 24 * 3600


def choose_language() -> None:
    """Runs before every page. `?language=` holds for one page, so that a view can be sent.

    A file of ours says nothing to anybody: for it, nobody is looked up in the database.
    """
    if request.endpoint in FILES:
        return
    choices = (
        request.args.get("language"),
        current_user.language if current_user.is_authenticated else None,
        request.cookies.get(COOKIE),
        request.accept_languages.best_match(LANGUAGES),
    )
    set_language(next((tag for tag in choices if tag in LANGUAGES), ENGLISH.tag))


def forget_language(_error: BaseException | None = None) -> None:
    """Runs after every request: the thread's next work is not this reader's."""
    set_language(ENGLISH.tag)


def locale() -> Locale:
    """What Flask-Babel asks: the locale of the page."""
    return current().locale


def _where_from() -> str:
    """The page of this site that the choice was made on, without a language of its own."""
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host:
        return url_for("home.index")
    kept = [(name, text) for name, text in parse_qsl(parts.query) if name != "language"]
    return parts.path + (f"?{urlencode(kept)}" if kept else "")


@bp.post("/language")
@permission(PUBLIC)
def choose() -> ResponseReturnValue:
    """Keep the choice in this browser and, for somebody signed in, with the account.

    It asks for no CSRF token, so that pages for everybody can be kept without one; cookies are
    SameSite, so another site changes nothing of somebody signed in.
    """
    tag = request.form.get("language", "")
    answer = redirect(_where_from())
    if tag in LANGUAGES:
        answer.set_cookie(
            COOKIE,
            tag,
            max_age=YEAR,
            samesite="Lax",
            httponly=True,
            secure=config().is_served_over_https,
        )
        if current_user.is_authenticated:
            in_transaction(identity.choose_language, language=tag)
    return answer
