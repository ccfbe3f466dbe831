"""Awards: offers accepted or refused, and awards ended before their time."""

from __future__ import annotations

from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, NotPermitted, RuleBroken
from funding.language import gettext as _
from funding.models import AccountKind, Award, AwardState, OfferState
from funding.permissions import Actor, require
from funding.services import ledger
from funding.services.jobs import enqueue
from funding.services.open_offers import end_offer, is_by_letter, open_offer, sign
from funding.services.payments.fetching import fetch_award, record_of_award, refuse_payee
from funding.services.payments.tranches import UNPAID, cancel
from funding.services.reporting.schedule import begin

PDF = "make_agreement"
"""The task that makes an agreement's PDF."""

ENDABLE = (
    AwardState.TO_BE_OFFERED,
    AwardState.OFFERED,
    AwardState.ACCEPTED,
    AwardState.ACTIVE,
)


def accept_award(
    session: Session,
    *,
    by: Actor,
    award_id: int,
    version: int,
    name: str = "",
    document_sha256: str = "",
) -> Award:
    """The lead of a proposal accepts an offer; one made by letter with a signature.

    `name` and `document_sha256` sign the agreement as the lead saw it. Raises NotFound,
    NotPermitted, Conflict, InvalidInput without a name, RuleBroken after the deadline.
    """
    award = fetch_award(session, by, award_id, version)
    if award.proposal.lead_id != by.person_id:
        raise NotPermitted("Only the lead of the proposal accepts its awards.")
    if award.state != AwardState.OFFERED:
        raise RuleBroken(_("This award is %(state)s already.", state=award.state))
    offer = open_offer(session, award)
    if offer is not None:
        sign(session, by, offer, "applicant", name, document_sha256)
        end_offer(session, offer, OfferState.ACCEPTED)
        enqueue(session, PDF, offer_id=offer.id)
    elif is_by_letter(session, award):
        raise RuleBroken("The offer was taken back. Please wait for the next one.")
    award.state = AwardState.ACCEPTED
    record_of_award(
        session,
        by,
        "award accepted",
        award,
        award,
        **({"offer": offer.id, "agreement_sha256": document_sha256} if offer else {}),
    )
    begin(session, by, award)
    return award


def refuse_award(session: Session, *, by: Actor, award_id: int, version: int, reason: str) -> Award:
    """The lead of a proposal does not take an offer; its money is the commitment's again."""
    award = fetch_award(session, by, award_id, version)
    if award.proposal.lead_id != by.person_id:
        raise NotPermitted("Only the lead of the proposal refuses its awards.")
    if award.state != AwardState.OFFERED:
        raise RuleBroken(_("This award is %(state)s already.", state=award.state))
    end_award(session, by, award, "award refused", reason)
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
    refuse_payee(by, award)
    if award.state not in ENDABLE:
        raise RuleBroken(_("This award is %(state)s already.", state=award.state))
    end_award(session, by, award, "award terminated", reason)
    return award


def end_award(session: Session, by: Actor | None, award: Award, event: str, reason: str) -> None:
    """End an award: what of it is not paid is the commitment's again, an open offer is closed."""
    if not reason.strip():
        raise InvalidInput(Fault("reason", "please say why"))
    for tranche in award.tranches:
        if tranche.state in UNPAID:
            cancel(session, by, tranche, reason.strip())
    ended_by = OfferState.REFUSED if event == "award refused" else OfferState.WITHDRAWN
    end_offer(session, open_offer(session, award), ended_by)
    left = ledger.account(session, award.commitment, AccountKind.AWARDED, award=award).balance
    if left:
        ledger.free_award(session, by, award, left, event, reason.strip())
    award.state = AwardState.TERMINATED
    record_of_award(session, by, event, award, award, amount=left)
