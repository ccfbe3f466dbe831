"""What a study found becomes a scenario, and solving it gives that portfolio."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import NotFound, RuleBroken
from funding.models import ConflictOfInterest, Proposal, Study
from funding.permissions import Actor
from funding.services.studies import ask_for_study
from funding.services.study_scenarios import scenario_of_point, scenario_of_portfolio
from tests.builders import make_actor, make_commitment, make_organisation, make_proposal, make_round
from tests.runs import make_scenario, solve, work

Scene = tuple[Database, Actor, int]


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Scene:
    """Money for one of two proposals that are nearly as good, and its plan."""

    def make(session: Session) -> tuple[Actor, int]:
        round_ = make_round(session)
        funder = make_organisation(session)
        make_commitment(session, round_, funder, amount=10_000_00)
        for part in round_.participants:
            part.guarantee = "none"
        for key, score in (("A", 90), ("B", 89.5), ("C", 20)):
            make_proposal(session, round_, key=key, score=score, ask=10_000_00, minimum=10_000_00)
        by = make_actor(session, funder)
        return by, make_scenario(session, round_, by).id

    by, scenario_id = database.in_transaction(make)
    return database, by, solve(database, tmp_path, by, scenario_id).id


def studied(scene: Scene, folder: Path, kind: str, **parameters: object) -> Study:
    database, by, run_id = scene
    asked = database.in_transaction(
        ask_for_study, by=by, run_id=run_id, kind=kind, parameters=parameters
    )
    work(database, folder)
    with database.reading() as session:
        study = session.get_one(Study, asked.id)
        assert study.result is not None, study.message
        return study


def test_a_portfolio_made_a_scenario_is_what_solving_it_gives(scene: Scene, tmp_path: Path) -> None:
    database, by, _ = scene
    study = studied(scene, tmp_path, "alternatives", tolerance=0.01)
    (portfolio,) = study.result["portfolios"]
    assert portfolio["plan"]["totals"] == {"B": 10_000_00}
    made = database.in_transaction(
        scenario_of_portfolio, by=by, study_id=study.id, number=0, name="The other one"
    )
    assert made.name == "The other one"
    run = solve(database, tmp_path, by, made.id)
    assert run.plan["totals"] == portfolio["plan"]["totals"]
    again = database.in_transaction(
        scenario_of_portfolio, by=by, study_id=study.id, number=0, name="The other one"
    )
    assert again.name == "The other one (2)"


def test_a_point_of_the_frontier_made_a_scenario_has_its_weights(
    scene: Scene, tmp_path: Path
) -> None:
    database, by, _ = scene
    study = studied(scene, tmp_path, "frontier")
    number, point = next(
        (n, p)
        for n, p in enumerate(study.result["points"])
        if (p["coverage"], p["overlap"]) == (2, 4)
    )
    made = database.in_transaction(
        scenario_of_point, by=by, study_id=study.id, number=number, name="Needs first"
    )
    assert made.policy["overlap_weight"] == 4.0
    run = solve(database, tmp_path, by, made.id)
    assert run.plan["totals"] == point["totals"]
    weights = {a["id"]: [s["weight"] for s in a["steps"]] for a in run.problem["areas"]}
    with database.reading() as session:
        before = session.get_one(Study, study.id).run.problem["areas"]
    assert weights == {a["id"]: [2 * s["weight"] for s in a["steps"]] for a in before}


def test_what_a_study_did_not_find_makes_no_scenario(scene: Scene, tmp_path: Path) -> None:
    database, by, _ = scene
    study = studied(scene, tmp_path, "alternatives", tolerance=0.005)
    for act in (scenario_of_portfolio, scenario_of_point):
        with pytest.raises(NotFound):
            database.in_transaction(act, by=by, study_id=study.id, number=0, name="None")


def test_who_may_not_see_a_proposal_cannot_decide_on_it_by_a_portfolio(
    scene: Scene, tmp_path: Path
) -> None:
    database, by, _ = scene
    study = studied(scene, tmp_path, "alternatives", tolerance=0.01)

    def conflict(session: Session) -> None:
        hidden = session.scalars(sa.select(Proposal).where(Proposal.key == "A")).one()
        session.add(
            ConflictOfInterest(
                proposal_id=hidden.id,
                person_id=by.person_id,
                reason="kin",
                declared_by_id=by.person_id,
            )
        )

    database.in_transaction(conflict)
    with pytest.raises(RuleBroken, match="may not see"):
        database.in_transaction(
            scenario_of_portfolio, by=by, study_id=study.id, number=0, name="Blind"
        )
