"""The committee's vote on the plan of a round: its rule, the votes, the result and the minutes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput
from funding.language import gettext as _
from funding.listing import whole_number
from funding.models import PlanPutForward, Round
from funding.permissions import fetch, owned_rounds, working_rounds
from funding.reports.plans import current_plan
from funding.routes.addresses import is_ours
from funding.routes.context import actor, in_serializable_transaction, reading, say
from funding.routes.security import permission
from funding.services import committee

bp = Blueprint("committee", __name__, url_prefix="/rounds/<int:round_id>/committee")

CHOICES = (
    ("for", "In favour", "The plan goes on to the funders with the committee's word."),
    ("against", "Against", "Your reasons go on record as dissent, in your words."),
    ("abstain", "Abstain", "You count towards the quorum, neither for nor against."),
)


@bp.get("")
@permission("plan.read")
def show(round_id: int) -> ResponseReturnValue:
    return _page(round_id)


def voting(round_: Round, plan: PlanPutForward | None) -> dict[str, Any]:
    """How the vote on a plan stands for the person acting: what its pages show and offer."""
    by, session = actor(), reading()
    members = committee.members_of(session, plan) if plan else None
    votes = committee.votes_on(session, plan) if plan else []
    result = committee.endorsement_of(session, plan) if plan else None
    own = next((vote for vote in votes if vote.person_id == by.person_id), None)
    is_member = by.may("vote.cast", round_.owner_id)
    counts = members is not None and members.counts(by.person_id)
    rule = committee.rule_of(session, round_.id)
    return {
        "round": round_,
        "plan": plan,
        "rule": rule,
        "members": members,
        "quorum": committee.quorum(rule, members) if members else 0,
        "votes": votes,
        "result": result,
        "own": own,
        "in_conflict": is_member and members is not None and not counts,
        "may_vote": is_member and own is None and result is None and counts,
        "may_close": plan is not None and result is None and by.may("vote.close", round_.owner_id),
        "choices": CHOICES,
    }


def _page(round_id: int, faults: tuple[Fault, ...] = (), status: int = 200) -> ResponseReturnValue:
    by, session = actor(), reading()
    round_ = fetch(session, working_rounds(by, "plan.read"), round_id, "round")
    stands = voting(round_, current_plan(session, round_id))
    page = render_template(
        "committee/show.html",
        **stands,
        majorities=[(key.value, words) for key, words in committee.MAJORITIES.items()],
        may_set=by.may("round.manage", round_.owner_id)
        and not stands["votes"]
        and round_.state != "closed",
        back="",
        form={"values": request.form, "errors": {f.field: f.rule for f in faults}},
    )
    return page, status


def _back(round_id: int) -> ResponseReturnValue:
    """To the page that the form was on: the decision pack has it, too."""
    wanted = request.form.get("back", "")
    return redirect(wanted if is_ours(wanted) else url_for("committee.show", round_id=round_id))


def _plan_id() -> int | None:
    return whole_number(request.form.get("plan_id"))


@bp.post("/rule")
@permission("round.manage")
def set_rule(round_id: int) -> ResponseReturnValue:
    fetch(reading(), owned_rounds(actor()), round_id, "round")
    try:
        in_serializable_transaction(
            committee.set_rule,
            round_id=round_id,
            version=request.form.get("version", default=0, type=int),
            quorum_percent=whole_number(request.form.get("quorum_percent")),
            majority=request.form.get("majority", ""),
            must_endorse=bool(request.form.get("must_endorse")),
        )
    except InvalidInput as refusal:
        return _page(round_id, refusal.faults, 422)
    say("The committee's rule is set.")
    return redirect(url_for("committee.show", round_id=round_id))


@bp.post("/votes")
@permission("vote.cast")
def vote(round_id: int) -> ResponseReturnValue:
    fetch(reading(), working_rounds(actor(), "vote.cast"), round_id, "round")
    try:
        in_serializable_transaction(
            committee.cast_vote,
            round_id=round_id,
            plan_id=_plan_id(),
            choice=request.form.get("choice", ""),
            words=request.form.get("words", ""),
            declares_no_conflict=bool(request.form.get("declares_no_conflict")),
        )
    except InvalidInput as refusal:
        return _page(round_id, refusal.faults, 422)
    say("Your vote is on record.")
    return _back(round_id)


@bp.post("/close")
@permission("vote.close")
def close(round_id: int) -> ResponseReturnValue:
    fetch(reading(), working_rounds(actor(), "vote.close"), round_id, "round")
    try:
        result = in_serializable_transaction(
            committee.close_vote,
            round_id=round_id,
            plan_id=_plan_id(),
            minutes=request.form.get("minutes", ""),
        )
    except InvalidInput as refusal:
        return _page(round_id, refusal.faults, 422)
    say(_("The vote is closed: the plan is %(result)s.", result=result.result))
    return _back(round_id)
