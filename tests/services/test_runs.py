"""A scenario solved by a worker: kept whole, cancelled, or without a plan and said why."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.orm import Session

from funding.cli import main
from funding.db import Database
from funding.models import (
    Commitment,
    Event,
    Job,
    Overlap,
    Pin,
    Run,
    RunLine,
    RunProposal,
    RunState,
    Scenario,
    ScenarioState,
)
from funding.permissions import Actor
from funding.services import allocation
from funding.services.baselines import are_under_way
from funding.services.run_progress import RunProgress
from funding.services.run_words import baselines_of
from funding.services.scenarios import cancel_run, start_run
from funding.tasks import TASKS
from funding.worker import Worker
from optimizer.check import check
from optimizer.read import digest, read_plan, read_round
from tests.builders import (
    make_person,
)
from tests.conftest import make_config
from tests.runs import small_round, solve, work


def test_a_run_keeps_its_whole_input_and_a_checked_plan(
    each_database: Database, tmp_path: Path
) -> None:
    by, scenario_id = each_database.in_transaction(small_round)
    run = solve(each_database, tmp_path, by, scenario_id)
    assert (run.state, run.status, run.progress) == (RunState.DONE, "optimal", 1.0)
    assert run.problem is not None
    # whatever the database did to the documents, they are still what was solved
    assert digest(run.problem) == run.digest
    problem = read_round(run.problem)
    assert check(problem, read_plan(run.plan, problem)) == []
    assert run.rates["JPY"]["on"]
    with each_database.reading() as session:
        assert session.get_one(Scenario, scenario_id).state == ScenarioState.SOLVED
        solved = session.scalars(sa.select(Event).where(Event.action == "scenario solved")).one()
        assert solved.detail["digest"] == run.digest


def test_every_candidate_has_its_reason_in_words(each_database: Database, tmp_path: Path) -> None:
    by, scenario_id = each_database.in_transaction(small_round)
    run = solve(each_database, tmp_path, by, scenario_id)
    with each_database.reading() as session:
        rows = {
            row.proposal.key: row
            for row in session.scalars(sa.select(RunProposal).where(RunProposal.run_id == run.id))
        }
        assert rows["A"].amount == 10_000_00
        assert rows["A"].reason.startswith("Funded in full: its merit earns USD")
        assert rows["B"].amount == 0
        assert "overlaps with “Title A” (A)" in rows["B"].reason
        assert rows["C"].amount > 0
        assert not rows["D"].detail["is_scored"]
        assert "Title" not in rows["B"].detail["applicant"]
        lines = session.scalars(sa.select(RunLine).where(RunLine.run_id == run.id)).all()
        assert all(line.reason for line in lines)


def test_lines_never_take_more_than_a_commitment_has_in_its_own_currency(
    each_database: Database, tmp_path: Path
) -> None:
    by, scenario_id = each_database.in_transaction(small_round)
    run = solve(each_database, tmp_path, by, scenario_id)
    with each_database.reading() as session:
        spent = dict(
            session.execute(
                sa.select(RunLine.commitment_id, sa.func.sum(RunLine.amount))
                .where(RunLine.run_id == run.id)
                .group_by(RunLine.commitment_id)
            ).all()
        )
        have = {
            c.id: c.amount
            for c in session.scalars(sa.select(Commitment).where(Commitment.id.in_(spent)))
        }
    assert len(spent) == 2
    # never more, and what conversion loses is less than a cent's worth a line
    assert all(0 <= have[id_] - spent[id_] <= 3 for id_ in spent)


def test_solving_twice_gives_the_same_lines(database: Database, tmp_path: Path) -> None:
    by, scenario_id = database.in_transaction(small_round)
    first, second = (solve(database, tmp_path, by, scenario_id) for _ in range(2))
    assert first.digest == second.digest
    assert [(x.commitment_id, x.proposal_id, x.amount) for x in first.lines] == [
        (x.commitment_id, x.proposal_id, x.amount) for x in second.lines
    ]


def test_a_round_that_cannot_be_satisfied_names_what_contradicts(
    each_database: Database, tmp_path: Path
) -> None:
    by, scenario_id = each_database.in_transaction(
        small_round, policy={"region_least": {"africa": 0.9}}
    )
    run = solve(each_database, tmp_path, by, scenario_id)
    assert run.state == RunState.INFEASIBLE
    assert "Sub-Saharan Africa gets at least USD" in run.message
    assert "less, the others could hold" in run.message
    assert "The least that would mend this, found by solving again: ask for at least" in run.message
    assert "for Sub-Saharan Africa (" in run.message
    with each_database.reading() as session:
        assert session.get_one(Scenario, scenario_id).state == ScenarioState.DRAFT
        assert session.scalars(sa.select(RunProposal)).all() == []


def test_contradicting_pins_are_named(database: Database, tmp_path: Path) -> None:
    def scene(session: Session) -> tuple[Actor, int]:
        by, scenario_id = small_round(session)
        scenario = session.get_one(Scenario, scenario_id)
        same = session.scalars(sa.select(Overlap)).one()
        for proposal in (same.first, same.second):
            scenario.pins.append(Pin(proposal_id=proposal.id, amount=9_000_00, reason="x"))
        return by, scenario_id

    by, scenario_id = database.in_transaction(scene)
    run = solve(database, tmp_path, by, scenario_id)
    assert run.state == RunState.INFEASIBLE
    conflict, repair = run.message.split("\n\n")
    assert set(conflict.split("\n")) == {
        "“Title A” (A) is fixed at USD\N{NO-BREAK SPACE}9,000.",
        "“Title B” (B) is fixed at USD\N{NO-BREAK SPACE}9,000.",
    }
    assert "no longer ask that “Title " in repair
    assert "is fixed at USD\N{NO-BREAK SPACE}9,000." in repair


def test_a_run_cancelled_before_it_begins_is_never_taken_up(
    each_database: Database, tmp_path: Path
) -> None:
    by, scenario_id = each_database.in_transaction(small_round)
    run = each_database.in_transaction(start_run, by=by, scenario_id=scenario_id)
    cancelled = each_database.in_transaction(cancel_run, by=by, run_id=run.id)
    assert cancelled.state == RunState.CANCELLED
    work(each_database, tmp_path)
    with each_database.reading() as session:
        assert session.get_one(Scenario, scenario_id).runs[0].state == RunState.CANCELLED
        assert session.scalars(sa.select(Job)).one().state == "done"


def test_a_run_cancelled_under_way_stops(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by, scenario_id = database.in_transaction(small_round)
    told = RunProgress.tell

    def tell(progress: RunProgress, stage: str, *figures: float | None) -> None:
        told(progress, stage, *figures)
        if stage == "model":  # as somebody presses the button while it is solved
            database.in_transaction(cancel_run, by=by, run_id=progress.row_id)
            progress._asked = 0.0

    monkeypatch.setattr(RunProgress, "tell", tell)
    run = solve(database, tmp_path, by, scenario_id)
    assert run.state == RunState.CANCELLED
    assert run.plan is None
    assert run.progress > 0


def test_a_plan_that_fails_its_check_is_not_shown(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by, scenario_id = database.in_transaction(small_round)
    monkeypatch.setattr(allocation, "check", lambda _problem, _plan: ["one line is too large"])
    run = solve(database, tmp_path, by, scenario_id)
    assert run.state == RunState.FAILED
    assert "one line is too large" in run.message
    assert run.plan is None
    with database.reading() as session:
        assert session.scalars(sa.select(RunLine)).all() == []


def test_a_run_begun_again_after_its_worker_died_ends_once(
    database: Database, tmp_path: Path
) -> None:
    by, scenario_id = database.in_transaction(small_round)
    run = solve(database, tmp_path, by, scenario_id)

    def die(session: Session) -> None:
        found = session.get_one(Scenario, scenario_id).runs[0]
        found.state = RunState.RUNNING
        session.scalars(sa.select(Job).where(Job.task == "run_scenario")).one().state = "queued"

    database.in_transaction(die)
    work(database, tmp_path)
    with database.reading() as session:
        found = session.get_one(Scenario, scenario_id).runs[0]
        assert found.state == RunState.DONE
        assert len(found.lines) == len(run.lines)


def test_the_command_line_solves_a_round_and_prints_what_came_out(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.in_transaction(small_round)
    url = database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TRIBUTARY_DATABASE_URL", url)
    monkeypatch.setenv("TRIBUTARY_DATA", str(tmp_path))
    answer = CliRunner().invoke(main, ["solve", "small"])
    assert answer.exit_code == 0, answer.output
    assert "The round's own policy" in answer.output
    assert "of 4 proposals" in answer.output
    unknown = CliRunner().invoke(main, ["solve", "small", "--scenario", "Nobody's"])
    assert unknown.exit_code == 2


def test_the_command_line_says_why_there_is_no_plan(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.in_transaction(small_round, policy={"region_least": {"africa": 0.9}}, name="Africa")
    url = database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TRIBUTARY_DATABASE_URL", url)
    monkeypatch.setenv("TRIBUTARY_DATA", str(tmp_path))
    answer = CliRunner().invoke(main, ["solve", "small", "--scenario", "Africa"])
    assert answer.exit_code == 3
    assert "Sub-Saharan Africa gets at least" in answer.output


def test_a_person_of_the_funder_need_not_be_there_for_a_run(
    database: Database, tmp_path: Path
) -> None:
    """The plan does not depend on who asks: also a proposal its officer may not see is weighed."""
    by, scenario_id = database.in_transaction(small_round)
    run = solve(database, tmp_path, by, scenario_id)

    def other(session: Session) -> Actor:
        funder = session.scalars(sa.select(Scenario)).one().round.participants[1].funder
        return Actor.of(make_person(session, funder))

    colleague = database.in_transaction(other)
    again = solve(database, tmp_path, colleague, scenario_id)
    assert again.digest == run.digest


def test_what_funders_reach_without_the_pool_follows_one_job_at_a_time(
    each_database: Database, tmp_path: Path
) -> None:
    by, scenario_id = each_database.in_transaction(small_round)
    run = each_database.in_transaction(start_run, by=by, scenario_id=scenario_id)
    url = each_database.engine.url.render_as_string(hide_password=False)
    worker = Worker(each_database, make_config(tmp_path, url), TASKS)
    assert worker.run_one()
    with each_database.reading() as session:
        # the plan is there at once; nobody waits for this
        solved = session.get_one(Run, run.id)
        assert (solved.state, solved.summary["least_gain"]) == (RunState.DONE, None)
        assert are_under_way(session, run.id)
    assert worker.run_one()
    assert worker.run_one()
    assert not worker.run_one()
    with each_database.reading() as session:
        solved = session.get_one(Run, run.id)
        assert not are_under_way(session, run.id)
        known = baselines_of(solved.plan, solved.explanation)
        assert len(known) == 2
        assert all(figures["leave"] >= figures["alone"] > 0 for figures in known.values())
        gains = [figures["value"] / figures["leave"] - 1 for figures in known.values()]
        assert solved.summary["least_gain"] == pytest.approx(min(gains))
