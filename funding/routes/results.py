"""What a run came to: proposals, funders, areas, overlaps and the whole; tables and files."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.exports.csv_files import csv_text
from funding.formatting import format_amount
from funding.listing import Listing
from funding.models import Run, RunState, ScenarioState
from funding.permissions import fetch, visible_proposals
from funding.places import region_name
from funding.reports import (
    counted_overlaps,
    result_csv,
    result_detail,
    result_filters,
    result_views,
    results,
    waiting,
)
from funding.reports.conversion import rates_of
from funding.reports.discretion import Discretion
from funding.reports.line_why import line_words
from funding.reports.rules import rule_label
from funding.reports.scenarios import commitment_choices, commitments_by_key
from funding.reports.still_open import still_open
from funding.reports.why import why_not
from funding.routes.choices import REGION_CHOICES, top_area_choices
from funding.routes.context import actor, in_transaction, reading
from funding.routes.scenarios import may_run, run_of
from funding.routes.security import permission
from funding.services.allocation import clauses_of
from funding.services.baselines import are_under_way
from funding.services.questions import ask_to_confirm
from funding.studies.kinds import KINDS

bp = Blueprint("results", __name__)

TABS = (
    ("proposals", "Proposals"),
    ("funders", "Funders"),
    ("areas", "Areas"),
    ("overlaps", "Overlaps"),
    ("rules", "Rules"),
    ("studies", "What else"),
    ("whole", "The whole"),
)
DOCUMENTS = {"round": "problem", "plan": "plan", "explanation": "explanation"}


def finished(run_id: int) -> Run:
    """A run that ended with a plan; raises NotFound for any other."""
    run = run_of(run_id)
    if run.state != RunState.DONE or run.digest is None:
        raise NotFound("result")
    return run


def discretion_of(run: Run) -> Discretion:
    return Discretion.of(reading(), actor(), run.scenario.round_id)


def result_page(template: str, run: Run, tab: str, **values: Any) -> str:
    round_ = run.scenario.round
    newer = results.latest_runs(reading(), [run.scenario]).get(run.scenario_id)
    return render_template(
        f"scenarios/{template}.html",
        run=run,
        scenario=run.scenario,
        round=round_,
        currency=round_.base_currency,
        headline=results.headline(reading(), run, actor()),
        quality=results.quality_in_words(run),
        still_open=still_open(reading(), actor(), run, discretion_of(run))
        if run.status == "time_limit"
        else None,
        rule=rule_label(run.scenario.rule),
        tabs=[
            {"label": label, "url": _address(run, key), "current": key == tab}
            for key, label in TABS
        ],
        tab=tab,
        newer=newer if newer is not None and newer.id != run.id else None,
        is_changed=run.scenario.state == ScenarioState.DRAFT,
        may_run=may_run(round_),
        may_pin=may_run(round_) and run.scenario.state != ScenarioState.PUT_FORWARD,
        **values,
    )


def _address(run: Run, tab: str) -> str:
    if tab == "proposals":
        return url_for("results.show", run_id=run.id)
    if tab == "rules":
        return url_for("studies.show", run_id=run.id, kind=tab)
    if tab == "studies":
        first = next(kind for kind in KINDS if kind not in dict(TABS))
        return url_for("studies.show", run_id=run.id, kind=first)
    return url_for("results.view", run_id=run.id, view=tab)


def _listing() -> Listing:
    return Listing.parse(
        request.path,
        request.args,
        sortable=results.SORTABLE,
        filters=result_filters.FILTERS,
        default_sort="-merit",
    )


@bp.get("/runs/<int:run_id>")
@permission("scenario.read")
def show(run_id: int) -> ResponseReturnValue:
    """The proposals of a result, a page at a time."""
    run = finished(run_id)
    session, by = reading(), actor()
    listing, rows = results.list_rows(session, by, run, _listing(), discretion_of(run))
    round_ = run.scenario.round
    shown: dict[str, Any] = {
        "listing": listing,
        "rows": rows,
        "here": request.full_path.rstrip("?"),
        "region_name": region_name,
    }
    if request.headers.get("HX-Request"):
        return render_template(
            "scenarios/_rows.html",
            run=run,
            scenario=run.scenario,
            currency=round_.base_currency,
            may_pin=may_run(round_) and run.scenario.state != ScenarioState.PUT_FORWARD,
            **shown,
        )
    return result_page(
        "proposals",
        run,
        "proposals",
        areas=top_area_choices(round_.taxonomy),
        regions=REGION_CHOICES,
        institutions=results.institutions_of(session, by, run),
        outcomes=result_filters.OUTCOMES,
        sureness=result_filters.SURENESS
        if result_filters.standings_of(session, run) is not None
        else [],
        **shown,
    )


@bp.get("/runs/<int:run_id>/<any(funders, areas, overlaps, whole):view>")
@permission("scenario.read")
def view(run_id: int, view: str) -> ResponseReturnValue:
    run = finished(run_id)
    session, by = reading(), actor()
    discretion = discretion_of(run)
    values: dict[str, Any] = {}
    if view == "funders":
        values["funders"] = result_views.funder_views(session, by, run, discretion)
        values["is_reckoning"] = are_under_way(session, run_id)
        values["waiting"] = waiting.waiting_for_the_round(session, run)
    elif view == "areas":
        values["areas"] = result_views.area_views(run)
        values["weights"] = (run.problem or {})["policy"]
    elif view == "overlaps":
        values["overlaps"] = counted_overlaps.overlap_views(session, by, run)
        values["paid_before"] = counted_overlaps.paid_before(session, by, run)
    else:
        base = run.scenario.round.base_currency
        values["rates"] = [rate for rate in rates_of(run, base) if rate.currency != base]
        values["has_files"] = not discretion.hides_something
        values["limits"] = result_views.binding_limits(session, run, discretion)
    return result_page(view, run, view, **values)


@bp.get("/runs/<int:run_id>/proposals/<int:proposal_id>")
@permission("scenario.read")
def proposal(run_id: int, proposal_id: int) -> ResponseReturnValue:
    """Why this proposal gets what it gets, or nothing."""
    in_transaction(ask_to_confirm, run_id=run_id, proposal_id=proposal_id)
    run = finished(run_id)
    session, by = reading(), actor()
    proposal = fetch(session, visible_proposals(by), proposal_id, "proposal")
    discretion = discretion_of(run)
    detail = result_detail.proposal_in_run(session, by, run, proposal, discretion)
    clauses = _clauses(run, proposal.key)
    return result_page(
        "proposal",
        run,
        "proposals",
        proposal=proposal,
        detail=detail,
        why=why_not(session, run, proposal, discretion),
        earned=[
            (what, format_amount(round(value), run.scenario.round.base_currency))
            for what, value in detail.earned
            if round(value)
        ],
        clauses=clauses,
        line_words=line_words(session, run, detail.payers, clauses),
        waiting=waiting.waiting_in(session, run, proposal.key),
        commitments=commitment_choices(session, run.scenario.round_id),
        here=request.path,
        region_name=region_name,
    )


@bp.get("/runs/<int:run_id>/proposals/<int:proposal_id>/why")
@permission("scenario.read")
def why(run_id: int, proposal_id: int) -> ResponseReturnValue:
    """What is said of an unfunded proposal, asked for again until it is confirmed."""
    run = finished(run_id)
    proposal = fetch(reading(), visible_proposals(actor()), proposal_id, "proposal")
    found = why_not(reading(), run, proposal, discretion_of(run))
    if found is None:
        raise NotFound("explanation")
    return render_template(
        "scenarios/_why.html",
        run=run,
        proposal=proposal,
        why=found,
        currency=run.scenario.round.base_currency,
    )


def _clauses(run: Run, key: str) -> list[dict[str, Any]]:
    """Which money may pay a proposal, with names: those that may first."""
    names = commitments_by_key(reading(), run.scenario.round_id)
    area_names = dict(REGION_CHOICES) | dict(top_area_choices(run.scenario.round.taxonomy))
    found = [
        {
            "key": clause.commitment,
            "commitment": names[clause.commitment][0],
            "funder": names[clause.commitment][1],
            "refusal": clause.refusal,
            "most": clause.most,
        }
        for clause in clauses_of(run.problem or {}, key, area_names)
    ]
    return sorted(found, key=lambda c: (c["refusal"] is not None, c["commitment"]))


# -- files --------------------------------------------------------------------------------------


def download(text: str | bytes, name: str, kind: str) -> Response:
    """An answer that browsers save under this name; `kind` is its media type."""
    answer = Response(text, mimetype=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@bp.get("/runs/<int:run_id>/<any(proposals, funders, areas, overlaps):table>.csv")
@permission("scenario.read")
def table(run_id: int, table: str) -> ResponseReturnValue:
    """One table of a result; that of proposals under the filters of the page it is asked from."""
    run = finished(run_id)
    session, by = reading(), actor()
    discretion, currency = discretion_of(run), run.scenario.round.base_currency
    if table == "proposals":
        _, rows = results.list_rows(session, by, run, _listing(), discretion, is_whole=True)
        head, cells = result_csv.of_proposals(rows, currency)
    elif table == "funders":
        views = result_views.funder_views(session, by, run, discretion)
        head, cells = result_csv.of_funders(views, currency)
    elif table == "areas":
        head, cells = result_csv.of_areas(result_views.area_views(run), currency)
    else:
        views_of_pairs = counted_overlaps.overlap_views(session, by, run)
        head, cells = result_csv.of_overlaps(views_of_pairs, currency)
    return download(csv_text(head, cells), f"run-{run.id}-{table}.csv", "text/csv")


@bp.get("/runs/<int:run_id>/<any(round, plan, explanation):document>.json")
@permission("scenario.read")
def document(run_id: int, document: str) -> ResponseReturnValue:
    """A run's input or answer in the exchange format.

    The files name every proposal, so they are not there for whoever may not hear of one.
    """
    run = finished(run_id)
    contents = getattr(run, DOCUMENTS[document])
    if contents is None or discretion_of(run).hides_something:
        raise NotFound("file")
    text = json.dumps(contents, indent=1, ensure_ascii=False)
    return download(text, f"run-{run.id}-{document}.json", "application/json")
