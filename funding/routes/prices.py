"""What a decision would cost, shown before it is saved: a pin in a scenario, a line of a plan.

The price is a study of its own: asked for by a form, worked out in the background, shown with the
form that saves the decision. What was typed travels in the address, so nothing is lost.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from funding.errors import NotFound
from funding.models import PlanLine, RunState, Study
from funding.permissions import Actor, fetch, visible_lines, visible_proposals
from funding.reports import scenarios as report
from funding.reports.discretion import Discretion
from funding.reports.rules import other_rule
from funding.reports.why import price
from funding.routes.context import actor, in_transaction, new_idempotency_key, reading
from funding.routes.plans import line_page
from funding.routes.results import finished
from funding.routes.scenarios import back_to, pin_values
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services import questions
from funding.services.decisions import rate_of_line
from funding.services.scenarios import checked_pin, policy_of
from funding.services.studies import is_study_under_way

bp = Blueprint("prices", __name__)

CARRIED = ("proposal", "line", "act", "amount", "commitment", "reason", "back")
"""What was typed, kept in the address while the price is worked out."""


@bp.post("/runs/<int:run_id>/price")
@permission("scenario.run")
def ask(run_id: int) -> ResponseReturnValue:
    """Price a pin as it was typed; refused, the form comes back."""
    run = finished(run_id)
    typed = typed_form()
    values = pin_values(typed, run.scenario.round.base_currency)

    def again(errors: dict[str, str], _is_stale: bool) -> str:
        run = finished(run_id)
        proposal_id = values["proposal_id"]
        return render_template(
            "scenarios/pin.html",
            scenario=run.scenario,
            round=run.scenario.round,
            run=run,
            proposal=report.visible_proposal(reading(), actor(), proposal_id),
            commitments=report.commitment_choices(reading(), run.scenario.round_id),
            form={"values": typed.values, "errors": errors},
            back=back_to(run.scenario_id),
        )

    return submit(
        lambda: in_transaction(_price_pin, run_id=run_id, faults=tuple(typed.faults), **values),
        lambda study: redirect(url_for("prices.show", study_id=study.id, **_carried(request.form))),
        again,
    )


def _price_pin(session: Session, *, by: Actor, run_id: int, **values: Any) -> Study:
    run = fetch(session, questions.visible_runs(by), run_id, "run")
    scenario_id = run.scenario_id
    _, proposal, commitment = checked_pin(
        session, by=by, scenario_id=scenario_id, reason=None, **values
    )
    locks = questions.locks_with(
        session,
        run,
        proposal,
        commitment=commitment,
        amount=values["amount"],
        funded=values["funded"],
    )
    return questions.ask_for_price(session, by=by, run_id=run_id, locks=locks)


@bp.post("/lines/<int:line_id>/price")
@permission("line.decide")
def ask_for_line(line_id: int) -> ResponseReturnValue:
    """Price declining a line, or another amount for it, before that is decided."""
    line: PlanLine = fetch(reading(), visible_lines(actor()), line_id, "line")
    typed = typed_form()
    amount = 0
    if request.form.get("act") != "decline":
        typed_amount = typed.amount("amount", line.commitment.currency, "Write the amount.")
        amount = typed_amount or 0
    if typed.faults:
        return line_page(line_id, tuple(typed.faults), 422)
    study = in_transaction(_price_line, line_id=line_id, amount=amount)
    reason = request.form.get("amend_reason") or request.form.get("reason", "")
    carried = {**_carried(request.form), "reason": reason, "line": str(line_id)}
    return redirect(url_for("prices.show", study_id=study.id, **carried))


def _price_line(session: Session, *, by: Actor, line_id: int, amount: int) -> Study:
    line: PlanLine = fetch(session, visible_lines(by), line_id, "line")
    run = line.plan.run
    step = policy_of(run.scenario).get("round_to", 1)
    locks = questions.locks_with(
        session,
        run,
        line.proposal,
        commitment=line.commitment,
        amount=rate_of_line(line).to_base(amount) // step * step,
    )
    return questions.ask_for_price(session, by=by, run_id=run.id, locks=locks)


def _carried(form: Any) -> dict[str, str]:
    return {name: form[name] for name in CARRIED if form.get(name)}


@bp.get("/prices/<int:study_id>")
@permission("scenario.run")
def show(study_id: int) -> ResponseReturnValue:
    """The price of a decision, or how far it is, with the form that saves the decision."""
    session, by = reading(), actor()
    study = questions.price_of(session, by, study_id)
    run = finished(study.run_id)
    is_done = study.state == RunState.DONE
    line = proposal = None
    if request.args.get("line", "").isdecimal():
        line = fetch(session, visible_lines(by), int(request.args["line"]), "line")
        proposal = line.proposal
    elif request.args.get("proposal", "").isdecimal():
        proposal = fetch(session, visible_proposals(by), int(request.args["proposal"]), "proposal")
    else:
        raise NotFound("price")
    discretion = Discretion.of(session, by, run.scenario.round_id)
    return render_template(
        "scenarios/price.html",
        study=study,
        run=run,
        scenario=run.scenario,
        round=run.scenario.round,
        currency=run.scenario.round.base_currency,
        proposal=proposal,
        line=line,
        typed=_carried(request.args),
        rule=other_rule(run.scenario.rule),
        price=price(session, run, study, proposal, discretion) if is_done else None,
        is_under_way=is_study_under_way(session, study),
        idempotency_key=new_idempotency_key(),
    )


@bp.get("/prices/<int:study_id>/progress")
@permission("scenario.run")
def progress(study_id: int) -> ResponseReturnValue:
    """How far a price is, asked for again and again; leads on once it is there."""
    study = questions.price_of(reading(), actor(), study_id)
    typed = _carried(request.args)
    if is_study_under_way(reading(), study):
        return render_template("scenarios/_price_progress.html", study=study, typed=typed)
    answer = make_response("", 200)
    answer.headers["HX-Redirect"] = url_for("prices.show", study_id=study_id, **typed)
    return answer
