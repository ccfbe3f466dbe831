"""What every act of an applicant begins and ends with: their proposal, held, and the log."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from funding.errors import NotPermitted
from funding.models import Event, Proposal
from funding.permissions import Actor, fetch, own_proposals
from funding.services.log import record


def hold(session: Session, by: Actor, proposal_id: int) -> Proposal:
    """The applicant's own proposal, locked so that acts on it come one after the other.

    Raises NotFound.
    """
    query = own_proposals(by).with_for_update(key_share=True, of=Proposal)
    return fetch(session, query, proposal_id, "proposal")


def hold_as_lead(session: Session, by: Actor, proposal_id: int) -> Proposal:
    """The same for acts of the lead applicant; raises NotFound, and NotPermitted for others."""
    proposal = hold(session, by, proposal_id)
    if proposal.lead_id != by.person_id:
        raise NotPermitted("Only the lead applicant may do this.")
    return proposal


def record_act(
    session: Session, by: Actor, action: str, proposal: Proposal, **detail: Any
) -> Event:
    """Append an applicant's act to the log."""
    return record(
        session,
        by,
        action,
        proposal,
        organisation_id=proposal.institution_id,
        round_id=proposal.round_id,
        **detail,
    )
