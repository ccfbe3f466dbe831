"""Giving a proposal to a reviewer by hand, taking it back, giving it to another, its due day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput, RuleBroken
from funding.formatting import format_number
from funding.forms import without_repeats
from funding.language import gettext as _
from funding.models import WAITING_STATES, AssignmentState, ReviewAssignment
from funding.permissions import Actor, fetch, visible_assignments
from funding.services.log import record
from funding.services.reviewing.absences import away_today, pass_on_one
from funding.services.reviewing.giving import candidate, give, loads, reviewer_of, tell

LONGEST_REASON = 1_000
BY_HAND = "Chosen by an officer."


def assign(
    session: Session, *, by: Actor, proposal_id: int, person_id: int, public_url: str
) -> ReviewAssignment:
    """Ask a reviewer of the round to review a proposal, and tell them.

    Somebody who is away passes it on to who stands in for them. Raises NotFound, and RuleBroken
    where a conflict or a full load stands in the way.
    """
    proposal = candidate(session, by, proposal_id)
    reviewer = reviewer_of(session, proposal.round_id, person_id)
    load = loads(session, proposal.round_id).get(person_id, 0)
    made = give(session, by, proposal, reviewer, BY_HAND, load=load)
    away = away_today(session, proposal.round_id, now().date()).get(made.person_id)
    if away is not None:
        made = pass_on_one(session, by, made, away) or made
    tell(session, proposal.round, {made.person_id: 1}, public_url)
    return made


def withdraw(
    session: Session, *, by: Actor, assignment_id: int, reason: str, to_id: int | None = None
) -> ReviewAssignment | None:
    """Take a review back that was not handed in; with `to_id`, give it to another reviewer.

    Answers the new assignment, if any. Raises NotFound, InvalidInput without a reason, RuleBroken.
    """
    query = visible_assignments(by, "review.assign")
    assignment: ReviewAssignment = fetch(session, query, assignment_id, "assignment")
    proposal = candidate(session, by, assignment.proposal_id)
    if assignment.state not in (*WAITING_STATES, AssignmentState.IN_CONFLICT):
        raise RuleBroken(
            _("This review is %(state)s; it cannot be taken back.", state=assignment.state)
        )
    reason = reason.strip()
    faults = []
    if not reason:
        faults.append(Fault("reason", "Say why; it stays on record."))
    elif len(reason) > LONGEST_REASON:
        faults.append(
            Fault(
                "reason",
                _(
                    "At most %(longest_reason)s characters.",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            )
        )
    if to_id == assignment.person_id:
        faults.append(Fault("to", "Choose another person."))
    if faults:
        raise InvalidInput(*faults)
    assignment.state = AssignmentState.WITHDRAWN
    session.flush()
    record(
        session,
        by,
        "review withdrawn" if to_id is None else "review reassigned",
        proposal,
        round_id=proposal.round_id,
        assignment=assignment.id,
        person=assignment.person_id,
        to=to_id,
        reason=reason,
    )
    if to_id is None:
        return None
    reviewer = reviewer_of(session, proposal.round_id, to_id)
    load = loads(session, proposal.round_id).get(to_id, 0)
    return give(session, by, proposal, reviewer, BY_HAND, load=load, taken_from=assignment)


def withdraw_and_tell(
    session: Session,
    *,
    by: Actor,
    assignment_id: int,
    reason: str,
    to_id: int | None,
    public_url: str,
) -> ReviewAssignment | None:
    """As `withdraw`; whoever it is given to is told by mail."""
    made = withdraw(session, by=by, assignment_id=assignment_id, reason=reason, to_id=to_id)
    if made is not None:
        tell(session, made.proposal.round, {made.person_id: 1}, public_url)
    return made


def set_due(
    session: Session,
    *,
    by: Actor,
    assignment_id: int,
    due_at: datetime | None,
    faults: tuple[Fault, ...] = (),
) -> ReviewAssignment:
    """Give one review a day of its own. Raises NotFound, InvalidInput, RuleBroken."""
    query = visible_assignments(by, "review.assign")
    assignment: ReviewAssignment = fetch(session, query, assignment_id, "assignment")
    ruled = []
    if due_at is None or due_at <= now():
        ruled.append(Fault("due_at", "Choose a day that lies ahead."))
    wrong = without_repeats(faults, ruled)
    if wrong:
        raise InvalidInput(*wrong)
    if assignment.state not in WAITING_STATES:
        raise RuleBroken(_("This review is %(state)s.", state=assignment.state))
    assignment.due_at, assignment.reminded_at = due_at, None
    record(
        session,
        by,
        "review due changed",
        assignment.proposal,
        round_id=assignment.proposal.round_id,
        assignment=assignment.id,
        due_at=due_at.isoformat() if due_at else None,
    )
    return assignment
