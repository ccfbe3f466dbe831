"""Scenarios of a round: the list, one of them, its policy, its pins, and its runs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.formatting import format_amount_number
from funding.forms import Typed
from funding.models import Pin, Round, Run, RunState, Scenario, ScenarioState
from funding.permissions import fetch, visible_runs, visible_scenarios, working_rounds
from funding.reports import scenarios as report
from funding.reports.discretion import Discretion
from funding.reports.results import headline, latest_runs, quality_in_words
from funding.reports.rules import rule_label
from funding.routes.context import Undo, actor, in_transaction, reading, say
from funding.routes.round_tabs import may_in, offer_round_tabs
from funding.routes.scenario_form import (
    LABELS,
    groups_of,
    need_changes_in_words,
    need_rows,
    policy_in_words,
    typed_needs,
    typed_policy,
    values_of,
)
from funding.routes.security import permission
from funding.routes.submitting import differences, submit, typed_form
from funding.services import scenarios as service
from funding.services.run_words import said_again

bp = Blueprint("scenarios", __name__)
offer_round_tabs(bp)


def round_of(round_id: int) -> Round:
    """The round, where the person may read its scenarios; raises NotFound."""
    return fetch(reading(), working_rounds(actor(), "scenario.read"), round_id, "round")


def scenario_of(scenario_id: int) -> Scenario:
    return fetch(reading(), visible_scenarios(actor()), scenario_id, "scenario")


def run_of(run_id: int) -> Run:
    return fetch(reading(), visible_runs(actor()), run_id, "run")


def may_run(round_: Round) -> bool:
    return may_in(actor(), round_, "scenario.run") and round_.state not in ("draft", "closed")


# -- a round's scenarios ------------------------------------------------------------------------


@bp.get("/rounds/<int:round_id>/scenarios")
@permission("scenario.read")
def index(round_id: int) -> ResponseReturnValue:
    return _list(round_of(round_id), {"values": {}, "errors": {}})


def _list(round_: Round, form: dict[str, Any]) -> str:
    rows = report.scenario_rows(reading(), round_, actor())
    return render_template(
        "scenarios/index.html",
        round=round_,
        rows=rows,
        solved=[row for row in rows if row.run is not None],
        rules={row.scenario.rule: rule_label(row.scenario.rule) for row in rows},
        picks=[(row.scenario.id, row.scenario.name) for row in rows],
        form=form,
        may_run=may_run(round_),
    )


@bp.post("/rounds/<int:round_id>/scenarios")
@permission("scenario.run")
def create(round_id: int) -> ResponseReturnValue:
    typed = typed_form()
    copied = typed.text("copy_of")

    def again(errors: dict[str, str], _is_stale: bool) -> str:
        return _list(round_of(round_id), {"values": typed.values, "errors": errors})

    return submit(
        lambda: in_transaction(
            service.create_scenario,
            round_id=round_id,
            name=typed.text("name"),
            note=typed.text("note"),
            copy_of=int(copied) if copied.isdecimal() else None,
        ),
        lambda made: redirect(url_for("scenarios.show", scenario_id=made.id)),
        again,
    )


@bp.post("/runs/<int:run_id>/rules/<rule>")
@permission("scenario.run")
def by_rule(run_id: int, rule: str) -> ResponseReturnValue:
    """A copy of a result's scenario, decided by another rule."""
    made = in_transaction(service.solve_by_rule, run_id=run_id, rule=rule)
    return redirect(url_for("scenarios.show", scenario_id=made.id))


# -- one scenario -------------------------------------------------------------------------------


@bp.get("/scenarios/<int:scenario_id>")
@permission("scenario.read")
def show(scenario_id: int) -> ResponseReturnValue:
    scenario = scenario_of(scenario_id)
    session, by = reading(), actor()
    discretion = Discretion.of(session, by, scenario.round_id)
    solved = latest_runs(session, [scenario]).get(scenario.id)
    fault, repair = _fault(scenario, discretion)
    return render_template(
        "scenarios/show.html",
        scenario=scenario,
        round=scenario.round,
        solved=solved,
        rule=rule_label(scenario.rule),
        headline=headline(session, solved, by) if solved else None,
        quality=quality_in_words(solved) if solved else "",
        policy=policy_in_words(scenario),
        needs=need_changes_in_words(scenario),
        pins=report.pin_rows(session, scenario, discretion),
        runs=report.run_rows(session, scenario),
        fault=fault,
        repair=repair,
        under_way=_under_way(scenario),
        may_run=may_run(scenario.round),
        is_fixed=scenario.state == ScenarioState.PUT_FORWARD,
    )


def _fault(scenario: Scenario, discretion: Discretion) -> tuple[list[str], str]:
    """Why the last run came to no plan, in lines, and what would mend it; empty if it did."""
    last = scenario.runs[-1] if scenario.runs else None
    if last is None or last.state not in (RunState.INFEASIBLE, RunState.FAILED):
        return [], ""
    lines, _, repair = discretion.text(said_again(last.message, last.says)).partition("\n\n")
    return lines.split("\n"), repair


def _under_way(scenario: Scenario) -> Run | None:
    return next((run for run in scenario.runs if run.state in service.UNDER_WAY), None)


@bp.get("/scenarios/<int:scenario_id>/edit")
@permission("scenario.run")
def edit(scenario_id: int) -> ResponseReturnValue:
    scenario = scenario_of(scenario_id)
    return _form(scenario, {"values": values_of(scenario), "errors": {}}, scenario.version)


def _form(
    scenario: Scenario, form: dict[str, Any], version: int, changes: list[Any] | None = None
) -> str:
    return render_template(
        "scenarios/edit.html",
        scenario=scenario,
        round=scenario.round,
        form=form,
        version=version,
        changes=changes,
        groups=groups_of(),
        needs=need_rows(scenario),
    )


@bp.post("/scenarios/<int:scenario_id>/edit")
@permission("scenario.run")
def save(scenario_id: int) -> ResponseReturnValue:
    scenario = scenario_of(scenario_id)
    typed = typed_form()
    version = int(typed.whole("version", 0, 10**9, "The form is incomplete.") or 0)
    policy = typed_policy(typed, scenario)
    needs = typed_needs(typed, scenario)
    name, note = typed.text("name"), typed.text("note")

    def again(errors: dict[str, str], is_stale: bool) -> str:
        now = scenario_of(scenario_id)
        changes = differences(LABELS, typed.values, values_of(now)) if is_stale else None
        form = {"values": typed.values, "errors": errors}
        return _form(now, form, now.version if is_stale else version, changes)

    def done(_saved: Scenario) -> ResponseReturnValue:
        say("Saved. Solve the scenario to see what it changes.")
        return redirect(url_for("scenarios.show", scenario_id=scenario_id))

    return submit(
        lambda: in_transaction(
            service.edit_scenario,
            scenario_id=scenario_id,
            version=version,
            name=name,
            note=note,
            policy=policy,
            needs=needs,
            faults=tuple(typed.faults),
        ),
        done,
        again,
    )


# -- pins ---------------------------------------------------------------------------------------


@bp.post("/scenarios/<int:scenario_id>/pins")
@permission("scenario.run")
def pin(scenario_id: int) -> ResponseReturnValue:
    """Pin a proposal, from a row of a result or from its page there."""
    scenario = scenario_of(scenario_id)
    typed = typed_form()
    values = pin_values(typed, scenario.round.base_currency)
    is_exchanged = any(one.proposal_id == values["proposal_id"] for one in scenario.pins)

    def again(errors: dict[str, str], _is_stale: bool) -> str:
        return render_template(
            "scenarios/pin.html",
            scenario=scenario_of(scenario_id),
            round=scenario.round,
            proposal=report.visible_proposal(reading(), actor(), values["proposal_id"]),
            commitments=report.commitment_choices(reading(), scenario.round_id),
            form={"values": typed.values, "errors": errors},
            back=back_to(scenario_id),
        )

    def done(made: Pin) -> ResponseReturnValue:
        undo = None
        if not is_exchanged:  # the one before would not come back
            address = url_for("scenarios.unpin", scenario_id=scenario_id, pin_id=made.id)
            undo = Undo(address, {"back": back_to(scenario_id)})
        say("Pinned. Solve the scenario again to see what it changes.", undo)
        return redirect(back_to(scenario_id))

    return submit(
        lambda: in_transaction(
            service.set_pin,
            scenario_id=scenario_id,
            reason=typed.text("reason"),
            faults=tuple(typed.faults),
            **values,
        ),
        done,
        again,
    )


def pin_values(typed: Typed, currency: str) -> dict[str, Any]:
    """A pin as a form has it; faults are noted in `typed`."""
    act = typed.choice("act", ("in", "out", "amount"), "Choose what to do with it.")
    amount = typed.amount("amount", currency, "Write the amount.") if act == "amount" else None
    commitment, proposal = typed.text("commitment"), typed.text("proposal")
    return {
        "proposal_id": int(proposal) if proposal.isdecimal() else 0,
        "commitment_id": int(commitment) if commitment.isdecimal() else None,
        "amount": amount,
        "funded": {"in": True, "out": False}.get(act or ""),
    }


@bp.post("/scenarios/<int:scenario_id>/pins/<int:pin_id>/remove")
@permission("scenario.run")
def unpin(scenario_id: int, pin_id: int) -> ResponseReturnValue:
    gone = in_transaction(service.remove_pin, scenario_id=scenario_id, pin_id=pin_id)
    undo = None
    if gone is not None:
        currency = scenario_of(scenario_id).round.base_currency
        fields = {"back": back_to(scenario_id), **_as_typed(gone, currency)}
        undo = Undo(url_for("scenarios.pin", scenario_id=scenario_id), fields)
    say("The pin is gone. Solve the scenario again to see what it changes.", undo)
    return redirect(back_to(scenario_id))


def _as_typed(pin: Pin, currency: str) -> dict[str, str | int]:
    """A pin's values as its form sends them."""
    fields: dict[str, str | int] = {"proposal": pin.proposal_id, "reason": pin.reason}
    fields["act"] = {True: "in", False: "out", None: "amount"}[pin.funded]
    if pin.amount is not None:
        fields["amount"] = format_amount_number(pin.amount, currency)
    if pin.commitment_id is not None:
        fields["commitment"] = pin.commitment_id
    return fields


def back_to(scenario_id: int) -> str:
    """Where the person came from, if that is a page of ours about runs or this scenario."""
    wanted = request.form.get("back", "")
    if wanted.startswith(("/runs/", "/scenarios/")) and "\\" not in wanted:
        return wanted
    return url_for("scenarios.show", scenario_id=scenario_id)


# -- runs ---------------------------------------------------------------------------------------


@bp.post("/scenarios/<int:scenario_id>/runs")
@permission("scenario.run")
def run(scenario_id: int) -> ResponseReturnValue:
    in_transaction(service.start_run, scenario_id=scenario_id)
    return redirect(url_for("scenarios.show", scenario_id=scenario_id))


@bp.post("/runs/<int:run_id>/cancel")
@permission("scenario.run")
def cancel(run_id: int) -> ResponseReturnValue:
    asked = in_transaction(service.cancel_run, run_id=run_id)
    return redirect(url_for("scenarios.show", scenario_id=asked.scenario_id))


@bp.get("/runs/<int:run_id>/progress")
@permission("scenario.read")
def progress(run_id: int) -> ResponseReturnValue:
    """The bar of a run under way, asked for again and again; leads on once the run has ended."""
    found = run_of(run_id)
    if found.state in service.UNDER_WAY:
        may = may_run(found.scenario.round)
        return render_template("scenarios/_progress.html", run=found, may_run=may)
    answer = make_response("", 200)
    if found.state == RunState.DONE:
        answer.headers["HX-Redirect"] = url_for("results.show", run_id=run_id)
    else:
        answer.headers["HX-Redirect"] = url_for("scenarios.show", scenario_id=found.scenario_id)
    return answer
