"""Handing in a review: its marks become a score, and what was typed becomes part of the record."""

from __future__ import annotations

import math
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import (
    CANDIDATE_STATES,
    AssignmentState,
    ParkedForm,
    Person,
    Proposal,
    Review,
    ReviewAssignment,
    ReviewForm,
    Score,
)
from funding.permissions import Actor, fetch, visible_assignments
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail
from funding.services.reviewing.calibration import scores_changed
from funding.services.reviewing.drafts import forget_draft, form_name, open_review
from funding.services.reviewing.found_conflicts import DECLARED, in_words, kinds_of_pair
from funding.services.reviewing.settings import form_of

LONGEST_TEXT = 4_000
LONGEST_REASON = 1_000


def read_mark(text: str, lowest: int, highest: int) -> float | None:
    """A mark as typed, with at most one decimal; None for anything else."""
    try:
        mark = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    if not math.isfinite(mark) or not lowest <= mark <= highest or mark != round(mark, 1):
        return None
    return mark


def score_of(form: ReviewForm, marks: Mapping[str, float]) -> float:
    """The weighted mean of the marks, on a scale from 0 to 100, with two decimals."""
    whole = sum(criterion.weight for criterion in form.criteria)
    span = form.highest - form.lowest
    mean = sum(c.weight * (marks[c.key] - form.lowest) for c in form.criteria) / whole
    return round(mean / span * 100, 2)


def read_review(
    form: ReviewForm, fields: Mapping[str, str]
) -> tuple[dict[str, float], str, str, list[Fault]]:
    """(marks by criterion, text for the committee, text for the applicant, faults)."""
    marks, faults = {}, []
    for criterion in form.criteria:
        name = f"mark_{criterion.key}"
        mark = read_mark(fields.get(name, ""), form.lowest, form.highest)
        if mark is None:
            rule = f"{criterion.name}: write a number from {form.lowest} to {form.highest}."
            faults.append(Fault(name, rule))
        else:
            marks[criterion.key] = mark
    texts = []
    for name, missing in (
        ("for_committee", "Say in a few sentences what the committee should know."),
        ("for_applicant", "Say in a few sentences what would help the applicant."),
    ):
        text = fields.get(name, "").replace("\r\n", "\n").replace("\0", "").strip()
        if not text:
            faults.append(Fault(name, missing))
        if len(text) > LONGEST_TEXT:
            faults.append(
                Fault(
                    name,
                    _(
                        "At most %(longest_text)s characters.",
                        longest_text=format_number(LONGEST_TEXT),
                    ),
                )
            )
        texts.append(text)
    return marks, texts[0], texts[1], faults


def hand_in(
    session: Session, *, by: Actor, assignment_id: int, form_number: int, fields: dict[str, str]
) -> Review:
    """Hand in a review: it stays as it is, its score counts, and others' reviews open.

    Raises NotFound, InvalidInput, Conflict where the form has a later version than the one shown,
    and RuleBroken where a conflict stands in the way.
    """
    assignment = open_review(session, by, assignment_id)
    proposal = assignment.proposal
    if proposal.state not in CANDIDATE_STATES:
        raise RuleBroken(
            _("This proposal is %(state)s; it is not reviewed any more.", state=proposal.state)
        )
    form = form_of(session, proposal.round_id)
    if form is None:
        raise RuleBroken("The round has no review form yet.")
    if form.number != form_number:
        raise Conflict("The form has been changed meanwhile. What you typed is still here.")
    marks, for_committee, for_applicant, faults = read_review(form, fields)
    if faults:
        raise InvalidInput(*faults)
    kinds = kinds_of_pair(session, proposal.id, by.person_id)
    if kinds:
        raise RuleBroken(
            _(
                "The site finds that you are in conflict: %(name)s %(in_words)s.",
                name=by.name,
                in_words=in_words(kinds),
            )
        )
    review = Review(
        assignment_id=assignment.id,
        proposal_id=proposal.id,
        person_id=by.person_id,
        form_id=form.id,
        marks=marks,
        score=score_of(form, marks),
        for_committee=for_committee,
        for_applicant=for_applicant,
    )
    session.add(review)
    session.flush()
    assignment.state = AssignmentState.HANDED_IN
    _count(session, review, session.get_one(Person, by.person_id))
    forget_draft(session, by.person_id, assignment.id)
    scores_changed(session, proposal.round_id)
    record(
        session,
        by,
        "review handed in",
        proposal,
        round_id=proposal.round_id,
        assignment=assignment.id,
        person=by.person_id,
        score=review.score,
    )
    return review


def _count(session: Session, review: Review, person: Person) -> None:
    """Let the review's score count; one entered for the same reviewer before is replaced."""
    score = session.scalars(
        sa.select(Score).where(
            Score.proposal_id == review.proposal_id, Score.reviewer == person.email
        )
    ).one_or_none()
    if score is None:
        score = Score(proposal_id=review.proposal_id, reviewer=person.email)
        session.add(score)
    score.score, score.comment = review.score, review.for_committee
    score.entered_by_id, score.entered_at, score.review_id = person.id, now(), review.id
    session.flush()


def send_back(
    session: Session, *, by: Actor, assignment_id: int, reason: str, public_url: str
) -> ReviewAssignment:
    """Give a handed-in review back to its reviewer, with what was written, and tell them why.

    Its score counts no more until it is handed in again; the log keeps what it was. Raises
    NotFound, InvalidInput, and RuleBroken once it was released to the applicant.
    """
    query = visible_assignments(by, "review.assign").with_for_update(of=ReviewAssignment)
    assignment: ReviewAssignment = fetch(session, query, assignment_id, "assignment")
    review = session.scalars(
        sa.select(Review).where(Review.assignment_id == assignment.id)
    ).one_or_none()
    if review is None:
        raise NotFound("review")
    if review.released_at is not None:
        raise RuleBroken("What was released to the applicant stays.")
    reason = reason.strip()
    if not reason:
        raise InvalidInput(Fault("reason", "Say what should be changed; the reviewer reads it."))
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(
            Fault(
                "reason",
                _(
                    "At most %(longest_reason)s characters.",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            )
        )
    proposal = session.get_one(Proposal, review.proposal_id)
    if proposal.state not in CANDIDATE_STATES:
        raise RuleBroken(
            _("This proposal is %(state)s; its reviews are settled.", state=proposal.state)
        )
    forget_draft(session, review.person_id, assignment.id)
    session.flush()
    session.add(
        ParkedForm(
            form=form_name(assignment.id),
            person_id=review.person_id,
            fields={
                "typed": {
                    **{f"mark_{key}": f"{mark:g}" for key, mark in review.marks.items()},
                    "for_committee": review.for_committee,
                    "for_applicant": review.for_applicant,
                }
            },
        )
    )
    score = session.scalars(sa.select(Score).where(Score.review_id == review.id)).one_or_none()
    if score is not None:
        session.delete(score)
        session.flush()
    before = review.score
    session.delete(review)
    assignment.state = AssignmentState.ACCEPTED
    session.flush()
    if DECLARED in kinds_of_pair(session, proposal.id, assignment.person_id):
        assignment.state = AssignmentState.IN_CONFLICT  # declared since: nothing of it is theirs
        session.flush()
    scores_changed(session, proposal.round_id)
    link = f"{public_url}/reviews/{assignment.id}"
    post_mail(session, assignment.person, lambda: _look_again(proposal, reason, link))
    record(
        session,
        by,
        "review sent back",
        proposal,
        round_id=proposal.round_id,
        assignment=assignment.id,
        person=assignment.person_id,
        score=before,
        reason=reason,
    )
    return assignment


def _look_again(proposal: Proposal, reason: str, link: str) -> Written:
    return (
        _("Please look again at your review of %(key)s", key=proposal.key),
        paragraphs(
            _("Your review of “%(title)s” was given back to you:", title=proposal.title),
            reason,
            _("What you wrote is still there:") + f"\n{link}",
        ),
    )
