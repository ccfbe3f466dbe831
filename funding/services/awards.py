"""Awards: offers accepted or refused, and awards ended before their time."""

from __future__ import annotations

from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, NotPermitted, RuleBroken
from funding.models import AccountKind, Award, AwardState
from funding.permissions import Actor, require
from funding.services import ledger
from funding.services.payments.fetching import fetch_award, record_of_award
from funding.services.payments.tranches import UNPAID, cancel
from funding.services.reporting.schedule import begin


def accept_award(session: Session, *, by: Actor, award_id: int, version: int) -> Award:
    """The lead of a proposal accepts an offer; raises NotFound, NotPermitted, Conflict."""
    award = fetch_award(session, by, award_id, version)
    if award.proposal.lead_id != by.person_id:
        raise NotPermitted("Only the lead of the proposal accepts its awards.")
    if award.state != AwardState.OFFERED:
        raise RuleBroken(f"This award is {award.state} already.")
    award.state = AwardState.ACCEPTED
    record_of_award(session, by, "award accepted", award, award)
    begin(session, by, award)
    return award


def refuse_award(session: Session, *, by: Actor, award_id: int, version: int, reason: str) -> Award:
    """The lead of a proposal does not take an offer; its money is the commitment's again."""
    award = fetch_award(session, by, award_id, version)
    if award.proposal.lead_id != by.person_id:
        raise NotPermitted("Only the lead of the proposal refuses its awards.")
    if award.state != AwardState.OFFERED:
        raise RuleBroken(f"This award is {award.state} already.")
    _end(session, by, award, "award refused", reason)
    return award


def terminate_award(
    session: Session, *, by: Actor, award_id: int, version: int, reason: str
) -> Award:
    """A program officer of the funder ends an award before its time.

    Tranches that are not paid are cancelled, and all that is not paid is the commitment's again.
    Raises NotFound, NotPermitted, Conflict, and RuleBroken for an award that has ended.
    """
    award = fetch_award(session, by, award_id, version)
    require(by, "line.decide", award.commitment.funder_id)
    if award.state not in (AwardState.OFFERED, AwardState.ACCEPTED, AwardState.ACTIVE):
        raise RuleBroken(f"This award is {award.state} already.")
    _end(session, by, award, "award terminated", reason)
    return award


def _end(session: Session, by: Actor, award: Award, event: str, reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(Fault("reason", "please say why"))
    for tranche in award.tranches:
        if tranche.state in UNPAID:
            cancel(session, by, tranche, reason.strip())
    left = ledger.account(session, award.commitment, AccountKind.AWARDED, award=award).balance
    if left:
        ledger.free_award(session, by, award, left, event, reason.strip())
    award.state = AwardState.TERMINATED
    record_of_award(session, by, event, award, award, amount=left)
