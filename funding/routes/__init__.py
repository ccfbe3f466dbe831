"""The site: one blueprint per area. `BLUEPRINTS` is the list that `create_app` registers."""

from flask import Blueprint

from funding.routes import assets, health, home, identity

BLUEPRINTS: tuple[Blueprint, ...] = (
    assets.bp,
    health.bp,
    home.bp,
    identity.bp,
)
