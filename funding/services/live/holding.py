"""Keeping a session's round warm: a process holds a session for as long as it renews its lease.

Whoever finds the lease past takes over and goes on from the stored steps; a step that waits is
solved by whoever holds the session then.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.language import gettext as _
from funding.models import LiveSession, LiveStep, StepState
from funding.services.log import record
from funding.services.run_words import Words, names_of
from funding.studies.live import Impossible, OutOfTime, Room, SolverFault
from optimizer.sentences import kept

LEASE = timedelta(seconds=4)
IDLE = timedelta(minutes=30)
"""After which a session that nobody uses is let go; it is taken up again when it is."""


def take(session: Session, *, holder: str) -> list[int]:
    """Sessions that this process holds from now on, beside those that it held."""
    at = now()
    free = sa.or_(LiveSession.holder.is_(None), LiveSession.held_until < at)
    found = session.scalars(
        sa.select(LiveSession)
        .where(
            LiveSession.closed_at.is_(None),
            LiveSession.asked_at > at - IDLE,
            sa.or_(free, LiveSession.holder == holder),
        )
        .order_by(LiveSession.id)
        .with_for_update(skip_locked=True)
    ).all()
    for live in found:
        live.holder, live.held_until = holder, at + LEASE
    return [live.id for live in found]


def someone_is_waited_for(session: Session, *, holder: str) -> bool:
    """Whether a session is open that this process holds or could take."""
    at = now()
    return bool(
        session.scalar(
            sa.select(LiveSession.id)
            .where(
                LiveSession.closed_at.is_(None),
                LiveSession.asked_at > at - IDLE,
                sa.or_(
                    LiveSession.holder.is_(None),
                    LiveSession.held_until < at,
                    LiveSession.holder == holder,
                ),
            )
            .limit(1)
        )
    )


def renew(session: Session, *, holder: str) -> None:
    session.execute(
        sa.update(LiveSession)
        .where(LiveSession.holder == holder, LiveSession.closed_at.is_(None))
        .values(held_until=now() + LEASE)
    )


def let_go(session: Session, *, holder: str) -> None:
    """Give up all, so that another need not wait for the lease to end."""
    session.execute(
        sa.update(LiveSession)
        .where(LiveSession.holder == holder, LiveSession.closed_at.is_(None))
        .values(holder=None, held_until=None)
    )


def next_waiting(session: Session, live_id: int) -> LiveStep | None:
    return session.scalars(
        sa.select(LiveStep)
        .where(LiveStep.session_id == live_id, LiveStep.state == StepState.WAITING)
        .order_by(LiveStep.number)
        .limit(1)
    ).first()


def room_of(session: Session, live_id: int) -> Room:
    run = session.get_one(LiveSession, live_id).run
    return Room(run.problem or {}, run.plan or {})


def solve_waiting(database: Database, live_id: int, room: Room) -> bool:
    """Solve the step of a session that waits, if one does, and show it to the room."""
    with database.reading() as session:
        step = next_waiting(session, live_id)
        if step is None:
            return False
        rows = session.scalars(
            sa.select(LiveStep).where(
                LiveStep.session_id == live_id, LiveStep.state == StepState.DONE
            )
        ).all()
        plans = {row.number: row.result for row in rows}
        round_ = step.session.round
        words = Words(names_of(session, round_), round_.base_currency)
    state, result, seconds, message = StepState.DONE, None, None, ""
    try:
        known = [plan for number, plan in sorted(plans.items()) if number and plan]
        solved = room.solve(step.changes, plans.get(step.parent or 0), known)
        result, seconds = solved.result, solved.seconds
    except Impossible as impossible:
        state, message = StepState.IMPOSSIBLE, words.conflict(impossible.members)
    except OutOfTime:
        state, message = StepState.FAILED, _("No plan was found in the time that a room waits.")
    except SolverFault:
        state = StepState.FAILED
        message = _("The plan did not pass its check, so it is not shown.")
    database.in_transaction(
        _settle, step_id=step.id, state=state, result=result, seconds=seconds, message=message
    )
    return True


def _settle(
    session: Session,
    *,
    step_id: int,
    state: StepState,
    result: dict[str, Any] | None,
    seconds: float | None,
    message: str,
) -> None:
    """Keep what came of a step; nothing where another process was quicker."""
    step = session.get_one(LiveStep, step_id, with_for_update=True)
    if step.state != StepState.WAITING:
        return
    live = step.session
    step.state, step.message, step.seconds = state, message, seconds
    step.says = kept(message)
    step.result = None if result is None else json.loads(json.dumps(result))
    step.solved_at = now() if state == StepState.DONE else None
    if state == StepState.DONE and live.closed_at is None:
        live.current, live.is_voting_open = step.number, False
    record(session, None, f"live step {state}", live, round_id=live.round_id, number=step.number)
