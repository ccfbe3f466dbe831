"""What waits for researchers before a round closes."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session, joinedload

from funding.language import gettext as _
from funding.models import Proposal, ProposalState, Round, RoundState
from funding.permissions import Actor, own_proposals
from funding.reports.applications import deadlines
from funding.reports.inbox.entries import MOST_DATED, Dated, Waiting
from funding.services.clock import database_now


def unsent(session: Session, by: Actor) -> Iterator[Waiting]:
    """Proposals not handed in yet, each until its own deadline."""
    drafts = session.scalars(
        own_proposals(by)
        .join(Round, Round.id == Proposal.round_id)
        .where(Proposal.state == ProposalState.DRAFT, Round.state == RoundState.OPEN)
        .options(joinedload(Proposal.round))
        .order_by(Proposal.id)
    ).all()
    until, moment = deadlines(session, drafts), database_now(session)
    found = [proposal for proposal in drafts if until[proposal.id] > moment]
    dates = [
        Dated(
            f"submit-{proposal.id}",
            until[proposal.id].date(),
            _("Hand in %(proposal)s", proposal=proposal.title or "your proposal"),
            "applications.edit",
            {"proposal_id": proposal.id},
        )
        for proposal in found
    ]
    yield Waiting(
        len(found),
        "proposal not handed in yet",
        "proposals not handed in yet",
        "applications.index",
        {},
        sorted(dates, key=lambda one: one.on)[:MOST_DATED],
    )
