"""Replays in the browser: asked for in a transaction, run by a worker, kept as files."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database
from funding.errors import Fault, InvalidInput, NotFound, TributaryError
from funding.imports.records import HistoryRecord
from funding.models import HistoricGrant, Job
from funding.permissions import Actor, require
from funding.replay.assumptions import Assumptions
from funding.replay.grants import GrantList
from funding.replay.pool import Pool
from funding.replay.reading import grants_of_records
from funding.replay.run import replay
from funding.replay.solving import Cancelled, OutOfTime
from funding.services.jobs import enqueue
from funding.services.log import record
from funding.services.replay_files import UNDER_WAY, Replay, RunFile

log = logging.getLogger("tributary.replay")

TASK = "replay"
_EVERY = 0.5  # seconds between two notes of progress
_ROWS_AT_A_TIME = 5_000


def home_of(by: Actor) -> int:
    """The organisation a new replay belongs to: the person's first that may use replays."""
    return min(by.where("replay.use"))


def own_history(session: Session, by: Actor) -> sa.Select[tuple[HistoricGrant]]:
    """Past grants that the person's organisations have imported."""
    return sa.select(HistoricGrant).where(
        HistoricGrant.organisation_id.in_(list(by.where("replay.use")))
    )


def count_history(session: Session, by: Actor) -> int:
    """How many past grants there are to replay."""
    grants = own_history(session, by).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(grants)) or 0


def history_as_list(session: Session, by: Actor) -> GrantList:
    """The imported history as a list of grants. Raises reading.BadFile where none has an amount."""
    rows = session.scalars(
        own_history(session, by)
        .order_by(HistoricGrant.id)
        .execution_options(yield_per=_ROWS_AT_A_TIME)
    )
    records = ((grant.id, _record(grant)) for grant in rows)
    return grants_of_records("Imported history", records)


def _record(grant: HistoricGrant) -> HistoryRecord:
    return HistoryRecord(
        funder=grant.funder,
        recipient=grant.recipient,
        amount=grant.amount,
        currency=grant.currency,
        awarded_on=grant.awarded_on,
        date_precision=grant.date_precision,
        area=grant.area_text or grant.area_key or "",
        purpose=grant.purpose or "",
        title=grant.title or "",
    )


def check_pool(kept: Replay, pool: Pool) -> None:
    """Raises InvalidInput where the list has no such year or round."""
    if pool.round is not None and pool.round not in {one["name"] for one in kept.rounds}:
        raise InvalidInput(Fault("pool", "Choose a year or a round of the list."))
    if pool.round is None and str(pool.year) not in {one["name"] for one in kept.years}:
        raise InvalidInput(Fault("pool", "Choose a year or a round of the list."))


def ask_for_run(session: Session, *, by: Actor, replay_id: str, run_id: str, home: int) -> int:
    """Have a worker run what the run's file describes; the number of its job.

    `home` is the organisation that the replay belongs to. Raises NotFound, NotPermitted.
    """
    require(by, "replay.use", home)
    job = enqueue(session, TASK, replay_id=replay_id, run_id=run_id)
    record(session, by, "asked for a replay", job, organisation_id=home, replay=replay_id)
    return job.id


def state_of(session: Session, kept: Replay, run: RunFile) -> RunFile:
    """The run as it stands; one whose worker gave up counts as failed."""
    if run.state not in UNDER_WAY:
        return run
    jobs = sa.select(Job).where(Job.task == TASK, Job.state == "failed").order_by(Job.id.desc())
    for job in session.scalars(jobs.limit(100)):
        if job.arguments.get("run_id") == run.id:
            return replace(run, state="failed", message="It stopped by a fault of ours.")
    return run


class _Teller:
    """Notes how far a run is, and looks whether somebody wants it to stop."""

    def __init__(self, kept: Replay, run: RunFile) -> None:
        self.kept, self.run = kept, run
        self._noted = 0.0

    def tell(self, part: float, words: str) -> None:
        self.run = replace(self.run, state="running", progress=round(part, 3), stage=words)
        if time.monotonic() - self._noted >= _EVERY:
            self._noted = time.monotonic()
            self.kept.note(self.run)

    def is_stopping(self) -> bool:
        return self.kept.is_stopping(self.run.id)

    def end(self, state: str, message: str = "") -> None:
        self.kept.note(replace(self.run, state=state, message=message))


def run_replay(database: Database, config: Config, replay_id: str, run_id: str) -> None:
    """The task of a worker. A list that was deleted meanwhile is no fault."""
    folder = config.data / "replays" / replay_id
    try:
        kept = Replay.load(folder)
        teller = _Teller(kept, kept.run(run_id))
    except (FileNotFoundError, NotFound):
        return
    if teller.run.state not in UNDER_WAY:
        return
    try:
        result: dict[str, Any] = replay(
            kept.grant_list(),
            Pool(teller.run.year, teller.run.round),
            Assumptions(**teller.run.assumptions),
            extent=teller.run.extent,  # type: ignore[arg-type]  # written by us
            tell=teller.tell,
            cancelled=teller.is_stopping,
        )
        kept.keep_result(run_id, result)
        teller.end("done")
    except Cancelled:
        teller.end("cancelled")
    except OutOfTime:
        teller.end("failed", "No plan was found in the time that there is.")
    except TributaryError as refusal:
        teller.end("failed", str(refusal))
    except Exception:
        if folder.exists():
            teller.end("failed", "It stopped by a fault of ours; the site's log has the details.")
            raise
        log.info("replay %s was deleted while it ran", replay_id)
