"""What a reviewer types, kept at once and as it stands, until the review is handed in.

One parked form a person and assignment, as for proposals: nothing typed is lost, whatever happens
to the window, the connection or the session.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from funding.errors import RuleBroken
from funding.models import AssignmentState, ReviewAssignment
from funding.permissions import Actor, fetch, opened_assignments
from funding.services import parked
from funding.services.parked import Kept

MOST_FIELDS, LONGEST_FIELD = 60, 20_000
_NOT_KEPT = {"csrf_token", "seen", "act"}


def form_name(assignment_id: int) -> str:
    return f"review:{assignment_id}"


def cut(fields: dict[str, str]) -> dict[str, str]:
    """What of a form is kept: the reviewer's own fields, each to a length that nobody types."""
    own = {name: text[:LONGEST_FIELD] for name, text in fields.items() if name not in _NOT_KEPT}
    return dict(list(own.items())[:MOST_FIELDS])


def kept_draft(session: Session, person_id: int, assignment_id: int) -> Kept | None:
    return parked.kept(session, person_id, form_name(assignment_id))


def open_review(session: Session, by: Actor, assignment_id: int) -> ReviewAssignment:
    """The person's assignment while its review is being written; raises NotFound, RuleBroken."""
    query = opened_assignments(by).with_for_update(key_share=True, of=ReviewAssignment)
    assignment: ReviewAssignment = fetch(session, query, assignment_id, "review")
    if assignment.state == AssignmentState.HANDED_IN:
        raise RuleBroken("This review is handed in already.")
    return assignment


def keep_draft(
    session: Session, *, by: Actor, assignment_id: int, fields: dict[str, str], seen: str
) -> datetime:
    """Keep what is typed, exactly as it is; answers when. `seen` as in `parked.keep`, which raises
    OpenElsewhere."""
    open_review(session, by, assignment_id)
    return parked.keep(
        session,
        by.person_id,
        form_name(assignment_id),
        fields=cut(fields),
        marks="",
        base_version=None,
        seen=seen,
    )


def forget_draft(session: Session, person_id: int, assignment_id: int) -> None:
    parked.discard(session, person_id, form_name(assignment_id))


def keep_unsent(
    session: Session, *, token: str, assignment_id: int, fields: dict[str, str]
) -> None:
    """Keep a form that came without a session, for whoever has the token and may write it."""
    parked.keep_unsent(
        session,
        token=token,
        form=form_name(assignment_id),
        fields=cut(fields),
        marks="",
        base_version=None,
    )


def claim_unsent(session: Session, *, by: Actor, assignment_id: int, token: str) -> bool:
    """Give a reviewer back what they sent while signed out; False where there is nothing."""
    waiting = parked.unsent(session, token, form_name(assignment_id))
    if waiting is None:
        return False
    open_review(session, by, assignment_id)
    parked.claim(session, by.person_id, waiting)
    return True
