"""Studies of a result: asking for one, watching it, stopping it, and what it found."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.exports.csv_files import csv_text
from funding.models import Run, RunState, Study
from funding.permissions import fetch, visible_studies
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.results import TABS, discretion_of, download, finished, result_page
from funding.routes.scenarios import may_run
from funding.routes.security import permission
from funding.routes.study_pages import FIELDS, PAGES, TABLES
from funding.routes.submitting import submit
from funding.services import studies as service
from funding.services import study_scenarios
from funding.studies.kind import Kind
from funding.studies.kinds import KINDS

bp = Blueprint("studies", __name__)


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise NotFound("study")
    return KINDS[name]


def _study(study_id: int) -> Study:
    return fetch(reading(), visible_studies(actor()), study_id, "study")


@bp.get("/runs/<int:run_id>/studies/<kind>")
@permission("scenario.read")
def show(run_id: int, kind: str) -> ResponseReturnValue:
    return _show(finished(run_id), _kind(kind), {})


def _show(run: Run, kind: Kind, errors: dict[str, str]) -> str:
    """The page of one kind: why it is empty, how far it is, or what it found."""
    session = reading()
    study = service.latest(session, run.id, kind.name)
    values = FIELDS[kind.name](run) if kind.name in FIELDS else {}
    if study is not None and study.state == RunState.DONE:
        found = discretion_of(run).document(study.result)
        values |= PAGES[kind.name](run, study, found)
    return result_page(
        f"studies/{kind.name}",
        run,
        kind.name if kind.name in dict(TABS) else "studies",
        kind=kind,
        why_not=service.why_not_of(run, kind),
        study=study,
        is_done=study is not None and study.state == RunState.DONE,
        is_under_way=study is not None and service.is_study_under_way(session, study),
        form={"values": dict(request.form), "errors": errors},
        kinds=[
            {
                "label": other.label,
                "url": url_for("studies.show", run_id=run.id, kind=other.name),
                "current": other.name == kind.name,
            }
            for other in KINDS.values()
            if kind.name not in dict(TABS) and other.name not in dict(TABS)
        ],
        **values,
    )


@bp.get("/runs/<int:run_id>/studies/<kind>/<chart>.csv")
@permission("scenario.read")
def table(run_id: int, kind: str, chart: str) -> ResponseReturnValue:
    """The figures of a chart of a study's page."""
    run, made = finished(run_id), TABLES.get((kind, chart))
    study = service.latest(reading(), run_id, kind)
    if made is None or study is None or study.state != RunState.DONE:
        raise NotFound("table")
    found = discretion_of(run).document(study.result)
    head, cells = made(run, found, run.scenario.round.base_currency)
    return download(csv_text(head, cells), f"run-{run.id}-{kind}-{chart}.csv", "text/csv")


@bp.post("/runs/<int:run_id>/studies/<kind>")
@permission("scenario.run")
def ask(run_id: int, kind: str) -> ResponseReturnValue:
    run, wanted = finished(run_id), _kind(kind)

    def act() -> Study:
        parameters = wanted.read(request.form)
        return in_transaction(
            service.ask_for_study, run_id=run_id, kind=kind, parameters=parameters
        )

    return submit(
        act,
        lambda _study: redirect(url_for("studies.show", run_id=run_id, kind=kind)),
        lambda errors, _is_stale: _show(finished(run.id), wanted, errors),
    )


@bp.post("/studies/<int:study_id>/cancel")
@permission("scenario.run")
def cancel(study_id: int) -> ResponseReturnValue:
    study = in_transaction(service.cancel_study, study_id=study_id)
    return redirect(url_for("studies.show", run_id=study.run_id, kind=study.kind))


@bp.get("/studies/<int:study_id>/progress")
@permission("scenario.read")
def progress(study_id: int) -> ResponseReturnValue:
    """The bar of a study under way, asked for again and again; leads on once it has ended."""
    study = _study(study_id)
    if service.is_study_under_way(reading(), study):
        return render_template(
            "scenarios/studies/_progress.html",
            study=study,
            kind=_kind(study.kind),
            may_run=may_run(study.run.scenario.round),
        )
    answer = make_response("", 200)
    address = url_for("studies.show", run_id=study.run_id, kind=study.kind)
    answer.headers["HX-Redirect"] = address
    return answer


@bp.post("/studies/<int:study_id>/scenarios")
@permission("scenario.run")
def make_scenario(study_id: int) -> ResponseReturnValue:
    """Make a scenario of one thing that a study found."""
    study = _study(study_id)
    act = {
        "alternatives": study_scenarios.scenario_of_portfolio,
        "frontier": study_scenarios.scenario_of_point,
    }.get(study.kind)
    number = request.form.get("number", "")
    if act is None or not number.isdecimal():
        raise NotFound("result")
    made = in_transaction(
        act, study_id=study_id, number=int(number), name=request.form.get("name", "")
    )
    say("The scenario is made. Solve it to see who pays what.")
    return redirect(url_for("scenarios.show", scenario_id=made.id))
