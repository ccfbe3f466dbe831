"""Declaring a conflict of interest, one's own or a colleague's, and lifting one."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.language import gettext as _
from funding.listing import whole_number
from funding.models import Person, Proposal
from funding.permissions import fetch, visible_proposals
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.security import permission
from funding.routes.submitting import submit
from funding.services import conflicts as service

bp = Blueprint("conflicts", __name__)


def _page(proposal_id: int, which: str, form: dict[str, dict[str, str]] | None = None) -> str:
    """`which` of the forms was sent: own, colleague or lift."""
    by = actor()
    query = visible_proposals(by, "conflict.declare")
    proposal = fetch(reading(), query, proposal_id, "proposal")
    may_record = by.may("score.enter")
    people = service.colleagues(reading(), by, proposal) if may_record else []
    return render_template(
        "conflicts/declare.html",
        proposal=proposal,
        round=proposal.round,
        colleagues=[(person.id, person.name) for person in people],
        own=form if which == "own" else None,
        other=form if which == "colleague" else None,
        lift=form if which == "lift" else None,
        on_record=service.of_colleagues(reading(), by, proposal) if may_record else [],
    )


@bp.get("/proposals/<int:proposal_id>/conflicts")
@permission("conflict.declare")
def index(proposal_id: int) -> ResponseReturnValue:
    return _page(proposal_id, "")


@bp.post("/proposals/<int:proposal_id>/conflicts")
@permission("conflict.declare")
def declare(proposal_id: int) -> ResponseReturnValue:
    values = {"reason": request.form.get("reason", "")}

    def done(proposal: Proposal) -> ResponseReturnValue:
        say(
            _(
                "Your conflict is on record. “%(title)s” is not shown to you any more.",
                title=proposal.title,
            )
        )
        if actor().may("proposal.read"):
            return redirect(url_for("proposals.index", round_id=proposal.round_id), 303)
        return redirect(url_for("home.index"), 303)

    return submit(
        lambda: in_transaction(service.declare, proposal_id=proposal_id, **values),
        done,
        lambda errors, is_stale: _page(proposal_id, "own", {"values": values, "errors": errors}),
    )


@bp.post("/proposals/<int:proposal_id>/conflicts/colleague")
@permission("score.enter")
def declare_for(proposal_id: int) -> ResponseReturnValue:
    person_id = whole_number(request.form.get("person"))
    reason = request.form.get("colleague_reason", "")
    values = {"person": request.form.get("person", ""), "colleague_reason": reason}

    def declare() -> Person:
        return in_transaction(
            service.declare_for, proposal_id=proposal_id, person_id=person_id, reason=reason
        )

    def named(errors: dict[str, str]) -> dict[str, str]:
        return {"colleague_reason" if name == "reason" else name: e for name, e in errors.items()}

    done = "The conflict of {} is on record; the proposal is not shown there now."
    return _about_a_colleague(proposal_id, declare, done, "colleague", values, named)


@bp.post("/proposals/<int:proposal_id>/conflicts/<int:conflict_id>/lift")
@permission("score.enter")
def lift(proposal_id: int, conflict_id: int) -> ResponseReturnValue:
    reason = request.form.get("lift_reason", "")

    def lift_it() -> Person:
        return in_transaction(
            service.lift, proposal_id=proposal_id, conflict_id=conflict_id, reason=reason
        )

    def unnamed(errors: dict[str, str]) -> dict[str, str]:
        # several forms may have the field: the summary names none of them
        return {"": " ".join(errors.values())}

    done = "The conflict of {} is lifted; what it was stays on record."
    return _about_a_colleague(proposal_id, lift_it, done, "lift", {"lift_reason": reason}, unnamed)


def _about_a_colleague(
    proposal_id: int,
    act: Callable[[], Person],
    done: str,
    which: str,
    values: dict[str, str],
    named: Callable[[dict[str, str]], dict[str, str]],
) -> ResponseReturnValue:
    """Run the act of a form on somebody else's conflict: said with their name, or the form again
    with its faults `named` as its fields are."""

    def say_so(person: Person) -> ResponseReturnValue:
        say(done.format(person.name))
        return redirect(url_for("proposals.show", proposal_id=proposal_id), 303)

    def again(errors: dict[str, str], _is_stale: bool) -> str:
        return _page(proposal_id, which, {"values": values, "errors": named(errors)})

    return submit(act, say_so, again)
