"""Questions about one proposal of a run, answered by a study of its own: what is said of it
confirmed by solving again, and the price of deciding something oneself.

Each is worked out once and kept; whoever asks the same again reads the answer.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import (
    Commitment,
    PlanPutForward,
    Proposal,
    ProposalState,
    Run,
    RunProposal,
    RunState,
    Scenario,
    Study,
)
from funding.permissions import Actor, fetch, own_proposals, visible_proposals, visible_runs
from funding.services.decided_lines import decided_lines
from funding.services.jobs import enqueue
from funding.services.scenarios import round_to_work_in
from funding.services.studies import TASK, is_study_under_way

CONFIRMATION, OVERRIDE = "confirmation", "override"


def ask_to_confirm(session: Session, *, by: Actor, run_id: int, proposal_id: int) -> Study | None:
    """Have what is estimated for an unfunded proposal confirmed; None where nothing is.

    Whoever may read the estimate may have it confirmed. Raises NotFound.
    """
    fetch(session, visible_runs(by), run_id, "run")
    fetch(session, visible_proposals(by), proposal_id, "proposal")
    return confirm_for_anybody(session, run_id, proposal_id)


def confirm_for_anybody(session: Session, run_id: int, proposal_id: int) -> Study | None:
    """The same, whoever asks."""
    row = session.execute(
        sa.select(RunProposal.amount, RunProposal.detail, Proposal.key)
        .join(Proposal, Proposal.id == RunProposal.proposal_id)
        .where(RunProposal.run_id == run_id, RunProposal.proposal_id == proposal_id)
    ).one_or_none()
    if row is None or row.amount or "about" not in row.detail:
        return None
    parameters = {"proposal": row.key, "about": row.detail["about"]}
    return _ask(session, run_id, CONFIRMATION, parameters, None)


def ask_for_applicant(session: Session, *, by: Actor, proposal_id: int) -> Study | None:
    """The same for one's own proposal, once it is decided; None for any other."""
    own = own_proposals(by).where(
        Proposal.id == proposal_id, Proposal.state == ProposalState.NOT_FUNDED
    )
    proposal = session.scalars(own).unique().one_or_none()
    if proposal is None:
        return None
    run_id = session.scalar(sa.select(deciding_run(proposal)))
    return None if run_id is None else confirm_for_anybody(session, run_id, proposal_id)


def deciding_run(proposal: Proposal) -> sa.ScalarSelect[int]:
    """The run of the plan that is before the funders, else the round's last finished one."""
    return (
        sa.select(Run.id)
        .join(Scenario, Scenario.id == Run.scenario_id)
        .join(RunProposal, RunProposal.run_id == Run.id)
        .outerjoin(
            PlanPutForward,
            sa.and_(PlanPutForward.run_id == Run.id, PlanPutForward.is_current),
        )
        .where(
            RunProposal.proposal_id == proposal.id,
            Scenario.round_id == proposal.round_id,
            Run.state == RunState.DONE,
        )
        .order_by(PlanPutForward.id.is_(None), Run.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def ask_for_price(
    session: Session, *, by: Actor, run_id: int, locks: list[dict[str, Any]]
) -> Study:
    """Have a decision priced: `locks` are the round's as they would be.

    Raises NotFound, NotPermitted.
    """
    run: Run = fetch(session, visible_runs(by), run_id, "run")
    round_to_work_in(session, by, run.scenario.round_id)
    return _ask(session, run_id, OVERRIDE, {"locks": locks}, by.person_id)


def confirmation_of(session: Session, run_id: int, proposal_key: str) -> Study | None:
    """The confirmation of this proposal that was asked for, whatever became of it."""
    return next(
        (
            study
            for study in _studies(session, run_id, CONFIRMATION)
            if study.parameters["proposal"] == proposal_key
        ),
        None,
    )


def confirmed_of(session: Session, run_id: int) -> set[str]:
    """Keys of the run's proposals whose refusal has been confirmed."""
    return {
        parameters["proposal"]
        for parameters in session.scalars(
            sa.select(Study.parameters).where(
                Study.run_id == run_id, Study.kind == CONFIRMATION, Study.state == RunState.DONE
            )
        )
    }


def locks_with(
    session: Session,
    run: Run,
    proposal: Proposal,
    *,
    commitment: Commitment | None = None,
    amount: int | None = None,
    funded: bool | None = None,
) -> list[dict[str, Any]]:
    """The locks of a run's round, with one decision more in the place of earlier pins on it.

    Lines that were decided stand. Amounts in base minor units.
    """
    decided = decided_lines(session, run.scenario.round)
    key = commitment.key if commitment else None

    def stays(lock: dict[str, Any]) -> bool:
        line = lock.get("commitment")
        if lock["proposal"] != proposal.key:
            return True
        if line is not None and line != key and (line, proposal.key) in decided:
            return True
        return key is not None and line is not None and line != key

    new: dict[str, Any] = {"proposal": proposal.key}
    if key is not None:
        new["commitment"] = key
    new |= {"funded": funded} if amount is None else {"amount": amount}
    return [*(lock for lock in (run.problem or {}).get("locks", ()) if stays(lock)), new]


def _ask(
    session: Session, run_id: int, kind: str, parameters: dict[str, Any], by: int | None
) -> Study:
    """The study of these parameters: the one there is, begun again if it came to nothing."""
    same = [s for s in _studies(session, run_id, kind) if s.parameters == parameters]
    if same and (same[0].state == RunState.DONE or is_study_under_way(session, same[0])):
        return same[0]
    if same and same[0].state == RunState.FAILED:
        return same[0]
    study = same[0] if same else Study(run_id=run_id, kind=kind, parameters=parameters)
    study.asked_by_id, study.state, study.stage = by, RunState.QUEUED, "waiting for a worker"
    study.is_cancel_requested = False
    if study.result is None:
        study.result = _known_proof(session, run_id)
    session.add(study)
    session.flush()
    enqueue(session, TASK, study_id=study.id)
    return study


def _studies(session: Session, run_id: int, kind: str) -> list[Study]:
    """Newest first."""
    return list(
        session.scalars(
            sa.select(Study)
            .where(Study.run_id == run_id, Study.kind == kind)
            .order_by(Study.id.desc())
        )
    )


def _known_proof(session: Session, run_id: int) -> dict[str, Any] | None:
    """How good the run's plan is, as an earlier answer found out."""
    found = session.scalars(
        sa.select(Study.result)
        .where(
            Study.run_id == run_id,
            Study.kind.in_([CONFIRMATION, OVERRIDE]),
            Study.state == RunState.DONE,
        )
        .order_by(Study.id.desc())
        .limit(1)
    ).first()
    return None if found is None else {"proof": found["proof"]}


def price_of(session: Session, by: Actor, study_id: int) -> Study:
    """A price that was asked for; raises NotFound where the person may not see its run."""
    runs = visible_runs(by).with_only_columns(Run.id)
    query = sa.select(Study).where(
        Study.id == study_id, Study.kind == OVERRIDE, Study.run_id.in_(runs)
    )
    return fetch(session, query, study_id, "price")
