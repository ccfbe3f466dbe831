"""Scenarios of a test's round, solved by a real worker."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from funding.db import Database
from funding.models import Overlap, Round, Run, Scenario
from funding.permissions import Actor
from funding.services.scenarios import start_run
from funding.tasks import TASKS
from funding.worker import Worker
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_proposal,
    make_round,
)
from tests.conftest import make_config


def make_scenario(session: Session, round_: Round, by: Actor, **values: object) -> Scenario:
    made = Scenario(
        **{"round": round_, "name": "As it is", "created_by_id": by.person_id, **values}
    )
    session.add(made)
    session.flush()
    return made


def small_round(session: Session, **scenario: object) -> tuple[Actor, int]:
    """Two funders, one in yen; three proposals, the best two of them the same work."""
    round_ = make_round(session, key="small")
    funder = make_organisation(session)
    make_commitment(session, round_, funder, amount=12_000_00, name="Open", key="open")
    make_commitment(
        session, round_, amount=1_000_000, currency="JPY", name="Yen", key="yen", regions=["africa"]
    )
    for part in round_.participants:
        part.guarantee = "none"  # else the overlap below is worth its price to a funder
    same = [
        make_proposal(session, round_, key=key, title=f"Title {key}", score=score)
        for key, score in (("A", 90), ("B", 80))
    ]
    make_proposal(session, round_, key="C", title="Title C", score=60, region="africa")
    make_proposal(session, round_, key="D", title="Title D", score=None, region="south-asia")
    session.add(
        Overlap(round_id=round_.id, first=same[0], second=same[1], degree=1.0, verdict="duplicate")
    )
    by = make_actor(session, funder)
    return by, make_scenario(session, round_, by, **scenario).id


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
