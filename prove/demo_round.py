"""The demo round: every funder reaches more in the pool than alone, and than by leaving it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from funding import schema
from funding.config import Config
from funding.db import Database
from funding.models import Run
from funding.services import demo
from funding.services.run_words import baselines_of
from funding.services.solve_now import solve_now
from funding.tasks import TASKS
from funding.worker import Worker
from optimizer.baselines import reach_alone, reach_leaving
from optimizer.clock import Clock
from optimizer.pairs import in_order
from optimizer.read import read_round

FUNDERS = 10
"""The least number of funders that the round has."""
SECONDS = 3_600.0
REACH = {"alone": reach_alone, "leave": reach_leaving}


def prove() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        config = Config.from_environment({"TRIBUTARY_DATA": folder})
        Path(folder).mkdir(exist_ok=True)
        database = Database(config.database_url)
        schema.migrate(database)
        database.in_transaction(demo.load, password="a password for nobody")
        run_id = solve_now(database, config, demo.round_key()).id
        worker = Worker(database, config, TASKS)
        while worker.run_one():
            pass
        with database.reading() as session:
            run = session.get_one(Run, run_id)
            found = baselines_of(run.plan or {}, run.explanation or {})
            problem = in_order(read_round(run.problem or {}))
        database.engine.dispose()
    assert len(found) >= FUNDERS, f"{len(found)} funders"
    for baseline in ("alone", "leave"):
        for key in sorted(key for key, f in found.items() if baseline not in f):
            # the site gives each some minutes; here there is time
            longer = REACH[baseline](problem, key, Clock.of(SECONDS))
            assert longer.is_proven, f"'{baseline}' is not proven in {SECONDS:.0f} s for {key}"
            found[key][baseline] = longer.value
        assert all(f["value"] > 0 for f in found.values())
        # money that waits for others reaches nothing alone: any value is more
        gains = {k: f["value"] / f[baseline] - 1 for k, f in found.items() if f[baseline]}
        worst = min(gains, key=lambda key: gains[key])
        assert gains[worst] > 0, f"{worst} has {gains[worst]:.2%} over '{baseline}'"
        nothing = len(found) - len(gains)
        yield (
            f"{len(found)} of {len(found)} funders reach more than {baseline}:"
            f" {gains[worst]:.1%} ({worst}) to {max(gains.values()):.1%}"
            + (f"; {nothing} reach nothing by themselves" if nothing else "")
        )
