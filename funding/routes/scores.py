"""Entering, changing and importing reviewers' scores."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import InvalidInput
from funding.formatting import plural
from funding.language import gettext as _
from funding.models import Proposal, Round
from funding.permissions import fetch, visible_proposals, working_rounds
from funding.reports.proposal_page import scores_of
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.files import sent_table
from funding.routes.security import permission
from funding.routes.submitting import submit
from funding.services import score_files
from funding.services import scores as service
from funding.services.named_tables import MOST_FAULTS

bp = Blueprint("scores", __name__)


def scored_proposal(proposal_id: int) -> Proposal:
    query = visible_proposals(actor(), "score.enter")
    return fetch(reading(), query, proposal_id, "proposal")


def _typed(*names: str) -> dict[str, str]:
    return {name: request.form.get(name, "") for name in names}


def _page(proposal_id: int, form: dict[str, dict[str, str]] | None = None) -> str:
    proposal = scored_proposal(proposal_id)
    return render_template(
        "scores/index.html",
        proposal=proposal,
        round=proposal.round,
        scores=scores_of(reading(), proposal),
        form=form,
    )


@bp.get("/proposals/<int:proposal_id>/scores")
@permission("score.enter")
def index(proposal_id: int) -> ResponseReturnValue:
    return _page(proposal_id)


@bp.post("/proposals/<int:proposal_id>/scores")
@permission("score.enter")
def enter(proposal_id: int) -> ResponseReturnValue:
    values = _typed("reviewer", "score", "comment")

    def done(_score: object) -> ResponseReturnValue:
        say("The score is entered.")
        return redirect(url_for("scores.index", proposal_id=proposal_id), 303)

    return submit(
        lambda: in_transaction(service.enter_score, proposal_id=proposal_id, **values),
        done,
        lambda errors, is_stale: _page(proposal_id, {"values": values, "errors": errors}),
    )


def _score_page(score_id: int, form: dict[str, dict[str, str]] | None = None) -> str:
    proposal, score = service.find_score(reading(), actor(), score_id)
    shown = next(each for each in scores_of(reading(), proposal) if each.score.id == score.id)
    form = form or {
        "values": {"score": f"{score.score:g}", "comment": score.comment},
        "errors": {},
    }
    return render_template(
        "scores/edit.html",
        proposal=proposal,
        round=proposal.round,
        shown=shown,
        form=form,
        seen=service.seen_mark(score),
    )


@bp.get("/scores/<int:score_id>")
@permission("score.enter")
def edit(score_id: int) -> ResponseReturnValue:
    return _score_page(score_id)


@bp.post("/scores/<int:score_id>")
@permission("score.enter")
def change(score_id: int) -> ResponseReturnValue:
    values = _typed("score", "comment")

    def done(proposal: Proposal) -> ResponseReturnValue:
        say("The score is changed.")
        return redirect(url_for("scores.index", proposal_id=proposal.id), 303)

    return submit(
        lambda: in_transaction(
            service.change_score, score_id=score_id, seen=request.form.get("seen", ""), **values
        ),
        done,
        lambda errors, is_stale: _score_page(score_id, {"values": values, "errors": errors}),
    )


@bp.post("/scores/<int:score_id>/remove")
@permission("score.enter")
def remove(score_id: int) -> ResponseReturnValue:
    proposal = in_transaction(
        service.remove_score, score_id=score_id, seen=request.form.get("seen", "")
    )
    say("The score is removed.")
    return redirect(url_for("scores.index", proposal_id=proposal.id), 303)


# -- a table of them ----------------------------------------------------------------------------


def _round(round_id: int) -> Round:
    return fetch(reading(), working_rounds(actor(), "score.enter"), round_id, "round")


@bp.get("/rounds/<int:round_id>/scores/import")
@permission("score.enter")
def ask_import(round_id: int) -> ResponseReturnValue:
    return render_template("scores/import.html", round=_round(round_id), faults=(), table="")


@bp.post("/rounds/<int:round_id>/scores/import")
@permission("score.enter")
def import_table(round_id: int) -> ResponseReturnValue:
    """From a file, or from what was pasted into the form."""
    round_ = _round(round_id)
    try:
        rows = score_files.read_scores(*sent_table())
        counts = in_transaction(score_files.import_scores, round_id=round_id, rows=rows)
    except InvalidInput as refusal:
        page = render_template(
            "scores/import.html",
            round=_round(round_id),
            faults=refusal.faults,
            most=MOST_FAULTS,
            table=request.form.get("table", ""),
        )
        return page, 422
    say(
        _(
            "%(read)s read: %(new)s new, %(changed)s changed, %(same)s the same as before.",
            read=plural(counts.read, "score"),
            new=counts.new,
            changed=counts.changed,
            same=counts.same,
        )
    )
    return redirect(url_for("proposals.index", round_id=round_.id), 303)
