"""/healthz: whether the site can serve, for those who watch it."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from funding import schema
from funding.permissions import PUBLIC
from funding.routes.context import database
from funding.routes.security import permission

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@permission(PUBLIC)
def healthz() -> ResponseReturnValue:
    fault = schema.fault(database())
    if fault:
        return {"status": "unavailable", "reason": fault}, 503
    return {"status": "ok"}
