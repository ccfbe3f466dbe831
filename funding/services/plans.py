"""Putting a run before the round's funders as its plan, and solving the rest again.

Money is reserved when a line is put forward. What was decided of the plan before stays.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import RuleBroken
from funding.language import gettext as _
from funding.models import (
    UNDECIDED,
    Award,
    AwardState,
    Commitment,
    LineState,
    PlanLine,
    PlanPutForward,
    Round,
    RoundState,
    Run,
    RunLine,
    RunState,
    Scenario,
    ScenarioState,
)
from funding.permissions import Actor, fetch, visible_plans, visible_runs
from funding.services import ledger
from funding.services.idempotency import Answer, once
from funding.services.log import record
from funding.services.scenarios import create_scenario, start_run


def put_forward(session: Session, *, by: Actor, run_id: int, note: str, key: str) -> Answer:
    """Put a finished run before the round's funders; answers {"plan_id"}.

    Lines of the plan before that nobody decided are withdrawn and their money is free again;
    what was approved stays. Raises NotFound, RuleBroken, Overcommitted.
    """
    run = fetch(session, visible_runs(by), run_id, "run")
    return once(
        session,
        by,
        key,
        {"put forward": run_id, "note": note},
        lambda: {"plan_id": _put_forward(session, by, run, note).id},
    )


def _put_forward(session: Session, by: Actor, run: Run, note: str) -> PlanPutForward:
    if not by.where("plan.put_forward"):
        raise RuleBroken("Only program officers put a plan forward.")
    scenario = run.scenario
    if run.state != RunState.DONE:
        raise RuleBroken("Only a run that has ended with a plan can be put forward.")
    if any(later.id > run.id and later.state == RunState.DONE for later in scenario.runs):
        raise RuleBroken("This scenario has been solved again since; put forward the newer run.")
    round_ = session.scalars(
        sa.select(Round).where(Round.id == scenario.round_id).with_for_update(key_share=True)
    ).one()
    if round_.state not in (RoundState.ALLOCATING, RoundState.DECIDING):
        raise RuleBroken(_("A round that is %(state)s takes no plan.", state=round_.state))
    carried = _withdraw_current(session, by, round_)
    plan = PlanPutForward(
        round_id=round_.id, run_id=run.id, note=note.strip(), put_forward_by_id=by.person_id
    )
    session.add(plan)
    session.flush()
    _add_lines(session, by, plan, run, carried)
    if scenario.state != ScenarioState.PUT_FORWARD:
        scenario.state = ScenarioState.PUT_FORWARD
    if round_.state == RoundState.ALLOCATING:
        round_.state = RoundState.DECIDING
    record(session, by, "plan put forward", plan, round_id=round_.id, run_id=run.id)
    return plan


def _withdraw_current(
    session: Session, by: Actor, round_: Round
) -> dict[tuple[int, int], PlanLine]:
    """Free what nobody decided; answers the amended lines among it, by commitment and proposal."""
    current = session.scalars(
        sa.select(PlanPutForward)
        .where(PlanPutForward.round_id == round_.id, PlanPutForward.is_current)
        .with_for_update(key_share=True)
    ).one_or_none()
    if current is None:
        return {}
    carried = {}
    for line in session.scalars(
        sa.select(PlanLine)
        .where(PlanLine.plan_id == current.id, PlanLine.state.in_(UNDECIDED))
        .order_by(PlanLine.id)
        .with_for_update(key_share=True)
    ):
        ledger.release(session, by, line, "another plan was put forward")
        if line.state == LineState.AMENDED:
            carried[line.commitment_id, line.proposal_id] = line
        line.state = LineState.WITHDRAWN
        line.decided_by_id, line.decided_at = by.person_id, now()
    current.is_current = False
    session.flush()
    return carried


def _add_lines(
    session: Session,
    by: Actor,
    plan: PlanPutForward,
    run: Run,
    carried: dict[tuple[int, int], PlanLine],
) -> None:
    """A line for each of the run's, but for pairs that an award already holds. One that was refused
    or ended holds nothing: its money can go to the same proposal again.

    An amended line keeps its exact amount and whoever put that forward: the run had it locked,
    at the round's step.
    """
    awards = session.execute(
        sa.select(Award.commitment_id, Award.proposal_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .where(Commitment.round_id == plan.round_id, Award.state != AwardState.TERMINATED)
    )
    awarded = {(commitment_id, proposal_id) for commitment_id, proposal_id in awards}
    suggestions = session.scalars(
        sa.select(RunLine)
        .where(RunLine.run_id == run.id, RunLine.amount > 0)
        .order_by(RunLine.commitment_id, RunLine.proposal_id)
    ).all()
    commitments = {
        c.id: c
        for c in session.scalars(sa.select(Commitment).where(Commitment.round_id == plan.round_id))
    }
    amounts = {
        (line.commitment_id, line.proposal_id): (
            line.amount,
            line.base_amount,
            line.reason,
            line.says,
        )
        for line in suggestions
    }
    for pair in sorted((amounts.keys() | carried.keys()) - awarded):
        before = carried.get(pair)
        suggested = amounts.get(pair, (0, 0, "", None))
        commitment = commitments[pair[0]]
        line = PlanLine(
            commitment=commitment,
            proposal_id=pair[1],
            suggested_amount=suggested[0],
            amount=before.amount if before else suggested[0],
            base_amount=before.base_amount if before else suggested[1],
            reason=suggested[2],
            says=suggested[3],
            decision_reason=before.decision_reason if before else "",
            recommended_by_id=before.recommended_by_id if before else by.person_id,
        )
        line.approvals_needed = commitment.approvals_needed(line.amount)
        plan.lines.append(line)
        session.flush()
        ledger.reserve(session, by, line)


def solve_the_rest(session: Session, *, by: Actor, round_id: int) -> Scenario:
    """A new scenario from the one put forward, with what was decided fixed; its run is queued.

    Raises NotFound, and RuleBroken where no plan is before the funders.
    """
    plan = session.scalars(
        visible_plans(by).where(PlanPutForward.round_id == round_id, PlanPutForward.is_current)
    ).one_or_none()
    if plan is None:
        raise RuleBroken("No plan is before the funders of this round.")
    model = plan.run.scenario
    stem = model.name.partition(", the rest")[0]
    count = session.scalar(
        sa.select(sa.func.count()).select_from(Scenario).where(Scenario.round_id == round_id)
    )
    scenario = create_scenario(
        session,
        by=by,
        round_id=round_id,
        name=f"{stem}, the rest solved again ({count + 1})",
        note="Decided lines are fixed; the money left is allocated anew.",
        copy_of=model.id,
    )
    start_run(session, by=by, scenario_id=scenario.id)
    return scenario
