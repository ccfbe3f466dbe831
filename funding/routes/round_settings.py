"""People and settings of a round: stages, funders, deadlines, the form's questions, the policy."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import NotFound, RuleBroken
from funding.forms import Typed, moment_text
from funding.language import gettext, lazy
from funding.models import Organisation, OrganisationKind, Person, Round, RoundFunder
from funding.models.states import MOVES
from funding.permissions import fetch, working_rounds
from funding.reports import rounds as report
from funding.reports import timetable
from funding.routes.context import (
    actor,
    config,
    in_serializable_transaction,
    in_transaction,
    reading,
    say,
    warn,
)
from funding.routes.policy_form import FIELDS, policy_of, policy_rows, policy_values
from funding.routes.rounds import own_round
from funding.routes.security import permission
from funding.routes.submitting import differences, submit, typed_form
from funding.services import deadlines, joining, round_questions, rounds

bp = Blueprint("round_settings", __name__, url_prefix="/rounds/<int:round_id>")

KINDS = [
    ("text", "In words", "A few sentences."),
    ("choice", "One of these choices", "Give them below, one a line."),
    ("number", lazy("A number"), "A whole number or decimals."),
]


def _back(round_id: int, message: str, anchor: str = "") -> ResponseReturnValue:
    say(message)
    return redirect(url_for("round_settings.index", round_id=round_id) + anchor)


def _version(typed: Typed) -> int:
    return typed.whole("version", 0, 10**9, "This form came without its version.") or 0


@bp.get("/settings")
@permission("dashboard.read")
def index(round_id: int) -> ResponseReturnValue:
    round_: Round = fetch(reading(), working_rounds(actor(), "dashboard.read"), round_id, "round")
    return _page(round_, {})


def _page(round_: Round, forms: dict[str, dict[str, Any]], changes: list[Any] | None = None) -> str:
    """`forms`: by name, those that were refused, with what was typed."""
    session, by, moment = reading(), actor(), now()
    is_owner = by.may("round.manage", round_.owner_id)
    extensions = deadlines.extensions_for(session, round_, by)
    granted_by = {
        person.id: person.name
        for person in session.scalars(
            sa.select(Person).where(Person.id.in_({e.granted_by_id for e in extensions}))
        )
    }
    empty: dict[str, Any] = {"values": {}, "errors": {}}
    until = deadlines.deadline(session, round_)
    return render_template(
        "rounds/settings.html",
        round=round_,
        is_owner=is_owner,
        changes=changes,
        stages=timetable.stages_of(round_),
        moves=[
            (to, timetable.STAGE_NAMES[to], rounds.is_step_back(round_.state, to))
            for to in MOVES["round"][round_.state]
        ],
        funders_money=report.money_of(session, round_, moment),
        own_funders=by.where("round.join"),
        weighted=by.where("commitment.read"),
        others=_others(round_) if is_owner else [],
        extensions=extensions,
        granted_by=granted_by,
        until=until,
        left=timetable.time_left(until, moment),
        next_deadline=moment_text(until, round_.timezone),
        answered=round_questions.answered_keys(session, round_) if is_owner else set(),
        policy=policy_rows(round_),
        move_form=forms.get("move", empty),
        invite_form=forms.get("invite", empty),
        extend_form=forms.get("extend", empty),
    )


def _others(round_: Round) -> list[tuple[int, str]]:
    """Funders that could be invited."""
    here = sa.select(RoundFunder.funder_id).where(RoundFunder.round_id == round_.id)
    return [
        (org.id, org.name)
        for org in reading().scalars(
            sa.select(Organisation)
            .where(Organisation.kind == OrganisationKind.FUNDER, Organisation.id.not_in(here))
            .order_by(Organisation.name)
        )
    ]


@bp.post("/stage")
@permission("round.manage")
def move(round_id: int) -> ResponseReturnValue:
    own_round(round_id)
    typed = typed_form()
    to = typed.text("to")
    return submit(
        lambda: in_serializable_transaction(
            rounds.move_round,
            round_id=round_id,
            to=to,
            version=_version(typed),
            reason=typed.text("reason", longest=1000),
        ),
        done=lambda moved: _back(
            round_id,
            gettext(
                "The round is now: %(lower)s.", lower=timetable.STAGE_NAMES[moved.state].lower()
            ),
        ),
        again=lambda errors, is_stale: _page(
            own_round(round_id), {"move": {"values": typed.values, "errors": errors}}
        ),
    )


# -- funders --------------------------------------------------------------------------------------


@bp.post("/invitations")
@permission("round.manage")
def invite(round_id: int) -> ResponseReturnValue:
    own_round(round_id)
    typed = typed_form()
    funder_id = typed.whole("funder_id", 1, 2**31, "Choose a funder.")
    return submit(
        lambda: in_transaction(
            joining.invite_funder,
            round_id=round_id,
            funder_id=funder_id,
            public_url=config().public_url,
        ),
        done=lambda part: _back(
            round_id, gettext("%(name)s is invited.", name=part.funder.name), "#funders"
        ),
        again=lambda errors, is_stale: _page(
            own_round(round_id), {"invite": {"values": typed.values, "errors": errors}}
        ),
    )


@bp.post("/invitations/<int:funder_id>/withdraw")
@permission("round.manage")
def withdraw_invitation(round_id: int, funder_id: int) -> ResponseReturnValue:
    own_round(round_id)
    try:
        in_transaction(joining.withdraw_invitation, round_id=round_id, funder_id=funder_id)
    except RuleBroken as refusal:
        warn(str(refusal))
        return redirect(url_for("round_settings.index", round_id=round_id))
    return _back(round_id, "The invitation is withdrawn.", "#funders")


# -- deadlines ------------------------------------------------------------------------------------


@bp.post("/extensions")
@permission("round.manage")
def extend(round_id: int) -> ResponseReturnValue:
    round_ = own_round(round_id)
    typed = typed_form()
    to_at = typed.moment("to_at", round_.timezone, "Say until when.")
    return submit(
        lambda: in_transaction(
            deadlines.extend_deadline,
            round_id=round_id,
            to_at=to_at,
            reason=typed.text("reason"),
            proposal_key=typed.text("proposal_key"),
            faults=tuple(typed.faults),
        ),
        done=lambda _: _back(round_id, "The deadline is extended; it is on record.", "#deadlines"),
        again=lambda errors, is_stale: _page(
            own_round(round_id), {"extend": {"values": typed.values, "errors": errors}}
        ),
    )


# -- questions ------------------------------------------------------------------------------------


@bp.get("/questions/new")
@permission("round.manage")
def new_question(round_id: int) -> ResponseReturnValue:
    return _question_form(own_round(round_id), None, {"kind": "text"}, {})


@bp.post("/questions/new")
@permission("round.manage")
def add_question(round_id: int) -> ResponseReturnValue:
    own_round(round_id)
    typed = typed_form()
    text = _question_text(typed)
    return submit(
        lambda: in_transaction(
            round_questions.add_question,
            round_id=round_id,
            version=_version(typed),
            text=text,
            faults=tuple(typed.faults),
        ),
        done=lambda _: _back(round_id, "The question is on the form.", "#form"),
        again=lambda errors, is_stale: _question_form(
            own_round(round_id), None, typed.values, errors, is_stale
        ),
    )


@bp.get("/questions/<int:question_id>")
@permission("round.manage")
def question(round_id: int, question_id: int) -> ResponseReturnValue:
    round_ = own_round(round_id)
    return _question_form(round_, question_id, _question_values(round_, question_id), {})


@bp.post("/questions/<int:question_id>")
@permission("round.manage")
def edit_question(round_id: int, question_id: int) -> ResponseReturnValue:
    _question_values(own_round(round_id), question_id)
    typed = typed_form()
    text = _question_text(typed)
    return submit(
        lambda: in_transaction(
            round_questions.edit_question,
            round_id=round_id,
            question_id=question_id,
            version=_version(typed),
            text=text,
            faults=tuple(typed.faults),
        ),
        done=lambda _: _back(round_id, "The question is changed.", "#form"),
        again=lambda errors, is_stale: _question_form(
            own_round(round_id), question_id, typed.values, errors, is_stale
        ),
    )


@bp.post("/questions/<int:question_id>/remove")
@permission("round.manage")
def remove_question(round_id: int, question_id: int) -> ResponseReturnValue:
    return _reorder(round_id, question_id, None)


@bp.post("/questions/<int:question_id>/move")
@permission("round.manage")
def move_question(round_id: int, question_id: int) -> ResponseReturnValue:
    return _reorder(round_id, question_id, request.form.get("way") == "up")


def _reorder(round_id: int, question_id: int, up: bool | None) -> ResponseReturnValue:
    """Up, down, or (None) off the form."""
    own_round(round_id)
    which = {"round_id": round_id, "question_id": question_id, "version": _version(typed_form())}
    return submit(
        lambda: (
            in_transaction(round_questions.remove_question, **which)
            if up is None
            else in_transaction(round_questions.move_question, up=up, **which)
        ),
        done=lambda _: _back(
            round_id, "The question is removed." if up is None else "The order is changed.", "#form"
        ),
        again=lambda errors, is_stale: _page(
            own_round(round_id), {"move": {"values": {}, "errors": errors}}
        ),
    )


def _question_text(typed: Typed) -> round_questions.QuestionText:
    lines = [line.strip() for line in typed.text("choices").split("\n")]
    kind = typed.text("kind")
    return round_questions.QuestionText(
        label=typed.text("label"),
        help=typed.text("help", longest=1000),
        kind=kind,
        choices=tuple(line for line in lines if line) if kind == "choice" else (),
        is_required=typed.ticked("is_required"),
    )


def _question_values(round_: Round, question_id: int | None) -> dict[str, Any]:
    for found in round_.questions:
        if found.id == question_id:
            return {
                "label": found.label,
                "help": found.help,
                "kind": found.kind,
                "choices": "\n".join(found.choices),
                "is_required": "1" if found.is_required else "",
            }
    raise NotFound("question")


def _question_form(
    round_: Round,
    question_id: int | None,
    values: dict[str, Any],
    errors: dict[str, str],
    is_stale: bool = False,
) -> str:
    labels = {
        "label": "Question",
        "help": "Help",
        "kind": "Answered",
        "choices": "Choices",
        "is_required": "Must be answered",
    }
    changes = None
    if is_stale:
        stored = _question_values(round_, question_id) if question_id else values
        changes = differences(labels, values, stored)
    return render_template(
        "rounds/question.html",
        round=round_,
        question_id=question_id,
        form={"values": values, "errors": errors},
        kinds=KINDS,
        changes=changes,
    )


# -- policy ---------------------------------------------------------------------------------------


@bp.get("/policy")
@permission("round.manage")
def policy(round_id: int) -> ResponseReturnValue:
    round_ = own_round(round_id)
    return _policy_form(round_, policy_values(round_), {})


@bp.post("/policy")
@permission("round.manage")
def set_policy(round_id: int) -> ResponseReturnValue:
    round_ = own_round(round_id)
    typed = typed_form()
    wanted = policy_of(typed, round_.base_currency)
    return submit(
        lambda: in_transaction(
            rounds.set_policy,
            round_id=round_id,
            version=_version(typed),
            policy=wanted,
            faults=tuple(typed.faults),
        ),
        done=lambda _: _back(round_id, "The policy is set.", "#policy"),
        again=lambda errors, is_stale: _policy_form(
            own_round(round_id), typed.values, errors, is_stale
        ),
    )


def _policy_form(
    round_: Round, values: dict[str, Any], errors: dict[str, str], is_stale: bool = False
) -> str:
    labels = {field.name: field.label for field in FIELDS}
    return render_template(
        "rounds/policy.html",
        round=round_,
        form={"values": values, "errors": errors},
        fields=FIELDS,
        changes=differences(labels, values, policy_values(round_)) if is_stale else None,
    )
