"""A round's scores calibrated for harsh and mild reviewers, whenever a score has changed."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database
from funding.models import (
    Job,
    Proposal,
    ProposalState,
    ReviewerEffect,
    ReviewSettings,
    Round,
    Score,
)
from funding.services.jobs import enqueue
from funding.services.reviewing.harshness import Effects, estimate_effects

TASK = "calibrate_scores"
MOST_AT_ONCE = 300
"""With more reviewers, a worker estimates: who hands in should not wait for that."""


def scores_changed(session: Session, round_id: int) -> None:
    """Calibrate anew after a change of scores: at once, or soon where there are many reviewers."""
    session.flush()
    reviewers = session.scalar(
        sa.select(sa.func.count(sa.distinct(Score.reviewer)))
        .join(Proposal, Proposal.id == Score.proposal_id)
        .where(Proposal.round_id == round_id)
    )
    if (reviewers or 0) <= MOST_AT_ONCE:
        calibrate(session, round_id)
        return
    # one that runs by now may have read the scores before this change
    waiting = sa.select(Job.id).where(
        Job.task == TASK,
        Job.state == "queued",
        Job.arguments["round_id"].as_integer() == round_id,
    )
    if session.scalars(waiting.limit(1)).first() is None:
        enqueue(session, TASK, round_id=round_id)


def calibrate_scores(database: Database, config: Config, round_id: int) -> None:
    """The task of a worker."""
    database.in_transaction(calibrate, round_id)


def calibrate(session: Session, round_id: int) -> Effects:
    """Estimate every reviewer's effect anew from the scores that are there, and keep it.

    Where the round says that raw scores count, the effects are kept to be shown and not applied.
    """
    session.flush()
    # one after the other: each then sees the scores that the one before it has entered
    session.execute(sa.select(Round.id).where(Round.id == round_id).with_for_update(key_share=True))
    scores = session.execute(
        sa.select(Score.proposal_id, Score.reviewer, Score.score)
        .join(Proposal, Proposal.id == Score.proposal_id)
        .where(
            Proposal.round_id == round_id,
            Proposal.state.not_in((ProposalState.DRAFT, ProposalState.WITHDRAWN)),
        )
    ).all()
    counts = session.scalar(
        sa.select(ReviewSettings.counts).where(ReviewSettings.round_id == round_id)
    )
    effects = estimate_effects([(row[0], row[1], row[2]) for row in scores])
    number = Counter(reviewer for _, reviewer, _ in scores)
    known = {
        row.reviewer: row
        for row in session.scalars(
            sa.select(ReviewerEffect).where(ReviewerEffect.round_id == round_id)
        )
    }
    for reviewer in sorted(known.keys() - effects.of.keys()):
        session.delete(known[reviewer])
    for reviewer, effect in effects.of.items():
        row = known.get(reviewer)
        if row is None:
            row = ReviewerEffect(round_id=round_id, reviewer=reviewer)
            session.add(row)
        row.effect, row.scores = effect, number[reviewer]
        row.applied = effect if counts == "calibrated" else 0.0
    session.flush()
    return effects
