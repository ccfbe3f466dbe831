"""The plan before a round's funders: its lines, who decides them, and what has been decided."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from funding.formatting import format_amount
from funding.listing import Listing, whole_number
from funding.models import (
    UNDECIDED,
    Commitment,
    Event,
    LineState,
    Organisation,
    PlanLine,
    PlanPutForward,
    Proposal,
    Run,
    RunLine,
)
from funding.permissions import Actor, visible_lines

SORTABLE = {
    "proposal": Proposal.title,
    "commitment": Commitment.name,
    "amount": PlanLine.base_amount,
    "state": PlanLine.state,
}
FILTERS = ("q", "state", "funder")


@dataclass(frozen=True)
class Share:
    """One funder's part of a proposal, in base minor units."""

    funder: str
    amount: int
    state: str


@dataclass(frozen=True)
class StateTotal:
    """How many lines are in a state, and their money in base minor units."""

    state: str
    lines: int
    amount: int


def current_plan(session: Session, round_id: int) -> PlanPutForward | None:
    return session.scalars(
        sa.select(PlanPutForward)
        .options(joinedload(PlanPutForward.put_forward_by), joinedload(PlanPutForward.run))
        .where(PlanPutForward.round_id == round_id, PlanPutForward.is_current)
    ).one_or_none()


def _in_force(plan: PlanPutForward) -> sa.ColumnElement[bool]:
    """Lines of this plan, and those of the round's earlier plans that were approved: they stay."""
    earlier = sa.select(PlanPutForward.id).where(PlanPutForward.round_id == plan.round_id)
    was_approved = sa.and_(PlanLine.state == LineState.APPROVED, PlanLine.plan_id.in_(earlier))
    return sa.or_(PlanLine.plan_id == plan.id, was_approved)


def _lines(by: Actor, plan: PlanPutForward, args: dict[str, str]) -> sa.Select[tuple[PlanLine]]:
    query = (
        visible_lines(by)
        .join(Commitment, Commitment.id == PlanLine.commitment_id)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .where(_in_force(plan))
    )
    if text := args.get("q"):
        pattern = f"%{text.lower()}%"
        query = query.where(
            sa.or_(
                sa.func.lower(Proposal.title).like(pattern),
                sa.func.lower(Proposal.key).like(pattern),
            )
        )
    if args.get("state") == "undecided":
        query = query.where(PlanLine.state.in_(UNDECIDED))
    elif state := args.get("state"):
        query = query.where(PlanLine.state == state)
    if args.get("funder") == "own":
        query = query.where(Commitment.funder_id.in_(list(by.where("plan.read"))))
    elif (funder := whole_number(args.get("funder"))) is not None:
        query = query.where(Commitment.funder_id == funder)
    return query


def plan_lines(
    session: Session, by: Actor, plan: PlanPutForward, listing: Listing
) -> tuple[Listing, list[PlanLine]]:
    """One page of the plan's lines under the listing's filters, with all that a row shows."""
    query = _lines(by, plan, dict(listing.args))
    total = session.scalar(query.with_only_columns(sa.func.count(PlanLine.id)).order_by(None))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    rows = session.scalars(
        query.options(
            contains_eager(PlanLine.commitment).contains_eager(Commitment.funder),
            contains_eager(PlanLine.proposal).joinedload(Proposal.institution),
            joinedload(PlanLine.recommended_by),
        )
        .order_by(column.desc() if listing.is_descending else column, PlanLine.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    return listing, list(rows)


def shares_of(
    session: Session, plan: PlanPutForward, proposal_ids: list[int]
) -> dict[int, list[Share]]:
    """Who pays what to each of these proposals: lines of this plan and awards of earlier ones."""
    shares: dict[int, list[Share]] = defaultdict(list)
    for proposal_id, funder, amount, state in session.execute(
        sa.select(PlanLine.proposal_id, Organisation.name, PlanLine.base_amount, PlanLine.state)
        .join(Commitment, Commitment.id == PlanLine.commitment_id)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .where(PlanLine.proposal_id.in_(proposal_ids), _in_force(plan))
        .order_by(PlanLine.base_amount.desc(), PlanLine.id)
    ):
        shares[proposal_id].append(Share(funder, amount, state))
    return shares


def years_of(session: Session, line: PlanLine) -> list[tuple[str, str]]:
    """When the run suggested to pay a line: (year, amount in words); empty where nobody says."""
    years = session.scalar(
        sa.select(RunLine.years).where(
            RunLine.run_id == line.plan.run_id,
            RunLine.commitment_id == line.commitment_id,
            RunLine.proposal_id == line.proposal_id,
        )
    )
    currency = line.commitment.currency
    return [(year, format_amount(part, currency)) for year, part in sorted((years or {}).items())]


def totals_by_state(
    session: Session, by: Actor, plan: PlanPutForward, *, own: bool
) -> dict[str, StateTotal]:
    """Lines and money in each state; of the person's own funder only, where `own`."""
    query = _lines(by, plan, {"funder": "own"} if own else {})
    rows = session.execute(
        query.with_only_columns(
            PlanLine.state, sa.func.count(PlanLine.id), sa.func.sum(PlanLine.base_amount)
        )
        .group_by(PlanLine.state)
        .order_by(PlanLine.state)
    )
    return {state: StateTotal(state, lines, int(amount)) for state, lines, amount in rows}


@dataclass(frozen=True)
class FunderTotal:
    """What one funder would decide: its lines, and their money in base minor units."""

    funder: str
    lines: int
    amount: int


def totals_by_funder(session: Session, run: Run) -> list[FunderTotal]:
    """Lines and money of a run by funder, by name."""
    rows = session.execute(
        sa.select(Organisation.name, sa.func.count(RunLine.id), sa.func.sum(RunLine.base_amount))
        .join(Commitment, Commitment.funder_id == Organisation.id)
        .join(RunLine, RunLine.commitment_id == Commitment.id)
        .where(RunLine.run_id == run.id)
        .group_by(Organisation.name)
        .order_by(Organisation.name)
    )
    return [FunderTotal(name, lines, int(amount)) for name, lines, amount in rows]


def funders_of(session: Session, plan: PlanPutForward) -> list[tuple[int, str]]:
    """(id, name) of each funder with a line in the plan."""
    return [
        (funder_id, name)
        for funder_id, name in session.execute(
            sa.select(Organisation.id, Organisation.name)
            .join(Commitment, Commitment.funder_id == Organisation.id)
            .join(PlanLine, PlanLine.commitment_id == Commitment.id)
            .where(_in_force(plan))
            .distinct()
            .order_by(Organisation.name)
        )
    ]


def history_of(session: Session, thing: Any, *, most: int = 50) -> list[Event]:
    """What the log says was done to one thing, newest first."""
    return list(
        session.scalars(
            sa.select(Event)
            .options(joinedload(Event.actor))
            .where(Event.subject_type == thing.__tablename__, Event.subject_id == thing.id)
            .order_by(Event.seq.desc())
            .limit(most)
        )
    )
