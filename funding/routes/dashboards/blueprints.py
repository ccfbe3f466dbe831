"""The round's tab under which the dashboards stand."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("dashboards", __name__)
