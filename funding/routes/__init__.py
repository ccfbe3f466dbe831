"""The site: one blueprint per area. `BLUEPRINTS` is the list that `create_app` registers."""

from flask import Blueprint

from funding.routes import (
    applications,
    assets,
    awards,
    conflicts,
    health,
    home,
    identity,
    plans,
    proposals,
    scores,
    teams,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    applications.bp,
    assets.bp,
    awards.bp,
    conflicts.bp,
    health.bp,
    home.bp,
    identity.bp,
    plans.bp,
    proposals.bp,
    scores.bp,
    teams.bp,
)
