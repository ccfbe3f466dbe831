"""The plan before the funders: putting it forward, and deciding its lines."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.formatting import AmountRefused, parse_amount
from funding.language import gettext
from funding.listing import Listing, whole_number
from funding.models import UNDECIDED, PlanLine
from funding.permissions import Actor, fetch, visible_lines, visible_runs, working_rounds
from funding.reports import plans as report
from funding.reports.compensating import of_line
from funding.reports.rules import other_rule
from funding.reports.waiting import waiting_in
from funding.routes.addresses import is_ours
from funding.routes.context import actor, in_transaction, new_idempotency_key, reading, say
from funding.routes.security import permission
from funding.services import committee, decisions, plans
from funding.services.run_words import said_again

bp = Blueprint("plans", __name__)

STATES = (
    ("undecided", "Not decided yet"),
    ("approved", "Approved"),
    ("amended", "Amended, not decided"),
    ("declined", "Declined"),
)


def may_decide(by: Actor, line: PlanLine) -> bool:
    """Whether this person could approve the line now; the database has the last word."""
    return (
        line.state in UNDECIDED
        and by.may("line.decide", line.commitment.funder_id)
        and line.recommended_by_id != by.person_id
    )


@bp.get("/rounds/<int:round_id>/plan")
@permission("plan.read")
def show(round_id: int) -> ResponseReturnValue:
    by, session = actor(), reading()
    round_ = fetch(session, working_rounds(by, "plan.read"), round_id, "round")
    plan = report.current_plan(session, round_id)
    if plan is None:
        return render_template("plans/none.html", round=round_)
    listing, lines = report.plan_lines(
        session,
        by,
        plan,
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(report.SORTABLE),
            filters=report.FILTERS,
            default_sort="-amount",
        ),
    )
    return render_template(
        "plans/show.html",
        round=round_,
        plan=plan,
        rule=other_rule(plan.run.scenario.rule),
        listing=listing,
        lines=lines,
        shares=report.shares_of(session, plan, [line.proposal_id for line in lines]),
        own=report.totals_by_state(session, by, plan, own=True),
        whole=report.totals_by_state(session, by, plan, own=False),
        funders=report.funders_of(session, plan),
        states=STATES,
        committee_rule=committee.rule_of(session, round_id),
        result=committee.endorsement_of(session, plan),
        may_decide=may_decide,
        idempotency_key=new_idempotency_key(),
    )


@bp.get("/runs/<int:run_id>/put-forward")
@permission("plan.put_forward")
def ask_put_forward(run_id: int) -> ResponseReturnValue:
    """What putting this run forward means, before it is done."""
    session = reading()
    run = fetch(session, visible_runs(actor()), run_id, "run")
    current = report.current_plan(session, run.scenario.round_id)
    return render_template(
        "plans/put_forward.html",
        run=run,
        round=run.scenario.round,
        current=current,
        rule=other_rule(run.scenario.rule),
        totals=report.totals_by_funder(session, run),
        idempotency_key=new_idempotency_key(),
    )


@bp.post("/runs/<int:run_id>/put-forward")
@permission("plan.put_forward")
def put_forward(run_id: int) -> ResponseReturnValue:
    answer = in_transaction(
        plans.put_forward,
        run_id=run_id,
        note=request.form.get("note", ""),
        key=request.form.get("idempotency_key", ""),
    )
    plan = reading().get_one(report.PlanPutForward, answer["plan_id"])
    say("The plan is before the funders. Each decides the lines that spend its own money.")
    return redirect(url_for("plans.show", round_id=plan.round_id))


@bp.post("/rounds/<int:round_id>/plan/approve")
@permission("line.decide")
def approve(round_id: int) -> ResponseReturnValue:
    """Approve the picked lines, each as it was on the page: `picked` is "id:version"."""
    fetch(reading(), working_rounds(actor(), "plan.read"), round_id, "round")
    picked = [value.partition(":") for value in request.form.getlist("picked")]
    if not picked:
        raise InvalidInput(Fault("picked", "pick the lines to approve first"))
    lines = {whole_number(line): whole_number(version) for line, _, version in picked}
    if None in (*lines, *lines.values()):
        raise InvalidInput(Fault("picked", "these are not lines of a plan"))
    answer = in_transaction(
        decisions.approve_lines,
        lines=lines,
        key=request.form.get("idempotency_key", ""),
    )
    say(_said_of(answer))
    back = request.form.get("back", "")
    return redirect(back if is_ours(back) else url_for("plans.show", round_id=round_id))


@bp.post("/rounds/<int:round_id>/plan/solve-rest")
@permission("scenario.run")
def solve_rest(round_id: int) -> ResponseReturnValue:
    fetch(reading(), working_rounds(actor(), "scenario.run"), round_id, "round")
    scenario = in_transaction(plans.solve_the_rest, round_id=round_id)
    say("The rest is being solved again; what was decided stays as it is.")
    return redirect(url_for("scenarios.show", scenario_id=scenario.id))


def _said_of(answer: dict[str, int]) -> str:
    parts = []
    if answer["approved"]:
        count = answer["approved"]
        parts.append(
            "One line is approved."
            if count == 1
            else gettext("%(count)s lines are approved.", count=count)
        )
    if answer["waiting"]:
        count = answer["waiting"]
        which = "One line waits" if count == 1 else gettext("%(count)s lines wait", count=count)
        parts.append(
            gettext(
                "%(which)s for a second person: the amount is above the threshold.", which=which
            )
        )
    return " ".join(parts)


@bp.get("/lines/<int:line_id>")
@permission("plan.read")
def line(line_id: int) -> ResponseReturnValue:
    return line_page(line_id)


def line_page(
    line_id: int, faults: tuple[Fault, ...] = (), status: int = 200
) -> ResponseReturnValue:
    """The page of a line, with what was wrong in a form sent from it."""
    by, session = actor(), reading()
    found = fetch(session, visible_lines(by), line_id, "line")
    is_own = by.may("line.decide", found.commitment.funder_id)
    page = render_template(
        "plans/line.html",
        line=found,
        plan=found.plan,
        why=said_again(found.reason, found.says),
        round=found.plan.round,
        shares=report.shares_of(session, found.plan, [found.proposal_id])[found.proposal_id],
        events=report.history_of(session, found),
        years=report.years_of(session, found),
        waiting=waiting_in(session, found.plan.run, found.proposal.key),
        is_own=is_own,
        alone=is_own and decisions.is_alone(session, by, found),
        approvals_given=decisions.approvals_given(session, found),
        compensating=of_line(session, by, found),
        may_decide=may_decide(by, found),
        undecided=found.state in UNDECIDED,
        idempotency_key=new_idempotency_key(),
        form={
            "values": request.form,
            "errors": {fault.field: fault.rule for fault in faults},
        },
        typed=[
            (label, text)
            for name, label in _TYPED.items()
            if faults and (text := request.form.get(name, "").strip())
        ],
    )
    return page, status


_TYPED = {"amount": "New amount", "amend_reason": "Why this amount", "reason": "Why"}
"""What people type into the forms of a line, which may be gone once it is decided."""


def _refused(line_id: int, refusal: RuleBroken | Conflict) -> ResponseReturnValue:
    """The line as it is by now, with what was typed for it."""
    return line_page(line_id, (Fault("", str(refusal)),), 409)


@bp.post("/lines/<int:line_id>/decline")
@permission("line.decide")
def decline(line_id: int) -> ResponseReturnValue:
    fetch(reading(), visible_lines(actor()), line_id, "line")
    try:
        answer = in_transaction(
            decisions.decline_line,
            line_id=line_id,
            version=request.form.get("version", type=int),
            reason=request.form.get("reason", ""),
            key=request.form.get("idempotency_key", ""),
        )
    except InvalidInput as refusal:
        return line_page(line_id, refusal.faults, 422)
    except (RuleBroken, Conflict) as refusal:
        return _refused(line_id, refusal)
    say("The line is declined; its money is free for other proposals.")
    return _back_to_plan(answer["plan_id"])


@bp.post("/lines/<int:line_id>/amend")
@permission("line.decide")
def amend(line_id: int) -> ResponseReturnValue:
    found = fetch(reading(), visible_lines(actor()), line_id, "line")
    try:
        amount = parse_amount(request.form.get("amount", ""), found.commitment.currency)
        answer = in_transaction(
            decisions.amend_line,
            line_id=line_id,
            version=request.form.get("version", type=int),
            amount=amount,
            reason=request.form.get("amend_reason", ""),
            key=request.form.get("idempotency_key", ""),
        )
    except AmountRefused as refusal:
        return line_page(line_id, (Fault("amount", str(refusal)),), 422)
    except InvalidInput as refusal:
        renamed = {"reason": "amend_reason"}
        faults = tuple(Fault(renamed.get(f.field, f.field), f.rule) for f in refusal.faults)
        return line_page(line_id, faults, 422)
    except (RuleBroken, Conflict) as refusal:
        return _refused(line_id, refusal)
    say("The amount is amended. A colleague has to approve it; then solve the rest again.")
    return _back_to_plan(answer["plan_id"])


def _back_to_plan(plan_id: int) -> ResponseReturnValue:
    plan = reading().get_one(report.PlanPutForward, plan_id)
    return redirect(url_for("plans.show", round_id=plan.round_id))
