"""Sign-in state, the permission of every route, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask, Response, current_app, redirect, request, url_for
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response as BaseResponse

from funding.errors import NotPermitted
from funding.language import gettext as _
from funding.permissions import PERMISSIONS, PUBLIC, SIGNED_IN
from funding.routes.context import actor, reading
from funding.routes.unsent import keep_unsent_form
from funding.services import identity

View = TypeVar("View", bound=Callable[..., object])

FILES = ("static", "assets.plotly_js")
"""Endpoints of files that are the same for everybody, in every language."""

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


def permission(name: str) -> Callable[[View], View]:
    """Declare what a route needs: PUBLIC, SIGNED_IN or a name of PERMISSIONS."""
    if name not in (PUBLIC, SIGNED_IN) and name not in PERMISSIONS:
        raise ValueError(f"unknown permission {name!r}")

    def declare(view: View) -> View:
        view.permission = name  # type: ignore[attr-defined]
        return view

    return declare


@dataclass
class SignedIn(UserMixin):
    """flask-login's user: one login session of one person."""

    token: str
    person_id: int
    name: str
    language: str | None  # chosen with the account; None: not chosen

    def get_id(self) -> str:
        return self.token


def load_signed_in(token: str) -> SignedIn | None:
    person = identity.person_of(reading(), token)
    if person is None:
        return None
    return SignedIn(token, person.id, person.name, person.language)


def check_permission() -> BaseResponse | None:
    """Runs before every view; a view without a declared permission is never run."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    view = current_app.view_functions[request.endpoint]
    needed = getattr(view, "permission", None)
    if needed is None:
        raise NotPermitted(_("%(endpoint)s declares no permission.", endpoint=request.endpoint))
    if needed == PUBLIC:
        return None
    if not current_user.is_authenticated:
        if (kept := keep_unsent_form()) is not None:
            return kept
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("identity.sign_in", next=wanted))
    if not actor().may(needed):
        raise NotPermitted("Your role does not include this.")
    return None


def add_headers(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if current_app.extensions["config"].is_served_over_https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint not in FILES:
        headers.setdefault("Cache-Control", "no-store" if _is_signed_in() else "no-cache")
    return response


def _is_signed_in() -> bool:
    return bool(current_user and current_user.is_authenticated)


def protect(app: Flask) -> None:
    login = LoginManager()
    login.session_protection = None  # the login session is in the database; see LoginSession
    login.anonymous_user = AnonymousUserMixin
    login.user_loader(load_signed_in)
    login.init_app(app)
    app.before_request(check_permission)
    app.after_request(add_headers)
