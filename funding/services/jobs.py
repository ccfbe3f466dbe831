"""Background work: enqueued in the transaction that asks for it, taken by a worker process.

A worker holds a job by a lease that it renews; a job whose lease ran out (its worker died) is
taken again, up to three times. Tasks are named functions `task(database, config, **arguments)`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import Job

LEASE = timedelta(seconds=30)
MOST_TRIES = 3
GRACE = timedelta(seconds=2)
"""How long a worker that is told to stop goes on with the job at hand before it hands it back."""
LONG = ("run_study", "find_names", "make_pack")
"""Tasks that may take minutes; what is quicker goes before them."""
NOBODY_WAITS_FOR = ("reckon_baselines", "remind_of_reports")
"""Tasks that fill in figures later; whatever somebody looks at goes before them."""


def enqueue(session: Session, task: str, **arguments: Any) -> Job:
    """Ask for a task; it starts only if the transaction commits."""
    job = Job(task=task, arguments=arguments)
    session.add(job)
    session.flush()
    return job


def claim(session: Session, *, worker: str) -> Job | None:
    """Take the oldest job that waits or whose worker is gone: first what is soon done, last what
    nobody waits for.

    None where there is none.
    """
    job = session.scalars(
        sa.select(Job)
        .where(
            sa.or_(Job.state == "queued", sa.and_(Job.state == "running", Job.lease_until < now()))
        )
        .order_by(Job.task.in_(NOBODY_WAITS_FOR), Job.task.in_(LONG), Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if job is None:
        return None
    if job.tries >= MOST_TRIES:
        job.state, job.error = "failed", "Its worker stopped three times."
        return None
    job.state, job.worker, job.lease_until = "running", worker, now() + LEASE
    job.tries += 1
    return job


def renew(session: Session, *, job_id: int, worker: str) -> bool:
    """Keep the job for another lease; False where another worker has it by now."""
    job = session.get_one(Job, job_id)
    if job.state != "running" or job.worker != worker:
        return False
    job.lease_until = now() + LEASE
    return True


def hand_back(session: Session, *, job_id: int, worker: str) -> None:
    """Let the job wait again, as if it had not been taken; it begins anew when it is."""
    job = session.get_one(Job, job_id)
    if job.state == "running" and job.worker == worker:
        job.state, job.worker, job.lease_until = "queued", None, None
        job.tries -= 1


def finish(session: Session, *, job_id: int, worker: str, error: str = "") -> None:
    """Note how the job ended, unless another worker has taken it over."""
    job = session.get_one(Job, job_id)
    if job.worker == worker:
        job.state, job.error, job.lease_until = ("failed" if error else "done"), error, None


def is_under_way(session: Session, task: str, **argument: int) -> bool:
    """Whether a job of this task with this argument waits or runs."""
    ((name, value),) = argument.items()
    jobs = sa.select(Job.id).where(
        Job.task == task,
        Job.state.in_(["queued", "running"]),
        Job.arguments[name].as_integer() == value,
    )
    return session.scalars(jobs.limit(1)).first() is not None
