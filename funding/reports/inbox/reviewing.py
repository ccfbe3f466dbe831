"""What waits for reviewers, and for officers about reviews."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import (
    WAITING_STATES,
    AssignmentState,
    Proposal,
    ReviewAssignment,
    WaiverRequest,
)
from funding.permissions import Actor, own_assignments, visible_proposals
from funding.reports.inbox.entries import MOST_DATED, Dated, Waiting


def reviews(session: Session, by: Actor) -> Iterator[Waiting]:
    """Reviews to declare on, to write and to hand in, the first due first."""
    waiting = own_assignments(by).where(ReviewAssignment.state.in_(WAITING_STATES))
    count = session.scalar(waiting.with_only_columns(sa.func.count(ReviewAssignment.id)))
    if not count:
        return
    rows = session.execute(
        waiting.where(ReviewAssignment.due_at.is_not(None))
        .with_only_columns(
            ReviewAssignment.id, ReviewAssignment.state, ReviewAssignment.due_at, Proposal.title
        )
        .order_by(ReviewAssignment.due_at, ReviewAssignment.id)
        .limit(MOST_DATED)
    )
    dates = [
        Dated(
            f"review-{id}",
            due_at.date(),
            f"{'Declare on' if state == AssignmentState.ASSIGNED else 'Review'} {title}",
            "reviews.show",
            {"assignment_id": id},
        )
        for id, state, due_at, title in rows
    ]
    yield Waiting(count, "review to hand in", "reviews to hand in", "reviews.index", {}, dates)


def waivers(session: Session, by: Actor) -> Iterator[Waiting]:
    """Conflicts that another officer asks to waive, by proposal."""
    if not by.may("review.assign"):
        return
    readable = visible_proposals(by, "review.assign").with_only_columns(Proposal.id)
    proposals = session.scalars(
        sa.select(WaiverRequest.proposal_id)
        .where(
            WaiverRequest.proposal_id.in_(readable),
            WaiverRequest.asked_by_id != by.person_id,
            WaiverRequest.person_id != by.person_id,
        )
        .distinct()
        .order_by(WaiverRequest.proposal_id)
    ).all()
    if proposals:
        yield Waiting(
            len(proposals),
            "conflict of a reviewer to waive or not",
            "conflicts of reviewers to waive or not",
            "reviewing.of_proposal",
            {"proposal_id": proposals[0]},
        )
