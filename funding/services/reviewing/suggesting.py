"""A suggested assignment for a round: worked out by a worker, looked through, then taken.

One of the few doors to the optimizer: a round's reviewers and proposals become a problem of
`optimizer.assignment`, its answer becomes pairs that an officer keeps, changes or drops.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.config import Config
from funding.db import Database, now
from funding.errors import RuleBroken
from funding.formatting import plural
from funding.models import (
    CANDIDATE_STATES,
    COUNTED_STATES,
    Person,
    Proposal,
    ProposalArea,
    ReviewAssignment,
    ReviewSuggestion,
    Round,
    RoundReviewer,
    SuggestedPair,
)
from funding.permissions import Actor, fetch, working_rounds
from funding.services.jobs import enqueue
from funding.services.log import record
from funding.services.reviewing.absences import away_today
from funding.services.reviewing.expertise import Fits, Knowledge, Work
from funding.services.reviewing.found_conflicts import Found, conflicts_among
from funding.services.reviewing.giving import loads
from funding.services.reviewing.settings import settings_of
from optimizer.assignment import Assignment, AssignmentProblem, assign

TASK = "suggest_reviewers"
MOST_OTHERS = 6
MOST_NAMED = 200
_AT_ONCE = 500


def last_suggestion(session: Session, round_id: int) -> ReviewSuggestion | None:
    return session.scalars(
        sa.select(ReviewSuggestion)
        .where(ReviewSuggestion.round_id == round_id)
        .order_by(ReviewSuggestion.id.desc())
        .limit(1)
    ).one_or_none()


def ask_suggestion(session: Session, *, by: Actor, round_id: int) -> ReviewSuggestion:
    """Have an assignment worked out; raises NotFound, and RuleBroken where there are no reviewers
    or one is being worked out already."""
    round_: Round = fetch(session, working_rounds(by, "review.assign"), round_id, "round")
    last = last_suggestion(session, round_.id)
    if last is not None and last.state == "queued":
        raise RuleBroken("An assignment is being worked out already.")
    able = sa.select(RoundReviewer.id).where(RoundReviewer.round_id == round_.id).limit(1)
    if session.scalar(able) is None:
        raise RuleBroken("The round has no reviewers yet.")
    made = ReviewSuggestion(
        round_id=round_.id, least=settings_of(session, round_.id).least, asked_by_id=by.person_id
    )
    session.add(made)
    session.flush()
    enqueue(session, TASK, suggestion_id=made.id)
    record(session, by, "assignment asked for", round_, round_id=round_.id)
    return made


@dataclass(frozen=True)
class Given:
    """A round as it stands, in the order of proposals' keys and reviewers' names."""

    proposals: list[Proposal]
    reviewers: list[RoundReviewer]
    conflicts: Found
    have: dict[int, int]
    room: list[int]
    fits: Fits
    names: dict[str, str]
    taken: set[tuple[int, int]]


def read_round(session: Session, round_: Round) -> Given:
    """Everything the suggestion starts from."""
    proposals = list(
        session.scalars(
            sa.select(Proposal)
            .where(Proposal.round_id == round_.id, Proposal.state.in_(CANDIDATE_STATES))
            .order_by(Proposal.key)
        )
    )
    away = away_today(session, round_.id, now().date())
    reviewers = [
        reviewer
        for reviewer in session.scalars(
            sa.select(RoundReviewer)
            .join(Person, Person.id == RoundReviewer.person_id)
            .where(RoundReviewer.round_id == round_.id, Person.is_active)
            .order_by(Person.name, Person.id)
            .options(joinedload(RoundReviewer.person))
        )
        if reviewer.person_id not in away
    ]
    areas: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for proposal_id, key, weight in session.execute(
        sa.select(ProposalArea.proposal_id, ProposalArea.area_key, ProposalArea.weight)
        .join(Proposal, Proposal.id == ProposalArea.proposal_id)
        .where(Proposal.round_id == round_.id)
    ):
        areas[proposal_id][key] = weight
    have: Counter[int] = Counter()
    taken = set()
    for proposal_id, person_id, state in session.execute(
        sa.select(ReviewAssignment.proposal_id, ReviewAssignment.person_id, ReviewAssignment.state)
        .join(Proposal, Proposal.id == ReviewAssignment.proposal_id)
        .where(Proposal.round_id == round_.id)
    ):
        taken.add((proposal_id, person_id))  # whoever was withdrawn or passed on is not asked again
        have[proposal_id] += state in COUNTED_STATES
    load = loads(session, round_.id)
    taxonomy = round_.taxonomy.areas
    return Given(
        proposals,
        reviewers,
        conflicts_among(session, round_.id, [r.person_id for r in reviewers]),
        dict(have),
        [max(0, r.most - load.get(r.person_id, 0)) for r in reviewers],
        Fits(
            [Work(areas[p.id], _words(p)) for p in proposals],
            [Knowledge(r.areas, r.expertise) for r in reviewers],
            {area.key: area.parent_key for area in taxonomy},
        ),
        {area.key: area.name for area in taxonomy},
        taken,
    )


def _words(proposal: Proposal) -> str:
    return "\n".join([proposal.title, proposal.abstract, " ".join(proposal.keywords)])


def suggest_reviewers(database: Database, config: Config, suggestion_id: int) -> None:
    """The task of a worker: work out the assignment and keep its pairs."""
    with database.reading() as session:
        suggestion = session.get(ReviewSuggestion, suggestion_id)
        if suggestion is None or suggestion.state != "queued":
            return
        round_ = session.get_one(Round, suggestion.round_id)
        given = read_round(session, round_)
        least = suggestion.least
        for reviewer in given.reviewers:
            _ = reviewer.person.name  # read now: nothing is asked of the database while solving
    try:
        fit = given.fits.of.copy()
        barred = _barred(given)
        fit[barred] = np.nan
        wanted = [max(0, least - given.have.get(p.id, 0)) for p in given.proposals]
        found = assign(AssignmentProblem(fit, wanted, given.room))
        answer = {
            "short": _short(given, found, barred, least),
            "short_reviews": sum(found.short.values()),
            "pairs": len(found.pairs),
            "fit": round(
                sum(float(fit[pair]) for pair in found.pairs) / max(1, len(found.pairs)), 4
            ),
        }
        pairs = [_pair(given, fit, p, r) for p, r in found.pairs]
    except Exception:
        database.in_transaction(_fail, suggestion_id=suggestion_id)
        raise
    database.in_transaction(_keep, suggestion_id=suggestion_id, answer=answer, pairs=pairs)


def _barred(given: Given) -> np.ndarray:
    """Pairs that may not be: in conflict, or assigned before."""
    barred = np.zeros(given.fits.of.shape, bool)
    row = {p.id: number for number, p in enumerate(given.proposals)}
    column = {r.person_id: number for number, r in enumerate(given.reviewers)}
    for pairs in (given.taken, (pair for pair, kinds in given.conflicts.standing.items() if kinds)):
        for proposal_id, person_id in pairs:
            if proposal_id in row and person_id in column:
                barred[row[proposal_id], column[person_id]] = True
    return barred


def _short(given: Given, found: Assignment, barred: np.ndarray, least: int) -> list[dict[str, Any]]:
    """Every proposal that gets too few, by name, with why."""
    said = []
    for place, missing in sorted(found.short.items()):
        proposal = given.proposals[place]
        in_conflict = sum(
            bool(given.conflicts.of(proposal.id, r.person_id)) for r in given.reviewers
        )
        able = int((~barred[place]).sum())
        why = f"{plural(able, 'reviewer')} could take it, and all of them are full."
        if able == 0:
            why = "Nobody is left who could take it."
        elif able < missing:
            why = f"Only {plural(able, 'reviewer')} could take it."
        if in_conflict:
            why += f" {plural(in_conflict, 'reviewer is', 'reviewers are')} in conflict."
        said.append(
            {
                "proposal_id": proposal.id,
                "key": proposal.key,
                "title": proposal.title,
                "gets": least - missing,
                "why": why,
            }
        )
    return said[:MOST_NAMED]


def _pair(given: Given, fit: np.ndarray, row: int, column: int) -> SuggestedPair:
    proposal, reviewer = given.proposals[row], given.reviewers[column]
    order = np.argsort(-np.where(np.isnan(fit[row]), -1, fit[row]), kind="stable")
    others = [
        [given.reviewers[c].person_id, round(float(fit[row, c]), 4)]
        for c in order[: MOST_OTHERS + 1]
        if c != column and not np.isnan(fit[row, c])
    ]
    reason = given.fits.why(row, column, given.names)
    return SuggestedPair(
        proposal_id=proposal.id,
        person_id=reviewer.person_id,
        fit=round(float(fit[row, column]), 4),
        reason=reason,
        says=reason.kept,
        others=others[:MOST_OTHERS],
    )


def _fail(session: Session, *, suggestion_id: int) -> None:
    session.get_one(ReviewSuggestion, suggestion_id).state = "failed"


def _keep(
    session: Session, *, suggestion_id: int, answer: dict[str, Any], pairs: list[SuggestedPair]
) -> None:
    suggestion = session.get_one(ReviewSuggestion, suggestion_id)
    if suggestion.state != "queued":
        return
    suggestion.state, suggestion.answer = "done", answer
    rows = [
        {
            "suggestion_id": suggestion_id,
            "proposal_id": pair.proposal_id,
            "person_id": pair.person_id,
            "fit": pair.fit,
            "reason": pair.reason,
            "says": pair.says,
            "others": pair.others,
            "is_dropped": False,
        }
        for pair in pairs
    ]
    for start in range(0, len(rows), _AT_ONCE):
        session.execute(sa.insert(SuggestedPair), rows[start : start + _AT_ONCE])
    record(
        session,
        None,
        "assignment suggested",
        suggestion,
        round_id=suggestion.round_id,
        pairs=len(pairs),
        short=answer["short_reviews"],
    )
