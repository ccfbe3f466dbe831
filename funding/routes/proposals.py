"""Reading proposals: a round's list, one proposal, its files. What is shown depends on whether
the reader is an applicant or an officer of the round; for anybody else it is not there."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.exports.csv_files import csv_text
from funding.language import lazy_capital
from funding.listing import Listing
from funding.models import Area, Person, Proposal, ProposalState, Round
from funding.permissions import SIGNED_IN, fetch, own_proposals, visible_proposals, working_rounds
from funding.places import country_name, region_name
from funding.reports import applications, proposal_history, proposal_page, reviews
from funding.reports import proposals as report
from funding.routes.application_form import area_choices
from funding.routes.choices import REGION_CHOICES, TIER_CHOICES
from funding.routes.context import actor, in_transaction, reading
from funding.routes.files import as_download
from funding.routes.security import permission
from funding.services import questions, risk, submission, typed_text
from funding.services.clock import database_now

bp = Blueprint("proposals", __name__)

STATES = [
    (s.value, lazy_capital(s.value.replace("_", " ")))
    for s in ProposalState
    if s != ProposalState.DRAFT
]


def readable_round(round_id: int) -> Round:
    return fetch(reading(), working_rounds(actor(), "proposal.read"), round_id, "round")


def _listing() -> Listing:
    return Listing.parse(
        request.path,
        request.args,
        sortable=report.SORTABLE,
        filters=report.FILTERS,
        default_sort="-merit",
    )


@bp.get("/rounds/<int:round_id>/proposals")
@permission("proposal.read")
def index(round_id: int) -> ResponseReturnValue:
    round_ = readable_round(round_id)
    areas: list[Area] = round_.taxonomy.areas
    listing, rows = report.list_proposals(reading(), actor(), round_, _listing(), areas)
    values = {"round": round_, "listing": listing, "rows": rows}
    if request.headers.get("HX-Request"):
        return render_template("proposals/_results.html", **values)
    return render_template(
        "proposals/index.html",
        **values,
        areas=area_choices(areas),
        states=STATES,
        regions=REGION_CHOICES,
        tiers=TIER_CHOICES,
        institutions=report.institutions_in(reading(), actor(), round_),
        may_score=actor().may("score.enter"),
    )


@bp.get("/rounds/<int:round_id>/proposals.csv")
@permission("proposal.read")
def index_csv(round_id: int) -> ResponseReturnValue:
    """All rows under the filters of the list, in its order."""
    round_ = readable_round(round_id)
    areas: list[Area] = round_.taxonomy.areas
    _, rows = report.list_proposals(reading(), actor(), round_, _listing(), areas, whole=True)
    text = csv_text(
        report.CSV_COLUMNS, (report.as_csv_row(row, round_.base_currency) for row in rows)
    )
    response = Response(text, mimetype="text/csv")
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"{round_.key}-proposals.csv"
    )
    return response


def _found(proposal_id: int) -> tuple[Proposal, bool]:
    """The proposal and whether the reader is one of its applicants; raises NotFound."""
    whole = proposal_history.WHOLE
    try:
        query = own_proposals(actor()).options(*whole)
        return fetch(reading(), query, proposal_id, "proposal"), True
    except NotFound:
        query = visible_proposals(actor()).options(*whole)
        return fetch(reading(), query, proposal_id, "proposal"), False


@bp.get("/proposals/<int:proposal_id>")
@permission(SIGNED_IN)
def show(proposal_id: int) -> ResponseReturnValue:
    in_transaction(questions.ask_for_applicant, proposal_id=proposal_id)
    proposal, is_own = _found(proposal_id)
    zone = reading().get_one(Person, actor().person_id).timezone
    shared = {
        "proposal": proposal,
        "round": proposal.round,
        "areas": _areas_in_words(proposal),
        "country": country_name(proposal.country),
        "region": region_name(proposal.region),
        "risk_questions": risk.QUESTIONS,
        "risk_answers": dict(risk.ANSWERS),
        "suggested_tier": risk.suggest_tier(proposal.risk_answers),
    }
    if is_own:
        return _show_own(proposal, zone, shared)
    session, by = reading(), actor()
    conflicts = proposal_page.conflicts_of(session, by, proposal)
    return render_template(
        "proposals/show.html",
        **shared,
        scores=proposal_page.scores_of(session, proposal),
        overlaps=proposal_page.overlaps_of(session, by, proposal),
        runs=proposal_page.runs_of(session, by, proposal),
        conflicts=conflicts,
        names=proposal_page.names_of(session, {c.person_id for c in conflicts.named}),
        history=proposal_history.readers_history(session, proposal, zone),
        may_score=by.may("score.enter"),
        may_declare=by.may("conflict.declare"),
    )


def _areas_in_words(proposal: Proposal) -> list[tuple[str, str | None, float]]:
    """(area, the wider area it lies in, share) of each tag."""
    areas = {area.key: area for area in proposal.round.taxonomy.areas}
    found = []
    for tag in proposal.areas:
        area = areas.get(tag.area_key)
        wider = areas.get(area.parent_key or "") if area else None
        found.append(
            (area.name if area else tag.area_key, wider.name if wider else None, tag.weight)
        )
    return found


def _show_own(proposal: Proposal, zone: str, shared: dict[str, object]) -> str:
    session, by = reading(), actor()
    until = applications.deadlines(session, [proposal])[proposal.id]
    return render_template(
        "applications/show.html",
        **shared,
        standing=applications.standing_of(proposal, until, database_now(session)),
        outcome=applications.outcome(session, by, proposal),
        released=reviews.released_to(session, proposal.id),
        receipt=proposal_history.receipt_of(session, proposal),
        kept=typed_text.kept_form(session, by, proposal.id),
        is_led=proposal.lead_id == by.person_id,
        in_time=submission.is_in_time(session, proposal),
        history=proposal_history.applicants_history(session, proposal, zone),
    )


@bp.get("/proposals/<int:proposal_id>/attachments/<int:attachment_id>/<name>")
@permission(SIGNED_IN)
def attachment(proposal_id: int, attachment_id: int, name: str) -> ResponseReturnValue:
    """A file, to be saved and never shown inside the site, for those who may see the proposal."""
    proposal, _ = _found(proposal_id)
    found = next((a for a in proposal.attachments if a.id == attachment_id), None)
    if found is None:
        raise NotFound("attachment")
    return as_download(found)
