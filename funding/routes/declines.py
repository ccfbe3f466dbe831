"""Letters to applicants whose proposals are not funded: looked at and edited before they go."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput, NotFound
from funding.language import gettext as _
from funding.listing import Listing
from funding.models import Proposal
from funding.permissions import fetch, owned_rounds, visible_proposals
from funding.reports import declines as report
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.security import permission
from funding.services import declines

bp = Blueprint("declines", __name__, url_prefix="/rounds/<int:round_id>/declines")


@bp.get("")
@permission("decline.edit")
def index(round_id: int) -> ResponseReturnValue:
    round_ = fetch(reading(), owned_rounds(actor()), round_id, "round")
    listing, rows = report.letters(
        reading(),
        actor(),
        round_,
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(report.SORTABLE),
            filters=report.FILTERS,
            default_sort="number",
        ),
    )
    return render_template("declines/index.html", round=round_, listing=listing, rows=rows)


@bp.post("")
@permission("decline.edit")
def write(round_id: int) -> ResponseReturnValue:
    fetch(reading(), owned_rounds(actor()), round_id, "round")
    count = in_transaction(declines.write_letters, round_id=round_id)
    say(
        "One letter is written." if count == 1 else _("%(count)s letters are written.", count=count)
    )
    return redirect(url_for("declines.index", round_id=round_id))


@bp.get("/<int:proposal_id>")
@permission("decline.edit")
def show(round_id: int, proposal_id: int) -> ResponseReturnValue:
    return _page(round_id, proposal_id)


def _page(
    round_id: int, proposal_id: int, faults: tuple[Fault, ...] = (), status: int = 200
) -> ResponseReturnValue:
    session, by = reading(), actor()
    round_ = fetch(session, owned_rounds(by), round_id, "round")
    proposal: Proposal = fetch(
        session,
        visible_proposals(by, "decline.edit").where(Proposal.round_id == round_id),
        proposal_id,
        "proposal",
    )
    letter = declines.letter_of(session, proposal_id)
    if letter is None:
        raise NotFound("letter")
    page = render_template(
        "declines/show.html",
        round=round_,
        proposal=proposal,
        letter=letter,
        form={"values": request.form, "errors": {f.field: f.rule for f in faults}},
    )
    return page, status


@bp.post("/<int:proposal_id>")
@permission("decline.edit")
def edit(round_id: int, proposal_id: int) -> ResponseReturnValue:
    fetch(reading(), owned_rounds(actor()), round_id, "round")
    try:
        in_transaction(
            declines.edit_letter,
            proposal_id=proposal_id,
            version=request.form.get("version", default=0, type=int),
            body=request.form.get("body", ""),
        )
    except InvalidInput as refusal:
        return _page(round_id, proposal_id, refusal.faults, 422)
    say("The letter is changed. It goes out when the round closes.")
    return redirect(url_for("declines.index", round_id=round_id))
