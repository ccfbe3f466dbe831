"""Handing a proposal in, taking it back, withdrawing it. Only its lead applicant does these."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.formatting import format_amount, format_number, format_when
from funding.language import gettext as _
from funding.models import ParkedForm, Person, Proposal, ProposalState, RoundState
from funding.permissions import Actor
from funding.services.applicants import hold_as_lead, record_act
from funding.services.clock import database_now
from funding.services.completeness import faults_of
from funding.services.deadlines import deadline
from funding.services.drafts import area_keys
from funding.services.jobs import enqueue
from funding.services.mail import Written, paragraphs, post_mail
from funding.services.overlaps.searching import COMPARE
from funding.services.typed_text import form_name

LONGEST_REASON = 2_000
RECEIPT_LENGTH = 16


def _led(session: Session, by: Actor, proposal_id: int, version: int | None) -> Proposal:
    """The proposal, if this person leads it and has seen it as it is now."""
    proposal = hold_as_lead(session, by, proposal_id)
    if version is not None and version != proposal.version:
        raise Conflict("The proposal was changed since you opened this page. Please look again.")
    return proposal


def is_in_time(session: Session, proposal: Proposal) -> bool:
    """Whether the round still takes this proposal, by the database's clock."""
    until = deadline(session, proposal.round, proposal.id)
    return proposal.round.state == RoundState.OPEN and database_now(session) <= until


def _require_in_time(session: Session, proposal: Proposal) -> None:
    round_ = proposal.round
    if is_in_time(session, proposal):
        return
    if round_.state != RoundState.OPEN:
        raise RuleBroken(
            _("%(name)s does not take proposals now. Your text is kept.", name=round_.name)
        )
    until = format_when(deadline(session, round_, proposal.id), round_.timezone)
    raise RuleBroken(
        _("The deadline has passed: it was %(until)s. Your text is kept.", until=until)
    )


def unsaved_by(session: Session, proposal: Proposal) -> list[str]:
    """Names of the applicants who have typed text that is not saved yet."""
    return list(
        session.scalars(
            sa.select(Person.name)
            .join(ParkedForm, ParkedForm.person_id == Person.id)
            .where(ParkedForm.form == form_name(proposal.id))
            .order_by(Person.name)
        )
    )


def submit(
    session: Session, *, by: Actor, proposal_id: int, version: int | None, public_url: str
) -> str:
    """Hand the proposal in; answers the number of its receipt.

    Raises NotFound, NotPermitted for a co-applicant, Conflict for a stale `version`, RuleBroken
    after the deadline, and InvalidInput with everything that is missing. The receipt's number is
    the beginning of the log entry's hash, so that it can be checked against the log.
    """
    proposal = _led(session, by, proposal_id, version)
    if proposal.state != ProposalState.DRAFT:
        raise RuleBroken(_("This proposal is %(state)s already.", state=proposal.state))
    _require_in_time(session, proposal)
    faults = faults_of(proposal, area_keys(session, proposal.round_id))
    if faults:
        raise InvalidInput(*faults)
    proposal.state = ProposalState.SUBMITTED
    proposal.submitted_at = database_now(session)
    proposal.withdrawal_reason = ""
    event = record_act(
        session,
        by,
        "proposal submitted",
        proposal,
        ask=proposal.ask,
        minimum=proposal.minimum,
    )
    enqueue(session, COMPARE, proposal_id=proposal.id)
    number = event.hash[:RECEIPT_LENGTH]
    _send_receipt(session, proposal, number, public_url)
    return number


def _applicants(session: Session, proposal: Proposal) -> list[Person]:
    ids = {proposal.lead_id} | {m.person_id for m in proposal.team if m.person_id is not None}
    return list(session.scalars(sa.select(Person).where(Person.id.in_(ids)).order_by(Person.id)))


def _send_receipt(session: Session, proposal: Proposal, number: str, public_url: str) -> None:
    until = deadline(session, proposal.round, proposal.id)
    link = f"{public_url}/proposals/{proposal.id}"
    for person in _applicants(session, proposal):
        post_mail(session, person, lambda: _receipt(proposal, number, until, link))


def _receipt(proposal: Proposal, number: str, until: datetime, link: str) -> Written:
    round_, currency = proposal.round, proposal.round.base_currency
    facts = (
        _("Proposal: %(key)s, %(title)s", key=proposal.key, title=proposal.title),
        _("Round: %(round)s", round=round_.name),
        _("Received: %(at)s", at=format_when(proposal.submitted_at, round_.timezone)),
        _(
            "Ask: %(ask)s, at the least %(minimum)s",
            ask=format_amount(proposal.ask, currency),
            minimum=format_amount(proposal.minimum, currency),
        ),
        _("Receipt: %(number)s", number=number),
    )
    return (
        _("Received: %(title)s", title=proposal.title),
        paragraphs(
            _("We have received your proposal."),
            "\n".join(facts),
            _(
                "Until %(until)s the lead applicant can take it back, change it and hand it in "
                "again.",
                until=format_when(until, round_.timezone),
            ),
            _("What comes next is always said here:") + f"\n{link}",
        ),
    )


def take_back(session: Session, *, by: Actor, proposal_id: int, version: int | None) -> None:
    """Make a submitted or withdrawn proposal a draft again, to change it; only in time.

    Raises NotFound, NotPermitted, Conflict and RuleBroken.
    """
    proposal = _led(session, by, proposal_id, version)
    if proposal.state not in (ProposalState.SUBMITTED, ProposalState.WITHDRAWN):
        raise RuleBroken(
            _("A proposal that is %(state)s cannot be taken back.", state=proposal.state)
        )
    _require_in_time(session, proposal)
    before = proposal.state
    proposal.state, proposal.submitted_at, proposal.withdrawal_reason = "draft", None, ""
    record_act(
        session,
        by,
        "proposal taken back",
        proposal,
        before=before,
    )


def withdraw(
    session: Session, *, by: Actor, proposal_id: int, version: int | None, reason: str
) -> None:
    """Take the proposal out of the round, with a reason that the round's officers can read.

    Raises NotFound, NotPermitted, Conflict, RuleBroken once it is decided, and InvalidInput.
    """
    proposal = _led(session, by, proposal_id, version)
    reason = reason.strip()
    if proposal.state not in (
        ProposalState.DRAFT,
        ProposalState.SUBMITTED,
        ProposalState.IN_REVIEW,
    ):
        raise RuleBroken(
            _("A proposal that is %(state)s cannot be withdrawn.", state=proposal.state)
        )
    if not reason:
        raise InvalidInput(Fault("reason", "Give the reason; one sentence is enough."))
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(
            Fault(
                "reason",
                _(
                    "At most %(longest_reason)s characters.",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            )
        )
    before = proposal.state
    proposal.state, proposal.withdrawal_reason = ProposalState.WITHDRAWN, reason
    record_act(
        session,
        by,
        "proposal withdrawn",
        proposal,
        before=before,
    )
    for person in _applicants(session, proposal):
        post_mail(session, person, lambda: _withdrawn(proposal, reason))


def _withdrawn(proposal: Proposal, reason: str) -> Written:
    return (
        _("Withdrawn: %(title)s", title=proposal.title or proposal.key),
        paragraphs(
            _(
                "The proposal %(key)s was withdrawn from %(round)s.",
                key=proposal.key,
                round=proposal.round.name,
            ),
            _("The reason given: %(reason)s", reason=reason),
        ),
    )
