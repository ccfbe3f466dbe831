"""Waiving a conflict that was found by itself: one officer asks, another answers, with reasons."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import Person, Proposal, RoundReviewer, WaivedConflict, WaiverRequest
from funding.permissions import Actor, fetch, visible_proposals, visible_reviewers
from funding.services.log import record
from funding.services.reviewing.found_conflicts import (
    DECLARED,
    LONGEST_REASON,
    WORDS,
    kinds_of_pair,
)


def _pair(session: Session, by: Actor, proposal_id: int, person_id: int) -> tuple[Proposal, Person]:
    """A proposal and a reviewer of its round, as far as the officer may assign there."""
    proposal = fetch(session, visible_proposals(by, "review.assign"), proposal_id, "proposal")
    reviewer = session.scalars(
        visible_reviewers(by, "review.assign").where(
            RoundReviewer.round_id == proposal.round_id, RoundReviewer.person_id == person_id
        )
    ).one_or_none()
    if reviewer is None:
        raise NotFound("reviewer")
    return proposal, reviewer.person


def _checked(reason: str, if_none: str) -> str:
    reason = reason.strip()
    if not reason:
        raise InvalidInput(Fault("reason", if_none))
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
    return reason


def ask_waiver(
    session: Session, *, by: Actor, proposal_id: int, person_id: int, reason: str
) -> Person:
    """Ask that what was found between a reviewer and a proposal be waived; another officer answers.

    A declared conflict cannot be waived here: it is lifted where it was declared. Raises NotFound,
    InvalidInput, and RuleBroken where nothing stands in the way or the officer is the reviewer.
    """
    proposal, person = _pair(session, by, proposal_id, person_id)
    if person.id == by.person_id:
        raise RuleBroken("A colleague has to ask this for you.")
    kinds = kinds_of_pair(session, proposal.id, person.id) - {DECLARED}
    if not kinds:
        raise RuleBroken("Nothing that could be waived stands between the two.")
    reason = _checked(reason, "Say why this person should review it all the same.")
    asked = set(
        session.scalars(
            sa.select(WaiverRequest.kind).where(
                WaiverRequest.proposal_id == proposal.id, WaiverRequest.person_id == person.id
            )
        )
    )
    if kinds <= asked:
        raise RuleBroken("This has been asked already; another officer has to answer.")
    for kind in sorted(kinds - asked):
        session.add(
            WaiverRequest(
                proposal_id=proposal.id,
                person_id=person.id,
                kind=kind,
                found=WORDS[kind],
                reason=reason,
                asked_by_id=by.person_id,
            )
        )
    record(
        session,
        by,
        "waiver asked for",
        proposal,
        round_id=proposal.round_id,
        person=person.id,
        kinds=sorted(kinds - asked),
    )
    return person


def answer_waiver(
    session: Session, *, by: Actor, proposal_id: int, person_id: int, reason: str, waive: bool
) -> Person:
    """Waive what another officer asked to waive, with a reason of one's own, or refuse to.

    Raises NotFound, InvalidInput, and RuleBroken for who asked and for the reviewer.
    """
    proposal, person = _pair(session, by, proposal_id, person_id)
    requests = session.scalars(
        sa.select(WaiverRequest)
        .where(WaiverRequest.proposal_id == proposal.id, WaiverRequest.person_id == person.id)
        .order_by(WaiverRequest.id)
    ).all()
    if not requests:
        raise NotFound("request")
    if by.person_id in (person.id, *(request.asked_by_id for request in requests)):
        raise RuleBroken("Another officer than the one who asked has to answer.")
    reason = _checked(reason, "Say why; it stays on record.")
    for request in requests:
        if waive:
            session.add(
                WaivedConflict(
                    proposal_id=proposal.id,
                    person_id=person.id,
                    kind=request.kind,
                    found=request.found,
                    asked_because=request.reason,
                    asked_by_id=request.asked_by_id,
                    reason=reason,
                    waived_by_id=by.person_id,
                )
            )
        session.delete(request)
    record(
        session,
        by,
        "conflict waived" if waive else "waiver refused",
        proposal,
        round_id=proposal.round_id,
        person=person.id,
        kinds=[request.kind for request in requests],
    )
    return person
