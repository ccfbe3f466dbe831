"""What a reviewer types, kept at once and as it stands, until the review is handed in.

One `ParkedForm` a person and assignment, as for proposals: nothing typed is lost, whatever happens
to the window, the connection or the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import RuleBroken
from funding.models import AssignmentState, ParkedForm, ReviewAssignment
from funding.permissions import Actor, fetch, opened_assignments
from funding.services.identity import digest_of
from funding.services.typed_text import UNSENT_KEPT, OpenElsewhere

MOST_FIELDS, LONGEST_FIELD = 60, 20_000


@dataclass(frozen=True)
class Kept:
    """What was typed and not handed in, as typed, and when it was kept."""

    fields: dict[str, str]
    at: datetime


def form_name(assignment_id: int) -> str:
    return f"review:{assignment_id}"


def cut(fields: dict[str, str]) -> dict[str, str]:
    """What of a form is kept: the reviewer's own fields, each to a length that nobody types."""
    own = {name: text[:LONGEST_FIELD] for name, text in fields.items() if name not in _NOT_KEPT}
    return dict(list(own.items())[:MOST_FIELDS])


_NOT_KEPT = {"csrf_token", "seen", "act"}


def kept_draft(session: Session, person_id: int, assignment_id: int) -> Kept | None:
    parked = _parked(session, person_id, assignment_id)
    return Kept(parked.fields.get("typed", {}), parked.saved_at) if parked else None


def _parked(session: Session, person_id: int, assignment_id: int) -> ParkedForm | None:
    return session.scalars(
        sa.select(ParkedForm).where(
            ParkedForm.person_id == person_id, ParkedForm.form == form_name(assignment_id)
        )
    ).one_or_none()


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
    """Keep what is typed, exactly as it is; answers when.

    `seen` is the answer before this one, in ISO form ("" for none): where something else was kept
    since, from another window, nothing is overwritten and OpenElsewhere is raised.
    """
    open_review(session, by, assignment_id)
    fields = cut(fields)
    parked = _parked(session, by.person_id, assignment_id)
    if parked is None:
        parked = ParkedForm(form=form_name(assignment_id), person_id=by.person_id, fields={})
        session.add(parked)
    elif parked.saved_at.isoformat() != seen and parked.fields.get("typed") != fields:
        raise OpenElsewhere(parked.saved_at)
    parked.fields, parked.saved_at = {"typed": fields}, now()
    return parked.saved_at


def forget_draft(session: Session, person_id: int, assignment_id: int) -> None:
    parked = _parked(session, person_id, assignment_id)
    if parked is not None:
        session.delete(parked)


def keep_unsent(
    session: Session, *, token: str, assignment_id: int, fields: dict[str, str]
) -> None:
    """Keep a form that came without a session, for whoever has the token and may write it."""
    for old in session.scalars(
        sa.select(ParkedForm).where(
            ParkedForm.person_id.is_(None),
            sa.or_(
                ParkedForm.saved_at < now() - UNSENT_KEPT,
                ParkedForm.token_hash == digest_of(token),
            ),
        )
    ):
        session.delete(old)
    session.flush()
    session.add(
        ParkedForm(
            form=form_name(assignment_id),
            token_hash=digest_of(token),
            fields={"typed": cut(fields)},
        )
    )


def claim_unsent(session: Session, *, by: Actor, assignment_id: int, token: str) -> bool:
    """Give a reviewer back what they sent while signed out; False where there is nothing."""
    unsent = session.scalars(
        sa.select(ParkedForm).where(
            ParkedForm.token_hash == digest_of(token),
            ParkedForm.form == form_name(assignment_id),
        )
    ).one_or_none()
    if unsent is None:
        return False
    open_review(session, by, assignment_id)
    forget_draft(session, by.person_id, assignment_id)
    session.flush()
    unsent.token_hash, unsent.person_id = None, by.person_id
    return True
