"""The live session: the chair tries changes, the room follows, members signal and comment."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, NotFound
from funding.formatting import AmountRefused, parse_amount
from funding.language import gettext as _
from funding.listing import whole_number
from funding.models import LiveSession, Round, StepState
from funding.permissions import fetch, visible_live_sessions, working_rounds
from funding.reports import live as report
from funding.reports.discretion import Discretion
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.round_tabs import may_in
from funding.routes.scenarios import may_run
from funding.routes.security import permission
from funding.routes.submitting import submit
from funding.services.live import keeping, sessions, voices

bp = Blueprint("live", __name__)

STOP_ASKING = 286
"""The status at which htmx ends its asking again and again."""


def _round(round_id: int) -> Round:
    found: Round = fetch(reading(), working_rounds(actor(), "pack.read"), round_id, "round")
    return found


def _live(live_id: int) -> LiveSession:
    found: LiveSession = fetch(reading(), visible_live_sessions(actor()), live_id, "session")
    return found


def may_lead(round_: Round) -> bool:
    return may_in(actor(), round_, "live.lead")


@bp.get("/rounds/<int:round_id>/live")
@permission("pack.read")
def index(round_id: int) -> ResponseReturnValue:
    """The sessions of a round, and the form to open one."""
    return _index(round_id, {})


def _index(round_id: int, errors: dict[str, str]) -> str:
    round_, session = _round(round_id), reading()
    return render_template(
        "live/index.html",
        round=round_,
        sessions=report.sessions_of(session, round_id),
        open=sessions.open_of(session, round_id),
        runs=[
            (
                str(run.id),
                _("%(scenario)s, the plan before the funders", scenario=run.scenario.name)
                if is_plan
                else run.scenario.name,
            )
            for run, is_plan in report.runs_for(session, round_id)
        ],
        may_lead=may_lead(round_) and round_.state not in ("draft", "closed"),
        form={"values": dict(request.form), "errors": errors},
    )


@bp.post("/rounds/<int:round_id>/live")
@permission("live.lead")
def open_session(round_id: int) -> ResponseReturnValue:
    _round(round_id)
    return submit(
        lambda: in_transaction(
            sessions.open_session,
            round_id=round_id,
            run_id=whole_number(request.form.get("run_id")),
        ),
        lambda made: redirect(url_for("live.show", live_id=made.id)),
        lambda errors, _is_stale: _index(round_id, errors),
    )


@bp.get("/live/<int:live_id>")
@permission("pack.read")
def show(live_id: int) -> ResponseReturnValue:
    """What the room looks at; with `step`, an earlier one, for the reader alone."""
    return _show(_live(live_id), {})


def _show(live: LiveSession, errors: dict[str, str]) -> str:
    values = _values(live, whole_number(request.args.get("step")))
    problem, names = live.run.problem or {}, values["names"]
    return render_template(
        "live/show.html",
        **values,
        areas=[(a["id"], names.areas.get(a["id"], a["id"])) for a in problem["areas"]],
        commitments=[
            (c["id"], names.commitments.get(c["id"], c["id"])) for c in problem["commitments"]
        ],
        proposals=sorted(
            (
                (p["id"], names.proposals[p["id"]].title)
                for p in problem["proposals"]
                if p["id"] in names.proposals
            ),
            key=lambda pair: pair[1],
        ),
        form={"values": dict(request.form), "errors": errors},
    )


def _values(live: LiveSession, wanted: int | None) -> dict[str, Any]:
    """Everything that the part of the page shows which follows the room."""
    session, by = reading(), actor()
    number = live.current if wanted is None else wanted
    steps = report.steps_of(session, live, number)
    if number not in steps or steps[number].state != StepState.DONE:
        number = live.current
        steps = report.steps_of(session, live, number)
    if number not in steps:
        raise NotFound("step")
    names = report.Names.of(session, by, live)
    is_out = Discretion.of(session, by, live.round_id).hides_something
    votes = voices.votes_on(session, steps[number].id)
    views = report.history(names, steps)
    is_open = live.closed_at is None
    return {
        "live": live,
        "round": live.round,
        "currency": live.round.base_currency,
        "names": names,
        "now": report.now_of(names, live, steps, number),
        "is_current": number == live.current,
        "history": views,
        "waiting": next((v for v in views if v.state == StepState.WAITING), None),
        "refused": views[0] if views[0].state in ("impossible", "failed") else None,
        "is_held": report.is_held(live),
        "is_out": is_out,
        "votes": [] if is_out else votes,
        "own": next((vote for vote in votes if vote.person_id == by.person_id), None),
        "said": [] if is_out else voices.said_in(session, [step.id for step in steps.values()]),
        "numbers": {step.id: step.number for step in steps.values()},
        "is_open": is_open,
        "may_lead": is_open and may_lead(live.round),
        "may_signal": is_open and not is_out and by.may("vote.cast", live.round.owner_id),
        "may_say": is_open and not is_out and by.may("pack.remark"),
        "may_keep": may_run(live.round),
        "choices": (("for", _("In favour")), ("against", _("Against")), ("abstain", _("Abstain"))),
        "tag": report.tag_of(session, live, by.person_id),
    }


@bp.get("/live/<int:live_id>/now")
@permission("pack.read")
def now(live_id: int) -> ResponseReturnValue:
    """The part that follows the room, asked for each second: 304 where nothing is new."""
    live = _live(live_id)
    tag = report.tag_of(reading(), live, actor().person_id)
    if tag in request.if_none_match:
        answer = make_response("", 304)
    else:
        status = STOP_ASKING if live.closed_at else 200
        answer = make_response(render_template("live/_now.html", **_values(live, None)), status)
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@bp.post("/live/<int:live_id>/changes")
@permission("live.lead")
def change(live_id: int) -> ResponseReturnValue:
    """One change on the step that is shown."""
    live = _live(live_id)
    kind = request.form.get("kind", "")
    typed = request.form.get(f"{kind}_value", "").strip()
    value, faults = _read_value(kind, typed, live)
    return submit(
        lambda: in_transaction(
            sessions.ask_for_step,
            live_id=live_id,
            at=whole_number(request.form.get("at")),
            kind=kind,
            where=request.form.get(f"{kind}_where", ""),
            value=value,
            faults=faults,
        ),
        lambda _step: redirect(url_for("live.show", live_id=live_id)),
        lambda errors, _is_stale: _show(_live(live_id), errors),
    )


def _read_value(kind: str, text: str, live: LiveSession) -> tuple[Any, tuple[Fault, ...]]:
    """What was typed: nothing takes the change back."""
    if kind == "pins":
        return {"in": True, "out": False}.get(text), ()
    if not text:
        return None, ()
    if kind == "weights":
        try:
            return float(text.replace(",", ".")), ()
        except ValueError:
            return None, (Fault(f"{kind}_value", _("a number, please, such as 1.5")),)
    try:
        return parse_amount(text, live.round.base_currency), ()
    except AmountRefused as refusal:
        return None, (Fault(f"{kind}_value", str(refusal)),)


@bp.post("/live/<int:live_id>/shown")
@permission("live.lead")
def go_to(live_id: int) -> ResponseReturnValue:
    number = whole_number(request.form.get("number"))
    in_transaction(sessions.go_to, live_id=live_id, number=number)
    return redirect(url_for("live.show", live_id=live_id))


@bp.post("/live/<int:live_id>/voting")
@permission("live.lead")
def voting(live_id: int) -> ResponseReturnValue:
    in_transaction(sessions.set_voting, live_id=live_id, is_open=request.form.get("is_open") == "1")
    return redirect(url_for("live.show", live_id=live_id))


@bp.post("/live/<int:live_id>/close")
@permission("live.lead")
def close(live_id: int) -> ResponseReturnValue:
    in_transaction(sessions.close_session, live_id=live_id)
    say(_("The session is closed. Everything stays to be read."))
    return redirect(url_for("live.show", live_id=live_id))


@bp.post("/live/<int:live_id>/votes")
@permission("vote.cast")
def signal(live_id: int) -> ResponseReturnValue:
    _live(live_id)
    return submit(
        lambda: in_transaction(
            voices.signal,
            live_id=live_id,
            number=whole_number(request.form.get("number")),
            choice=request.form.get("choice", ""),
        ),
        lambda _vote: redirect(url_for("live.show", live_id=live_id)),
        lambda errors, _is_stale: _show(_live(live_id), errors),
    )


@bp.post("/live/<int:live_id>/remarks")
@permission("pack.remark")
def remark(live_id: int) -> ResponseReturnValue:
    _live(live_id)
    return submit(
        lambda: in_transaction(voices.say, live_id=live_id, words=request.form.get("words", "")),
        lambda _said: redirect(url_for("live.show", live_id=live_id)),
        lambda errors, _is_stale: _show(_live(live_id), errors),
    )


@bp.post("/live/<int:live_id>/scenarios")
@permission("scenario.run")
def keep(live_id: int) -> ResponseReturnValue:
    _live(live_id)

    def done(made: Any) -> ResponseReturnValue:
        say(_("The scenario is made. Solve it to see who pays what."))
        return redirect(url_for("scenarios.show", scenario_id=made.id))

    return submit(
        lambda: in_transaction(
            keeping.keep_step,
            live_id=live_id,
            number=whole_number(request.form.get("number")),
            name=request.form.get("name", ""),
        ),
        done,
        lambda errors, _is_stale: _show(_live(live_id), errors),
    )
