"""An award or a tranche, held for one act of one person, and the act's row of the log."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from funding.errors import Conflict, NotPermitted
from funding.models import Award, Tranche
from funding.permissions import Actor, fetch, require, visible_awards, visible_tranches
from funding.services.log import record


def fetch_award(session: Session, by: Actor, award_id: int, version: int | None = None) -> Award:
    """Raises NotFound, and Conflict where it is no longer the version looked at."""
    award = fetch(
        session,
        visible_awards(by)
        .with_for_update(of=Award, key_share=True)
        .execution_options(populate_existing=True),
        award_id,
        "award",
    )
    if version is not None and award.version != version:
        raise Conflict("This award was changed meanwhile. Please look at it again.")
    return award


def fetch_tranche(
    session: Session, by: Actor, permission: str, tranche_id: int, version: int | None = None
) -> Tranche:
    """Raises NotFound, NotPermitted, and Conflict where it is no longer the version looked at."""
    tranche = fetch(
        session,
        visible_tranches(by)
        .with_for_update(of=Tranche, key_share=True)
        .execution_options(populate_existing=True),
        tranche_id,
        "tranche",
    )
    require(by, permission, tranche.award.commitment.funder_id)
    if version is not None and tranche.version != version:
        raise Conflict("This tranche was changed meanwhile. Please look at it again.")
    return tranche


def refuse_payee(by: Actor, award: Award) -> None:
    """Raise NotPermitted for whoever is on the side that is paid: lead, team, institution."""
    proposal = award.proposal
    paid = {proposal.lead_id, *(member.person_id for member in proposal.team)}
    if by.person_id in paid or proposal.institution_id in by.organisations:
        raise NotPermitted("Who is paid has no say in money that goes back; a colleague does it.")


def record_of_award(
    session: Session, by: Actor | None, action: str, thing: Any, award: Award, **detail: Any
) -> None:
    """One row of the log on `thing`, which belongs to the award."""
    record(
        session,
        by,
        action,
        thing,
        organisation_id=award.commitment.funder_id,
        round_id=award.commitment.round_id,
        **detail,
    )
