"""Live sessions: steps that are solved, checked and kept; signals; who leads; on both engines."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from funding.db import Database, now
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.live_worker import LiveWorker
from funding.models import (
    LiveRemark,
    LiveSession,
    LiveStep,
    LiveVote,
    Run,
    Scenario,
    StepState,
)
from funding.services.live import holding, keeping, sessions, voices
from funding.studies.live import tweaks_of
from optimizer.check import check
from optimizer.read import read_plan, read_round
from tests.live.scene import LiveScene


@pytest.fixture
def scene(each_database: Database, tmp_path: Path) -> LiveScene:
    return LiveScene.on(each_database, tmp_path)


def test_a_session_begins_with_the_plan_of_its_run(scene: LiveScene) -> None:
    assert scene.live().current == 0
    assert set(scene.totals(0)) == {"A", "C"}


def test_a_change_is_solved_and_the_room_sees_it(scene: LiveScene) -> None:
    scene.change("pins", "B", True)
    assert scene.live().current == 0
    scene.work()
    live, step = scene.live(), scene.step(1)
    assert live.current == 1
    assert (step.state, step.parent) == (StepState.DONE, 0)
    assert step.seconds is not None
    assert scene.totals(1)["B"] > 0


def test_every_plan_shown_keeps_every_limit_in_whole_units(scene: LiveScene) -> None:
    changes = [
        ("weights", "interpretability", 3.0),
        ("floors", "interpretability", 5_000_00),
        ("caps", "interpretability", 15_000_00),
        ("amounts", "open", 9_000_00),
        ("pins", "A", False),
    ]
    for kind, where, value in changes:
        scene.change(kind, where, value)
        scene.work()
    with scene.database.reading() as session:
        run = session.get_one(Run, scene.run_id)
        problem, plan = read_round(run.problem), dict(run.plan or {})
    for number in range(1, 6):
        step = scene.step(number)
        assert step.state == StepState.DONE, step.message
        changed = tweaks_of(step.changes).applied_to(problem)
        assert check(changed, read_plan({**plan, **(step.result or {})}, changed)) == []
    assert "A" not in scene.totals(5)
    paid = [line for line in scene.step(4).result["lines"] if line["commitment"] == "open"]
    assert sum(line["amount"] for line in paid) <= 9_000_00
    assert scene.step(5).changes["amounts"] == {"open": 9_000_00}  # changes add up


def test_what_cannot_be_has_no_plan_and_says_why(scene: LiveScene) -> None:
    scene.change("caps", "interpretability", 1_00)
    scene.work()
    scene.change("pins", "A", True)
    scene.work()
    step = scene.step(2)
    assert step.state == StepState.IMPOSSIBLE
    assert "A" in step.message
    assert scene.live().current == 1


def test_one_change_is_solved_at_a_time_and_none_on_a_step_that_was_left(
    scene: LiveScene,
) -> None:
    scene.change("weights", "evaluations", 2.0)
    with pytest.raises(RuleBroken, match="still being solved"):
        scene.change("weights", "evaluations", 3.0)
    scene.work()
    with pytest.raises(Conflict, match="another step"):
        scene.change("weights", "evaluations", 3.0, at=0)


@pytest.mark.parametrize(
    ("kind", "where", "value"),
    [
        ("weights", "interpretability", 21.0),
        ("weights", "no such area", 2.0),
        ("amounts", "no such commitment", 1),
        ("pins", "no such proposal", True),
        ("colour", "A", 1),
    ],
)
def test_what_cannot_be_tried_is_refused(
    scene: LiveScene, kind: str, where: str, value: object
) -> None:
    with pytest.raises(InvalidInput):
        scene.change(kind, where, value)


def test_the_room_goes_back_to_any_step_and_on_from_there(scene: LiveScene) -> None:
    scene.change("pins", "B", True)
    scene.work()
    scene.act(sessions.go_to, number=0)
    assert scene.live().current == 0
    scene.change("weights", "interpretability", 2.0)
    scene.work()
    step = scene.step(2)
    assert step.parent == 0
    assert "pins" not in step.changes
    assert scene.totals(1)["B"] > 0  # what was left is kept


def test_a_change_that_is_taken_back_leaves_no_trace_in_the_changes(scene: LiveScene) -> None:
    scene.change("pins", "B", True)
    scene.work()
    scene.change("pins", "B", None)
    scene.work()
    assert scene.step(2).changes == {}
    assert scene.totals(2) == scene.totals(0)


def test_a_step_is_kept_as_a_scenario(scene: LiveScene) -> None:
    scene.change("pins", "B", True)
    scene.work()
    scene.change("floors", "interpretability", 4_000_00)
    scene.work()
    made = scene.act(keeping.keep_step, by=scene.officer, number=2, name="As tried")
    with scene.database.reading() as session:
        kept = session.get_one(Scenario, made.id)
        assert kept.needs["interpretability"]["floor"] == 4_000_00
        assert [(pin.proposal.key, pin.funded) for pin in kept.pins] == [("B", True)]


def test_signals_are_changed_while_the_chair_keeps_them_open(scene: LiveScene) -> None:
    with pytest.raises(RuleBroken, match="not open"):
        scene.signal(scene.member, "for")
    scene.act(sessions.set_voting, is_open=True)
    scene.signal(scene.member, "for")
    scene.signal(scene.member, "against")
    with scene.database.reading() as session:
        (vote,) = session.scalars(sa.select(LiveVote)).all()
        assert vote.choice == "against"
    scene.act(sessions.set_voting, is_open=False)
    with pytest.raises(RuleBroken, match="not open"):
        scene.signal(scene.member, "for")
    scene.act(sessions.set_voting, is_open=True)
    scene.change("pins", "B", True)
    scene.work()
    assert scene.live().is_voting_open is False  # another step is another question


def test_who_is_in_conflict_is_out_of_the_room(scene: LiveScene) -> None:
    scene.act(sessions.set_voting, is_open=True)
    with pytest.raises(NotPermitted, match="out of the room"):
        scene.signal(scene.conflicted, "for")
    with pytest.raises(NotPermitted, match="out of the room"):
        scene.act(voices.say, by=scene.conflicted, words="I know them.")
    for row in (LiveVote(choice="for"), LiveRemark(words="I know them.")):
        row.step_id, row.person_id = scene.step(0).id, scene.conflicted.person_id
        with pytest.raises(RuleBroken, match="out of the room"):
            scene.database.in_transaction(lambda session, row=row: session.add(row))


def test_only_who_leads_changes_and_who_takes_no_part_finds_nothing(scene: LiveScene) -> None:
    with pytest.raises(NotFound):
        scene.change("pins", "B", True, by=scene.outsider)
    with pytest.raises(NotPermitted):
        scene.change("pins", "B", True, by=scene.auditor)
    scene.act(voices.say, by=scene.member, words="Let us see B.")
    with pytest.raises(NotFound):
        scene.act(voices.say, by=scene.outsider, words="Hello?")
    with pytest.raises(RuleBroken, match="open already"):
        scene.open()


def test_a_closed_session_stays_as_it_is(scene: LiveScene) -> None:
    scene.change("pins", "B", True)
    scene.work()
    scene.act(sessions.close_session)
    with pytest.raises(RuleBroken, match="closed"):
        scene.change("pins", "B", False)
    tries = (
        "update live_step set message = 'x'",
        "delete from live_step",
        "update live_session set current = 0",
        "delete from live_session",
    )
    for statement in tries:
        with pytest.raises(RuleBroken):
            scene.database.in_transaction(
                lambda session, said=statement: session.execute(sa.text(said))
            )
    assert scene.live().current == 1
    scene.live_id = scene.open().id  # the next one begins anew
    assert scene.live().current == 0


def test_whoever_finds_the_lease_past_takes_over(scene: LiveScene) -> None:
    database = scene.database
    assert database.in_transaction(holding.take, holder="one") == [scene.live_id]
    assert database.in_transaction(holding.take, holder="two") == []
    scene.change("pins", "B", True)
    # as the first leaves it when it dies
    database.in_transaction(
        lambda session: session.execute(
            sa.update(LiveSession).values(held_until=now() - timedelta(seconds=1))
        )
    )
    second = LiveWorker(database)
    while second.run_one():
        pass
    assert scene.step(1).state == StepState.DONE
    assert scene.live().holder == second.name


def test_a_step_that_two_solve_is_settled_once(scene: LiveScene) -> None:
    scene.change("pins", "B", True)
    with scene.database.reading() as session:
        rooms = [holding.room_of(session, scene.live_id) for _ in range(2)]
    assert holding.solve_waiting(scene.database, scene.live_id, rooms[0])
    assert not holding.solve_waiting(scene.database, scene.live_id, rooms[1])
    assert scene.totals(1)["B"] > 0


def test_a_process_that_is_killed_is_followed_by_another_from_the_stored_steps(
    each_database: Database, tmp_path: Path
) -> None:
    scene = LiveScene.on(each_database, tmp_path)
    url = each_database.engine.url.render_as_string(hide_password=False)
    first = live_process(url, tmp_path)
    try:
        scene.change("weights", "interpretability", 2.0)
        wait_for(scene, 1)
        first.kill()
        first.wait()
        scene.change("pins", "B", True)
        second = live_process(url, tmp_path)
        try:
            wait_for(scene, 2)
        finally:
            second.terminate()
            second.wait(20)
    finally:
        first.kill()
        first.wait()
    assert scene.totals(2)["B"] > 0
    assert scene.step(2).changes == {"weights": {"interpretability": 2.0}, "pins": {"B": True}}
    assert scene.live().holder is None  # told to stop, it lets go at once


def live_process(url: str, data: Path) -> subprocess.Popen[bytes]:
    settings = {"TRIBUTARY_DATA": str(data), "TRIBUTARY_DATABASE_URL": url}
    command = [sys.executable, "-m", "funding.cli", "worker", "--live"]
    return subprocess.Popen(command, env={**os.environ, **settings})


def wait_for(scene: LiveScene, number: int, seconds: float = 120.0) -> None:
    """Until a step is settled."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with scene.database.reading() as session:
            state = session.scalar(
                sa.select(LiveStep.state).where(
                    LiveStep.session_id == scene.live_id, LiveStep.number == number
                )
            )
        if state != StepState.WAITING:
            assert state == StepState.DONE
            return
        time.sleep(0.1)
    pytest.fail(f"step {number} was not solved")
