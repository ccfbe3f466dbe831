"""Compensating reviews: which are open, which are done, and what each is of."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from funding.listing import Listing
from funding.models import (
    Award,
    Commitment,
    CompensatingReview,
    LineState,
    PlanLine,
    Proposal,
    Round,
    Tranche,
    TrancheState,
)
from funding.permissions import Actor, judges_compensating, visible_compensating

SORTABLE = {"asked": CompensatingReview.asked_at, "proposal": Proposal.title}
FILTERS = ("state",)


@dataclass(frozen=True)
class ReviewRow:
    """One review with the award it concerns (none before the line is approved) and the proposal.

    `is_needed`: false once the line was declined or withdrawn, or the tranche cancelled.
    """

    review: CompensatingReview
    proposal: Proposal
    currency: str
    award: Award | None
    is_needed: bool
    may_judge: bool

    @property
    def what(self) -> str:
        return "Approval" if self.review.line else "Payment"

    @property
    def state(self) -> str:
        if self.review.verdict:
            return self.review.verdict
        return "open" if self.is_needed else "not needed any more"


def _needed() -> sa.ColumnElement[bool]:
    """Reviews whose line or tranche still stands."""
    gone_lines = sa.select(PlanLine.id).where(
        PlanLine.state.in_((LineState.DECLINED, LineState.WITHDRAWN))
    )
    gone_tranches = sa.select(Tranche.id).where(Tranche.state == TrancheState.CANCELLED)
    # an amount that was amended away is nobody's any more
    amended = sa.exists().where(
        PlanLine.id == CompensatingReview.plan_line_id,
        PlanLine.amount != CompensatingReview.amount,
    )
    return sa.and_(
        sa.or_(
            CompensatingReview.plan_line_id.is_(None),
            CompensatingReview.plan_line_id.not_in(gone_lines),
        ),
        sa.or_(
            CompensatingReview.tranche_id.is_(None),
            CompensatingReview.tranche_id.not_in(gone_tranches),
        ),
        ~amended,
    )


def open_reviews(by: Actor) -> sa.Select[tuple[CompensatingReview]]:
    return visible_compensating(by).where(CompensatingReview.verdict.is_(None), _needed())


def to_judge(session: Session, by: Actor) -> int:
    """How many open reviews wait for this person."""
    found = session.execute(
        open_reviews(by)
        .add_columns(Round.owner_id)
        .options(joinedload(CompensatingReview.line))
        .limit(100)
    )
    return sum(judges_compensating(by, review, owner) for review, owner in found)


def reviews(session: Session, by: Actor, listing: Listing) -> tuple[Listing, list[ReviewRow]]:
    """One page of the reviews the person may see, under the listing's filters."""
    state = dict(listing.args).get("state")
    query = visible_compensating(by)
    if state == "done":
        query = query.where(CompensatingReview.verdict.is_not(None))
    elif state != "all":
        query = open_reviews(by)
    total = session.scalar(
        query.with_only_columns(sa.func.count(CompensatingReview.id)).order_by(None)
    )
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    ids = query.with_only_columns(CompensatingReview.id, _needed()).order_by(
        column.desc() if listing.is_descending else column, CompensatingReview.id
    )
    page = session.execute(ids.limit(listing.per_page).offset(listing.offset)).all()
    return listing, _rows(session, by, {id_: bool(needed) for id_, needed in page})


def review_row(session: Session, by: Actor, review: CompensatingReview) -> ReviewRow:
    needed = session.scalar(
        sa.select(CompensatingReview.id).where(CompensatingReview.id == review.id, _needed())
    )
    return _rows(session, by, {review.id: needed is not None})[0]


def _rows(session: Session, by: Actor, needed: dict[int, bool]) -> list[ReviewRow]:
    award_of_line = aliased(Award)
    found = session.execute(
        sa.select(CompensatingReview, Proposal, Commitment.currency, Award, Round.owner_id)
        .select_from(CompensatingReview)
        .outerjoin(PlanLine, PlanLine.id == CompensatingReview.plan_line_id)
        .outerjoin(Tranche, Tranche.id == CompensatingReview.tranche_id)
        .outerjoin(award_of_line, award_of_line.plan_line_id == PlanLine.id)
        .outerjoin(Award, Award.id == sa.func.coalesce(award_of_line.id, Tranche.award_id))
        .join(Proposal, Proposal.id == sa.func.coalesce(PlanLine.proposal_id, Award.proposal_id))
        .join(
            Commitment,
            Commitment.id == sa.func.coalesce(PlanLine.commitment_id, Award.commitment_id),
        )
        .join(Round, Round.id == Proposal.round_id)
        .where(CompensatingReview.id.in_(list(needed)))
        .options(
            joinedload(CompensatingReview.line),
            joinedload(CompensatingReview.tranche),
            joinedload(CompensatingReview.funder),
            joinedload(CompensatingReview.asked_by),
            joinedload(CompensatingReview.reviewed_by),
        )
    )
    rows = {
        review.id: ReviewRow(
            review,
            proposal,
            currency,
            award,
            needed[review.id],
            review.is_open and needed[review.id] and judges_compensating(by, review, owner),
        )
        for review, proposal, currency, award, owner in found
    }
    return [rows[id_] for id_ in needed]


def of_award(session: Session, by: Actor, award: Award) -> list[ReviewRow]:
    """The reviews of an award's line and of its tranches, for who may read them."""
    tranches = sa.select(Tranche.id).where(Tranche.award_id == award.id)
    return _those(
        session,
        by,
        sa.or_(
            CompensatingReview.plan_line_id == award.plan_line_id,
            CompensatingReview.tranche_id.in_(tranches),
        ),
    )


def of_line(session: Session, by: Actor, line: PlanLine) -> list[ReviewRow]:
    """The reviews of a line, of every amount that it had."""
    return _those(session, by, CompensatingReview.plan_line_id == line.id)


def _those(session: Session, by: Actor, which: sa.ColumnElement[bool]) -> list[ReviewRow]:
    found = session.execute(
        visible_compensating(by)
        .with_only_columns(CompensatingReview.id, _needed())
        .where(which)
        .order_by(CompensatingReview.id)
    )
    return _rows(session, by, {id_: bool(needed) for id_, needed in found})
