"""Pinning a note to a dashboard, and taking one's own from it."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.models import DashboardNote
from funding.routes.context import Undo, in_transaction, say
from funding.routes.dashboards.asking import QUESTIONS, round_of
from funding.routes.dashboards.blueprints import bp
from funding.routes.dashboards.pages import address_of, page_of_question
from funding.routes.security import permission
from funding.routes.submitting import submit
from funding.services.dashboard_notes import pin_note, withdraw_note


@bp.post("/rounds/<int:round_id>/dashboard/<question>/notes")
@permission("dashboard.annotate")
def pin(round_id: int, question: str) -> ResponseReturnValue:
    """Pin what was typed; refused, the dashboard comes back with it."""
    round_of(round_id)
    if question not in QUESTIONS:
        raise NotFound("dashboard")
    form = {"words": request.form.get("words", ""), "figure": request.form.get("figure", "")}

    def done(note: DashboardNote) -> ResponseReturnValue:
        one = {"round_id": round_id, "question": question, "note_id": note.id}
        say("The note is pinned.", Undo(url_for("dashboards.withdraw", **one)))
        return redirect(address_of(round_id, question) + "#notes")

    return submit(
        lambda: in_transaction(pin_note, round_id=round_id, dashboard=question, **form),
        done,
        lambda errors, _stale: page_of_question(round_id, question, form, errors),
    )


@bp.post("/rounds/<int:round_id>/dashboard/<question>/notes/<int:note_id>/withdraw")
@permission("dashboard.annotate")
def withdraw(round_id: int, question: str, note_id: int) -> ResponseReturnValue:
    round_of(round_id)
    if question not in QUESTIONS:
        raise NotFound("dashboard")
    in_transaction(withdraw_note, round_id=round_id, note_id=note_id)
    say("The note is withdrawn.")
    return redirect(address_of(round_id, question) + "#notes")
