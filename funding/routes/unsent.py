"""Forms that arrive without a session: kept, and given back after signing in.

A view marked with `keeps_typed` has its form kept under a random token in that browser's cookie;
the page it belongs to gives the text back to whoever signs in there and may edit it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from funding.routes.context import config
from funding.services.typed_text import UNSENT_KEPT

COOKIE = "tributary_unsent"
View = TypeVar("View", bound=Callable[..., object])


def keeps_typed(keep: Callable[..., str]) -> Callable[[View], View]:
    """Declare how a view's form is kept: `keep(token, **view_args)` stores it and answers the
    address where the text is given back."""

    def declare(view: View) -> View:
        view.keep_typed = keep  # type: ignore[attr-defined]
        return view

    return declare


def keep_unsent_form() -> Response | None:
    """Keep the form of this request, if its view wants that; the answer leads to signing in."""
    view: Any = current_app.view_functions.get(request.endpoint or "")
    keep = getattr(view, "keep_typed", None)
    if keep is None or request.method != "POST":
        return None
    token = request.cookies.get(COOKIE) or secrets.token_urlsafe(32)
    back = keep(token, **(request.view_args or {}))
    sign_in = url_for("identity.sign_in", next=back)
    if request.accept_mimetypes.best == "application/json":
        response = current_app.json.response(signed_out=True, sign_in=sign_in)
        response.status_code = 401
    else:
        response = redirect(sign_in)
    response.set_cookie(
        COOKIE,
        token,
        max_age=UNSENT_KEPT,
        httponly=True,
        samesite="Lax",
        secure=config().is_served_over_https,
    )
    return response


def keep_if_ours() -> Response | None:
    """The same for a form whose CSRF token does not hold, if it came from a page of this site."""
    came_from = request.headers.get("Origin") or request.referrer or ""
    if urlsplit(came_from).netloc != request.host:
        return None
    return keep_unsent_form()
