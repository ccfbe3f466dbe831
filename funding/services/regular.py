"""Work that comes round by itself: asked for once a period, whichever worker looks first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import RegularTask
from funding.services.jobs import enqueue


def enqueue_due(session: Session, *, periods: Mapping[str, timedelta]) -> list[str]:
    """Ask for each task whose time has come, and set its next time one period from now.

    A task that is new here is due at once. Answers the tasks asked for, by name.
    """
    at, asked = now(), []
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for task, period in sorted(periods.items()):
        session.execute(insert(RegularTask).values(task=task, due_at=at).on_conflict_do_nothing())
        # one statement both looks and claims: of two workers, the second finds nothing due
        claimed = session.execute(
            sa.update(RegularTask)
            .where(RegularTask.task == task, RegularTask.due_at <= at)
            .values(due_at=at + period)
        )
        if claimed.rowcount:
            enqueue(session, task)
            asked.append(task)
    return asked
