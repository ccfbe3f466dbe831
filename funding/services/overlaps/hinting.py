"""While somebody writes: published work that what they write is close to."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.config import Config
from funding.models import HistoricGrant, Proposal
from funding.overlap.methods import NOTICEABLE
from funding.overlap.works import Work
from funding.permissions import (
    Actor,
    fetch,
    own_proposals,
    published_grants,
    published_proposals,
)
from funding.services.overlaps.upkeep import index
from funding.services.overlaps.works import grant_number, proposal_number

MOST = 5
_LOOKED_AT = 200
LONGEST = 20_000


@dataclass(frozen=True)
class Hint:
    """Published work: what it is, who does it, who paid, in which year; `alike` from 0 to 1."""

    title: str
    who: str
    paid_by: str
    year: int | None
    alike: float
    source: str | None


def hints_for(
    session: Session, config: Config, *, by: Actor, proposal_id: int, title: str, text: str
) -> list[Hint]:
    """What is published and close to these words, the closest first; none of what is not.

    Raises NotFound for a proposal of somebody else.
    """
    proposal: Proposal = fetch(session, own_proposals(by), proposal_id, "proposal")
    work = Work(f"proposal:{proposal.id}", title=title[:LONGEST], text=text[:LONGEST])
    if not work.words:
        return []
    with index(config) as known:
        near = known.nearest(work, _LOOKED_AT)
    least = NOTICEABLE[config.overlap_method]
    alike = {one.id: one.similarity for one in near if one.similarity >= least}
    grants = [number for id_ in alike if (number := grant_number(id_)) is not None]
    proposals = [number for id_ in alike if (number := proposal_number(id_)) is not None]
    found = [
        Hint(
            grant.title or grant.purpose or grant.recipient,
            grant.recipient,
            grant.funder,
            grant.awarded_on.year if grant.awarded_on else None,
            alike[f"grant:{grant.id}"],
            grant.source_url,
        )
        for grant in session.scalars(published_grants().where(HistoricGrant.id.in_(grants)))
    ]
    found += [
        Hint(
            other.title,
            other.institution.name if other.institution else "",
            other.round.name,
            other.starts_on.year if other.starts_on else None,
            alike[f"proposal:{other.id}"],
            None,
        )
        for other in session.scalars(
            published_proposals()
            .where(Proposal.id.in_(proposals), sa.not_(Proposal.id == proposal.id))
            .options(joinedload(Proposal.institution), joinedload(Proposal.round))
        )
    ]
    return sorted(found, key=lambda hint: (-hint.alike, hint.title))[:MOST]
