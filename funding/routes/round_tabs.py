"""The parts of a round, as tabs: one list, each shown only to whom it concerns."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, current_app, g, request, url_for

from funding.models import Round, RoundFunder
from funding.permissions import PUBLIC, Actor
from funding.routes.context import actor_or_none, reading

TABS: tuple[tuple[str, str, str], ...] = (
    ("Call", "rounds.show", PUBLIC),
    ("Areas", "areas.index", PUBLIC),
    ("Commitments", "commitments.index", "commitment.read"),
    ("Proposals", "proposals.index", "proposal.read"),
    ("Reviews", "reviewing.index", "review.read"),
    ("Overlaps", "overlaps.index", "overlap.read"),
    ("Scenarios", "scenarios.index", "scenario.read"),
    ("Plan", "plans.show", "plan.read"),
    ("Decision pack", "packs.show", "pack.read"),
    ("Dashboard", "dashboards.show", "dashboard.read"),
    ("Public", "publishing.show", "dashboard.read"),
    ("People & settings", "round_settings.index", "dashboard.read"),
)
"""(label, endpoint taking `round_id`, permission in an organisation that takes part)."""


def organisations_in(round_: Round) -> frozenset[int]:
    """Ids of the owner and of every funder invited or joined; asked once a request."""
    known: dict[int, frozenset[int]] = g.setdefault("organisations_in_rounds", {})
    if round_.id not in known:
        funders = reading().scalars(
            sa.select(RoundFunder.funder_id).where(RoundFunder.round_id == round_.id)
        )
        known[round_.id] = frozenset({round_.owner_id, *funders})
    return known[round_.id]


def may_in(by: Actor | None, round_: Round, permission: str) -> bool:
    """Whether the person may do this inside the round."""
    if permission == PUBLIC:
        return True
    return by is not None and bool(by.where(permission) & organisations_in(round_))


def round_tabs(round_: Round) -> list[dict[str, Any]]:
    """The tabs for the person signed in, as ui.tabs takes them; the current one by blueprint."""
    by = actor_or_none()
    return [
        {
            "label": label,
            "url": url_for(endpoint, round_id=round_.id),
            "current": request.blueprint == endpoint.split(".")[0],
        }
        for label, endpoint, permission in TABS
        if endpoint in current_app.view_functions and may_in(by, round_, permission)
    ]


def offer_round_tabs(blueprint: Blueprint) -> None:
    """Make `round_tabs(round)`, `may_in_round(round, permission)` and `has_page(endpoint)` known
    to every template."""

    @blueprint.app_context_processor
    def tabs() -> dict[str, Any]:
        return {
            "round_tabs": round_tabs,
            "has_page": lambda endpoint: endpoint in current_app.view_functions,
            "may_in_round": lambda round_, name: may_in(actor_or_none(), round_, name),
        }
