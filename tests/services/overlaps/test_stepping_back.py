"""Who steps back when money arrives: worked out, put on the ledger, agreed to or not."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import InvalidInput, NotFound, RuleBroken
from funding.models import Commitment, Mail, Role, SteppingBack, Study
from funding.services.overlaps import stepping_back
from funding.services.studies import ask_for_study
from funding.studies.arrival import steps_back, without
from optimizer.problem import Line, Plan
from tests.builders import make_actor
from tests.optimizer.small_rounds import a_problem, solved
from tests.runs import small_round, solve, work

URL = "https://pool.example"


def plan_of(*lines: tuple[str, str, int]) -> Plan:
    return Plan(
        status="optimal",
        gap=0.0,
        value=0.0,
        bound=0.0,
        rule="welfare",
        lines=tuple(Line(*line) for line in lines),
        totals={},
        areas={},
        funders={},
        digest="",
        versions={},
        seconds=0.0,
    )


def test_a_step_is_a_smaller_line_where_the_new_money_pays() -> None:
    before = plan_of(("old", "p", 100), ("old", "q", 50))
    after = plan_of(("new", "p", 80), ("old", "p", 20), ("old", "q", 90), ("old", "r", 10))
    assert steps_back(before, after, "new") == [
        {"commitment": "old", "proposal": "p", "before": 100, "after": 20, "freed": 50}
    ]


def test_what_moved_where_the_new_money_pays_nothing_is_no_step() -> None:
    before, after = plan_of(("old", "p", 100)), plan_of(("old", "q", 100), ("new", "q", 5))
    assert steps_back(before, after, "new") == []


def test_without_a_commitment_its_locks_go_too() -> None:
    locks = [
        {"proposal": "audit", "commitment": "open", "amount": 100},
        {"proposal": "survey", "funded": True},
    ]
    left = without(a_problem(locks=locks), "open")
    assert [c.id for c in left.commitments] == ["theory"]
    assert [lock.proposal for lock in left.locks] == ["survey"]


def test_on_a_small_round_the_sums_agree() -> None:
    problem = a_problem(
        commitments=[
            {"id": "open", "funder": "harbour", "amount": 600},
            {"id": "late", "funder": "northlight", "amount": 500},
        ]
    )
    before, after = solved(without(problem, "late")), solved(problem)
    paid = {line.proposal for line in after.lines if line.commitment == "late"}
    for step in steps_back(before, after, "late"):
        assert step["proposal"] in paid
        assert 0 <= step["freed"] <= step["before"] - step["after"]


@pytest.fixture
def study(database: Database, tmp_path: Path) -> tuple[object, int, int]:
    """(officer, study, the commitment that steps back): yen arrives where the open money paid."""
    by, scenario_id = database.in_transaction(small_round)
    run = solve(database, tmp_path, by, scenario_id)
    asked = database.in_transaction(
        ask_for_study, by=by, run_id=run.id, kind="arrival", parameters={"commitment": "yen"}
    )
    work(database, tmp_path)

    def found(session: Session) -> tuple[int, int]:
        done = session.get_one(Study, asked.id)
        assert done.state == "done", done.message
        # a step of this size, whatever the solver chose: the ledger is what is tried here
        done.result = {
            **done.result,
            "steps": [
                {
                    "commitment": "open",
                    "proposal": "C",
                    "before": 500_00,
                    "after": 200_00,
                    "freed": 100_00,
                }
            ],
        }
        open_ = session.scalars(sa.select(Commitment).where(Commitment.key == "open")).one()
        return done.id, open_.id

    return by, *database.in_transaction(found)


def test_steps_go_on_the_ledger_once_and_their_funders_are_asked(
    database: Database, study: tuple[object, int, int]
) -> None:
    by, study_id, commitment_id = study
    note = {"by": by, "study_id": study_id, "public_url": URL}
    (step_id,) = database.in_transaction(stepping_back.note_steps, **note)
    assert database.in_transaction(stepping_back.note_steps, **note) == []
    with database.reading() as session:
        step = session.get_one(SteppingBack, step_id)
        assert (step.before, step.after, step.freed) == (500_00, 200_00, 100_00)
        assert len(stepping_back.asked_of(session, by, commitment_id)) == 1
        assert len(stepping_back.noted_for(session, by, step.arrived_id)) == 1
        subjects = session.scalars(sa.select(Mail.subject)).all()
        assert [s for s in subjects if s.startswith("Your money would step back")]


def test_the_funder_that_steps_back_answers_once(
    database: Database, study: tuple[object, int, int]
) -> None:
    by, study_id, _ = study
    (step_id,) = database.in_transaction(
        stepping_back.note_steps, by=by, study_id=study_id, public_url=URL
    )
    with pytest.raises(InvalidInput, match="yes or no"):
        database.in_transaction(
            stepping_back.answer_step, by=by, step_id=step_id, agrees=None, note=""
        )
    answered = database.in_transaction(
        stepping_back.answer_step, by=by, step_id=step_id, agrees=False, note="We stay."
    )
    assert (answered.agrees, answered.note) == (False, "We stay.")
    with pytest.raises(RuleBroken, match="already"):
        database.in_transaction(
            stepping_back.answer_step, by=by, step_id=step_id, agrees=True, note=""
        )


def test_nobody_answers_for_another_funder(
    database: Database, study: tuple[object, int, int]
) -> None:
    by, study_id, commitment_id = study
    (step_id,) = database.in_transaction(
        stepping_back.note_steps, by=by, study_id=study_id, public_url=URL
    )

    def others(session: Session) -> list[object]:
        yen = session.scalars(sa.select(Commitment).where(Commitment.key == "yen")).one()
        own = session.get_one(Commitment, commitment_id)
        return [
            make_actor(session, yen.funder),
            make_actor(session, own.funder, Role.FINANCE_OFFICER),
        ]

    for actor in database.in_transaction(others):
        with pytest.raises(NotFound):
            database.in_transaction(
                stepping_back.answer_step, by=actor, step_id=step_id, agrees=True, note=""
            )
