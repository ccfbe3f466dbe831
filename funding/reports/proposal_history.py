"""What happened to a proposal, from the log: for its applicants and for its readers."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from funding.formatting import format_when
from funding.models import Event, Proposal, ProposalState, Round
from funding.reports.particulars import act_in_words
from funding.services.submission import RECEIPT_LENGTH

MOST_SHOWN = 200

WHOLE = (
    joinedload(Proposal.round).selectinload(Round.questions),
    joinedload(Proposal.institution),
    joinedload(Proposal.lead),
    selectinload(Proposal.areas),
    selectinload(Proposal.budget),
    selectinload(Proposal.years),
    selectinload(Proposal.team),
    selectinload(Proposal.attachments),
)
"""Loader options for a page that shows all of one proposal."""

_SHOWN = {
    "proposal started": "Started",
    "proposal saved": "Saved",
    "attachment added": "Attachment added",
    "attachment removed": "Attachment removed",
    "co-applicant invited": "Co-applicant invited",
    "co-applicant removed": "Co-applicant removed",
    "proposal submitted": "Handed in",
    "proposal taken back": "Taken back as a draft",
    "proposal withdrawn": "Withdrawn",
}

_NOT_TOLD = (
    "conflict declared",  # the page says who is out of the room, to whom it concerns
    "conflict lifted",
    "no conflict declared",
    "waiver asked for",
    "conflict waived",
    "waiver refused",
    "proposal saved",
    "typed text discarded",
    "attachment added",
    "attachment removed",
    "co-applicant invited",
    "co-applicant removed",
)


@dataclass(frozen=True)
class Moment:
    """An entry of a timeline, as templates/macros/ui.html draws it."""

    when: str
    iso: str
    text: str
    by: str | None = None


def applicants_history(session: Session, proposal: Proposal, zone: str) -> list[Moment]:
    """What the applicants themselves did, newest first; saves in a row are one entry."""
    return timeline(_events(session, proposal, Event.action.in_(list(_SHOWN))), zone, _SHOWN)


def readers_history(session: Session, proposal: Proposal, zone: str) -> list[Moment]:
    """What the log says of this proposal, newest first, but for the work on its draft
    and for who is in conflict."""
    return timeline(_events(session, proposal, Event.action.not_in(_NOT_TOLD)), zone, _SHOWN)


def _events(session: Session, proposal: Proposal, wanted: sa.ColumnElement[bool]) -> list[Event]:
    return list(
        session.scalars(
            sa.select(Event)
            .where(
                Event.subject_type == Proposal.__tablename__,
                Event.subject_id == proposal.id,
                wanted,
            )
            .options(joinedload(Event.actor))
            .order_by(Event.seq.desc())
            .limit(MOST_SHOWN)
        )
    )


def timeline(events: list[Event], zone: str, words: dict[str, str]) -> list[Moment]:
    """Entries of the log as moments; the same act by the same person in a row is told once."""
    shown: list[Moment] = []
    before = None
    for event in events:
        now = (event.action, event.actor_id)
        if now == before and event.action == "proposal saved":
            continue
        before = now
        shown.append(
            Moment(
                format_when(event.at, zone),
                event.at.isoformat(),
                words.get(event.action) or act_in_words(event.action),
                event.actor.name if event.actor else None,
            )
        )
    return shown


def receipt_of(session: Session, proposal: Proposal) -> str | None:
    """The number of the last receipt; None for what was not handed in here (imported, a draft)."""
    if proposal.state == ProposalState.DRAFT:
        return None
    digest = session.scalars(
        sa.select(Event.hash)
        .where(
            Event.subject_type == Proposal.__tablename__,
            Event.subject_id == proposal.id,
            Event.action == "proposal submitted",
        )
        .order_by(Event.seq.desc())
        .limit(1)
    ).first()
    return digest[:RECEIPT_LENGTH] if digest else None
