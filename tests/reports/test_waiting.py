"""What is said of money that depends on other funders, from the conditions of a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from funding.db import Database
from funding.models import Run
from funding.reports.waiting import waiting_in
from tests.runs import small_round, solve


@pytest.mark.parametrize(
    ("ticket", "amount", "said"),
    [
        (0, 1, "Would pay with any money of other funders in this proposal"),
        (500_00, 200_00, "Would pay with USD 200 more of other funders in this proposal"),
    ],
)
def test_a_match_without_a_least_line_asks_for_any_money(
    database: Database, tmp_path: Path, ticket: int, amount: int, said: str
) -> None:
    by, scenario_id = database.in_transaction(small_round)
    run_id = solve(database, tmp_path, by, scenario_id).id
    waits = {"commitment": "open", "kind": "match", "proposal": "C", "holds": False}
    with database.reading() as session:
        run = session.get_one(Run, run_id)
        run.plan = {**run.plan, "conditions": [{**waits, "funders": 0, "amount": amount}]}
        commitments = [{**c, "ticket": ticket} for c in run.problem["commitments"]]
        run.problem = {**run.problem, "commitments": commitments}
        with session.no_autoflush:
            (told,) = waiting_in(session, run, "C")
        assert told.now.replace("\xa0", " ") == said
        session.expire_all()
