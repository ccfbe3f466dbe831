"""What the teams of two close proposals are asked: to meet, and to go on as one."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.forms import YES_OR_NO
from funding.models import Proposal
from funding.permissions import SIGNED_IN
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.overlaps.blueprints import teams_bp
from funding.routes.security import permission
from funding.routes.submitting import submit
from funding.services.overlaps import hinting, introducing, merging


@teams_bp.post("/proposals/<int:proposal_id>/close")
@permission(SIGNED_IN)
def close(proposal_id: int) -> ResponseReturnValue:
    """Published work close to what is typed: asked for again and again, changes nothing."""
    session, by = reading(), actor()
    hints = hinting.hints_for(
        session,
        config(),
        by=by,
        proposal_id=proposal_id,
        title=request.form.get("title", ""),
        text=request.form.get("abstract", ""),
    )
    proposal = session.get_one(Proposal, proposal_id)
    return render_template("applications/_close.html", proposal=proposal, hints=hints)


def _page(introduction_id: int, form: dict[str, dict[str, str]] | None = None) -> str:
    session, by = reading(), actor()
    introduction, own, other = introducing.own_side(session, by, introduction_id)
    answers = {answer.proposal_id: answer.agrees for answer in introduction.answers}
    return render_template(
        "introductions/show.html",
        introduction=introduction,
        own=own,
        # nothing of the other team is there before both have agreed
        other=other if introduction.is_agreed else None,
        answer=answers.get(own.id),
        is_over=False in answers.values(),
        merger=merging.open_merger(session, introduction_id),
        merged=merging.last_merger(session, introduction_id),
        is_led=own.lead_id == by.person_id,
        person_id=by.person_id,
        form=form or {"values": {}, "errors": {}},
    )


@teams_bp.get("/introductions/<int:introduction_id>")
@permission(SIGNED_IN)
def show(introduction_id: int) -> ResponseReturnValue:
    return _page(introduction_id)


@teams_bp.post("/introductions/<int:introduction_id>")
@permission(SIGNED_IN)
def answer(introduction_id: int) -> ResponseReturnValue:
    agrees = YES_OR_NO.get(request.form.get("agrees", ""))
    if agrees is None:
        form = {"values": {}, "errors": {"agrees": "Choose yes or no."}}
        return _page(introduction_id, form), 422

    def done(_introduction: object) -> ResponseReturnValue:
        say("Your answer is on record.")
        return redirect(url_for("introductions.show", introduction_id=introduction_id), 303)

    return submit(
        lambda: in_transaction(
            introducing.answer_introduction, introduction_id=introduction_id, agrees=agrees
        ),
        done,
        lambda errors, _is_stale: _page(introduction_id, {"values": {}, "errors": errors}),
    )


@teams_bp.post("/introductions/<int:introduction_id>/merger")
@permission(SIGNED_IN)
def offer_merger(introduction_id: int) -> ResponseReturnValue:
    values = {name: request.form.get(name, "") for name in ("keeps", "words")}
    if values["keeps"] not in ("own", "other"):
        form = {"values": values, "errors": {"keeps": "Choose which proposal goes on."}}
        return _page(introduction_id, form), 422

    def done(_merger: object) -> ResponseReturnValue:
        say("The other team is asked by mail.")
        return redirect(url_for("introductions.show", introduction_id=introduction_id), 303)

    return submit(
        lambda: in_transaction(
            merging.offer_merger,
            introduction_id=introduction_id,
            keeps_own=values["keeps"] == "own",
            words=values["words"],
            public_url=config().public_url,
        ),
        done,
        lambda errors, _is_stale: _page(introduction_id, {"values": values, "errors": errors}),
    )


@teams_bp.post("/introductions/<int:introduction_id>/merger/answer")
@permission(SIGNED_IN)
def answer_merger(introduction_id: int) -> ResponseReturnValue:
    agrees = YES_OR_NO.get(request.form.get("agrees", ""))
    if agrees is None:
        form = {"values": {}, "errors": {"agrees": "Choose yes or no."}}
        return _page(introduction_id, form), 422

    def done(_merger: object) -> ResponseReturnValue:
        say("The two proposals are one now." if agrees else "Both proposals go on as they are.")
        return redirect(url_for("introductions.show", introduction_id=introduction_id), 303)

    return submit(
        lambda: in_transaction(
            merging.answer_merger, introduction_id=introduction_id, agrees=agrees
        ),
        done,
        lambda errors, _is_stale: _page(introduction_id, {"values": {}, "errors": errors}),
    )
