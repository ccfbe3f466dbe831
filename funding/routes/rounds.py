"""Rounds: the list, the call everybody reads, questions and answers, and its owners' edits."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import NotFound
from funding.forms import Typed, moment_text
from funding.listing import Listing
from funding.models import Organisation, Round, RoundState
from funding.permissions import PUBLIC, SIGNED_IN, fetch, owned_rounds, visible_rounds
from funding.reports import rounds as report
from funding.reports import timetable
from funding.reports.areas import groups_of
from funding.routes.choices import currency_groups, timezone_groups
from funding.routes.context import actor, actor_or_none, in_transaction, reading, say
from funding.routes.round_tabs import may_in, offer_round_tabs
from funding.routes.security import permission
from funding.routes.submitting import differences, submit, typed_form
from funding.services import enquiries as enquiry_service
from funding.services import rounds as service
from funding.services.deadlines import deadline, extensions_for

bp = Blueprint("rounds", __name__, url_prefix="/rounds")
offer_round_tabs(bp)

LABELS = {
    "name": "Name",
    "summary": "What it is for",
    "eligibility": "Who may apply",
    "timezone": "Time zone",
    "opens_at": "Opens",
    "closes_at": "Closes for proposals",
    "decides_on": "Decision",
    "may_join": "Who may join",
    "keep_years": "Personal details kept for",
}


USUAL = {"timezone": "UTC", "base_currency": "USD", "may_join": "invited", "keep_years": "7"}
"""What the form of a new round begins with."""


def visible_round(round_id: int) -> Round:
    """The round, if it is there for the person; raises NotFound."""
    return fetch(reading(), visible_rounds(actor_or_none()), round_id, "round")


def own_round(round_id: int) -> Round:
    """The round, if the person is one of its owners; raises NotFound."""
    return fetch(reading(), owned_rounds(actor()), round_id, "round")


@bp.get("/")
@permission(PUBLIC)
def index() -> ResponseReturnValue:
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=report.SORTABLE,
        filters=("q", "state"),
        default_sort="-closes",
    )
    rows, listing = report.round_rows(reading(), actor_or_none(), listing)
    return render_template(
        "rounds/index.html",
        rows=rows,
        listing=listing,
        moment=now(),
        time_left=timetable.time_left,
        states=[(state.value, label) for state, label in timetable.STAGE_NAMES.items()],
    )


@bp.get("/<int:round_id>")
@permission(PUBLIC)
def show(round_id: int) -> ResponseReturnValue:
    return _call(visible_round(round_id))


def _call(round_: Round, enquiry: dict[str, Any] | None = None) -> str:
    """The call, with the form for a question as it was typed."""
    session, by, moment = reading(), actor_or_none(), now()
    answered, waiting = enquiry_service.visible_enquiries(session, round_, by)
    is_member = may_in(by, round_, "dashboard.read")
    until = deadline(session, round_)
    return render_template(
        "rounds/show.html",
        round=round_,
        stages=timetable.stages_of(round_),
        until=until,
        left=timetable.time_left(until, moment),
        has_opened=round_.opens_at <= moment,
        extensions=extensions_for(session, round_, by),
        areas=groups_of(round_.taxonomy),
        answered=answered,
        waiting=waiting,
        held=report.money_of(session, round_, moment) if is_member else None,
        asked=report.asked_in(session, round_, by) if by is not None and is_member else None,
        enquiry=enquiry or {"values": {}, "errors": {}},
        is_owner=by is not None and by.may("round.manage", round_.owner_id),
        is_signed_in=by is not None,
        joins=_funders_to_join(round_),
    )


def _funders_to_join(round_: Round) -> list[Organisation]:
    """The person's own funders that this round invites, or that may join it uninvited."""
    by = actor_or_none()
    if by is None or round_.state == RoundState.CLOSED or not by.where("round.join"):
        return []
    parts = {part.funder_id: part for part in round_.participants}
    wanted = [
        id_
        for id_ in by.where("round.join")
        if (id_ in parts and parts[id_].joined_at is None)
        or (id_ not in parts and round_.may_join == "any funder")
    ]
    return [reading().get_one(Organisation, id_) for id_ in sorted(wanted)]


# -- made and edited ----------------------------------------------------------------------------


@bp.get("/new")
@permission("round.create")
def new() -> ResponseReturnValue:
    return _form(None, USUAL, {})


@bp.post("/new")
@permission("round.create")
def create() -> ResponseReturnValue:
    typed = typed_form()
    details = _details(typed)
    currency = typed.currency("base_currency")
    owners = {org.id for org in _possible_owners()}
    owner = typed.text("owner_id")
    if not owner.isdecimal() or int(owner) not in owners:
        raise NotFound("organisation")
    return submit(
        lambda: in_transaction(
            service.create_round,
            owner_id=int(owner),
            base_currency=currency,
            details=details,
            faults=tuple(typed.faults),
        ),
        done=lambda made: _to(made.id, "The round is made, as a draft. Only its members see it."),
        again=lambda errors, is_stale: _form(None, typed.values, errors),
    )


@bp.get("/<int:round_id>/edit")
@permission("round.manage")
def edit(round_id: int) -> ResponseReturnValue:
    round_ = own_round(round_id)
    return _form(round_, _values(round_), {})


@bp.post("/<int:round_id>/edit")
@permission("round.manage")
def save(round_id: int) -> ResponseReturnValue:
    before = own_round(round_id)
    typed = typed_form()
    if before.state != RoundState.DRAFT:  # these dates are not on the form any more
        typed.values["opens_at"] = moment_text(before.opens_at, before.timezone)
        typed.values["closes_at"] = moment_text(before.closes_at, before.timezone)
        typed.values["timezone"] = before.timezone
    details = _details(typed)
    version = typed.whole("version", 0, 10**9, "This form came without its version.") or 0
    return submit(
        lambda: in_transaction(
            service.edit_round,
            round_id=round_id,
            version=version,
            details=details,
            faults=tuple(typed.faults),
        ),
        done=lambda _: _to(round_id, "Saved."),
        again=lambda errors, is_stale: _form(own_round(round_id), typed.values, errors, is_stale),
    )


def _details(typed: Typed) -> service.RoundDetails:
    zone = typed.choice(
        "timezone",
        (key for group in timezone_groups() for key, _ in group["options"]),
        "Choose the time zone that deadlines are given in.",
    )
    has_zone = not any(fault.field == "timezone" for fault in typed.faults)
    where = zone if has_zone else "UTC"
    return service.RoundDetails(
        name=typed.text("name", "Give the round a name."),
        summary=typed.text("summary", longest=4000),
        eligibility=typed.text("eligibility"),
        timezone=where,
        opens_at=typed.moment("opens_at", where, "Say when the round opens."),
        closes_at=typed.moment("closes_at", where, "Say when the round closes for proposals."),
        decides_on=typed.day("decides_on"),
        may_join=typed.choice("may_join", service.MAY_JOIN, "Choose who may join."),
        keep_years=typed.whole("keep_years", 1, service.LONGEST_KEPT, "Say for how many years."),
    )


def _values(round_: Round) -> dict[str, Any]:
    return {
        "name": round_.name,
        "summary": round_.summary,
        "eligibility": round_.eligibility,
        "timezone": round_.timezone,
        "opens_at": moment_text(round_.opens_at, round_.timezone),
        "closes_at": moment_text(round_.closes_at, round_.timezone),
        "decides_on": round_.decides_on.isoformat() if round_.decides_on else "",
        "may_join": round_.may_join,
        "keep_years": str(round_.keep_years),
    }


def _form(
    round_: Round | None, values: dict[str, Any], errors: dict[str, str], is_stale: bool = False
) -> str:
    return render_template(
        "rounds/form.html",
        round=round_,
        form={"values": values, "errors": errors},
        changes=differences(LABELS, values, _values(round_)) if round_ and is_stale else None,
        owners=[(org.id, org.name) for org in _possible_owners()] if round_ is None else [],
        currencies=currency_groups(),
        zones=timezone_groups(),
    )


def _possible_owners() -> list[Organisation]:
    return [reading().get_one(Organisation, id_) for id_ in sorted(actor().where("round.create"))]


def _to(round_id: int, message: str) -> ResponseReturnValue:
    say(message)
    return redirect(url_for("rounds.show", round_id=round_id))


# -- questions and answers ------------------------------------------------------------------------


@bp.post("/<int:round_id>/enquiries")
@permission(SIGNED_IN)
def ask(round_id: int) -> ResponseReturnValue:
    typed = typed_form()
    question = typed.text("question")
    return submit(
        lambda: in_transaction(enquiry_service.ask, round_id=round_id, question=question),
        done=lambda _: _to(
            round_id, "Your question is with the round's owners. All can read it once answered."
        ),
        again=lambda errors, is_stale: _call(
            visible_round(round_id), {"values": typed.values, "errors": errors}
        ),
    )


@bp.get("/<int:round_id>/enquiries/<int:enquiry_id>")
@permission("round.manage")
def enquiry(round_id: int, enquiry_id: int) -> ResponseReturnValue:
    round_ = own_round(round_id)
    found = _enquiry(round_, enquiry_id)
    return _answer_form(round_, enquiry_id, {"answer": found.answer or ""}, {})


@bp.post("/<int:round_id>/enquiries/<int:enquiry_id>")
@permission("round.manage")
def answer(round_id: int, enquiry_id: int) -> ResponseReturnValue:
    _enquiry(own_round(round_id), enquiry_id)
    typed = typed_form()
    text = typed.text("answer")
    return submit(
        lambda: in_transaction(
            enquiry_service.answer,
            round_id=round_id,
            enquiry_id=enquiry_id,
            answer=text,
            before=typed.text("before"),
        ),
        done=lambda _: _to(round_id, "Answered. Question and answer are there for all to read."),
        again=lambda errors, is_stale: _answer_form(
            own_round(round_id), enquiry_id, typed.values, errors, is_stale
        ),
    )


def _enquiry(round_: Round, enquiry_id: int) -> Any:
    answered, waiting = enquiry_service.visible_enquiries(reading(), round_, actor())
    found = [each for each in (*answered, *waiting) if each.id == enquiry_id]
    if not found:
        raise NotFound("question")
    return found[0]


def _answer_form(
    round_: Round,
    enquiry_id: int,
    values: dict[str, Any],
    errors: dict[str, str],
    is_stale: bool = False,
) -> str:
    found = _enquiry(round_, enquiry_id)
    stored = {"answer": found.answer or ""}
    return render_template(
        "rounds/answer.html",
        round=round_,
        enquiry=found,
        form={"values": values, "errors": errors},
        changes=differences({"answer": "Answer"}, values, stored) if is_stale else None,
    )
