"""The background worker: takes jobs from the database, sends the mail that waits."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from funding.config import Config
from funding.db import Database
from funding.errors import TributaryError
from funding.processes import run_until_told
from funding.services import jobs, mail, regular
from funding.tasks import REGULAR, TASKS

log = logging.getLogger("tributary.worker")

POLL_SECONDS = 0.3
AWAY_SECONDS = 3.0  # until a database that did not answer is asked again
LOOK_SECONDS = 30.0  # between two looks at what comes round by itself
AWAY = (SQLAlchemyError, TributaryError)


class Worker:
    """Runs one job at a time until `stop` is set."""

    def __init__(
        self,
        database: Database,
        config: Config,
        tasks: dict[str, Callable[..., None]],
        regular_tasks: Mapping[str, timedelta] | None = None,
    ):
        self.database, self.config, self.tasks = database, config, tasks
        self.regular_tasks = regular_tasks or {}
        self._look_at = 0.0
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.stop = threading.Event()
        self.job_id: int | None = None
        """The job at hand."""

    def run(self) -> None:
        """Work until `stop`; a database that is away for a while is waited for."""
        while not self.stop.is_set():
            try:
                self.ask_for_regular_tasks()
                busy = self.run_one()
                sent = mail.send_waiting(self.database, self.config)
            except AWAY:
                # a job at hand is taken up again when its lease ends
                log.exception("the database did not answer; asked again soon")
                self.job_id = None
                self.stop.wait(AWAY_SECONDS)
                continue
            if not busy and not sent:
                self.stop.wait(POLL_SECONDS)

    def ask_for_regular_tasks(self) -> None:
        """Look, now and then, whether a task that comes round by itself is due."""
        if self.regular_tasks and time.monotonic() >= self._look_at:
            self.database.in_transaction(regular.enqueue_due, periods=self.regular_tasks)
            self._look_at = time.monotonic() + LOOK_SECONDS

    def run_one(self) -> bool:
        """Take and run one job; False where none waits. A failing task does not stop the worker."""
        job = self.database.in_transaction(jobs.claim, worker=self.name)
        if job is None:
            return False
        self.job_id = job.id
        finished = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(job.id, finished), daemon=True)
        renewing.start()
        error = ""
        try:
            self.tasks[job.task](self.database, self.config, **job.arguments)
        except Exception as failure:
            log.exception("job %s (%s) failed", job.id, job.task)
            error = f"{type(failure).__name__}: {failure}"
        finally:
            finished.set()
            renewing.join()
        self.database.in_transaction(jobs.finish, job_id=job.id, worker=self.name, error=error)
        self.job_id = None
        return True

    def hand_back(self) -> None:
        """Give up the job at hand, so that the next worker need not wait for its lease to end."""
        if self.job_id is not None:
            self.database.in_transaction(jobs.hand_back, job_id=self.job_id, worker=self.name)

    def _renew(self, job_id: int, finished: threading.Event) -> None:
        while not finished.wait(jobs.LEASE.total_seconds() / 3):
            try:
                self.database.in_transaction(jobs.renew, job_id=job_id, worker=self.name)
            except AWAY:
                log.warning("the lease of job %s could not be renewed", job_id, exc_info=True)


def work(config: Config) -> None:
    """Run a worker until SIGTERM or SIGINT; a job that is not finished soon is handed back."""
    worker = Worker(Database(config.database_url), config, TASKS, REGULAR)
    running = run_until_told(worker.run, worker.stop)
    running.join(jobs.GRACE.total_seconds())
    if running.is_alive():
        worker.hand_back()
        os._exit(0)  # a task that stops nowhere by itself can only be left
    sys.exit(0 if worker.stop.is_set() else 1)
