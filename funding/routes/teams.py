"""Who may edit a proposal: inviting co-applicants and ending their access."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.language import gettext as _
from funding.models import Person
from funding.permissions import SIGNED_IN, fetch, own_proposals
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.security import permission
from funding.routes.submitting import submit
from funding.services import team as service

bp = Blueprint("teams", __name__)


def _page(proposal_id: int, form: dict[str, dict[str, str]] | None = None) -> str:
    proposal = fetch(reading(), own_proposals(actor()), proposal_id, "proposal")
    return render_template(
        "teams/index.html",
        proposal=proposal,
        form=form,
        is_led=proposal.lead_id == actor().person_id,
    )


@bp.get("/proposals/<int:proposal_id>/team")
@permission(SIGNED_IN)
def index(proposal_id: int) -> ResponseReturnValue:
    return _page(proposal_id)


@bp.post("/proposals/<int:proposal_id>/team")
@permission(SIGNED_IN)
def invite(proposal_id: int) -> ResponseReturnValue:
    values = {name: request.form.get(name, "") for name in ("email", "name")}

    def done(person: Person) -> ResponseReturnValue:
        say(
            _(
                "%(name)s may edit the proposal now; an invitation is on its way by mail.",
                name=person.name,
            )
        )
        return redirect(url_for("teams.index", proposal_id=proposal_id), 303)

    return submit(
        lambda: in_transaction(
            service.invite, proposal_id=proposal_id, public_url=config().public_url, **values
        ),
        done,
        lambda errors, is_stale: _page(proposal_id, {"values": values, "errors": errors}),
    )


@bp.post("/proposals/<int:proposal_id>/team/<int:member_id>/end")
@permission(SIGNED_IN)
def end_editing(proposal_id: int, member_id: int) -> ResponseReturnValue:
    name = in_transaction(service.end_editing, proposal_id=proposal_id, member_id=member_id)
    say(_("%(name)s stays in the team and cannot open the proposal any more.", name=name))
    return redirect(url_for("teams.index", proposal_id=proposal_id), 303)
