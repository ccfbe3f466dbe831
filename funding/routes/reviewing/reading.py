"""The reviews of one proposal and its discussion, for officers, the committee and auditors."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import InvalidInput
from funding.forms import as_errors
from funding.models import Proposal, ReviewAssignment
from funding.permissions import SIGNED_IN, fetch, finished_assignments, visible_proposals
from funding.reports import reviews as report
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.reviewing.blueprints import bp
from funding.routes.reviewing.own import finished_page
from funding.routes.security import permission
from funding.services.reviewing import after_review
from funding.services.reviewing.settings import settings_of


def _page(proposal_id: int, errors: dict[str, str], text: str = "") -> str:
    session, by = reading(), actor()
    query = visible_proposals(by, "review.read")
    proposal: Proposal = fetch(session, query, proposal_id, "proposal")
    return render_template(
        "reviewing/reviews.html",
        proposal=proposal,
        round=proposal.round,
        reviews=report.reviews_of(session, proposal),
        counted=report.counted_merit(session, proposal),
        remarks=report.remarks_of(session, proposal.id),
        settings=settings_of(session, proposal.round_id),
        may_remark=after_review.may_remark(by),
        may_assign=by.may("review.assign"),
        form={"values": {"text": text}, "errors": errors},
    )


@bp.get("/proposals/<int:proposal_id>/reviews")
@permission("review.read")
def of_proposal_reviews(proposal_id: int) -> ResponseReturnValue:
    return _page(proposal_id, {})


@bp.post("/proposals/<int:proposal_id>/remarks")
@permission(SIGNED_IN)
def add_remark(proposal_id: int) -> ResponseReturnValue:
    """By a reader of the round, or by a reviewer who has handed in."""
    text = request.form.get("text", "")
    own = reading().scalar(
        finished_assignments(actor())
        .where(ReviewAssignment.proposal_id == proposal_id)
        .with_only_columns(ReviewAssignment.id)
    )
    try:
        in_transaction(after_review.add_remark, proposal_id=proposal_id, text=text)
    except InvalidInput as refusal:
        errors = as_errors(refusal.faults)
        if own is not None:
            return finished_page(own, errors, text), 422
        return _page(proposal_id, errors, text), 422
    say("Said.")
    if own is not None:
        return redirect(url_for("reviews.show", assignment_id=own, _anchor="discussion"), 303)
    return redirect(
        url_for("reviewing.of_proposal_reviews", proposal_id=proposal_id, _anchor="discussion"),
        303,
    )
