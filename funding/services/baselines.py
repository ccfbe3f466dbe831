"""What each funder of a run would reach without the pool, worked out after the plan is shown.

Proving these values takes longer than the plan itself, so each funder is a job of its own and asks
for the next: whoever solves another scenario meanwhile waits for one of them at most.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from funding.models import Run, RunState
from funding.services.jobs import enqueue, is_under_way
from funding.services.run_words import baselines_of, least_gain

TASK = "reckon_baselines"


def ask(session: Session, run: Run) -> None:
    """Ask for the baselines that the run's plan does not state."""
    if missing := missing_of(run):
        enqueue(session, TASK, run_id=run.id, funders=missing)


def missing_of(run: Run) -> list[str]:
    """Keys of the funders of which it is not known what they would reach without the pool."""
    known = baselines_of(run.plan or {}, run.explanation or {})
    return [
        key
        for key, figures in sorted(known.items())
        if figures.get("alone") is None or figures.get("leave") is None
    ]


def keep(session: Session, *, run_id: int, funders: list[str], found: dict[str, object]) -> None:
    """Keep what the first of `funders` would reach, and ask for the next. What is proven already
    stays as it is: a decision pack may have been made of it.

    Where the scenario has been solved again since, nobody looks at the rest.
    """
    run = session.get_one(Run, run_id)
    if run.explanation is None:
        return
    if funders[0] in missing_of(run):
        run.explanation["why"]["funders"][funders[0]] = found
        flag_modified(run, "explanation")
    gain = least_gain(baselines_of(run.plan or {}, run.explanation))
    run.summary = {**run.summary, "least_gain": gain}
    newer = sa.select(Run.id).where(
        Run.scenario_id == run.scenario_id, Run.id > run_id, Run.state == RunState.DONE
    )
    if len(funders) > 1 and session.scalars(newer.limit(1)).first() is None:
        enqueue(session, TASK, run_id=run_id, funders=funders[1:])


def are_under_way(session: Session, run_id: int) -> bool:
    """Whether some baseline of this run is still to be worked out."""
    return is_under_way(session, TASK, run_id=run_id)
