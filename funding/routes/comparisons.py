"""Two scenarios of a round side by side."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.exports.csv_files import csv_text
from funding.language import gettext as _
from funding.language import said
from funding.listing import Listing
from funding.models import Run, Scenario
from funding.reports import comparison as report
from funding.reports.discretion import Discretion
from funding.reports.result_csv import of_changes
from funding.reports.results import latest_runs
from funding.reports.scenarios import PinRow, pin_rows
from funding.routes.context import actor, in_transaction, reading
from funding.routes.results import download, finished
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
    left, right = (scenario_of(id_) for id_ in sorted(ids))
    run = latest_runs(reading(), [right]).get(right.id)
    if run is None:
        raise RuleBroken("Solve both scenarios before you compare them.")
    return redirect(url_for("comparisons.show", scenario_id=left.id, run_id=run.id))


def _sides(scenario_id: int, run_id: int) -> tuple[Run, Run]:
    """The last result of a scenario, and the run to lay beside it; raises NotFound."""
    scenario, right = scenario_of(scenario_id), finished(run_id)
    left = latest_runs(reading(), [scenario]).get(scenario_id)
    if left is None or right.scenario.round_id != scenario.round_id:
        raise NotFound("result")
    return left, right


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
        words |= {
            _("Need: %(area)s", area=said(name)): text
            for name, text in need_changes_in_words(scenario)
        }
        for row in pin_rows(reading(), scenario, discretion):
            words[_pin_label(row)] = row.in_words
        sides.append(words)
    labels = {**sides[0], **sides[1]}
    otherwise = _("as in the round")
    return [
        RuleChange(label, sides[0].get(label, otherwise), sides[1].get(label, otherwise))
        for label in labels
        if sides[0].get(label) != sides[1].get(label)
    ]


def _pin_label(row: PinRow) -> str:
    if row.commitment is None:
        return _("Pin: %(key)s", key=row.key)
    return _("Pin: %(key)s by %(commitment)s", key=row.key, commitment=row.commitment)


def _listing() -> Listing:
    return Listing.parse(
        request.path,
        request.args,
        sortable=report.SORTABLE,
        filters=report.FILTERS,
        default_sort="-change",
    )


@bp.get("/scenarios/<int:scenario_id>/beside/<int:run_id>")
@permission("scenario.read")
def show(scenario_id: int, run_id: int) -> ResponseReturnValue:
    left, right = _sides(scenario_id, run_id)
    session, by, round_ = reading(), actor(), left.scenario.round
    discretion = Discretion.of(session, by, round_.id)
    listing, rows = report.list_changes(session, by, left, right, _listing(), discretion)
    shown = {
        "round": round_,
        "currency": round_.base_currency,
        "left": left.scenario,
        "right": right.scenario,
        "left_run": left,
        "right_run": right,
        "listing": listing,
        "rows": rows,
    }
    if request.headers.get("HX-Request"):
        return render_template("scenarios/_changes.html", **shown)
    return render_template(
        "scenarios/compare.html",
        **shown,
        comparison=report.compare(session, by, left, right, discretion),
        rules=_rule_changes(left.scenario, right.scenario, discretion),
        kinds=report.KINDS,
    )


@bp.get("/scenarios/<int:scenario_id>/beside/<int:run_id>.csv")
@permission("scenario.read")
def table(scenario_id: int, run_id: int) -> ResponseReturnValue:
    """Every proposal whose amount differs, under the filters of the page."""
    left, right = _sides(scenario_id, run_id)
    session, by, round_ = reading(), actor(), left.scenario.round
    discretion = Discretion.of(session, by, round_.id)
    _, rows = report.list_changes(session, by, left, right, _listing(), discretion, is_whole=True)
    names = (left.scenario.name, right.scenario.name)
    return download(
        csv_text(*of_changes(rows, round_.base_currency, *names)), "compared.csv", "text/csv"
    )
