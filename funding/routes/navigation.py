"""The frame of every page: main navigation, who is signed in."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from funding.language import LANGUAGES, current, lazy
from funding.permissions import PUBLIC, Actor
from funding.routes.context import actor_or_none

ENTRIES: tuple[tuple[str, str, str], ...] = (
    ("Home", "home.index", PUBLIC),
    ("Rounds", "rounds.index", PUBLIC),
    ("Commitments", "commitments.mine", "commitment.edit"),
    ("Dashboard", "dashboards.latest", "dashboard.read"),
    ("Awards", "awards.index", "award.read"),
    ("Reports", "reporting.index", "report.read"),
    ("Offers", "terms.mine", "terms.edit"),
    ("Outbox", "outbox.index", "mail.read"),
    ("Payments", "payments.index", "payment.read"),
    ("Ledger", "ledger.trial_balance", "ledger.read"),
    ("Imports", "imports.index", "import.read"),
    ("Replay", "replay.index", "replay.use"),
    ("Log", "log.index", "log.read"),
    ("People", "people.index", "people.manage"),
    ("Organisations", "people.organisation_list", "organisations.manage"),
    ("My proposals", "applications.index", "proposal.write"),
    ("My reviews", "reviews.index", "review.write"),
)
"""(label, endpoint, permission) in the order shown."""


FOR_ALL = (
    (lazy("Published rounds"), "public.index"),
    (lazy("Open data"), "public.data"),
)
"""At the foot of every page: what anybody may read."""


def page_context() -> dict[str, Any]:
    """What every page's frame needs (templates/base.html)."""
    by = actor_or_none()
    return {
        "by": by,
        "language": current(),
        "languages": LANGUAGES.values(),
        "navigation": _navigation(by),
        "person": {"name": by.name, "roles": _role_labels(by)} if by else None,
        "site": {
            "home_url": url_for("home.index"),
            "sign_in_url": url_for("identity.sign_in"),
            "sign_out_url": url_for("identity.leave"),
            "account_url": url_for("account.show") if by else None,
            "tour_url": url_for("tours.index") if by else None,
            "language_url": url_for("language.choose"),
            "footer": [{"label": label, "url": url_for(endpoint)} for label, endpoint in FOR_ALL],
        },
    }


def _role_labels(by: Actor) -> list[str]:
    return sorted({role.label for role in by.roles})


def _navigation(by: Actor | None) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "url": url_for(endpoint),
            "current": request.endpoint == endpoint,
            "badge": None,
        }
        for label, endpoint, needed in ENTRIES
        if needed == PUBLIC or (by is not None and by.may(needed))
    ]
