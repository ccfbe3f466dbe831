"""What comes round by itself is asked for once a period, by one worker of many."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa

from funding.config import Config
from funding.db import Database, now
from funding.models import Job, RegularTask
from funding.services.regular import enqueue_due
from funding.tasks import REGULAR, TASKS
from funding.worker import Worker
from tests.conftest import make_config

PERIODS = {"often": timedelta(hours=1), "rarely": timedelta(days=7)}


def make_due(database: Database, task: str) -> None:
    database.in_transaction(
        lambda s: s.execute(
            sa.update(RegularTask)
            .where(RegularTask.task == task)
            .values(due_at=now() - timedelta(seconds=1))
        )
    )


def asked_for(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Job.task).order_by(Job.id)))


def test_a_task_is_due_at_once_and_then_once_a_period(database: Database) -> None:
    assert database.in_transaction(enqueue_due, periods=PERIODS) == ["often", "rarely"]
    assert database.in_transaction(enqueue_due, periods=PERIODS) == []
    make_due(database, "often")
    assert database.in_transaction(enqueue_due, periods=PERIODS) == ["often"]
    with database.reading() as session:
        row = session.get_one(RegularTask, "often")
        assert now() < row.due_at <= now() + timedelta(hours=1)
    assert asked_for(database) == ["often", "rarely", "often"]


def test_of_many_workers_one_asks(each_database: Database) -> None:
    together = threading.Barrier(6)

    def look() -> list[str]:
        together.wait()
        return each_database.in_transaction(enqueue_due, periods={"often": timedelta(hours=1)})

    with ThreadPoolExecutor(6) as pool:
        answers = [future.result() for future in [pool.submit(look) for _ in range(6)]]
    assert sorted(answers) == [[]] * 5 + [["often"]]
    assert asked_for(each_database) == ["often"]


def test_a_worker_runs_what_is_due(database: Database, tmp_path) -> None:
    done = threading.Event()

    def task(_database: Database, _config: Config) -> None:
        done.set()

    config = make_config(tmp_path, str(database.engine.url))
    worker = Worker(database, config, {"often": task}, {"often": timedelta(hours=1)})
    running = threading.Thread(target=worker.run, daemon=True)
    running.start()
    assert done.wait(30)
    worker.stop.set()
    running.join(30)
    assert not running.is_alive()


def test_every_regular_task_is_one_that_a_worker_knows() -> None:
    assert REGULAR.keys() <= TASKS.keys()
