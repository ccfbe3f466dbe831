"""Everything that happened to a proposal, an award or a commitment, on one page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.listing import Listing
from funding.permissions import fetch, visible_awards, visible_commitments, visible_proposals
from funding.reports import timeline as report
from funding.routes.context import actor, reading
from funding.routes.security import permission

bp = Blueprint("timelines", __name__)


@bp.get("/proposals/<int:proposal_id>/timeline")
@permission("proposal.read")
def proposal(proposal_id: int) -> ResponseReturnValue:
    session, by = reading(), actor()
    found = fetch(session, visible_proposals(by), proposal_id, "proposal")
    back = (found.title, url_for("proposals.show", proposal_id=found.id))
    subjects = report.of_proposal(session, by, found)
    return _page(subjects, back)


@bp.get("/awards/<int:award_id>/timeline")
@permission("plan.read")
def award(award_id: int) -> ResponseReturnValue:
    session, by = reading(), actor()
    found = fetch(session, visible_awards(by), award_id, "award")
    back = (found.proposal.title, url_for("awards.show", award_id=found.id))
    subjects = report.of_award(session, by, found)
    may_read = by.may("review.read")
    return _page(subjects, back, has_reviews=may_read)


@bp.get("/commitments/<int:commitment_id>/timeline")
@permission("commitment.read")
def commitment(commitment_id: int) -> ResponseReturnValue:
    session, by = reading(), actor()
    found = fetch(session, visible_commitments(by), commitment_id, "commitment")
    back = (found.name, url_for("commitments.show", commitment_id=found.id))
    subjects = report.of_commitment(session, by, found)
    # who does what at another funder is that funder's own business
    is_own = by.may("commitment.read", found.funder_id)
    may_read = by.may("review.read")
    return _page(subjects, back, has_names=is_own, has_reviews=may_read)


def _page(subjects: report.Subjects, back: tuple[str, str], **shown: Any) -> str:
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=report.SORTABLE,
        filters=report.FILTERS,
        default_sort="-when",
    )
    listing, rows = report.happened(reading(), subjects, listing, **shown)
    return render_template("timelines/show.html", rows=rows, listing=listing, back=back)
