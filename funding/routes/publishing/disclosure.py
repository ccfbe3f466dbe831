"""What the public is told of one award: its title withheld, all of it kept back until a day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from funding.language import gettext
from funding.models import Award
from funding.permissions import fetch
from funding.reports import publishing as report
from funding.reports.public.words import WITHHELD
from funding.routes.context import Undo, actor, in_transaction, reading, say
from funding.routes.publishing.blueprints import awards_bp
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.publishing import confidential as service


@awards_bp.get("/")
@permission("award.withhold")
def show(award_id: int) -> ResponseReturnValue:
    return _page(award_id, {}, {})


def _award(award_id: int) -> Award:
    award: Award = fetch(reading(), service.disclosable_awards(actor()), award_id, "award")
    return award


def _page(award_id: int, values: dict[str, Any], errors: dict[str, str]) -> str:
    award = _award(award_id)
    embargo = report.embargo_of(reading(), award_id)
    stored = (
        {"until": embargo.until.isoformat(), "embargo_reason": embargo.reason} if embargo else {}
    )
    return render_template(
        "publishing/disclosure.html",
        award=award,
        embargo=embargo,
        withheld=report.withheld_of(reading(), award.proposal_id),
        reasons=list(WITHHELD.items()),
        reason_words=WITHHELD,
        form={"values": {**stored, **values}, "errors": errors},
    )


@awards_bp.post("/withhold")
@permission("award.withhold")
def withhold(award_id: int) -> ResponseReturnValue:
    typed = typed_form()
    return _do(
        award_id,
        service.withhold_title,
        gettext("The title is withheld from the public; copies of pages are gone in minutes."),
        typed.values,
        Undo(url_for("disclosure.show_title", award_id=award_id)),
        reason=typed.text("withheld_because"),
        note=typed.text("note"),
    )


@awards_bp.post("/show-title")
@permission("award.withhold")
def show_title(award_id: int) -> ResponseReturnValue:
    withheld = report.withheld_of(reading(), _award(award_id).proposal_id)
    undo = None
    if withheld is not None:
        fields: dict[str, str | int] = {"withheld_because": withheld.reason, "note": withheld.note}
        undo = Undo(url_for("disclosure.withhold", award_id=award_id), fields)
    message = gettext("The public reads the title again.")
    return _do(award_id, service.show_title, message, {}, undo)


@awards_bp.post("/embargo")
@permission("award.withhold")
def embargo(award_id: int) -> ResponseReturnValue:
    typed = typed_form()
    until = typed.day("until")
    if typed.faults:
        errors = {fault.field: fault.rule for fault in typed.faults}
        return _page(award_id, typed.values, errors), 422
    _award(award_id)
    before = report.embargo_of(reading(), award_id)
    fields: dict[str, str | int] = (
        {"until": before.until.isoformat(), "embargo_reason": before.reason} if before else {}
    )
    return _do(
        award_id,
        service.set_award_embargo,
        gettext("The award is kept back until that day.")
        if until
        else gettext("The award is kept back no more."),
        typed.values,
        Undo(url_for("disclosure.embargo", award_id=award_id), fields),
        until=until,
        reason=typed.text("embargo_reason"),
    )


def _do(
    award_id: int,
    act: Callable[..., Any],
    message: str,
    typed: dict[str, Any],
    undo: Undo | None,
    **values: Any,
) -> ResponseReturnValue:
    _award(award_id)

    def done(_: Any) -> ResponseReturnValue:
        say(message, undo)
        return redirect(url_for("disclosure.show", award_id=award_id))

    return submit(
        lambda: in_transaction(act, award_id=award_id, **values),
        done=done,
        again=lambda errors, is_stale: _page(award_id, typed, errors),
    )
