"""Which rounds, proposals and commitments are there for whom; conflicts of interest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from funding.models import (
    Commitment,
    ConflictOfInterest,
    Organisation,
    Proposal,
    ProposalState,
    Round,
    RoundFunder,
    RoundState,
    TeamMember,
)
from funding.permissions.acts import Actor


def participants(organisations: Iterable[int]) -> sa.ColumnElement[bool]:
    """Rounds that one of these organisations owns or has a part in (invited or joined)."""
    organisations = list(organisations)
    return sa.or_(
        Round.owner_id.in_(organisations),
        sa.exists().where(
            RoundFunder.round_id == Round.id, RoundFunder.funder_id.in_(organisations)
        ),
    )


def visible_rounds(by: Actor | None) -> sa.Select[tuple[Round]]:
    """Rounds that are open or past for everybody; drafts for those who take part."""
    published = Round.state != RoundState.DRAFT
    if by is None:
        return sa.select(Round).where(published)
    return sa.select(Round).where(sa.or_(published, participants(by.organisations)))


def working_rounds(by: Actor, permission: str) -> sa.Select[tuple[Round]]:
    """Rounds whose inside the person may see, through an organisation where they may do this."""
    return sa.select(Round).where(participants(by.where(permission)))


def owned_rounds(by: Actor) -> sa.Select[tuple[Round]]:
    return sa.select(Round).where(Round.owner_id.in_(list(by.where("round.manage"))))


def without_conflict(by: Actor, proposal: Any = Proposal) -> sa.ColumnElement[bool]:
    """True for proposals on which the person has no declared conflict and is no colleague."""
    return sa.and_(
        ~sa.exists().where(
            ConflictOfInterest.proposal_id == proposal.id,
            ConflictOfInterest.person_id == by.person_id,
        ),
        ~sa.exists().where(
            TeamMember.proposal_id == proposal.id, TeamMember.person_id == by.person_id
        ),
        proposal.lead_id != by.person_id,
        sa.or_(
            proposal.institution_id.is_(None),
            proposal.institution_id.not_in(list(by.organisations)),
        ),
    )


def own_proposals(by: Actor) -> sa.Select[tuple[Proposal]]:
    """Proposals the person leads or is named in as a co-applicant with an account."""
    return sa.select(Proposal).where(
        sa.or_(
            Proposal.lead_id == by.person_id,
            sa.exists().where(
                TeamMember.proposal_id == Proposal.id, TeamMember.person_id == by.person_id
            ),
        )
    )


def visible_proposals(by: Actor, permission: str = "proposal.read") -> sa.Select[tuple[Proposal]]:
    """Submitted proposals of the rounds a reader takes part in, less those in conflict."""
    return (
        sa.select(Proposal)
        .join(Round, Round.id == Proposal.round_id)
        .where(
            participants(by.where(permission)),
            Proposal.state != ProposalState.DRAFT,
            without_conflict(by),
        )
    )


def visible_commitments(by: Actor) -> sa.Select[tuple[Commitment]]:
    """Commitments of the person's own funder, and of rounds their organisation takes part in."""
    return (
        sa.select(Commitment)
        .join(Round, Round.id == Commitment.round_id)
        .where(
            sa.or_(
                Commitment.funder_id.in_(list(by.where("commitment.read"))),
                participants(by.where("commitment.read")),
            )
        )
    )


def visible_organisations(by: Actor) -> sa.Select[tuple[Organisation]]:
    """All of them for the platform's administrators, else one's own."""
    if by.where("organisations.manage"):
        return sa.select(Organisation)
    return sa.select(Organisation).where(Organisation.id.in_(list(by.organisations)))
