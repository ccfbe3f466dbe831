"""A result that ended at its time limit says on its pages what was still open, in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from funding.models import ConflictOfInterest, Organisation, Person, Proposal, Run
from funding.permissions import Actor
from tests.conftest import SignIn
from tests.runs import small_round, solve


@pytest.fixture
def scene(site: Flask, tmp_path: Path) -> tuple[Flask, Actor, int]:
    database = site.extensions["database"]
    by, scenario_id = database.in_transaction(small_round)
    return site, by, solve(database, tmp_path, by, scenario_id).id


def email_of(site: Flask, by: Actor) -> str:
    with site.extensions["database"].reading() as session:
        return session.get_one(Person, by.person_id).email


def cut_short(site: Flask, run_id: int, **plan: Any) -> None:
    """Let the run have ended at its limit, as `optimizer.still_open` writes it."""

    def act(session: Session) -> None:
        run = session.get_one(Run, run_id)
        funder = session.scalars(
            sa.select(Organisation.key).join(Person, sa.true()).where(Organisation.kind == "funder")
        ).first()
        left_open = {
            "funded": 1,
            "unfunded": 1,
            "proposals": ["B", "C"],
            "conditions": [{"commitment": "open", "proposal": "C"}],
            "promises": [funder],
            "text": [],
        }
        run.status, run.gap = "time_limit", 0.031
        run.plan = {**run.plan, "open": left_open, **plan}

    site.extensions["database"].in_transaction(act)


def test_a_result_that_is_proven_says_nothing_of_what_is_open(
    scene: tuple[Flask, Actor, int], sign_in: SignIn
) -> None:
    site, by, run_id = scene
    assert "still open" not in sign_in(site, email_of(site, by)).get(f"/runs/{run_id}").text


def test_a_result_that_ran_out_of_time_says_what_is_settled_and_what_is_open(
    scene: tuple[Flask, Actor, int], sign_in: SignIn
) -> None:
    site, by, run_id = scene
    cut_short(site, run_id)
    officer = sign_in(site, email_of(site, by))
    for view in ("", "/funders", "/whole"):
        page = " ".join(officer.get(f"/runs/{run_id}{view}").text.split())
        assert "could be worth at most 3.10% more" in page
        assert "What was still open when the time was up" in page
        assert "funds the same 1 proposal and leaves out the same 1 proposal" in page
        assert "2 proposals, which a better plan may decide otherwise" in page
        assert "Title B" in page
        assert "money that depends on others comes in: Open in “Title C” (C)" in page
        assert "could do without the pool was not worked out to the end" in page


def test_whoever_is_in_conflict_does_not_hear_of_a_proposal_that_is_open(
    scene: tuple[Flask, Actor, int], sign_in: SignIn
) -> None:
    site, by, run_id = scene
    cut_short(site, run_id)

    def conflict(session: Session) -> None:
        hidden = session.scalars(sa.select(Proposal).where(Proposal.key == "C")).one()
        session.add(
            ConflictOfInterest(
                proposal_id=hidden.id,
                person_id=by.person_id,
                reason="kin",
                declared_by_id=by.person_id,
            )
        )

    site.extensions["database"].in_transaction(conflict)
    page = sign_in(site, email_of(site, by)).get(f"/runs/{run_id}").text
    assert "1 proposal, which a better plan may decide otherwise" in page
    assert "Title B" in page
    assert "Title C" not in page
    assert "depends on others comes in" not in page


def test_a_rule_with_a_measure_of_its_own_says_how_near_it_came(
    scene: tuple[Flask, Actor, int], sign_in: SignIn
) -> None:
    site, by, run_id = scene
    measure = {"name": "least gain", "value": 2.0, "bound": 2.1, "against": {}}
    cut_short(site, run_id, objective=measure)
    page = sign_in(site, email_of(site, by)).get(f"/runs/{run_id}").text
    assert "its least gain, a plan could have at most 5.00% more" in page
