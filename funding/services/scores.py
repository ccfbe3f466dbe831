"""Reviewers' scores as officers enter them; with those of reviews, their mean is the merit."""

from __future__ import annotations

import math

from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import CANDIDATE_STATES, Proposal, Score
from funding.permissions import Actor, fetch, visible_proposals
from funding.services.log import record
from funding.services.reviewing.calibration import scores_changed

LONGEST_REVIEWER = 200
LONGEST_COMMENT = 4_000


def read_score(text: str) -> float | None:
    """A score from 0 to 100 as typed, with at most two decimals; None for anything else."""
    cleaned = text.strip().replace(",", ".")
    try:
        score = float(cleaned)
    except ValueError:
        return None
    if not math.isfinite(score) or not 0 <= score <= 100 or score != round(score, 2):
        return None
    return score


SCORE_RULE = "Write a number from 0 to 100, with at most two decimals."


def clean_reviewer(text: str) -> str:
    """The reviewer's name or address, addresses in lower case, so that none is there twice."""
    name = " ".join(text.split())
    return name.lower() if "@" in name else name


def faults_in(reviewer: str, score: str, comment: str) -> list[Fault]:
    """What is wrong with one score as typed."""
    faults = []
    if not reviewer:
        faults.append(Fault("reviewer", "Name the reviewer, or give the e-mail address."))
    elif len(reviewer) > LONGEST_REVIEWER:
        faults.append(
            Fault(
                "reviewer",
                _("At most %(longest_reviewer)s characters.", longest_reviewer=LONGEST_REVIEWER),
            )
        )
    if read_score(score) is None:
        faults.append(Fault("score", SCORE_RULE))
    if len(comment) > LONGEST_COMMENT:
        faults.append(
            Fault(
                "comment",
                _(
                    "At most %(longest_comment)s characters.",
                    longest_comment=format_number(LONGEST_COMMENT),
                ),
            )
        )
    return faults


def _scored(session: Session, by: Actor, proposal_id: int) -> Proposal:
    """The proposal, held while its scores change, as long as these still count."""
    query = visible_proposals(by, "score.enter").with_for_update(key_share=True, of=Proposal)
    proposal = fetch(session, query, proposal_id, "proposal")
    if proposal.state not in CANDIDATE_STATES:
        raise RuleBroken(
            _("This proposal is %(state)s; its scores are settled.", state=proposal.state)
        )
    return proposal


def enter_score(
    session: Session, *, by: Actor, proposal_id: int, reviewer: str, score: str, comment: str
) -> Score:
    """Add a reviewer's score, 0 to 100, as typed. Raises NotFound, RuleBroken, InvalidInput."""
    proposal = _scored(session, by, proposal_id)
    reviewer, comment = clean_reviewer(reviewer), comment.strip()
    faults = faults_in(reviewer, score, comment)
    if any(each.reviewer == reviewer for each in proposal.scores):
        faults.append(Fault("reviewer", "This reviewer's score is there already; change it below."))
    if faults:
        raise InvalidInput(*faults)
    made = Score(
        reviewer=reviewer,
        score=read_score(score),
        comment=comment,
        entered_by_id=by.person_id,
    )
    proposal.scores.append(made)
    session.flush()
    scores_changed(session, proposal.round_id)
    _record(session, by, "score entered", proposal, made)
    return made


def find_score(session: Session, by: Actor, score_id: int) -> tuple[Proposal, Score]:
    """A score and its proposal, as far as this officer may enter scores; raises NotFound."""
    score = session.get(Score, score_id)
    if score is None:
        raise NotFound("score")
    query = visible_proposals(by, "score.enter")
    return fetch(session, query, score.proposal_id, "score"), score


def seen_mark(score: Score) -> str:
    """What an edit form carries, to notice that somebody else changed the score meanwhile."""
    return score.entered_at.isoformat()


def change_score(
    session: Session, *, by: Actor, score_id: int, score: str, comment: str, seen: str
) -> Proposal:
    """Change a score or its comment; `seen` is its `seen_mark` on the form.

    Raises NotFound, RuleBroken, Conflict where it was changed meanwhile, and InvalidInput.
    """
    proposal, found = find_score(session, by, score_id)
    _scored(session, by, proposal.id)
    _refuse_of_review(found)
    comment = comment.strip()
    faults = faults_in(found.reviewer, score, comment)
    if faults:
        raise InvalidInput(*faults)
    if seen_mark(found) != seen:
        raise Conflict(
            _(
                "Somebody changed this score meanwhile: it is %(score)s now. What you "
                "typed is still in the form.",
                score=f"{found.score:g}",
            )
        )
    before = found.score
    found.score, found.comment = read_score(score), comment
    found.entered_by_id, found.entered_at = by.person_id, now()
    scores_changed(session, proposal.round_id)
    _record(session, by, "score changed", proposal, found, before=before)
    return proposal


def remove_score(session: Session, *, by: Actor, score_id: int, seen: str) -> Proposal:
    """Take a score away, for one entered by mistake; the log keeps what it was.

    Raises NotFound, RuleBroken, Conflict.
    """
    proposal, found = find_score(session, by, score_id)
    _scored(session, by, proposal.id)
    _refuse_of_review(found)
    if seen_mark(found) != seen:
        raise Conflict("Somebody changed this score meanwhile. Please look again.")
    _record(session, by, "score removed", proposal, found)
    session.delete(found)
    scores_changed(session, proposal.round_id)
    return proposal


def _refuse_of_review(score: Score) -> None:
    if score.review_id is not None:
        raise RuleBroken("This score is that of a review; the review can be sent back instead.")


def _record(
    session: Session,
    by: Actor,
    action: str,
    proposal: Proposal,
    score: Score,
    before: float | None = None,
) -> None:
    detail = {} if before is None else {"before": before}
    record(
        session,
        by,
        action,
        proposal,
        round_id=proposal.round_id,
        score_id=score.id,
        score=score.score,
        **detail,
    )
