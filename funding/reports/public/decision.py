"""How a round was decided, as the public is told: the rule, the committee's counts, digests.

No member is named and no vote is anybody's: counts, and what the rule asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import Endorsement, PackSeal, PlanPutForward, Round, Run, Scenario
from funding.reports.rules import rule_label
from funding.services.committee import rule_of


@dataclass(frozen=True)
class Counts:
    """A vote that was closed; `members` leaves out those in conflict."""

    is_endorsed: bool
    votes_for: int
    votes_against: int
    abstentions: int
    members: int
    in_conflict: int
    on: date


@dataclass(frozen=True)
class Decision:
    """`rule` is empty where the plan was agreed without the optimizer; `digest` is its run's,
    `seal` that of the decision pack, closed by the committee's vote."""

    rule: str
    digest: str
    put_forward_on: date | None
    vote: Counts | None
    committee_rule: str
    seal: str = ""


def decision_of(session: Session, round_: Round) -> Decision:
    plan = session.execute(
        sa.select(PlanPutForward.id, PlanPutForward.put_forward_at, Scenario.rule, Run.digest)
        .join(Run, Run.id == PlanPutForward.run_id)
        .join(Scenario, Scenario.id == Run.scenario_id)
        .where(PlanPutForward.round_id == round_.id)
        .order_by(PlanPutForward.is_current.desc(), PlanPutForward.id.desc())
        .limit(1)
    ).one_or_none()
    says = rule_of(session, round_.id).says
    if plan is None:
        return Decision("", "", None, None, says)
    vote = session.scalars(
        sa.select(Endorsement).where(Endorsement.plan_id == plan.id)
    ).one_or_none()
    seal = (
        session.scalar(sa.select(PackSeal.digest).where(PackSeal.endorsement_id == vote.id))
        if vote
        else None
    )
    return Decision(
        rule_label(plan.rule) if plan.digest else "",
        plan.digest or "",
        plan.put_forward_at.date(),
        _counts(vote) if vote else None,
        says,
        seal or "",
    )


def _counts(vote: Endorsement) -> Counts:
    return Counts(
        vote.result == "endorsed",
        vote.votes_for,
        vote.votes_against,
        vote.abstentions,
        vote.members,
        vote.in_conflict,
        vote.closed_at.date(),
    )
