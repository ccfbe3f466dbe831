"""A round's review form and how it is reviewed: by when, how many, which scores count."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from funding.forms import Typed, moment_text
from funding.language import gettext
from funding.models import ReviewForm, ReviewSettings, Round
from funding.permissions import fetch, owned_rounds
from funding.reports import reviews
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.reviewing.blueprints import bp, parts_of, review_round
from funding.routes.round_tabs import may_in
from funding.routes.security import permission
from funding.routes.submitting import differences, submit, typed_form
from funding.services.reviewing import settings as service

PLACES = range(1, service.MOST_CRITERIA + 1)
COUNTS = [
    ("raw", "As given", "The mean of the scores as reviewers gave them."),
    (
        "calibrated",
        "Calibrated",
        "The same, less what each reviewer gives above or below others. Raw ones stay in sight.",
    ),
]
SETTINGS_LABELS = {
    "least": "Reviews for each proposal",
    "due_at": "Due",
    "remind_days": "Reminder",
    "counts": "What counts in the allocation",
}


def _scale_text(scale: tuple[int, int]) -> str:
    return f"{scale[0]}-{scale[1]}"


def _own_round(round_id: int) -> Round:
    found: Round = fetch(reading(), owned_rounds(actor()), round_id, "round")
    return found


def _settings_values(settings: ReviewSettings, zone: str) -> dict[str, Any]:
    return {
        "least": str(settings.least),
        "due_at": moment_text(settings.due_at, zone),
        "remind_days": str(settings.remind_days),
        "counts": settings.counts,
    }


def _page(
    round_: Round,
    typed: Typed | None = None,
    errors: dict[str, str] | None = None,
    *,
    is_stale: bool = False,
) -> str:
    settings = service.settings_of(reading(), round_.id)
    values = _settings_values(settings, round_.timezone)
    return render_template(
        "reviewing/form.html",
        round=round_,
        parts=parts_of(round_),
        is_owner=may_in(actor(), round_, "round.manage")
        and round_.owner_id in actor().where("round.manage"),
        settings=settings,
        form={"values": typed.values if typed else values, "errors": errors or {}},
        changes=differences(SETTINGS_LABELS, typed.values, values) if typed and is_stale else None,
        counts=COUNTS,
        versions=reviews.forms_of(reading(), round_.id),
    )


@bp.get("/rounds/<int:round_id>/reviews/form")
@permission("review.read")
def form(round_id: int) -> ResponseReturnValue:
    return _page(review_round(round_id))


@bp.post("/rounds/<int:round_id>/reviews/settings")
@permission("round.manage")
def set_settings(round_id: int) -> ResponseReturnValue:
    round_ = _own_round(round_id)
    typed = typed_form()
    values = {
        "version": typed.whole("version", 0, 10**9, "This form came without its version.") or 0,
        "least": typed.whole("least", 1, 20, "Write how many reviews, from 1 to 20."),
        "due_at": typed.moment("due_at", round_.timezone),
        "remind_days": typed.whole("remind_days", 0, 60, "Write a number of days, from 0 to 60."),
        "counts": typed.text("counts"),
    }

    def done(_: ReviewSettings) -> ResponseReturnValue:
        say("Set.")
        return redirect(url_for("reviewing.form", round_id=round_id), 303)

    return submit(
        lambda: in_transaction(
            service.set_settings, round_id=round_id, faults=tuple(typed.faults), **values
        ),
        done,
        lambda errors, is_stale: _page(review_round(round_id), typed, errors, is_stale=is_stale),
    )


# -- the form -----------------------------------------------------------------------------------


def _form_values(form: ReviewForm | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "scale": _scale_text((form.lowest, form.highest)) if form else "1-5",
        "guidance": form.guidance if form else "",
    }
    for place, criterion in enumerate(form.criteria if form else (), 1):
        values[f"key_{place}"] = criterion.key
        values[f"name_{place}"] = criterion.name
        values[f"help_{place}"] = criterion.help
        values[f"weight_{place}"] = f"{criterion.weight:g}"
        values[f"anchors_{place}"] = service.anchors_text(criterion.anchors)
    return values


def _edit_page(
    round_: Round, values: dict[str, Any], errors: dict[str, str], *, is_stale: bool = False
) -> str:
    last = service.form_of(reading(), round_.id)
    stored = _form_values(last)
    labels = {
        name: f"{label} {place}"
        for place in PLACES
        for name, label in (
            (f"name_{place}", "Criterion"),
            (f"weight_{place}", "Weight"),
            (f"anchors_{place}", "Anchors"),
        )
    }
    filled = [place for place in PLACES if values.get(f"name_{place}")]
    return render_template(
        "reviewing/edit_form.html",
        round=round_,
        number=last.number if last else 0,
        form={"values": values, "errors": errors},
        places=range(1, min(max([0, *filled]) + 2, service.MOST_CRITERIA) + 1),
        scales=[
            (_scale_text(scale), gettext("%(least)s to %(most)s", least=scale[0], most=scale[1]))
            for scale in service.SCALES
        ],
        changes=differences({"guidance": "Guidance", **labels}, values, stored)
        if is_stale
        else None,
    )


@bp.get("/rounds/<int:round_id>/reviews/form/edit")
@permission("round.manage")
def edit_form(round_id: int) -> ResponseReturnValue:
    round_ = _own_round(round_id)
    return _edit_page(round_, _form_values(service.form_of(reading(), round_id)), {})


@bp.post("/rounds/<int:round_id>/reviews/form/edit")
@permission("round.manage")
def set_form(round_id: int) -> ResponseReturnValue:
    """Make the next version, or show one more empty criterion."""
    _own_round(round_id)
    typed = typed_form()
    criteria = tuple(
        service.CriterionText(
            typed.text(f"key_{place}"),
            typed.text(f"name_{place}"),
            typed.text(f"help_{place}"),
            typed.number(
                f"weight_{place}", 0, 100, "Write a weight above 0 and up to 100, such as 40."
            ),
            typed.text(f"anchors_{place}"),
        )
        for place in PLACES
    )
    lowest, _, highest = typed.text("scale").partition("-")
    scale = (int(lowest), int(highest)) if lowest.isdigit() and highest.isdigit() else (0, 0)
    number = typed.whole("number", 0, 10**6, "This form came without its version.") or 0
    if typed.values.get("act") == "more":
        return _edit_page(_own_round(round_id), typed.values, {})

    def done(made: ReviewForm) -> ResponseReturnValue:
        say(gettext("Version %(number)s of the form is asked from now on.", number=made.number))
        return redirect(url_for("reviewing.form", round_id=round_id), 303)

    return submit(
        lambda: in_transaction(
            service.set_form,
            round_id=round_id,
            number=number,
            scale=scale,
            guidance=typed.text("guidance", longest=4_000),
            criteria=criteria,
            faults=tuple(typed.faults),
        ),
        done,
        lambda errors, is_stale: _edit_page(
            _own_round(round_id), typed.values, errors, is_stale=is_stale
        ),
    )
