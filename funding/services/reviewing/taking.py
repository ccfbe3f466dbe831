"""A suggested assignment, changed by an officer and then taken, or left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.db import now
from funding.errors import NotFound, RuleBroken
from funding.models import (
    CANDIDATE_STATES,
    AssignmentState,
    Proposal,
    ReviewAssignment,
    ReviewSuggestion,
    Round,
    RoundReviewer,
    SuggestedPair,
)
from funding.permissions import Actor, fetch, visible_proposals, working_rounds
from funding.services.log import record
from funding.services.reviewing.absences import away_today, pass_on
from funding.services.reviewing.found_conflicts import conflicts_among, in_words
from funding.services.reviewing.giving import loads, tell
from funding.services.reviewing.settings import settings_of
from funding.services.reviewing.suggesting import last_suggestion

_AT_ONCE = 500


def _open_suggestion(session: Session, by: Actor, round_id: int) -> ReviewSuggestion:
    """The round's suggestion while it waits for the officer, held against others."""
    fetch(session, working_rounds(by, "review.assign"), round_id, "round")
    last = last_suggestion(session, round_id)
    if last is None:
        raise NotFound("suggestion")
    session.refresh(last, with_for_update=True)
    if last.state != "done":
        raise RuleBroken("This suggestion has been taken already, or is not there yet.")
    return last


def change_pairs(
    session: Session, *, by: Actor, round_id: int, people: dict[int, int], dropped: set[int]
) -> int:
    """Change suggested pairs before they are taken: `people` by pair, and those dropped.

    Only pairs named in `people` are looked at. Answers how many changed. Raises NotFound, and
    RuleBroken for a reviewer who cannot take it.
    """
    suggestion = _open_suggestion(session, by, round_id)
    readable = visible_proposals(by, "review.assign").with_only_columns(Proposal.id)
    pairs = session.scalars(
        sa.select(SuggestedPair).where(
            SuggestedPair.suggestion_id == suggestion.id,
            SuggestedPair.id.in_(people),
            SuggestedPair.proposal_id.in_(readable),
        )
    ).all()
    if len(pairs) != len(people):
        raise NotFound("suggestion")
    changed = 0
    for pair in pairs:
        wanted = people[pair.id]
        if wanted != pair.person_id:
            fits = dict(pair.others)
            if wanted not in fits:
                raise RuleBroken("Choose one of the people named beside the proposal.")
            twice = sa.select(SuggestedPair.id).where(
                SuggestedPair.suggestion_id == suggestion.id,
                SuggestedPair.proposal_id == pair.proposal_id,
                SuggestedPair.person_id == wanted,
            )
            if session.scalar(twice) is not None:
                raise RuleBroken("This person is suggested for the proposal already.")
            others = [[pair.person_id, pair.fit]]
            others += [other for other in pair.others if other[0] != wanted]
            pair.person_id, pair.fit, pair.others = wanted, fits[wanted], others
            pair.reason = "Chosen by an officer instead of the one suggested."
            pair.says = None
            changed += 1
            session.flush()
        if pair.is_dropped != (pair.id in dropped):
            pair.is_dropped = pair.id in dropped
            changed += 1
    return changed


@dataclass(frozen=True)
class Taken:
    """What came of a suggestion: assignments made, and what was left out, in sentences."""

    made: int
    left: list[str]


def take_suggestion(session: Session, *, by: Actor, round_id: int, public_url: str) -> Taken:
    """Make assignments of the pairs that were not dropped, and tell the reviewers.

    Conflicts and loads are looked at again, since things change: a pair that no longer holds is
    left out and said. Raises NotFound, RuleBroken.
    """
    suggestion = _open_suggestion(session, by, round_id)
    round_ = session.get_one(Round, round_id)
    readable = visible_proposals(by, "review.assign").with_only_columns(Proposal.id)
    rows = session.execute(
        sa.select(SuggestedPair, Proposal, RoundReviewer)
        .join(Proposal, Proposal.id == SuggestedPair.proposal_id)
        .join(
            RoundReviewer,
            sa.and_(
                RoundReviewer.round_id == round_id,
                RoundReviewer.person_id == SuggestedPair.person_id,
            ),
        )
        .where(
            SuggestedPair.suggestion_id == suggestion.id,
            ~SuggestedPair.is_dropped,
            Proposal.id.in_(readable),
            Proposal.state.in_(CANDIDATE_STATES),
        )
        .order_by(SuggestedPair.id)
        .options(joinedload(RoundReviewer.person))
    ).all()
    conflicts = conflicts_among(session, round_id, {r.person_id for _, _, r in rows})
    there = set(
        session.execute(
            sa.select(ReviewAssignment.proposal_id, ReviewAssignment.person_id)
            .join(Proposal, Proposal.id == ReviewAssignment.proposal_id)
            .where(Proposal.round_id == round_id)
        ).all()
    )
    load = Counter(loads(session, round_id))
    told: Counter[int] = Counter()
    left, made = [], []
    due_at = settings_of(session, round_id).due_at
    for pair, proposal, reviewer in rows:
        person = reviewer.person_id
        kinds = conflicts.of(proposal.id, person)
        if (proposal.id, person) in there:
            left.append(f"{proposal.key}: {reviewer.person.name} was assigned meanwhile.")
        elif kinds:
            left.append(f"{proposal.key}: {reviewer.person.name} {in_words(kinds)}.")
        elif load[person] >= reviewer.most:
            left.append(f"{proposal.key}: {reviewer.person.name} has a full load by now.")
        else:
            load[person] += 1
            told[person] += 1
            made.append(
                {
                    "proposal_id": proposal.id,
                    "person_id": person,
                    "state": AssignmentState.ASSIGNED,
                    "reason": pair.reason,
                    "says": pair.says,
                    "due_at": due_at,
                    "assigned_by_id": by.person_id,
                    "assigned_at": now(),
                    "version": 1,
                }
            )
    for start in range(0, len(made), _AT_ONCE):
        session.execute(sa.insert(ReviewAssignment), made[start : start + _AT_ONCE])
    tell(session, round_, dict(told), public_url)
    for absence in away_today(session, round_id, now().date()).values():
        pass_on(session, by, absence, public_url)
    suggestion.state = "taken"
    record(
        session,
        by,
        "assignment taken",
        round_,
        round_id=round_id,
        suggestion=suggestion.id,
        made=len(made),
        left=len(left),
    )
    return Taken(len(made), left)
