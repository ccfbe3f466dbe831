"""Asking for more time or another budget, and answering such requests."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.forms import Typed, amount_text, as_errors
from funding.models import Award, ChangeRequest, Proposal, RequestState
from funding.permissions import (
    SIGNED_IN,
    Actor,
    fetch,
    own_proposals,
    visible_awards,
    visible_requests,
)
from funding.reports import award_reports as report
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.reporting import changes

bp = Blueprint("award_changes", __name__)


def _own_proposal(proposal_id: int) -> Proposal:
    proposal: Proposal = fetch(reading(), own_proposals(actor()), proposal_id, "proposal")
    return proposal


def _asked(made: ChangeRequest) -> ResponseReturnValue:
    say("Asked. Every funder concerned is told by mail; you are told what they say.")
    return redirect(url_for("award_changes.show", request_id=made.id), 303)


@bp.get("/proposals/<int:proposal_id>/extension")
@permission(SIGNED_IN)
def extension(proposal_id: int) -> ResponseReturnValue:
    return _extension_page(proposal_id, Typed({}), {})


def _extension_page(proposal_id: int, typed: Typed, errors: dict[str, str]) -> str:
    proposal = _own_proposal(proposal_id)
    awards = changes.running_awards(reading(), proposal_id)
    if not awards:
        raise NotFound("award")
    return render_template(
        "reporting/extension.html",
        proposal=proposal,
        awards=awards,
        ends_on=changes.end_of(reading(), awards),
        form={"values": typed.values, "errors": errors},
    )


@bp.post("/proposals/<int:proposal_id>/extension")
@permission(SIGNED_IN)
def ask_extension(proposal_id: int) -> ResponseReturnValue:
    _own_proposal(proposal_id)
    typed = typed_form()
    ends_on = typed.day("ends_on")
    return submit(
        lambda: in_transaction(
            changes.ask_extension,
            proposal_id=proposal_id,
            ends_on=ends_on,
            reason=typed.text("reason"),
            public_url=config().public_url,
            faults=tuple(typed.faults),
        ),
        _asked,
        lambda errors, is_stale: _extension_page(proposal_id, typed, errors),
    )


def _own_award(award_id: int) -> Award:
    """An award to the person's own proposal; raises NotFound."""
    award: Award = fetch(reading(), visible_awards(actor()), award_id, "award")
    _own_proposal(award.proposal_id)
    return award


@bp.get("/awards/<int:award_id>/budget")
@permission(SIGNED_IN)
def budget(award_id: int) -> ResponseReturnValue:
    return _budget_page(award_id, None, {})


def _budget_page(award_id: int, typed: Typed | None, errors: dict[str, str]) -> str:
    award = _own_award(award_id)
    lines, currency = changes.budget_of(reading(), award_id), award.commitment.currency
    values: dict[str, Any] = {f"line_{e.id}": amount_text(e.amount, currency) for e in lines}
    return render_template(
        "reporting/budget.html",
        award=award,
        lines=lines,
        spent={line.name: line.spent for line in report.spend_so_far(reading(), award_id).lines},
        form={"values": typed.values if typed else values, "errors": errors},
    )


@bp.post("/awards/<int:award_id>/budget")
@permission(SIGNED_IN)
def ask_budget(award_id: int) -> ResponseReturnValue:
    award, typed = _own_award(award_id), typed_form()
    amounts = {}
    for line in changes.budget_of(reading(), award_id):
        amount = typed.amount(f"line_{line.id}", award.commitment.currency)
        if amount is not None:
            amounts[line.id] = amount
    return submit(
        lambda: in_transaction(
            changes.ask_budget_change,
            award_id=award_id,
            amounts=amounts,
            reason=typed.text("reason"),
            public_url=config().public_url,
            faults=tuple(typed.faults),
        ),
        _asked,
        lambda errors, is_stale: _budget_page(award_id, typed, errors),
    )


# -- one request ----------------------------------------------------------------------------------


@bp.get("/requests/<int:request_id>")
@permission(SIGNED_IN)
def show(request_id: int) -> ResponseReturnValue:
    return _page(request_id)


def _page(
    request_id: int, faults: tuple[Fault, ...] = (), status: int = 200
) -> ResponseReturnValue:
    by, session = actor(), reading()
    fetch(session, visible_requests(by), request_id, "request")
    asked = report.request_in_full(session, request_id)
    there = set(
        session.scalars(
            visible_awards(by)
            .where(Award.proposal_id == asked.proposal_id)
            .with_only_columns(Award.id)
        )
    )
    concerns = [concern for concern in asked.concerns if concern.award_id in there]
    is_own = _is_applicant(by, asked.proposal)
    lines = changes.budget_of(session, concerns[0].award_id) if asked.amounts else []
    page = render_template(
        "reporting/request.html",
        asked=asked,
        concerns=concerns,
        lines=lines,
        is_open=asked.state == RequestState.ASKED,
        is_own=is_own,
        mine=[
            concern
            for concern in concerns
            if concern.verdict is None
            and not is_own
            and by.may("report.decide", concern.award.commitment.funder_id)
        ],
        form={"values": request.form, "errors": as_errors(faults)},
    )
    return page, status


def _is_applicant(by: Actor, proposal: Proposal) -> bool:
    query = own_proposals(by).where(Proposal.id == proposal.id).with_only_columns(Proposal.id)
    return reading().scalar(query) is not None


@bp.post("/requests/<int:request_id>/answer/<int:award_id>")
@permission("report.decide")
def answer(request_id: int, award_id: int) -> ResponseReturnValue:
    is_approved = request.form.get("act") == "approve"
    fetch(reading(), visible_requests(actor()), request_id, "request")
    try:
        in_transaction(
            changes.decide,
            request_id=request_id,
            award_id=award_id,
            version=request.form.get("version", default=0, type=int),
            is_approved=is_approved,
            reason=request.form.get("reason", ""),
            public_url=config().public_url,
        )
    except InvalidInput as refusal:
        return _page(request_id, refusal.faults, 422)
    except (RuleBroken, Conflict) as refusal:
        return _page(request_id, (Fault("", str(refusal)),), 409)
    say("The request is approved." if is_approved else "The request is declined.")
    return redirect(url_for("award_changes.show", request_id=request_id), 303)


@bp.post("/requests/<int:request_id>/withdraw")
@permission(SIGNED_IN)
def withdraw(request_id: int) -> ResponseReturnValue:
    fetch(reading(), visible_requests(actor()), request_id, "request")
    try:
        in_transaction(
            changes.withdraw,
            request_id=request_id,
            version=request.form.get("version", default=0, type=int),
        )
    except (RuleBroken, Conflict) as refusal:
        return _page(request_id, (Fault("", str(refusal)),), 409)
    say("The request is withdrawn.")
    return redirect(url_for("award_changes.show", request_id=request_id), 303)
