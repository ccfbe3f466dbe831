"""Studies of a run: asked for, worked out by a worker, stopped, gone on with, and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import NotFound, NotPermitted, RuleBroken
from funding.models import Event, Job, Organisation, Role, RunState, Study
from funding.permissions import Actor
from funding.services import studies
from funding.services.archive import back_up, restore
from funding.services.studies import ask_for_study, cancel_study, latest
from tests.builders import make_actor, make_organisation
from tests.runs import small_round, solve, work

Solved = tuple[Database, Actor, int]


def solved_on(database: Database, folder: Path) -> Solved:
    by, scenario_id = database.in_transaction(small_round)
    return database, by, solve(database, folder, by, scenario_id).id


@pytest.fixture
def solved(database: Database, tmp_path: Path) -> Solved:
    return solved_on(database, tmp_path)


@pytest.fixture
def solved_on_each(each_database: Database, tmp_path: Path) -> Solved:
    return solved_on(each_database, tmp_path)


def ask(database: Database, by: Actor, run_id: int) -> int:
    return database.in_transaction(
        ask_for_study, by=by, run_id=run_id, kind="frontier", parameters={}
    ).id


def found(database: Database, study_id: int) -> Study:
    with database.reading() as session:
        study = session.get_one(Study, study_id)
        _ = study.result
        return study


def stop_after(
    monkeypatch: pytest.MonkeyPatch, pieces: int, act: Callable[[int], None]
) -> list[int]:
    """Have `act(study_id)` done once that many pieces are kept; the sizes of all that is kept."""
    sizes: list[int] = []
    keep = studies._Teller.keep

    def kept(teller: studies._Teller, partial: dict) -> None:
        keep(teller, partial)
        sizes.append(len(partial["pieces"]))
        if len(partial["pieces"]) == pieces:
            act(teller.row_id)
            teller._asked = 0.0

    monkeypatch.setattr(studies._Teller, "keep", kept)
    return sizes


def test_a_study_is_worked_out_and_kept_with_its_run(
    solved_on_each: Solved, tmp_path: Path
) -> None:
    database, by, run_id = solved_on_each
    study_id = ask(database, by, run_id)
    work(database, tmp_path)
    study = found(database, study_id)
    assert (study.state, study.progress, study.message) == (RunState.DONE, 1.0, "")
    assert len(study.result["points"]) == 30
    assert any(point["is_efficient"] for point in study.result["points"])
    with database.reading() as session:
        assert latest(session, run_id, "frontier").id == study_id
        assert session.scalars(
            sa.select(Event.action).where(Event.subject_type == "study").order_by(Event.seq)
        ).all() == ["study asked for", "study done"]


def test_a_study_that_is_there_is_not_made_again(solved: Solved, tmp_path: Path) -> None:
    database, by, run_id = solved
    study_id = ask(database, by, run_id)
    with pytest.raises(RuleBroken, match="being worked out already"):
        ask(database, by, run_id)
    work(database, tmp_path)
    assert ask(database, by, run_id) == study_id
    with database.reading() as session:
        jobs = sa.select(sa.func.count()).where(Job.task == studies.TASK)
        assert session.scalar(jobs) == 1


def test_a_study_cancelled_under_way_goes_on_from_there_when_asked_again(
    solved_on_each: Solved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, by, run_id = solved_on_each

    def cancel(study_id: int) -> None:
        database.in_transaction(cancel_study, by=by, study_id=study_id)

    sizes = stop_after(monkeypatch, 2, cancel)
    study_id = ask(database, by, run_id)
    work(database, tmp_path)
    stopped = found(database, study_id)
    assert stopped.state == RunState.CANCELLED
    assert len(stopped.result["pieces"]) == 2
    monkeypatch.undo()
    assert ask(database, by, run_id) == study_id
    again = stop_after(monkeypatch, 0, cancel)
    work(database, tmp_path)
    resumed = found(database, study_id)
    assert resumed.state == RunState.DONE
    assert (max(sizes), again[0]) == (2, 3)

    monkeypatch.undo()
    database.in_transaction(lambda session: session.execute(sa.delete(Study)))
    fresh = ask(database, by, run_id)
    work(database, tmp_path)
    assert found(database, fresh).result == resumed.result


def test_a_study_whose_worker_died_goes_on_from_what_it_had(
    solved: Solved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, by, run_id = solved

    class Died(BaseException):
        """As if the process were gone: nothing after it is run."""

    def die(_study_id: int) -> None:
        raise Died

    stop_after(monkeypatch, 2, die)
    study_id = ask(database, by, run_id)
    with pytest.raises(Died):
        work(database, tmp_path)
    assert found(database, study_id).state == RunState.RUNNING
    monkeypatch.undo()
    sizes = stop_after(monkeypatch, 0, die)
    database.in_transaction(
        lambda session: session.execute(
            sa.update(Job).where(Job.task == studies.TASK).values(state="queued")
        )
    )
    work(database, tmp_path)
    assert found(database, study_id).state == RunState.DONE
    assert sizes[0] == 3


def test_a_study_that_lost_its_worker_for_good_can_be_cancelled_and_asked_again(
    solved: Solved, tmp_path: Path
) -> None:
    database, by, run_id = solved
    study_id = ask(database, by, run_id)

    def lose(session) -> None:
        session.get_one(Study, study_id).state = RunState.RUNNING
        session.execute(sa.update(Job).where(Job.task == studies.TASK).values(state="failed"))

    database.in_transaction(lose)
    assert ask(database, by, run_id) == study_id
    database.in_transaction(lose)
    cancelled = database.in_transaction(cancel_study, by=by, study_id=study_id)
    assert cancelled.state == RunState.CANCELLED


def test_a_study_cancelled_before_it_begins_is_never_taken_up(
    solved: Solved, tmp_path: Path
) -> None:
    database, by, run_id = solved
    study_id = ask(database, by, run_id)
    database.in_transaction(cancel_study, by=by, study_id=study_id)
    work(database, tmp_path)
    study = found(database, study_id)
    assert study.state == RunState.CANCELLED
    assert study.result is None


def test_only_who_may_run_scenarios_asks_for_a_study(solved: Solved) -> None:
    database, by, run_id = solved

    def colleague(session: Session) -> Actor:
        (funder_id,) = by.organisations
        return make_actor(session, session.get_one(Organisation, funder_id), Role.AUDITOR)

    auditor = database.in_transaction(colleague)
    with pytest.raises(NotPermitted):
        ask(database, auditor, run_id)
    stranger = database.in_transaction(
        lambda session: make_actor(session, make_organisation(session))
    )
    with pytest.raises(NotFound):
        ask(database, stranger, run_id)
    study_id = ask(database, by, run_id)
    with pytest.raises(NotFound):
        database.in_transaction(cancel_study, by=stranger, study_id=study_id)


def test_a_backup_carries_studies(solved: Solved, tmp_path: Path) -> None:
    database, by, run_id = solved
    study_id = ask(database, by, run_id)
    work(database, tmp_path)
    before = found(database, study_id).result
    back_up(database, tmp_path, tmp_path / "backup.zip", lambda _table: None)
    database.in_transaction(lambda session: session.execute(sa.delete(Study)))
    restore(database, tmp_path, tmp_path / "backup.zip", lambda _table: None)
    assert found(database, study_id).result == before
