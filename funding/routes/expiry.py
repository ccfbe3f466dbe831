"""Letting what is left of a commitment expire, after its last day."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from funding.routes.context import in_transaction, say
from funding.routes.security import permission
from funding.services.expiry import expire_commitment

bp = Blueprint("expiry", __name__)


@bp.post("/commitments/<int:commitment_id>/expire")
@permission("commitment.edit")
def expire(commitment_id: int) -> ResponseReturnValue:
    in_transaction(
        expire_commitment,
        commitment_id=commitment_id,
        reason=request.form.get("reason", ""),
        idempotency_key=request.form.get("idempotency_key", ""),
    )
    say("What was available has expired; what lines and awards hold is theirs.")
    return redirect(url_for("commitments.show", commitment_id=commitment_id))
