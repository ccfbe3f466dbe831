"""Looking for overlaps: of a whole round, and of one proposal as soon as it is handed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database
from funding.errors import NotPermitted, RuleBroken
from funding.models import (
    CANDIDATE_STATES,
    HistoricGrant,
    Import,
    ImportKind,
    Job,
    Proposal,
    Round,
    RoundState,
)
from funding.overlap.methods import NOTICEABLE
from funding.overlap.probability import judge
from funding.overlap.works import Work
from funding.permissions import Actor, fetch, participants, working_rounds
from funding.services.jobs import enqueue
from funding.services.log import record
from funding.services.overlaps.candidates import Found, keep
from funding.services.overlaps.mapping import DRAW
from funding.services.overlaps.upkeep import fresh_index
from funding.services.overlaps.works import (
    by_merged_name,
    grant_number,
    proposal_number,
    proposals_to_compare,
    work_of_grant,
    work_of_proposal,
)

SEARCH = "find_overlaps"
COMPARE = "compare_proposal"
REFRESH = "refresh_overlap_index"
NEAREST = 20
"""Most works that one proposal is held against: those whose texts are closest."""
LEAST = 0.15
"""Least probability of a candidate that officers are asked to judge..."""
CLOSEST = 5
"""...and how many whose texts are noticeably alike they are asked about all the same."""
_AT_ONCE = 500
_COMPARED_ROUNDS = (RoundState.OPEN, RoundState.IN_REVIEW, RoundState.ALLOCATING)


def round_to_decide_in(session: Session, by: Actor, round_id: int) -> Round:
    """The round, for somebody who may judge its overlaps; raises NotFound, NotPermitted."""
    round_: Round = fetch(session, working_rounds(by, "overlap.read"), round_id, "round")
    deciding = working_rounds(by, "overlap.decide").where(Round.id == round_id)
    if session.scalars(deciding).unique().one_or_none() is None:
        raise NotPermitted("Your role does not include deciding on overlaps.")
    return round_


def start_search(session: Session, *, by: Actor, round_id: int) -> None:
    """Ask for the round's proposals to be compared; raises RuleBroken while that is under way."""
    round_ = round_to_decide_in(session, by, round_id)
    last = last_search(session, round_id)
    if last is not None and last.state in ("queued", "running"):
        raise RuleBroken("The texts are being compared already.")
    enqueue(session, SEARCH, round_id=round_id)
    record(session, by, "overlap search asked for", round_, round_id=round_id)


def search_rounds(session: Session, batch: Import) -> None:
    """After an import, ask for the rounds to be compared that its rows may overlap with."""
    rounds = sa.select(Round.id).where(Round.state.in_(_COMPARED_ROUNDS))
    if batch.kind == ImportKind.PROPOSALS:
        rounds = rounds.where(Round.id == batch.round_id)
    elif batch.kind == ImportKind.HISTORY:
        rounds = rounds.where(participants([batch.organisation_id]))
    else:
        return
    for round_id in session.scalars(rounds.order_by(Round.id)):
        last = last_search(session, round_id)
        if last is None or last.state != "queued":
            enqueue(session, SEARCH, round_id=round_id)


def last_search(session: Session, round_id: int) -> Job | None:
    """The last job that compared this round's texts, done or under way."""
    return session.scalars(
        sa.select(Job)
        .where(Job.task == SEARCH, Job.arguments["round_id"].as_integer() == round_id)
        .order_by(Job.id.desc())
        .limit(1)
    ).one_or_none()


def find_overlaps(database: Database, config: Config, round_id: int) -> None:
    """The task of a worker: hold all candidates of a round against all that is known."""
    with database.reading() as session:
        asked = session.scalars(
            sa.select(Proposal.id)
            .where(Proposal.round_id == round_id, Proposal.state.in_(CANDIDATE_STATES))
            .order_by(Proposal.id)
        ).all()
    found = _held_against_all(database, config, round_id, asked)
    database.in_transaction(keep, round_id=round_id, found=found, is_whole=True)
    database.in_transaction(enqueue, DRAW, round_id=round_id)


def compare_proposal(database: Database, config: Config, proposal_id: int) -> None:
    """The task of a worker: hold one proposal, just handed in, against all that is known."""
    with database.reading() as session:
        proposal = session.get_one(Proposal, proposal_id)
        if proposal.state not in CANDIDATE_STATES:
            return
        round_id = proposal.round_id
    found = _held_against_all(database, config, round_id, [proposal_id])
    database.in_transaction(keep, round_id=round_id, found=found, is_whole=False)


def refresh_index(database: Database, config: Config) -> None:
    """The task of a worker: bring this host's index up to what the database holds."""
    with fresh_index(database, config):
        pass


def _held_against_all(
    database: Database, config: Config, round_id: int, asked: Sequence[int]
) -> list[Found]:
    with fresh_index(database, config) as known, database.reading() as session:
        currency = session.get_one(Round, round_id).base_currency
        proposals = session.scalars(proposals_to_compare().where(Proposal.id.in_(asked))).unique()
        method = config.overlap_method
        works = [work_of_proposal(proposal, currency) for proposal in proposals]
        nearest = known.nearest_of(works, NEAREST)
        close = {near.id for some in nearest for near in some}
        named = by_merged_name(session, _works_named(session, close, currency))
        others = {other.id: other for other in named}
        works = by_merged_name(session, works)
        found = []
        for work, some in zip(works, nearest, strict=True):
            for place, near in enumerate(some):
                if near.id not in others:
                    continue  # gone from the database since
                judgement = judge(work, others[near.id], near.similarity, method)
                is_close = place < CLOSEST and near.similarity >= NOTICEABLE[method]
                if judgement.probability >= LEAST or is_close:
                    found.append(Found(work.id, near.id, near.similarity, judgement, method))
    return found


def _works_named(session: Session, ids: set[str], currency: str) -> Iterator[Work]:
    proposals = [number for id_ in ids if (number := proposal_number(id_)) is not None]
    for start in range(0, len(proposals), _AT_ONCE):
        part = proposals[start : start + _AT_ONCE]
        for proposal in session.scalars(
            proposals_to_compare().where(Proposal.id.in_(part))
        ).unique():
            yield work_of_proposal(proposal, currency)
    grants = [number for id_ in ids if (number := grant_number(id_)) is not None]
    for start in range(0, len(grants), _AT_ONCE):
        part = grants[start : start + _AT_ONCE]
        for grant in session.scalars(sa.select(HistoricGrant).where(HistoricGrant.id.in_(part))):
            yield work_of_grant(grant, currency)
