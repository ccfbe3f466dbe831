"""Declaring before access: an assigned reviewer says whether there is a conflict, and which."""

from __future__ import annotations

from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import (
    AssignmentState,
    ConflictOfInterest,
    ReviewAssignment,
    ReviewDeclaration,
)
from funding.permissions import Actor, fetch, own_assignments
from funding.services.log import record
from funding.services.reviewing.found_conflicts import LONGEST_REASON, in_words, kinds_of_pair

NONE, SOME = "none", "conflict"


def declare(
    session: Session, *, by: Actor, assignment_id: int, answer: str, words: str
) -> ReviewAssignment:
    """Declare no conflict (`answer` is "none"), or one with what it is ("conflict").

    Without one the proposal opens. With one it is not there for the person any more, until a
    second person lifts the conflict. Raises NotFound, InvalidInput, and RuleBroken where a
    conflict was found meanwhile.
    """
    assignment: ReviewAssignment = fetch(session, own_assignments(by), assignment_id, "review")
    words = words.strip()
    faults = []
    if answer not in (NONE, SOME):
        faults.append(Fault("answer", "Say whether you have a conflict of interest."))
    if answer == SOME and not words:
        faults.append(Fault("words", "Say in a few words what the conflict is."))
    if len(words) > LONGEST_REASON:
        faults.append(
            Fault(
                "words",
                _(
                    "At most %(longest_reason)s characters.",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            )
        )
    if faults:
        raise InvalidInput(*faults)
    if assignment.state == AssignmentState.HANDED_IN:
        raise RuleBroken("You have handed in this review; tell an officer of the round instead.")
    proposal, has_conflict = assignment.proposal, answer == SOME
    if not has_conflict:
        kinds = kinds_of_pair(session, proposal.id, by.person_id)
        if kinds:
            raise RuleBroken(
                _(
                    "The site finds that you are in conflict: %(name)s %(in_words)s. An "
                    "officer of the round can have this waived.",
                    name=by.name,
                    in_words=in_words(kinds),
                )
            )
    session.add(
        ReviewDeclaration(
            proposal_id=proposal.id,
            person_id=by.person_id,
            has_conflict=has_conflict,
            words=words if has_conflict else "",
        )
    )
    if has_conflict:
        session.add(
            ConflictOfInterest(
                proposal_id=proposal.id,
                person_id=by.person_id,
                reason=words,
                declared_by_id=by.person_id,
            )
        )
    session.flush()
    assignment.state = AssignmentState.IN_CONFLICT if has_conflict else AssignmentState.ACCEPTED
    record(
        session,
        by,
        "conflict declared" if has_conflict else "no conflict declared",
        proposal,
        round_id=proposal.round_id,
        assignment=assignment.id,
        person=by.person_id,
    )
    return assignment
