"""Studies of a finished run: asked for in a transaction, worked out by a worker, kept whole.

A study that was stopped, or whose worker died, goes on from what it had kept when it is asked for
again with the same parameters.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.errors import NotFound, RuleBroken, TributaryError
from funding.language import gettext as _
from funding.models import COUNTED_SCORE, Proposal, Run, RunState, Score, Study, with_effects
from funding.permissions import Actor, fetch, visible_runs, visible_studies
from funding.services.jobs import enqueue, is_under_way
from funding.services.log import record
from funding.services.run_progress import Progress
from funding.services.run_words import names_of
from funding.services.scenarios import UNDER_WAY, round_to_work_in
from funding.studies.kind import Cancelled, Document, Given, Kind, OutOfTime
from funding.studies.kinds import KINDS, QUESTIONS
from funding.studies.rules import IN_WORDS

TASK = "run_study"
OWN = "welfare"
"""The rule that looks for the most value."""


def ask_for_study(
    session: Session, *, by: Actor, run_id: int, kind: str, parameters: Document
) -> Study:
    """Have a worker make a study of a run that ended with a plan.

    One that was made already is the answer; one that stopped goes on. Raises NotFound,
    NotPermitted, RuleBroken while one of this kind is under way.
    """
    run: Run = fetch(session, visible_runs(by), run_id, "run")
    round_to_work_in(session, by, run.scenario.round_id)
    if kind not in KINDS or run.state != RunState.DONE or run.digest is None:
        raise NotFound("result")
    if words := why_not_of(run, KINDS[kind]):
        raise RuleBroken(words)
    last = latest(session, run_id, kind)
    if last is not None and is_study_under_way(session, last):
        raise RuleBroken("This is being worked out already.")
    return begin(session, by, run, KINDS[kind], parameters)


def begin(session: Session, by: Actor, run: Run, kind: Kind, parameters: Document) -> Study:
    """Ask a worker for a study of these parameters, whoever may ask; one that was made, or is
    under way, is the answer."""
    if kind.needs_scores:
        parameters = {**parameters, "scores": _scores(session, run)}
    last = latest(session, run.id, kind.name)
    if last is None or last.parameters != parameters:
        last = Study(run_id=run.id, kind=kind.name, parameters=parameters, asked_by_id=by.person_id)
        session.add(last)
    elif last.state == RunState.DONE or is_study_under_way(session, last):
        return last
    last.state, last.stage, last.message = RunState.QUEUED, "waiting for a worker", ""
    last.is_cancel_requested, last.finished_at = False, None
    session.flush()
    enqueue(session, TASK, study_id=last.id)
    record(session, by, "study asked for", last, round_id=run.scenario.round_id, kind=kind.name)
    return last


def why_not_of(run: Run, kind: Kind) -> str:
    """Why there is no study of this kind of this run, in a sentence or two; empty where there is.

    Most studies look at plans nearly as good as the run's; a plan of another rule than the
    round's own need not be near the best.
    """
    rule = (run.plan or {}).get("rule", OWN)
    if rule == OWN or kind.of_any_rule:
        return ""
    return _(
        "This result was decided by the rule “%(rule)s”, which does not look for the most value, "
        "so there are no plans nearly as good to lay beside it. Ask for this on a result of the "
        "rule “%(own)s”.",
        rule=_(IN_WORDS[rule].label),
        own=_(IN_WORDS[OWN].label),
    )


def cancel_study(session: Session, *, by: Actor, study_id: int) -> Study:
    """Ask a study to stop; one that has not begun, or lost its worker, ends at once."""
    study: Study = fetch(session, visible_studies(by), study_id, "study")
    round_to_work_in(session, by, study.run.scenario.round_id)
    if study.state not in UNDER_WAY:
        return study
    stop(session, by, study)
    return study


def stop(session: Session, by: Actor | None, study: Study) -> None:
    """Have a study end that is under way, whoever may."""
    study.is_cancel_requested = True
    if study.state == RunState.QUEUED or not is_study_under_way(session, study):
        study.state, study.finished_at = RunState.CANCELLED, now()
    record(session, by, "study cancelled", study, round_id=study.run.scenario.round_id)


def latest(session: Session, run_id: int, kind: str) -> Study | None:
    """The study of this kind that was asked for last."""
    studies = sa.select(Study).where(Study.run_id == run_id, Study.kind == kind)
    return session.scalars(studies.order_by(Study.id.desc()).limit(1)).first()


def is_study_under_way(session: Session, study: Study) -> bool:
    """Whether somebody works on it or will; not where its worker died too often."""
    return study.state in UNDER_WAY and is_under_way(session, TASK, study_id=study.id)


def _scores(session: Session, run: Run) -> dict[str, list[float]]:
    """Each proposal's scores from 0 to 1 as they count, in the order in which they were entered."""
    rows = session.execute(
        with_effects(
            sa.select(Proposal.key, COUNTED_SCORE).join(Score, Score.proposal_id == Proposal.id)
        )
        .where(Proposal.round_id == run.scenario.round_id)
        .order_by(Proposal.key, Score.id)
    )
    found: dict[str, list[float]] = {}
    for key, score in rows:
        found.setdefault(key, []).append(score / 100)
    return found


# -- the worker ---------------------------------------------------------------------------------


class _Teller(Progress):
    """What a study tells, written to its row."""

    def __init__(self, database: Database, study_id: int) -> None:
        super().__init__(database, Study, study_id)

    def tell(self, part: float, words: str) -> None:
        self.progress, self.stage = min(1.0, max(0.0, part)), words
        self.write()

    def keep(self, partial: Document) -> None:
        self.database.in_transaction(_keep, study_id=self.row_id, partial=partial)


def run_study(database: Database, config: Config, study_id: int) -> None:
    """The task of a worker: make the study that was asked for, or say why there is none."""
    if not database.in_transaction(_begin, study_id=study_id):
        return
    state, result, message = RunState.DONE, None, ""
    try:
        with database.reading() as session:
            study = session.get_one(Study, study_id)
            kind = (KINDS | QUESTIONS)[study.kind]
            given = _given(session, study, config.sweep)
        result = kind.study(given, _Teller(database, study_id))
    except Cancelled:
        state = RunState.CANCELLED
    except OutOfTime:
        state, message = RunState.FAILED, "No plan was found in the time that there is."
    except TributaryError as refusal:
        state, message = RunState.FAILED, str(refusal)
    except Exception:
        message = "It stopped by a fault of ours; the site's log has the details."
        _end(database, study_id, RunState.FAILED, None, message)
        raise
    _end(database, study_id, state, result, message)


def _begin(session: Session, *, study_id: int) -> bool:
    """Take it up; False where it was ended meanwhile or somebody asked for it to stop."""
    study = session.get_one(Study, study_id)
    if study.state not in UNDER_WAY:
        return False
    if study.is_cancel_requested:
        study.state, study.finished_at = RunState.CANCELLED, now()
        return False
    study.state, study.stage = RunState.RUNNING, "Reading the plan"
    return True


def _given(session: Session, study: Study, sweep: str) -> Given:
    run = study.run
    return Given.read(
        run.problem or {},
        run.plan or {},
        parameters=study.parameters,
        names=names_of(session, run.scenario.round),
        partial=study.result,
        sweep=sweep,
    )


def _keep(session: Session, *, study_id: int, partial: Document) -> None:
    session.get_one(Study, study_id).result = partial


def _end(
    database: Database, study_id: int, state: RunState, result: Document | None, message: str
) -> None:
    def end(session: Session) -> None:
        study = session.get_one(Study, study_id)
        study.state, study.message, study.finished_at = state, message, now()
        if result is not None:
            study.result, study.progress, study.stage = result, 1.0, ""
        round_id = study.run.scenario.round_id
        record(session, None, f"study {state}", study, round_id=round_id, kind=study.kind)

    database.in_transaction(end)
