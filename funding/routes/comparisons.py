"""Two scenarios of a round side by side."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput, NotFound
from funding.exports.csv_files import csv_text
from funding.listing import Listing
from funding.models import Round, Run, Scenario
from funding.reports import comparison as report
from funding.reports.discretion import Discretion
from funding.reports.result_csv import major
from funding.reports.results import latest_runs
from funding.reports.scenarios import pin_rows
from funding.routes.context import actor, in_transaction, reading
from funding.routes.scenario_form import need_changes_in_words, policy_in_words
from funding.routes.scenarios import round_of, scenario_of
from funding.routes.security import permission
from funding.services import scenarios as service

bp = Blueprint("comparisons", __name__)


@bp.post("/rounds/<int:round_id>/scenarios/compare")
@permission("scenario.run")
def picked(round_id: int) -> ResponseReturnValue:
    """Two picked scenarios: note that they were compared, and show them."""
    round_of(round_id)
    ids = [int(id_) for id_ in request.form.getlist("picked") if id_.isdecimal()]
    if len(ids) != 2:
        raise InvalidInput(Fault("scenarios", "pick exactly two to compare"))
    in_transaction(service.mark_compared, scenario_ids=ids)
    left, right = sorted(ids)
    return redirect(url_for("comparisons.show", round_id=round_id, left=left, right=right))


def _solved(round_: Round, side: str) -> tuple[Scenario, Run]:
    """The scenario named in the address on this side, with its last result; raises NotFound."""
    wanted = request.args.get(side, "")
    scenario = scenario_of(int(wanted)) if wanted.isdecimal() else None
    run = latest_runs(reading(), [scenario]).get(scenario.id) if scenario else None
    if scenario is None or run is None or scenario.round_id != round_.id:
        raise NotFound("result")
    return scenario, run


@dataclass(frozen=True)
class RuleChange:
    """A rule in words, in both scenarios."""

    label: str
    left: str
    right: str


def _rule_changes(left: Scenario, right: Scenario, discretion: Discretion) -> list[RuleChange]:
    """Where the policies, needs and pins of two scenarios differ."""
    sides = []
    for scenario in (left, right):
        words = {row.label: row.here for row in policy_in_words(scenario)}
        words |= {f"Need: {name}": text for name, text in need_changes_in_words(scenario)}
        for row in pin_rows(reading(), scenario, discretion):
            words[f"Pin: {row.key} {row.commitment or ''}".strip()] = row.in_words
        sides.append(words)
    labels = {**sides[0], **sides[1]}
    return [
        RuleChange(
            label, sides[0].get(label, "as in the round"), sides[1].get(label, "as in the round")
        )
        for label in labels
        if sides[0].get(label) != sides[1].get(label)
    ]


def _listing() -> Listing:
    return Listing.parse(
        request.path,
        request.args,
        sortable=report.SORTABLE,
        filters=(*report.FILTERS, "left", "right"),
        default_sort="-change",
    )


@bp.get("/rounds/<int:round_id>/scenarios/compare")
@permission("scenario.read")
def show(round_id: int) -> ResponseReturnValue:
    round_ = round_of(round_id)
    (left, left_run), (right, right_run) = _solved(round_, "left"), _solved(round_, "right")
    session, by = reading(), actor()
    discretion = Discretion.of(session, by, round_id)
    listing, rows = report.list_changes(session, by, left_run, right_run, _listing(), discretion)
    shown = {
        "round": round_,
        "currency": round_.base_currency,
        "left": left,
        "right": right,
        "left_run": left_run,
        "right_run": right_run,
        "listing": listing,
        "rows": rows,
    }
    if request.headers.get("HX-Request"):
        return render_template("scenarios/_changes.html", **shown)
    return render_template(
        "scenarios/compare.html",
        **shown,
        comparison=report.compare(session, by, left_run, right_run, discretion),
        rules=_rule_changes(left, right, discretion),
        kinds=report.KINDS,
    )


@bp.get("/rounds/<int:round_id>/scenarios/compare.csv")
@permission("scenario.read")
def table(round_id: int) -> ResponseReturnValue:
    """Every proposal whose amount differs, under the filters of the page."""
    round_ = round_of(round_id)
    (left, left_run), (right, right_run) = _solved(round_, "left"), _solved(round_, "right")
    session, by = reading(), actor()
    _, rows = report.list_changes(
        session,
        by,
        left_run,
        right_run,
        _listing(),
        Discretion.of(session, by, round_id),
        is_whole=True,
    )
    currency = round_.base_currency
    head = (
        "proposal",
        "title",
        "institution",
        "currency",
        "ask",
        left.name,
        right.name,
        "change",
        f"why: {left.name}",
        f"why: {right.name}",
    )
    cells = (
        (
            row.key,
            row.title,
            row.institution,
            currency,
            major(row.ask, currency),
            major(row.left, currency),
            major(row.right, currency),
            major(row.change, currency),
            row.left_reason,
            row.right_reason,
        )
        for row in rows
    )
    answer = Response(csv_text(head, cells), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename="compared.csv")
    return answer
