"""Two results of a round side by side: what changed, for whom, and why.

Changes are the right one's less the left one's; money in base minor units.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.listing import Listing
from funding.models import Organisation, Proposal, Run, RunProposal
from funding.permissions import Actor, without_conflict
from funding.reports.discretion import Discretion
from funding.reports.result_views import area_views, funder_views
from funding.reports.results import Headline, Payer, headline, payers_of

SORTABLE = ("change", "title", "ask")
FILTERS = ("kind", "q")
KINDS = [("added", "Newly funded"), ("removed", "No longer funded"), ("changed", "Other amount")]


@dataclass(frozen=True)
class Compared:
    """One figure in both; `change` is right less left."""

    label: str
    left: int | float
    right: int | float
    key: str = ""

    @property
    def change(self) -> int | float:
        return self.right - self.left


@dataclass(frozen=True)
class ProposalChange:
    """A proposal whose amount differs; None where a run did not look at it."""

    id: int
    key: str
    title: str
    institution: str
    ask: int
    left: int | None
    right: int | None
    left_reason: str
    right_reason: str
    left_payers: list[Payer]
    right_payers: list[Payer]

    @property
    def change(self) -> int:
        return (self.right or 0) - (self.left or 0)

    @property
    def kind(self) -> str:
        if not self.left:
            return "added"
        return "changed" if self.right else "removed"


def list_changes(
    session: Session,
    by: Actor,
    left: Run,
    right: Run,
    listing: Listing,
    discretion: Discretion,
    *,
    is_whole: bool = False,
) -> tuple[Listing, list[ProposalChange]]:
    """One page of the proposals with another amount, largest change first. Four queries."""
    on_left, on_right = aliased(RunProposal), aliased(RunProposal)
    before = sa.func.coalesce(on_left.amount, 0)
    after = sa.func.coalesce(on_right.amount, 0)
    query = (
        sa.select(
            Proposal,
            Organisation.name.label("institution"),
            on_left.amount.label("left"),
            on_right.amount.label("right"),
            on_left.reason.label("left_reason"),
            on_right.reason.label("right_reason"),
        )
        .outerjoin(Organisation, Organisation.id == Proposal.institution_id)
        .outerjoin(on_left, sa.and_(on_left.run_id == left.id, on_left.proposal_id == Proposal.id))
        .outerjoin(
            on_right, sa.and_(on_right.run_id == right.id, on_right.proposal_id == Proposal.id)
        )
        .where(Proposal.round_id == left.scenario.round_id, before != after, without_conflict(by))
    )
    kinds = {
        "added": before == 0,
        "removed": after == 0,
        "changed": sa.and_(before > 0, after > 0),
    }
    if listing.args.get("kind") in kinds:
        query = query.where(kinds[listing.args["kind"]])
    if "q" in listing.args:
        texts = (Proposal.title, Proposal.key, Organisation.name)
        query = query.where(
            sa.or_(*(t.icontains(listing.args["q"], autoescape=True) for t in texts))
        )
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
    listing = listing.counting(total or 0)
    orders = {
        "change": sa.func.abs(after - before),
        "title": sa.func.lower(Proposal.title),
        "ask": Proposal.ask,
    }
    column = orders.get(listing.sort_key, orders["change"])
    query = query.order_by(column.desc() if listing.is_descending else column.asc(), Proposal.key)
    if not is_whole:
        query = query.limit(listing.per_page).offset(listing.offset)
    rows = session.execute(query).all()
    ids = [row.Proposal.id for row in rows]
    left_payers = payers_of(session, left.id, ids)
    right_payers = payers_of(session, right.id, ids)
    return listing, [
        ProposalChange(
            id=row.Proposal.id,
            key=row.Proposal.key,
            title=row.Proposal.title,
            institution=row.institution or "",
            ask=row.Proposal.ask,
            left=row.left,
            right=row.right,
            left_reason=discretion.text(row.left_reason or ""),
            right_reason=discretion.text(row.right_reason or ""),
            left_payers=left_payers[row.Proposal.id],
            right_payers=right_payers[row.Proposal.id],
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Comparison:
    """Everything but the proposals: figures at the head, by funder, by area."""

    left: Headline
    right: Headline
    value: Compared
    funders_value: list[Compared]
    funders_spent: list[Compared]
    areas: list[Compared]
    shortfalls: list[Compared]


def compare(
    session: Session, by: Actor, left: Run, right: Run, discretion: Discretion
) -> Comparison:
    of_left = {v.key: v for v in funder_views(session, by, left, discretion)}
    of_right = {v.key: v for v in funder_views(session, by, right, discretion)}
    areas_left = {v.key: v for v in area_views(left)}
    areas_right = {v.key: v for v in area_views(right)}
    both = [key for key in of_left if key in of_right]
    areas = [key for key in areas_left if key in areas_right]
    return Comparison(
        left=headline(session, left, by),
        right=headline(session, right, by),
        value=Compared("Value of the plan", round(left.value or 0), round(right.value or 0)),
        funders_value=[
            Compared(of_left[k].name, round(of_left[k].value), round(of_right[k].value), k)
            for k in both
        ],
        funders_spent=[
            Compared(of_left[k].name, of_left[k].spent, of_right[k].spent, k) for k in both
        ],
        areas=sorted(
            (
                Compared(areas_left[k].name, areas_left[k].amount, areas_right[k].amount, k)
                for k in areas
            ),
            key=lambda c: -abs(c.change),
        ),
        shortfalls=[
            Compared(areas_left[k].name, areas_left[k].shortfall, areas_right[k].shortfall, k)
            for k in areas
            if areas_left[k].shortfall or areas_right[k].shortfall
        ],
    )
