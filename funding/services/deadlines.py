"""Deadlines and their extensions, on record; the trigger `submitted_in_time` counts as here."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput
from funding.formatting import format_number, format_when
from funding.forms import without_repeats
from funding.language import gettext as _
from funding.models import Proposal, ProposalState, Round, RoundExtension, RoundState
from funding.permissions import (
    Actor,
    fetch,
    owned_rounds,
    visible_proposals,
    without_conflict,
)
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail

LONGEST_REASON = 1000


def deadline(session: Session, round_: Round, proposal_id: int | None = None) -> datetime:
    """Until when proposals may be submitted, this one if given, extensions counted."""
    return _latest(session, round_, proposal_id) or round_.closes_at


def last_deadline(session: Session, round_: Round) -> datetime:
    """The latest deadline that anybody has."""
    latest = session.scalar(
        sa.select(sa.func.max(RoundExtension.to_at)).where(RoundExtension.round_id == round_.id)
    )
    return max(latest or round_.closes_at, round_.closes_at)


def _latest(session: Session, round_: Round, proposal_id: int | None) -> datetime | None:
    for_whom = RoundExtension.proposal_id.is_(None)
    if proposal_id is not None:
        for_whom = sa.or_(for_whom, RoundExtension.proposal_id == proposal_id)
    return session.scalar(
        sa.select(sa.func.max(RoundExtension.to_at)).where(
            RoundExtension.round_id == round_.id, for_whom
        )
    )


def extend_deadline(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    to_at: datetime | None,
    reason: str,
    proposal_key: str = "",
    faults: tuple[Fault, ...] = (),
) -> RoundExtension:
    """Move the deadline, for all or for one proposal, with a reason that stays on record.

    Those whose drafts it concerns are told by mail. Raises NotFound and InvalidInput.
    """
    round_: Round = fetch(session, owned_rounds(by), round_id, "round")
    proposal = _proposal_of(session, round_, proposal_key) if proposal_key else None
    found = []
    if proposal_key and proposal is None:
        found.append(
            Fault("proposal_key", "There is no draft or submitted proposal with this number.")
        )
    if round_.state not in (RoundState.OPEN, RoundState.DRAFT):
        found.append(Fault("", "Only a round that takes proposals can have its deadline moved."))
    before = deadline(session, round_, proposal.id if proposal else None)
    if to_at is None:
        found.append(Fault("to_at", "Say until when."))
    elif to_at <= before:
        found.append(
            Fault(
                "to_at",
                _(
                    "It must be after %(before)s, as it stands.",
                    before=format_when(before, round_.timezone),
                ),
            )
        )
    elif to_at <= now():
        found.append(Fault("to_at", "The new deadline must lie ahead."))
    if not reason:
        found.append(Fault("reason", "Give the reason; applicants and funders can read it."))
    elif len(reason) > LONGEST_REASON:
        found.append(
            Fault(
                "reason",
                _(
                    "At most %(longest_reason)s characters.",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            )
        )
    found = without_repeats(faults, found)
    if found:
        raise InvalidInput(*found)
    extension = RoundExtension(
        round_id=round_.id,
        proposal_id=proposal.id if proposal else None,
        from_at=before,
        to_at=to_at,
        reason=reason,
        granted_by_id=by.person_id,
    )
    session.add(extension)
    _tell(session, round_, extension, proposal)
    record(
        session,
        by,
        "deadline extended",
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        proposal=proposal.id if proposal else None,
        before=before.isoformat(),
        to=extension.to_at.isoformat(),
    )
    return extension


def _proposal_of(session: Session, round_: Round, key: str) -> Proposal | None:
    return session.scalars(
        sa.select(Proposal).where(
            Proposal.round_id == round_.id,
            sa.func.lower(Proposal.key) == key.lower(),
            Proposal.state.in_([ProposalState.DRAFT, ProposalState.SUBMITTED]),
        )
    ).one_or_none()


def _tell(
    session: Session, round_: Round, extension: RoundExtension, proposal: Proposal | None
) -> None:
    drafts = (
        [proposal]
        if proposal
        else session.scalars(
            sa.select(Proposal).where(
                Proposal.round_id == round_.id, Proposal.state == ProposalState.DRAFT
            )
        ).all()
    )
    leads = {draft.lead.email: draft.lead for draft in drafts}
    for email in sorted(leads):
        post_mail(session, leads[email], lambda: _more_time(round_, extension))


def _more_time(round_: Round, extension: RoundExtension) -> Written:
    return (
        _("%(round)s: more time to submit", round=round_.name),
        paragraphs(
            _(
                "Your proposal to %(round)s can now be submitted until %(until)s.",
                round=round_.name,
                until=format_when(extension.to_at, round_.timezone),
            ),
            _("The reason: %(reason)s", reason=extension.reason),
        ),
    )


def extensions_for(session: Session, round_: Round, by: Actor | None) -> list[RoundExtension]:
    """Those for all; and, for who may read the proposal, those for a single one."""
    mine = sa.select(RoundExtension).where(RoundExtension.round_id == round_.id)
    whom = RoundExtension.proposal_id.is_(None)
    if by is not None:
        readable = visible_proposals(by).with_only_columns(Proposal.id)
        if by.may("round.manage", round_.owner_id):  # drafts too, which nobody else may read
            readable = sa.select(Proposal.id).where(without_conflict(by))
        whom = sa.or_(whom, RoundExtension.proposal_id.in_(readable))
    return list(session.scalars(mine.where(whom).order_by(RoundExtension.granted_at.desc())))
