"""An award's reports and spend: its schedule, milestones, money to return, closing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import AmountRefused, parse_amount
from funding.forms import as_errors
from funding.listing import Listing
from funding.models import Award, Organisation, ReportKind
from funding.permissions import (
    SIGNED_IN,
    fetch,
    require,
    visible_awards,
    visible_tranches,
    working_rounds,
)
from funding.reports import award_reports as report
from funding.reports import came_back
from funding.routes.context import (
    actor,
    in_transaction,
    new_idempotency_key,
    reading,
    say,
)
from funding.routes.round_tabs import may_in
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.reporting import milestones, schedule, underspend

bp = Blueprint("award_reports", __name__)


def _award(award_id: int) -> Award:
    award: Award = fetch(reading(), visible_awards(actor()), award_id, "award")
    return award


def _version() -> int:
    return request.form.get("version", default=0, type=int)


@bp.get("/awards/<int:award_id>/reports")
@permission(SIGNED_IN)
def show(award_id: int) -> ResponseReturnValue:
    return _page(award_id)


def _page(
    award_id: int, faults: tuple[Fault, ...] = (), status: int = 200, about: str = ""
) -> ResponseReturnValue:
    """The page, with what is wrong at the form that was refused (`about`)."""
    award, session, by = _award(award_id), reading(), actor()
    funder_id = award.commitment.funder_id
    is_own = award.proposal.lead_id == by.person_id or any(
        member.person_id == by.person_id for member in award.proposal.team
    )
    is_running = award.state in schedule.RUNNING
    page = render_template(
        "reporting/award.html",
        award=award,
        today=now().date(),
        told=report.of_award(session, award),
        spend=report.spend_so_far(session, award_id),
        waiting=milestones.WAITING,
        is_own=is_own,
        may_schedule=is_running and not is_own and by.may("report.decide", funder_id),
        may_set=is_running and not is_own and by.may("milestone.set", funder_id),
        may_book=not is_own and by.may("tranche.prepare", funder_id),
        may_close=award.state == "active" and not is_own and by.may("report.decide", funder_id),
        may_ask=is_own and is_running,
        idempotency_key=new_idempotency_key(),
        about=about,
        form={"values": request.form, "errors": as_errors(faults)},
    )
    return page, status


def _act(
    award_id: int, about: str, act: Callable[[], object], done: str, anchor: str = ""
) -> ResponseReturnValue:
    """Run a form of the page; refused, the page comes back with what was typed."""
    _award(award_id)
    try:
        act()
    except InvalidInput as refusal:
        return _page(award_id, refusal.faults, 422, about)
    except (RuleBroken, Conflict) as refusal:
        return _page(award_id, (Fault("", str(refusal)),), 409, about)
    say(done)
    return redirect(url_for("award_reports.show", award_id=award_id) + anchor, 303)


@bp.post("/awards/<int:award_id>/schedule")
@permission("report.decide")
def edit_schedule(award_id: int) -> ResponseReturnValue:
    """The days as sent, less the reports ticked to be taken off, and one more where a day is
    given for it."""
    if request.form.get("act") == "anew":
        return _act(
            award_id,
            "schedule",
            lambda: in_transaction(schedule.lay_out_anew, award_id=award_id, version=_version()),
            "The schedule follows your funder's rule again; what was begun stays.",
            "#schedule",
        )
    typed = typed_form("remove")
    removed = set(typed.values["remove"])
    dues = []
    for each in schedule.reports_of(reading(), award_id):
        if str(each.id) not in removed:
            day = typed.day(f"due_{each.id}", "Give the day on which it is due.")
            dues.append(schedule.Due(each.kind, day or each.due_on, each.id))
    if (day := typed.day("due_new")) is not None:
        dues.append(schedule.Due(ReportKind.PROGRESS, day))
    return _act(
        award_id,
        "schedule",
        lambda: in_transaction(
            schedule.edit_schedule,
            award_id=award_id,
            version=_version(),
            dues=dues,
            faults=tuple(typed.faults),
        ),
        "The schedule is saved.",
        "#schedule",
    )


@bp.post("/tranches/<int:tranche_id>/milestone")
@permission("milestone.set")
def set_milestone(tranche_id: int) -> ResponseReturnValue:
    tranche = fetch(reading(), visible_tranches(actor()), tranche_id, "tranche")
    chosen = request.form.get("report_id", default=0, type=int)
    return _act(
        tranche.award_id,
        "milestones",
        lambda: in_transaction(
            milestones.set_milestone, tranche_id=tranche_id, report_id=chosen or None
        ),
        "The tranche waits for that report." if chosen else "The tranche waits for no report.",
        "#milestones",
    )


@bp.post("/awards/<int:award_id>/return")
@permission("tranche.prepare")
def book_return(award_id: int) -> ResponseReturnValue:
    currency = _award(award_id).commitment.currency

    def act() -> None:
        try:
            amount = parse_amount(request.form.get("amount", ""), currency)
        except AmountRefused as refusal:
            raise InvalidInput(Fault("amount", str(refusal))) from None
        in_transaction(
            underspend.book_return,
            award_id=award_id,
            amount=amount,
            reason=request.form.get("reference", ""),
            key=request.form.get("idempotency_key", ""),
        )

    return _act(
        award_id,
        "return",
        act,
        "The return is on the ledger; the money is free in its commitment again.",
        "#return",
    )


@bp.post("/awards/<int:award_id>/complete")
@permission("report.decide")
def complete(award_id: int) -> ResponseReturnValue:
    return _act(
        award_id,
        "close",
        lambda: in_transaction(
            underspend.complete_award,
            award_id=award_id,
            version=_version(),
            reason=request.form.get("close_reason", ""),
        ),
        "The award is completed; what was never paid is its commitment's again.",
    )


# -- a funder's rule, and what came back to a round ------------------------------------------------


@bp.get("/funders/<int:funder_id>/reporting")
@permission("reporting.set")
def rule(funder_id: int) -> ResponseReturnValue:
    return _rule_page(funder_id, None, {})


def _rule_page(funder_id: int, values: dict[str, object] | None, errors: dict[str, str]) -> str:
    require(actor(), "reporting.set", funder_id)
    known = schedule.rule_of(reading(), funder_id)
    funder = reading().get(Organisation, funder_id)
    if funder is None:
        raise NotFound("funder")
    return render_template(
        "reporting/rule.html",
        funder=funder,
        version=known.version or 0,
        example=schedule.proposed(date(2027, 1, 1), date(2028, 6, 30), known),
        form={
            "values": values
            or {
                "every_months": known.every_months or "",
                "final_days": known.final_days,
                "remind_days": known.remind_days,
            },
            "errors": errors,
        },
    )


@bp.post("/funders/<int:funder_id>/reporting")
@permission("reporting.set")
def set_rule(funder_id: int) -> ResponseReturnValue:
    require(actor(), "reporting.set", funder_id)
    typed = typed_form()

    def done(_rule: object) -> ResponseReturnValue:
        say("Saved. New awards have their reports by this; schedules made before stay.")
        return redirect(url_for("award_reports.rule", funder_id=funder_id), 303)

    every = typed.whole("every_months", 1, 60, "From 1 to 60 months; empty for none.")
    final = typed.whole("final_days", 0, 365, "From 0 to 365 days after the end.")
    remind = typed.whole("remind_days", 1, 90, "From 1 to 90 days before.")
    version = typed.whole("version", 0, 10**9, "This form came without its version.") or 0
    return submit(
        lambda: in_transaction(
            schedule.set_rule,
            funder_id=funder_id,
            version=version,
            every_months=every,
            final_days=final,
            remind_days=remind,
            faults=tuple(typed.faults),
        ),
        done,
        lambda errors, is_stale: _rule_page(funder_id, typed.values, errors),
    )


@bp.get("/rounds/<int:round_id>/came-back")
@permission("dashboard.read")
def money_back(round_id: int) -> ResponseReturnValue:
    by, session = actor(), reading()
    round_ = fetch(session, working_rounds(by, "dashboard.read"), round_id, "round")
    listing, rows = came_back.transfers_back(
        session,
        by,
        round_,
        Listing.parse(
            request.path, request.args, sortable=tuple(came_back.SORTABLE), default_sort="-on"
        ),
    )
    return render_template(
        "reporting/came_back.html",
        round=round_,
        listing=listing,
        rows=rows,
        free=came_back.free_again(session, round_),
        may_solve=may_in(by, round_, "scenario.run"),
        is_owner=by.may("round.manage", round_.owner_id),
    )
