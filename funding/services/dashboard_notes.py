"""Notes on dashboards: pinned by whoever takes part in a round, withdrawn by who wrote them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.db import now
from funding.errors import Fault, InvalidInput, NotPermitted, RuleBroken
from funding.language import gettext as _
from funding.models import DashboardNote, Round
from funding.permissions import Actor, fetch, working_rounds
from funding.services.log import record

LONGEST = 2_000
MOST = 100
"""Notes shown of one dashboard, the newest."""


def pin_note(
    session: Session, *, by: Actor, round_id: int, dashboard: str, figure: str, words: str
) -> DashboardNote:
    """Pin a note to a dashboard, or to one figure of it. Raises NotFound, InvalidInput."""
    round_: Round = fetch(session, working_rounds(by, "dashboard.annotate"), round_id, "round")
    faults = []
    if not words.strip():
        faults.append(Fault("words", "Write what you want the others to read."))
    elif len(words) > LONGEST:
        faults.append(Fault("words", _("At most %(most)s characters.", most=LONGEST)))
    if faults:
        raise InvalidInput(*faults)
    note = DashboardNote(
        round_id=round_.id,
        dashboard=dashboard,
        figure=figure,
        words=words.strip(),
        written_by_id=by.person_id,
    )
    session.add(note)
    session.flush()
    record(
        session,
        by,
        "note pinned to a dashboard",
        note,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        dashboard=dashboard,
        figure=figure,
    )
    return note


def withdraw_note(session: Session, *, by: Actor, round_id: int, note_id: int) -> DashboardNote:
    """Take a note of one's own from its dashboard; it stays on record.

    Raises NotFound, NotPermitted for another's, RuleBroken for one that was withdrawn.
    """
    rounds = working_rounds(by, "dashboard.annotate").with_only_columns(Round.id)
    note: DashboardNote = fetch(
        session,
        sa.select(DashboardNote).where(
            DashboardNote.round_id == round_id, DashboardNote.round_id.in_(rounds)
        ),
        note_id,
        "note",
    )
    if note.written_by_id != by.person_id:
        raise NotPermitted("Only who wrote a note withdraws it.")
    if note.withdrawn_at is not None:
        raise RuleBroken("This note is withdrawn already.")
    note.withdrawn_at = now()
    session.flush()
    record(
        session,
        by,
        "note on a dashboard withdrawn",
        note,
        organisation_id=note.round.owner_id,
        round_id=note.round_id,
        dashboard=note.dashboard,
    )
    return note


def notes_on(session: Session, round_id: int, dashboard: str) -> list[DashboardNote]:
    """The notes that stand on a dashboard, newest first."""
    return list(
        session.scalars(
            sa.select(DashboardNote)
            .options(joinedload(DashboardNote.written_by))
            .where(
                DashboardNote.round_id == round_id,
                DashboardNote.dashboard == dashboard,
                DashboardNote.withdrawn_at.is_(None),
            )
            .order_by(DashboardNote.id.desc())
            .limit(MOST)
        )
    )
