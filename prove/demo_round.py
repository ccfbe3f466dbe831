"""The demo round: every funder reaches more in the pool than alone, and than by leaving it."""

from __future__ import annotations

from collections.abc import Iterator

from funding.models import Run
from funding.services.run_words import baselines_of
from funding.tasks import TASKS
from funding.worker import Worker
from optimizer.baselines import reach_alone, reach_leaving
from optimizer.clock import Clock
from optimizer.pairs import in_order
from optimizer.read import read_round
from prove._demo import solved

FUNDERS = 10
"""The least number of funders that the round has."""
SECONDS = 3_600.0
REACH = {"alone": reach_alone, "leave": reach_leaving}


def prove() -> Iterator[str]:
    with solved() as (config, database, run_id):
        worker = Worker(database, config, TASKS)
        while worker.run_one():
            pass
        with database.reading() as session:
            run = session.get_one(Run, run_id)
            found = baselines_of(run.plan or {}, run.explanation or {})
            problem = in_order(read_round(run.problem or {}))
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
