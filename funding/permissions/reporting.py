"""Which reports and requests are there for whom."""

from __future__ import annotations

import sqlalchemy as sa

from funding.models import Award, ChangeRequest, Proposal, Report
from funding.permissions.acts import Actor
from funding.permissions.money import visible_awards
from funding.permissions.rounds import own_proposals


def visible_reports(by: Actor) -> sa.Select[tuple[Report]]:
    """Reports on the awards that the person may see: none on a proposal in conflict."""
    awards = visible_awards(by).with_only_columns(Award.id)
    return sa.select(Report).where(Report.award_id.in_(awards))


def own_reports(by: Actor) -> sa.Select[tuple[Report]]:
    """Reports that the person may write: on awards to their own proposals."""
    proposals = own_proposals(by).with_only_columns(Proposal.id)
    return (
        sa.select(Report)
        .join(Award, Award.id == Report.award_id)
        .where(Award.proposal_id.in_(proposals))
    )


def visible_requests(by: Actor) -> sa.Select[tuple[ChangeRequest]]:
    """Requests to change awards that the person may see."""
    proposals = visible_awards(by).with_only_columns(Award.proposal_id)
    return sa.select(ChangeRequest).where(ChangeRequest.proposal_id.in_(proposals))
