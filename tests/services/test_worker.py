"""The background worker goes on after a task that fails, and after a database that was away."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from funding import worker as background
from funding.config import Config
from funding.db import Database
from funding.models import Job
from funding.services.jobs import claim, enqueue
from funding.worker import Worker
from tests.conftest import make_config


def rename(database: Database, before: str, after: str) -> None:
    database.in_transaction(lambda s: s.execute(sa.text(f"alter table {before} rename to {after}")))


def state_of(database: Database, job_id: int) -> str:
    with database.reading() as session:
        return session.get_one(Job, job_id).state


def test_a_worker_outlives_a_database_that_is_away_for_a_while(
    each_database: Database,
    tmp_path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(background, "AWAY_SECONDS", 0.05)
    done = threading.Event()

    def task(_database: Database, _config: Config) -> None:
        done.set()

    config = make_config(tmp_path, str(each_database.engine.url))
    worker = Worker(each_database, config, {"task": task})
    rename(each_database, "job", "job_away")
    running = threading.Thread(target=worker.run, daemon=True)
    running.start()
    while "did not answer" not in caplog.text:
        assert running.is_alive()
        done.wait(0.01)
    rename(each_database, "job_away", "job")
    job_id = each_database.in_transaction(lambda s: enqueue(s, "task").id)
    assert done.wait(30)
    worker.stop.set()
    running.join(30)
    assert not running.is_alive()
    assert state_of(each_database, job_id) == "done"


def test_a_task_that_fails_is_noted_and_the_next_is_taken(database: Database, tmp_path) -> None:
    def fail(_database: Database, _config: Config) -> None:
        raise ValueError("no such thing")

    config = make_config(tmp_path, str(database.engine.url))
    worker = Worker(database, config, {"fail": fail, "rest": lambda *_: None})
    first = database.in_transaction(lambda s: enqueue(s, "fail").id)
    second = database.in_transaction(lambda s: enqueue(s, "rest").id)
    assert worker.run_one()
    assert worker.run_one()
    assert not worker.run_one()
    assert (state_of(database, first), state_of(database, second)) == ("failed", "done")


def test_what_is_soon_done_goes_before_studies_and_both_before_what_nobody_waits_for(
    each_database: Database,
) -> None:
    asked = ("reckon_baselines", "run_study", "run_scenario", "run_study")
    for task in asked:
        each_database.in_transaction(enqueue, task)
    taken = [each_database.in_transaction(claim, worker="one").task for _ in asked]
    assert taken == ["run_scenario", "run_study", "run_study", "reckon_baselines"]
