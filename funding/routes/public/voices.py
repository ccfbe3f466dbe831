"""The form in which anybody says which gaps of a round matter to them."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from funding.models import MOST_AREAS
from funding.permissions import PUBLIC
from funding.reports.public import voices as report
from funding.reports.public.words import CAPACITIES
from funding.routes.context import in_transaction, reading
from funding.routes.limits import limiter
from funding.routes.public.answering import in_public, today
from funding.routes.public.blueprints import bp
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.publishing import voices as service

TRAP = "website"
"""A field that no reader sees and that only a machine fills in."""


@bp.get("/voices/<key>")
@permission(PUBLIC)
def voice(key: str) -> ResponseReturnValue:
    return _never_kept(_form(key, {}, {}))


@bp.get("/voices/<key>/thanks")
@permission(PUBLIC)
def thanks(key: str) -> ResponseReturnValue:
    round_ = report.round_to_hear(reading(), today(), key)
    return _never_kept(in_public("public/thanks.html", round=round_))


@bp.post("/voices/<key>")
@permission(PUBLIC)
@limiter.limit("6 per hour; 20 per day")
def speak(key: str) -> ResponseReturnValue:
    typed = typed_form("areas")
    done = redirect(url_for("public.thanks", key=key))
    if request.form.get(TRAP):
        return done  # whoever fills it in is told nothing of why nothing came of it
    answer = submit(
        lambda: in_transaction(
            service.speak,
            round_key=key,
            areas=typed.values["areas"],
            words=typed.text("words"),
            capacity=typed.text("capacity"),
        ),
        done=lambda _: done,
        again=lambda errors, is_stale: _form(key, typed.values, errors),
    )
    return _never_kept(answer)


def _form(key: str, values: dict[str, Any], errors: dict[str, str]) -> str:
    round_ = report.round_to_hear(reading(), today(), key)
    return in_public(
        "public/voice.html",
        round=round_,
        area_options=[
            (area.key, area.name, area.definition)
            for area in round_.taxonomy.areas
            if area.parent_key is None
        ],
        heard=report.heard_in(reading(), round_),
        form={"values": values, "errors": errors},
        capacities=list(CAPACITIES.items()),
        most_areas=MOST_AREAS,
        longest=service.LONGEST_WORDS,
        trap=TRAP,
    )


def _never_kept(said: ResponseReturnValue) -> Response:
    """A form has a token of its own: no cache may show it to somebody else."""
    answer = make_response(said)
    answer.headers["Cache-Control"] = "no-store"
    return answer
