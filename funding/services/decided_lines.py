"""What people have decided in a round so far, and what that means for solving the rest.

Approved lines of any plan of the round, and the amended and declined ones of the current plan,
stand: the optimizer gets them as locks. The money of lines that still wait is free to be given
again; so is what came back of an award that was refused or ended, to the same proposal too, whose
ask is then smaller by what was paid of that award and kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.models import (
    UNDECIDED,
    Account,
    AccountKind,
    Award,
    AwardState,
    Commitment,
    LineState,
    PlanLine,
    PlanPutForward,
    Proposal,
    Round,
)
from funding.services.rates import Rate


@dataclass(frozen=True)
class Decided:
    """A line as decided, in the commitment's currency and in the base; 0 where it was declined."""

    amount: int
    base_amount: int


def current_plan(session: Session, round_: Round) -> PlanPutForward | None:
    return session.scalars(
        sa.select(PlanPutForward).where(
            PlanPutForward.round_id == round_.id, PlanPutForward.is_current
        )
    ).one_or_none()


def decided_lines(session: Session, round_: Round) -> dict[tuple[str, str], Decided]:
    """By (commitment key, proposal key); the last decision on a pair counts."""
    rows = session.execute(
        sa.select(PlanLine, Proposal.key)
        .join(Proposal, Proposal.id == PlanLine.proposal_id)
        .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
        .where(
            PlanPutForward.round_id == round_.id,
            sa.or_(
                PlanLine.state == LineState.APPROVED,
                sa.and_(
                    PlanPutForward.is_current,
                    PlanLine.state.in_([LineState.AMENDED, LineState.DECLINED]),
                ),
            ),
            ~was_terminated(),
        )
        .order_by(PlanLine.id)
        .options(joinedload(PlanLine.commitment))
    )
    return {
        (line.commitment.key, proposal): Decided(0, 0)
        if line.state == LineState.DECLINED
        else Decided(line.amount, line.base_amount)
        for line, proposal in rows
    }


def held_by_lines(session: Session, round_: Round) -> dict[int, int]:
    """By commitment id, in its currency: what lines hold or have awarded, less what came back."""
    rows = session.execute(
        sa.select(PlanLine.commitment_id, sa.func.sum(PlanLine.amount))
        .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
        .where(
            PlanPutForward.round_id == round_.id,
            sa.or_(
                PlanLine.state == LineState.APPROVED,
                sa.and_(PlanPutForward.is_current, PlanLine.state.in_(UNDECIDED)),
            ),
            ~was_terminated(),
        )
        .group_by(PlanLine.commitment_id)
    )
    return {commitment: int(total) for commitment, total in rows}


def was_terminated() -> sa.ColumnElement[bool]:
    """An award that came to nothing gave its money back: its line binds nobody any more."""
    return sa.exists().where(
        Award.plan_line_id == PlanLine.id, Award.state == AwardState.TERMINATED
    )


def kept_after_end(session: Session, round_id: int) -> dict[int, int]:
    """By proposal id, for each with an award that was refused or ended: what it keeps of the
    money, in base minor units at the award's own rate; 0 where nothing was paid."""
    rows = session.execute(
        sa.select(
            Award.proposal_id,
            Award.amount,
            Award.base_amount,
            sa.func.coalesce(sa.func.sum(Account.balance), 0),
        )
        .join(Commitment, Commitment.id == Award.commitment_id)
        .outerjoin(Account, sa.and_(Account.award_id == Award.id, Account.kind == AccountKind.PAID))
        .where(Commitment.round_id == round_id, Award.state == AwardState.TERMINATED)
        .group_by(Award.id, Award.proposal_id, Award.amount, Award.base_amount)
    )
    kept: defaultdict[int, int] = defaultdict(int)
    for proposal_id, amount, base_amount, paid in rows:
        kept[proposal_id] += base_amount * int(paid) // amount
    return kept


class Settled:
    """Decided lines as locks.

    Every line of a plan is a multiple of the round's step; an amended amount need not be. It is
    locked at the multiple below, and what lies between is taken off its commitment and its ask.
    `proposals`: keys of those with a line that pays.
    """

    def __init__(
        self,
        decided: Mapping[tuple[str, str], Decided],
        step: int,
        rates: Mapping[str, Rate],
    ) -> None:
        """`step`: of the round, base minor units; `rates` by commitment key."""
        self.locks: list[dict[str, Any]] = []
        self.proposals = {proposal for (_, proposal), line in decided.items() if line.amount}
        self.beyond_lock: defaultdict[str, int] = defaultdict(int)
        self.off_step: defaultdict[str, int] = defaultdict(int)
        for (commitment, proposal), line in sorted(decided.items()):
            locked = line.base_amount // step * step
            self.locks.append({"proposal": proposal, "commitment": commitment, "amount": locked})
            # up: the commitment must be left with no more than its own currency has
            cost = rates[commitment].to_base_at_least(line.amount)
            self.beyond_lock[commitment] += max(0, cost - locked)
            self.off_step[proposal] += line.base_amount - locked

    def given_by(self, commitment: str) -> dict[str, int]:
        """Base minor units of the lines of a commitment that stand, by key of the proposal."""
        return {
            lock["proposal"]: lock["amount"]
            for lock in self.locks
            if lock["commitment"] == commitment and lock["amount"]
        }
