"""The queue of what the public said to a round: read, then shown or hidden with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.language import gettext, lazy
from funding.listing import Listing
from funding.models import HiddenBecause, Voice, VoiceState
from funding.reports.public import voices as report
from funding.reports.public.words import CAPACITIES, HIDDEN
from funding.routes.context import Undo, in_transaction, reading, say
from funding.routes.publishing.blueprints import bp
from funding.routes.rounds import own_round
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.publishing import voices as service

STATES = (
    (VoiceState.WAITING.value, lazy("Waiting")),
    (VoiceState.SHOWN.value, lazy("Shown")),
    (VoiceState.HIDDEN.value, lazy("Hidden")),
)


@bp.get("/voices")
@permission("round.manage")
def voices(round_id: int) -> ResponseReturnValue:
    return _page(round_id, {})


def _page(round_id: int, errors: dict[str, str]) -> str:
    round_ = own_round(round_id)
    listing, rows = report.voices_of(
        reading(),
        round_,
        Listing.parse(
            url_for("publishing.voices", round_id=round_id),
            {"state": VoiceState.WAITING.value, **request.args.to_dict()},
            sortable=("received",),
            filters=("state",),
            default_sort="received",
        ),
    )
    return render_template(
        "publishing/voices.html",
        round=round_,
        listing=listing,
        rows=rows,
        heard=report.heard_in(reading(), round_),
        area_names={area.key: area.name for area in round_.taxonomy.areas},
        capacities=CAPACITIES,
        reasons=list(HIDDEN.items()),
        hidden=HIDDEN,
        states=STATES,
        errors=errors,
    )


@bp.post("/voices/<int:voice_id>/show")
@permission("round.manage")
def show_voice(round_id: int, voice_id: int) -> ResponseReturnValue:
    return _moderate(round_id, voice_id, service.show_voice, gettext("It is shown and counted."))


@bp.post("/voices/<int:voice_id>/hide")
@permission("round.manage")
def hide_voice(round_id: int, voice_id: int) -> ResponseReturnValue:
    reason = typed_form().text("reason")
    return _moderate(
        round_id, voice_id, service.hide_voice, gettext("It is hidden."), reason=reason
    )


def _moderate(
    round_id: int, voice_id: int, act: Callable[..., Voice], message: str, **values: Any
) -> ResponseReturnValue:
    own_round(round_id)
    version = request.form.get("version", default=0, type=int)
    before = reading().get(Voice, voice_id)
    stood, because = (before.state, before.hidden_because) if before else (None, None)

    def done(voice: Voice) -> ResponseReturnValue:
        say(message, _undo(voice, stood, because))
        return redirect(url_for("publishing.voices", round_id=round_id))

    return submit(
        lambda: in_transaction(
            act, round_id=round_id, voice_id=voice_id, version=version, **values
        ),
        done=done,
        again=lambda errors, is_stale: _page(round_id, errors),
    )


def _undo(voice: Voice, stood: str | None, because: str | None) -> Undo | None:
    """From shown to hidden or the other way. A voice that waited cannot wait again, and one that
    was hidden as it names a person has lost its words."""
    if voice.hidden_because == HiddenBecause.NAMES_A_PERSON:
        return None
    one = {"round_id": voice.round_id, "voice_id": voice.id}
    if stood == VoiceState.SHOWN and voice.state == VoiceState.HIDDEN:
        return Undo(url_for("publishing.show_voice", **one), {"version": voice.version})
    if stood == VoiceState.HIDDEN and voice.state == VoiceState.SHOWN and because:
        fields: dict[str, str | int] = {"version": voice.version, "reason": because}
        return Undo(url_for("publishing.hide_voice", **one), fields)
    return None
