"""Which reviewers, assignments and reviews are there for whom."""

from __future__ import annotations

import sqlalchemy as sa

from funding.models import (
    COUNTED_STATES,
    AssignmentState,
    ConflictOfInterest,
    Proposal,
    ReviewAssignment,
    Round,
    RoundReviewer,
)
from funding.permissions.acts import Actor
from funding.permissions.rounds import participants, visible_proposals


def visible_reviewers(
    by: Actor, permission: str = "review.read"
) -> sa.Select[tuple[RoundReviewer]]:
    """The reviewers of rounds that a reader takes part in."""
    return (
        sa.select(RoundReviewer)
        .join(Round, Round.id == RoundReviewer.round_id)
        .where(participants(by.where(permission)))
    )


def visible_assignments(
    by: Actor, permission: str = "review.read"
) -> sa.Select[tuple[ReviewAssignment]]:
    """Assignments on the proposals that are there for the person as a reader."""
    readable = visible_proposals(by, permission).with_only_columns(Proposal.id)
    return sa.select(ReviewAssignment).where(ReviewAssignment.proposal_id.in_(readable))


def own_assignments(by: Actor) -> sa.Select[tuple[ReviewAssignment]]:
    """What the person reviews, has reviewed or is asked to review; nothing in conflict."""
    return (
        sa.select(ReviewAssignment)
        .join(Proposal, Proposal.id == ReviewAssignment.proposal_id)
        .where(
            ReviewAssignment.person_id == by.person_id,
            ReviewAssignment.state.in_(COUNTED_STATES),
            ~sa.exists().where(
                ConflictOfInterest.proposal_id == ReviewAssignment.proposal_id,
                ConflictOfInterest.person_id == by.person_id,
            ),
        )
    )


def opened_assignments(by: Actor) -> sa.Select[tuple[ReviewAssignment]]:
    """Those in which the person has declared no conflict: the proposal may be read."""
    return own_assignments(by).where(
        ReviewAssignment.state.in_((AssignmentState.ACCEPTED, AssignmentState.HANDED_IN))
    )


def finished_assignments(by: Actor) -> sa.Select[tuple[ReviewAssignment]]:
    """Those handed in: others' reviews and the discussion may be read."""
    return own_assignments(by).where(ReviewAssignment.state == AssignmentState.HANDED_IN)
