"""What follows a review: discussion, release to the applicant, and reminders before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.config import Config
from funding.db import Database, now
from funding.errors import Fault, InvalidInput, NotPermitted, RuleBroken
from funding.formatting import format_date, format_number
from funding.language import gettext as _
from funding.language import ngettext
from funding.models import (
    CANDIDATE_STATES,
    WAITING_STATES,
    Person,
    Proposal,
    Review,
    ReviewAssignment,
    ReviewRemark,
    ReviewSettings,
    Round,
    TeamMember,
)
from funding.permissions import (
    Actor,
    fetch,
    finished_assignments,
    visible_proposals,
    working_rounds,
)
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail
from funding.services.reviewing.absences import begun_absences, pass_on

LONGEST_REMARK = 4_000
REMIND = "remind_reviewers"
AGAIN = timedelta(days=3)
"""After a reminder, the next one waits so long."""
DEFAULT_DAYS = 3


def may_remark(by: Actor) -> bool:
    """Whether some role of theirs takes part in discussions; auditors only read them."""
    return any(by.may(act) for act in ("review.assign", "round.manage", "review.write"))


def _may_discuss(session: Session, by: Actor, proposal_id: int) -> Proposal:
    """The proposal, for a reviewer who has handed in and for the round's readers."""
    own = session.scalar(
        finished_assignments(by)
        .where(ReviewAssignment.proposal_id == proposal_id)
        .with_only_columns(ReviewAssignment.id)
    )
    if own is not None:
        return session.get_one(Proposal, proposal_id)
    proposal: Proposal = fetch(
        session, visible_proposals(by, "review.read"), proposal_id, "proposal"
    )
    return proposal


def add_remark(session: Session, *, by: Actor, proposal_id: int, text: str) -> ReviewRemark:
    """Say something in the discussion of a proposal; the applicant never sees it.

    For officers, the committee, and reviewers who have handed in. Raises NotFound, InvalidInput.
    """
    proposal = _may_discuss(session, by, proposal_id)
    if not may_remark(by):
        raise NotPermitted("Your role does not include this.")
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise InvalidInput(Fault("text", "Write something first."))
    if len(text) > LONGEST_REMARK:
        raise InvalidInput(
            Fault(
                "text",
                _(
                    "At most %(longest_remark)s characters.",
                    longest_remark=format_number(LONGEST_REMARK),
                ),
            )
        )
    remark = ReviewRemark(proposal_id=proposal.id, person_id=by.person_id, text=text)
    session.add(remark)
    session.flush()
    record(session, by, "remark made", proposal, round_id=proposal.round_id, remark=remark.id)
    return remark


def release(
    session: Session, *, by: Actor, round_id: int, proposal_ids: list[int] | None, public_url: str
) -> int:
    """Release what reviewers wrote for the applicants, of these proposals or (None) of all.

    Applicants then read the texts, without names, scores or ranking. What is released stays so.
    Answers how many reviews were released. Raises NotFound, RuleBroken where there is nothing.
    """
    round_: Round = fetch(session, working_rounds(by, "review.assign"), round_id, "round")
    readable = (
        visible_proposals(by, "review.assign")
        .where(Proposal.round_id == round_.id)
        .with_only_columns(Proposal.id)
    )
    query = sa.select(Review).where(Review.proposal_id.in_(readable), Review.released_at.is_(None))
    if proposal_ids is not None:
        query = query.where(Review.proposal_id.in_(proposal_ids))
    reviews = session.scalars(query.order_by(Review.id)).all()
    if not reviews:
        raise RuleBroken("There is nothing to release.")
    at = now()
    for review in reviews:
        review.released_at, review.released_by_id = at, by.person_id
    told = sorted({review.proposal_id for review in reviews})
    _tell_applicants(session, round_, told, public_url)
    record(
        session,
        by,
        "reviews released",
        round_,
        round_id=round_.id,
        reviews=[review.id for review in reviews],
        proposals=told,
    )
    return len(reviews)


def _tell_applicants(
    session: Session, round_: Round, proposal_ids: list[int], public_url: str
) -> None:
    for start in range(0, len(proposal_ids), 500):
        some = proposal_ids[start : start + 500]
        people: defaultdict[int, dict[str, Person]] = defaultdict(dict)
        leads = sa.select(Proposal.id, Person).join(Person, Person.id == Proposal.lead_id)
        team = sa.select(TeamMember.proposal_id, Person).join(
            Person, Person.id == TeamMember.person_id
        )
        for found in (
            leads.where(Proposal.id.in_(some)),
            team.where(TeamMember.proposal_id.in_(some)),
        ):
            for proposal_id, person in session.execute(found):
                people[proposal_id][person.email] = person
        for proposal in session.scalars(
            sa.select(Proposal).where(Proposal.id.in_(some)).order_by(Proposal.id)
        ):
            link = f"{public_url}/proposals/{proposal.id}#reviews"
            for _email, person in sorted(people[proposal.id].items()):
                post_mail(session, person, partial(_to_be_read, round_, proposal, link))


def _to_be_read(round_: Round, proposal: Proposal, link: str) -> Written:
    return (
        _("What reviewers wrote for you: %(title)s", title=proposal.title),
        _(
            "The reviewers’ words on your proposal in %(round)s can be read here:",
            round=round_.name,
        )
        + f"\n{link}",
    )


# -- reminders ----------------------------------------------------------------------------------


def remind_reviewers(database: Database, config: Config) -> None:
    """The task that comes round by itself: pass on what waits for who is away, then remind.

    Run twice, it does nothing the second time.
    """
    database.in_transaction(_pass_on_all, public_url=config.public_url)
    database.in_transaction(_remind, public_url=config.public_url)


def _pass_on_all(session: Session, *, public_url: str) -> None:
    for absence in begun_absences(session, now().date()):
        pass_on(session, None, absence, public_url)


def _remind(session: Session, *, public_url: str) -> None:
    """One mail a person about all that is due soon or overdue and was not mentioned of late."""
    at = now()
    days = dict(
        session.execute(sa.select(ReviewSettings.round_id, ReviewSettings.remind_days)).all()
    )
    longest = max([DEFAULT_DAYS, *days.values()])
    due = session.scalars(
        sa.select(ReviewAssignment)
        .join(Proposal, Proposal.id == ReviewAssignment.proposal_id)
        .where(
            ReviewAssignment.state.in_(WAITING_STATES),
            ReviewAssignment.due_at <= at + timedelta(days=longest),
            sa.or_(
                ReviewAssignment.reminded_at.is_(None), ReviewAssignment.reminded_at <= at - AGAIN
            ),
            Proposal.state.in_(CANDIDATE_STATES),
        )
        .order_by(ReviewAssignment.due_at, ReviewAssignment.id)
        .options(joinedload(ReviewAssignment.proposal), joinedload(ReviewAssignment.person))
    ).all()
    by_person: defaultdict[int, list[ReviewAssignment]] = defaultdict(list)
    for assignment in due:
        before = timedelta(days=days.get(assignment.proposal.round_id, DEFAULT_DAYS))
        if assignment.due_at is not None and assignment.due_at <= at + before:
            by_person[assignment.person_id].append(assignment)
    for assignments in by_person.values():
        post_mail(session, assignments[0].person, partial(_reminder, assignments, at, public_url))
        for assignment in assignments:
            assignment.reminded_at = at
        record(
            session,
            None,
            "reviewer reminded",
            assignments[0],
            round_id=assignments[0].proposal.round_id,
            person=assignments[0].person_id,
            reviews=len(assignments),
        )


def _reminder(assignments: Sequence[ReviewAssignment], at: datetime, public_url: str) -> Written:
    number = len(assignments)
    return (
        ngettext("%(num)s review due", "%(num)s reviews due", number, num=format_number(number)),
        paragraphs(
            _("These reviews wait for you:"),
            "\n".join(
                f"- {_due(a.proposal.title, a.due_at, at)}\n  {public_url}/reviews/{a.id}"
                for a in assignments
                if a.due_at is not None
            ),
            _("If you cannot do one, tell an officer of the round, or name who stands in for you:")
            + f"\n{public_url}/reviews",
        ),
    )


def _due(title: str, due_at: datetime, at: datetime) -> str:
    day = format_date(due_at)
    if due_at < at:
        return _("%(title)s: overdue since %(day)s", title=title, day=day)
    return _("%(title)s: due %(day)s", title=title, day=day)
