"""Answering in public: one page for everybody, kept for some minutes, asked for again by its ETag.

A public page knows nothing of who reads it: no name, no messages, no token. It is the same for
people who are signed in, whose answers are not kept all the same.
"""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, render_template, request, url_for
from flask_login import current_user

from funding.db import now
from funding.language import lazy
from funding.permissions import Scope
from funding.places import country_name
from funding.reports.public import words

KEPT_SECONDS = 300
"""How long a copy may be shown: no longer than a title that is withheld in a hurry can wait."""
_NAVIGATION = (
    (lazy("Home"), "home.index"),
    (lazy("Published rounds"), "public.index"),
    (lazy("Awards"), "public.awards"),
    (lazy("Outputs"), "public.outputs"),
    (lazy("Open data"), "public.data"),
    (lazy("How to read this"), "public.how_to_read"),
)


def today() -> Scope:
    """What is public now."""
    return Scope(now().date())


def in_public(template: str, **values: Any) -> str:
    """The page as anybody sees it, whoever asks."""
    return render_template(
        template,
        **{
            "person": None,
            "by": None,
            "words": words,
            "country_name": country_name,
            "award_url": lambda id_: url_for("public.award", award_id=id_),
            "navigation": [
                {"label": label, "url": url_for(endpoint), "current": request.endpoint == endpoint}
                for label, endpoint in _NAVIGATION
            ],
            **values,
        },
    )


def page(template: str, **values: Any) -> Response:
    return kept(in_public(template, **values), "text/html; charset=utf-8")


def kept(content: str | bytes, mimetype: str, *, same_as: str = "", name: str = "") -> Response:
    """An answer that may be kept. `same_as`: what tells one state of it from another, where its
    own bytes differ each time; `name`: of the file it is saved as."""
    answer = Response(content, content_type=mimetype)
    body = content.encode() if isinstance(content, str) else content
    digest = hashlib.sha256(same_as.encode() or body).hexdigest()[:32]
    answer.set_etag(digest, weak=bool(same_as))
    answer.vary.update(("Cookie", "Accept-Language"))
    if name:
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if current_user and current_user.is_authenticated:
        answer.headers["Cache-Control"] = "no-store"
    else:
        answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    answer.make_conditional(request)
    return answer
