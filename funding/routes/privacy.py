"""One's own data as a file, and being forgotten."""

from __future__ import annotations

import io

from flask import Blueprint, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from funding.permissions import SIGNED_IN
from funding.reports.erasure import open_requests
from funding.routes.context import Undo, actor, config, in_transaction, reading, say
from funding.routes.security import permission
from funding.services.privacy import erasure, holdings

bp = Blueprint("privacy", __name__)


@bp.post("/account/data.zip")
@permission(SIGNED_IN)
def own_data() -> ResponseReturnValue:
    archive = in_transaction(holdings.export, data=config().data)
    return send_file(
        io.BytesIO(archive),
        mimetype="application/zip",
        as_attachment=True,
        download_name="tributary-my-data.zip",
    )


@bp.post("/account/erasure")
@permission(SIGNED_IN)
def ask() -> ResponseReturnValue:
    in_transaction(erasure.ask)
    say(
        "Whoever runs this site is told. Until they have done it, you can take it back here.",
        Undo(url_for("privacy.take_back")),
    )
    return redirect(url_for("account.show", _anchor="data"))


@bp.post("/account/erasure/withdraw")
@permission(SIGNED_IN)
def take_back() -> ResponseReturnValue:
    in_transaction(erasure.take_back)
    say("Your account stays.")
    return redirect(url_for("account.show", _anchor="data"))


@bp.get("/people/erasure")
@permission("person.erase")
def requests() -> ResponseReturnValue:
    rows = open_requests(reading(), actor())
    return render_template("people/erasure.html", rows=rows)


@bp.post("/people/<int:person_id>/erase")
@permission("person.erase")
def erase(person_id: int) -> ResponseReturnValue:
    in_transaction(erasure.erase, person_id=person_id)
    say("The person is forgotten. What they did stays in ledger and log under a number.")
    return redirect(url_for("privacy.requests"))
