"""Scenarios of a test's round, solved by a real worker."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from funding.db import Database
from funding.models import Round, Run, Scenario
from funding.permissions import Actor
from funding.services.scenarios import start_run
from funding.tasks import TASKS
from funding.worker import Worker
from tests.conftest import make_config


def make_scenario(session: Session, round_: Round, by: Actor, **values: object) -> Scenario:
    made = Scenario(
        **{"round": round_, "name": "As it is", "created_by_id": by.person_id, **values}
    )
    session.add(made)
    session.flush()
    return made


def work(database: Database, folder: Path) -> None:
    """Let a worker do all that waits."""
    url = database.engine.url.render_as_string(hide_password=False)
    worker = Worker(database, make_config(folder, url), TASKS)
    while worker.run_one():
        pass


def solve(database: Database, folder: Path, by: Actor, scenario_id: int) -> Run:
    """The run as it ended, documents loaded."""
    run = database.in_transaction(start_run, by=by, scenario_id=scenario_id)
    work(database, folder)
    with database.reading() as session:
        found = session.get_one(Run, run.id)
        _ = (found.problem, found.plan, found.explanation, found.lines)
        return found
