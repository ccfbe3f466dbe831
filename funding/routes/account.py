"""One's own account: where one is signed in, the calendar's address, the digest by mail."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from funding.db import now
from funding.exports.calendar_file import MEDIA_TYPE, Day, calendar_file
from funding.models import Person
from funding.permissions import PUBLIC, SIGNED_IN
from funding.reports import people as report
from funding.reports.inbox import dates_of
from funding.routes.context import Undo, actor, config, in_transaction, reading, say
from funding.routes.security import permission
from funding.services import identity, inbox
from funding.services.privacy.erasure import open_request

bp = Blueprint("account", __name__)

DIGESTS = [
    ("never", "Never"),
    ("daily", "Every morning on which something waits"),
    ("weekly", "On Mondays"),
]


@bp.get("/account")
@permission(SIGNED_IN)
def show() -> ResponseReturnValue:
    return _page()


def _page(calendar_url: str = "") -> str:
    session = reading()
    return render_template(
        "account/show.html",
        me=session.get_one(Person, actor().person_id),
        sessions=report.open_sessions(session, actor()),
        current=identity.digest_of(current_user.token),
        digests=DIGESTS,
        calendar_url=calendar_url,
        erasure=open_request(session, actor().person_id),
    )


@bp.post("/account/sign-out-elsewhere")
@permission(SIGNED_IN)
def sign_out_elsewhere() -> ResponseReturnValue:
    in_transaction(identity.sign_out_elsewhere, token=current_user.token)
    say("You are signed out everywhere else.")
    return redirect(url_for("account.show"))


@bp.post("/account/digest")
@permission(SIGNED_IN)
def choose_digest() -> ResponseReturnValue:
    before = reading().get_one(Person, actor().person_id).digest
    in_transaction(inbox.choose_digest, how_often=request.form.get("digest", ""))
    say("Your choice is kept.", Undo(url_for("account.choose_digest"), {"digest": before}))
    return redirect(url_for("account.show", _anchor="digest"))


@bp.post("/account/calendar")
@permission(SIGNED_IN)
def make_calendar() -> ResponseReturnValue:
    token = in_transaction(inbox.make_calendar_address)
    # shown on this answer alone: only its hash is kept
    return _page(calendar_url=_public(url_for("account.calendar", token=token)))


@bp.post("/account/calendar/end")
@permission(SIGNED_IN)
def end_calendar() -> ResponseReturnValue:
    in_transaction(inbox.end_calendar)
    say("The address of your calendar answers no more.")
    return redirect(url_for("account.show", _anchor="calendar"))


@bp.get("/calendar/<token>.ics")
@permission(PUBLIC)
def calendar(token: str) -> ResponseReturnValue:
    """For calendar programs, which cannot sign in: the secret in the address is what lets in."""
    session = reading()
    whose = inbox.reader_of_calendar(session, token)
    days = [
        Day(one.uid, one.on, one.text, _public(url_for(one.endpoint, **one.arguments)))
        for one in dates_of(session, whose)
    ]
    host = config().public_url.partition("://")[2].partition("/")[0]
    return Response(
        calendar_file(days, name="Tributary", host=host, at=now()), content_type=MEDIA_TYPE
    )


def _public(path: str) -> str:
    return config().public_url.rstrip("/") + path
