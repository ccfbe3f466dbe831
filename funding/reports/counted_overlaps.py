"""The overlaps that a run counted, and what each cost and saved: read from the kept run."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.models import Overlap, Proposal, Run, RunProposal
from funding.permissions import Actor, without_conflict

Side = tuple[int, str, str, int]
"""(id, key, title, amount in the plan) of a proposal."""


@dataclass(frozen=True)
class OverlapView:
    """A pair that counted, and how the plan deals with it; `twice` is the money at stake.

    `cost` is in value: what counts against a plan that funds both. `saved` is money that the plan
    does not spend twice, since it leaves one of the two out. Minor units.
    """

    id: int
    first: Side
    second: Side
    degree: float
    twice: int
    cost: float
    verdict: str
    note: str

    @property
    def is_avoided(self) -> bool:
        return not (self.first[3] and self.second[3])

    @property
    def at_stake(self) -> int:
        """What would be paid twice if both were funded."""
        return int(self.degree * self.twice)

    @property
    def saved(self) -> int:
        is_one_funded = bool(self.first[3]) != bool(self.second[3])
        return self.at_stake if is_one_funded else 0


def counted(run: Run) -> dict[frozenset[str], float]:
    """The degree that each pair of proposals, by key, counted with in the run."""
    pairs = (run.problem or {}).get("overlaps", [])
    return {frozenset(pair["proposals"]): pair["degree"] for pair in pairs}


def overlap_views(session: Session, by: Actor, run: Run) -> list[OverlapView]:
    """The pairs that counted between proposals the reader may see, costliest first. One query."""
    first, second = aliased(Proposal), aliased(Proposal)
    in_first, in_second = aliased(RunProposal), aliased(RunProposal)
    rows = session.execute(
        sa.select(Overlap, first, second, in_first.amount, in_second.amount)
        .join(first, first.id == Overlap.first_id)
        .join(second, second.id == Overlap.second_id)
        .join(in_first, sa.and_(in_first.run_id == run.id, in_first.proposal_id == first.id))
        .join(in_second, sa.and_(in_second.run_id == run.id, in_second.proposal_id == second.id))
        .where(
            Overlap.round_id == run.scenario.round_id,
            without_conflict(by, first),
            without_conflict(by, second),
        )
    )
    weight, degrees = _weight(run), counted(run)
    views = []
    for pair, p, r, to_p, to_r in rows:
        degree = degrees.get(frozenset({p.key, r.key}), 0.0)
        if not degree:
            continue
        twice = min(p.minimum, r.minimum)
        views.append(
            OverlapView(
                pair.id,
                (p.id, p.key, p.title, to_p),
                (r.id, r.key, r.title, to_r),
                degree,
                twice,
                weight * degree * twice,
                pair.verdict,
                pair.note,
            )
        )
    return sorted(views, key=lambda v: (v.is_avoided, -v.cost))


@dataclass(frozen=True)
class PaidBefore:
    """A proposal whose work others have paid for already; `before` and `amount` in minor units.

    `amount` is what the plan gives it; `cost`, in value, counts against the plan where it does.
    """

    id: int
    key: str
    title: str
    before: int
    amount: int
    cost: float

    @property
    def is_avoided(self) -> bool:
        return not self.amount


def paid_before(session: Session, by: Actor, run: Run) -> list[PaidBefore]:
    """Those that the run counted and the reader may see, the costliest first. One query."""
    rows = {
        row["id"]: row["paid_before"]
        for row in (run.problem or {}).get("proposals", [])
        if row.get("paid_before")
    }
    if not rows:
        return []
    weight = _weight(run)
    found = session.execute(
        sa.select(Proposal, RunProposal.amount)
        .join(RunProposal, RunProposal.proposal_id == Proposal.id)
        .where(RunProposal.run_id == run.id, Proposal.key.in_(rows), without_conflict(by))
    )
    views = [
        PaidBefore(p.id, p.key, p.title, rows[p.key], amount, weight * rows[p.key])
        for p, amount in found
    ]
    return sorted(views, key=lambda v: (v.is_avoided, -v.cost, v.key))


def _weight(run: Run) -> float:
    return float((run.problem or {}).get("policy", {}).get("overlap_weight", 1.0))
