"""The ledger of who steps back: putting a study's steps on it, and answering one."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.exports.csv_files import csv_text
from funding.forms import YES_OR_NO
from funding.models import RunState, SteppingBack, Study
from funding.permissions import fetch, visible_studies
from funding.reports import arrival
from funding.routes.commitments import show_again
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.results import discretion_of, download
from funding.routes.security import permission
from funding.routes.submitting import submit
from funding.services.overlaps import stepping_back as service
from funding.services.run_words import names_of

bp = Blueprint("stepping_back", __name__)


@bp.get("/studies/<int:study_id>/steps.csv")
@permission("scenario.read")
def table(study_id: int) -> ResponseReturnValue:
    study: Study = fetch(reading(), visible_studies(actor()), study_id, "study")
    if study.kind != "arrival" or study.state != RunState.DONE:
        raise NotFound("table")
    round_ = study.run.scenario.round
    found = discretion_of(study.run).document(study.result)
    shown = arrival.view(found, names_of(reading(), round_), round_.base_currency)
    text = csv_text(arrival.CSV_HEAD, arrival.csv_rows(shown))
    return download(text, f"run-{study.run_id}-stepping-back.csv", "text/csv")


@bp.post("/studies/<int:study_id>/steps")
@permission("scenario.run")
def note(study_id: int) -> ResponseReturnValue:
    study: Study = fetch(reading(), visible_studies(actor()), study_id, "study")
    back = url_for("studies.show", run_id=study.run_id, kind="arrival")
    in_transaction(service.note_steps, study_id=study_id, public_url=config().public_url)
    say("The steps are on the ledger, and their funders are asked.")
    return redirect(back, 303)


@bp.post("/stepping-back/<int:step_id>")
@permission("line.decide")
def answer(step_id: int) -> ResponseReturnValue:
    step = reading().get(SteppingBack, step_id)
    if step is None:
        raise NotFound("step")
    commitment_id = step.commitment_id

    def done(_step: SteppingBack) -> ResponseReturnValue:
        say("Your organisation's answer is on record.")
        to = url_for("commitments.show", commitment_id=commitment_id, _anchor="stepping-back")
        return redirect(to, 303)

    return submit(
        lambda: in_transaction(
            service.answer_step,
            step_id=step_id,
            agrees=YES_OR_NO.get(request.form.get("agrees", "")),
            note=request.form.get("note", ""),
        ),
        done,
        lambda errors, _is_stale: show_again(commitment_id, errors),
    )
