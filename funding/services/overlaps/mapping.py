"""Drawing the map of a round: its proposals, the past grants nearest to them, who pays whom."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.config import Config
from funding.db import Database, now
from funding.models import (
    Commitment,
    HistoricGrant,
    Organisation,
    OutsideOverlap,
    OverlapMap,
    Proposal,
    Round,
    RoundFunder,
    Run,
    RunLine,
    RunState,
    Scenario,
)
from funding.overlap.layout import network_of, places_of
from funding.overlap.works import Work
from funding.services.overlaps.works import (
    given,
    proposals_to_compare,
    work_of_grant,
    work_of_proposal,
)

DRAW = "draw_overlap_map"
MOST_PROPOSALS = 2_000
MOST_GRANTS = 1_000
MOST_LINKS = 400
"""Beyond them, the heaviest are drawn."""


def draw_map(database: Database, config: Config, round_id: int) -> None:
    """The task of a worker: find a place for each work, and for each end of the money."""
    with database.reading() as session:
        works = _works(session, round_id)
        links = links_of(session, round_id)
    places = places_of([work.words for work in works], config.overlap_method)
    ends = network_of(dict(Counter(links).most_common(MOST_LINKS)))
    found = {work.id: place for work, place in zip(works, places, strict=True)}
    database.in_transaction(_keep, round_id=round_id, works=found, ends=ends)


def _works(session: Session, round_id: int) -> list[Work]:
    proposals = session.scalars(
        proposals_to_compare().where(Proposal.round_id == round_id).limit(MOST_PROPOSALS)
    ).unique()
    works = [work_of_proposal(proposal) for proposal in proposals]
    near = (
        sa.select(OutsideOverlap.grant_id, sa.func.max(OutsideOverlap.probability))
        .where(OutsideOverlap.round_id == round_id, OutsideOverlap.grant_id.is_not(None))
        .group_by(OutsideOverlap.grant_id)
        .subquery()
    )
    grants = session.scalars(
        sa.select(HistoricGrant)
        .outerjoin(near, near.c.grant_id == HistoricGrant.id)
        .where(
            HistoricGrant.organisation_id.in_(_givers(round_id)),
            sa.or_(HistoricGrant.title.is_not(None), HistoricGrant.purpose.is_not(None)),
        )
        .order_by(near.c.grant_id.is_(None), HistoricGrant.amount.desc(), HistoricGrant.id)
        .limit(MOST_GRANTS)
    )
    works += [work_of_grant(grant) for grant in grants]
    return sorted(works, key=lambda work: work.id)


def _givers(round_id: int) -> sa.CompoundSelect[tuple[int]]:
    """Organisations that take part in the round."""
    return sa.union(
        sa.select(Round.owner_id).where(Round.id == round_id),
        sa.select(RoundFunder.funder_id).where(RoundFunder.round_id == round_id),
    )


def links_of(session: Session, round_id: int) -> dict[tuple[str, str], float]:
    """(`funder:NAME`, `recipient:NAME`) -> money in the round's base minor units.

    What past grants gave, and what the round's last result suggests.
    """
    currency = session.get_one(Round, round_id).base_currency
    links: Counter[tuple[str, str]] = Counter()
    grants = sa.select(HistoricGrant).where(HistoricGrant.organisation_id.in_(_givers(round_id)))
    for (funder, recipient), amount in given(session, grants, currency).items():
        if amount:
            links[f"funder:{funder}", f"recipient:{recipient}"] += amount
    for funder, recipient, amount in suggested(session, round_id):
        links[f"funder:{funder}", f"recipient:{recipient}"] += amount
    return {pair: float(amount) for pair, amount in links.items()}


def suggested(session: Session, round_id: int) -> list[tuple[str, str, int]]:
    """Funder, institution and money of the round's last result, base minor units."""
    last = (
        sa.select(sa.func.max(Run.id))
        .join(Scenario, Scenario.id == Run.scenario_id)
        .where(Scenario.round_id == round_id, Run.state == RunState.DONE)
        .scalar_subquery()
    )
    institution = aliased(Organisation)
    rows = session.execute(
        sa.select(Organisation.name, institution.name, sa.func.sum(RunLine.base_amount))
        .join(Commitment, Commitment.id == RunLine.commitment_id)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .join(Proposal, Proposal.id == RunLine.proposal_id)
        .join(institution, institution.id == Proposal.institution_id)
        .where(RunLine.run_id == last)
        .group_by(Organisation.name, institution.name)
    )
    return [(funder, recipient, int(amount)) for funder, recipient, amount in rows]


def _keep(
    session: Session,
    *,
    round_id: int,
    works: dict[str, tuple[float, float]],
    ends: dict[str, tuple[float, float]],
) -> None:
    drawn = session.get(OverlapMap, round_id) or OverlapMap(round_id=round_id)
    drawn.works, drawn.ends, drawn.made_at = dict(works), dict(ends), now()
    session.add(drawn)
