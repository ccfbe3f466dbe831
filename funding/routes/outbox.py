"""The outbox: what was sent to whom and when; what failed, to be sent again."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.listing import Listing
from funding.reports import outbox as report
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.security import permission
from funding.services import mail

bp = Blueprint("outbox", __name__, url_prefix="/outbox")


@bp.get("")
@permission("mail.read")
def index() -> ResponseReturnValue:
    listing, rows = report.letters(
        reading(),
        actor(),
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(report.SORTABLE),
            filters=report.FILTERS,
            default_sort="-written",
        ),
    )
    return render_template(
        "outbox/index.html",
        listing=listing,
        rows=rows,
        state_of=report.state_of,
        states=report.STATES,
        kinds=report.KINDS,
        most_tries=mail.MOST_TRIES,
        is_smtp=bool(config().smtp_url),
    )


@bp.post("/<int:mail_id>/again")
@permission("mail.read")
def again(mail_id: int) -> ResponseReturnValue:
    in_transaction(mail.send_again, mail_id=mail_id)
    say("The letter is tried again at once.")
    return redirect(url_for("outbox.index"))
