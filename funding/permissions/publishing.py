"""What is public: published rounds and, of their awards, what no embargo keeps back.

Every public page, download, search and total reads through `public_rounds` and `public_awards`, so
that what is kept back is in none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from funding.models import (
    Award,
    AwardEmbargo,
    AwardState,
    Commitment,
    Proposal,
    Publication,
    Round,
    RoundState,
    Transition,
    WithheldTitle,
)

AGREED = (AwardState.ACCEPTED, AwardState.ACTIVE, AwardState.COMPLETED)
"""States of an award that both sides have agreed to; an offer alone is nobody's award yet."""


@dataclass(frozen=True)
class Scope:
    """What is public on a day (UTC). `as_if`: one closed round alone, as if published by then."""

    today: date
    as_if: int | None = None


def public_rounds(scope: Scope) -> sa.Select[tuple[Round]]:
    """Published rounds whose embargo, if they had one, is over."""
    if scope.as_if is not None:
        return sa.select(Round).where(Round.id == scope.as_if, Round.state == RoundState.CLOSED)
    return (
        sa.select(Round)
        .join(Publication, Publication.round_id == Round.id)
        .where(
            Publication.is_public,
            sa.or_(Publication.embargo_until.is_(None), Publication.embargo_until <= scope.today),
        )
    )


def public_awards(scope: Scope) -> sa.Select[tuple[Award]]:
    """Agreed awards of public rounds, made before the newest publishing, under no embargo."""
    query = (
        sa.select(Award)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .join(Round, Round.id == Proposal.round_id)
        .where(
            Round.id.in_(public_rounds(scope).with_only_columns(Round.id)),
            sa.or_(
                Award.state.in_(AGREED),
                sa.and_(Award.state == AwardState.TERMINATED, _was_accepted()),
            ),
            ~sa.exists().where(AwardEmbargo.award_id == Award.id, AwardEmbargo.until > scope.today),
        )
    )
    if scope.as_if is None:
        query = query.where(
            sa.exists().where(
                Publication.round_id == Round.id, Publication.published_at >= Award.awarded_at
            )
        )
    return query


def _was_accepted() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Transition.kind == "award",
        Transition.subject_id == Award.id,
        Transition.to_state == AwardState.ACCEPTED,
    )


def public_proposals(scope: Scope) -> sa.Select[tuple[Proposal]]:
    """Proposals that anybody may know by name: with a public award, and no title withheld."""
    funded = public_awards(scope).with_only_columns(Award.proposal_id)
    return sa.select(Proposal).where(Proposal.id.in_(funded), ~is_withheld())


def is_withheld(proposal: type[Proposal] = Proposal) -> sa.ColumnElement[bool]:
    """Whether the public reads no title of a proposal."""
    return sa.exists().where(WithheldTitle.proposal_id == proposal.id)
