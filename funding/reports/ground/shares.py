"""Where a round's proposals belong, held in memory: splitting many amounts is faster there."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import Proposal, ProposalArea, Round
from funding.services.areas import top_areas


@dataclass(frozen=True)
class Share:
    """A proposal's region, and its top areas: the largest, and (area, weight) of the others.

    Weights are in millionths, `whole` is their sum: as `funding.reports.ground.areas` has them.
    """

    region: str = ""
    largest: str = ""
    others: tuple[tuple[str, int], ...] = ()
    whole: int = 1

    def parts(self, amount: int) -> list[tuple[str, int]]:
        """The amount by area: rounded down, and what that leaves to the largest."""
        if not self.others:
            return [(self.largest, amount)]
        sign, size = (-1, -amount) if amount < 0 else (1, amount)
        parts = [(area, sign * (size * weight // self.whole)) for area, weight in self.others]
        return [(self.largest, amount - sum(part for _, part in parts)), *parts]


NOWHERE = Share()


def shares_of(session: Session, round_: Round) -> dict[int, Share]:
    """By proposal; two queries."""
    tops = top_areas(round_)
    weights: dict[int, dict[str, int]] = {}
    for id_, key, weight in session.execute(
        sa.select(ProposalArea.proposal_id, ProposalArea.area_key, ProposalArea.weight)
        .join(Proposal, Proposal.id == ProposalArea.proposal_id)
        .where(Proposal.round_id == round_.id)
    ):
        of, top = weights.setdefault(id_, {}), tops.get(key, key)
        of[top] = of.get(top, 0) + int(weight * 1_000_000.0 + 0.5)
    found = {}
    for id_, region in session.execute(
        sa.select(Proposal.id, Proposal.region).where(Proposal.round_id == round_.id)
    ):
        ranked = sorted(
            ((area, weight) for area, weight in weights.get(id_, {}).items() if weight),
            key=lambda item: (-item[1], item[0]),
        )
        if ranked:
            whole = sum(weight for _, weight in ranked)
            found[id_] = Share(region or "", ranked[0][0], tuple(ranked[1:]), whole)
        else:
            found[id_] = Share(region or "")
    return found
