"""What the demo round is there to show: a floor that binds, overlaps that are avoided.

That pooling pays for every funder takes longer to prove: `python -m prove demo_round`.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from funding.db import Database
from funding.models import Run
from funding.services import demo
from funding.services.solve_now import solve_now
from optimizer.check import check
from optimizer.problem import Plan, Problem
from optimizer.read import read_plan, read_round
from optimizer.solve import solve
from tests.conftest import make_config


@pytest.fixture(scope="module")
def solved(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, Plan]:
    """The demo round and its plan under the round's own policy, as the site keeps them."""
    folder = tmp_path_factory.mktemp("demo-plan")
    shutil.copy(demo_file, folder / "demo.sqlite3")
    url = f"sqlite:///{folder / 'demo.sqlite3'}"
    database = Database(url)
    run_id = solve_now(database, make_config(folder, url), demo.round_key()).id
    with database.reading() as session:
        run = session.get_one(Run, run_id)
        problem = read_round(run.problem)
        plan = read_plan(run.plan, problem)
    database.engine.dispose()
    return problem, plan


def test_the_plan_is_proven_and_passes_its_check(solved: tuple[Problem, Plan]) -> None:
    problem, plan = solved
    assert plan.status == "optimal"
    assert check(problem, plan) == []
    assert len({c.funder for c in problem.commitments}) >= 10
    assert len(problem.proposals) == 120
    assert 30 < len(plan.totals) < 90


def test_matching_and_waiting_money_is_in_play(solved: tuple[Problem, Plan]) -> None:
    """Some of it is paid beside others; some waits, and the plan says for what."""
    _, plan = solved
    for kind in ("match", "only_if"):
        met = [standing.holds for standing in plan.conditions if standing.kind == kind]
        assert any(met), kind
        assert not all(met), kind


def test_a_floor_binds(solved: tuple[Problem, Plan]) -> None:
    """It is met, and without it the area would get less."""
    problem, plan = solved
    asked = {area.id: area.floor for area in problem.areas if area.floor}
    assert asked
    assert all(plan.areas[id]["shortfall"] == 0 for id in asked)
    free = solve(replace(problem, areas=tuple(replace(a, floor=0) for a in problem.areas)))
    less = [id for id, floor in asked.items() if free.areas[id]["amount"] < floor * 0.99]
    assert less


def test_overlapping_work_is_paid_once(solved: tuple[Problem, Plan]) -> None:
    """Of the confirmed pairs hardly one is paid twice; nobody minding, several would be."""
    problem, plan = solved
    pairs = [tuple(overlap.proposals) for overlap in problem.overlaps]
    assert len(pairs) >= 6

    def doubles(made: Plan) -> int:
        return sum(all(made.totals.get(id) for id in pair) for pair in pairs)

    careless = solve(replace(problem, overlaps=()))
    assert doubles(careless) >= doubles(plan) + 3
