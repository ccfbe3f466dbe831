"""The reviewers of a round: what they know, and how many reviews they take."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.forms import without_repeats
from funding.language import gettext as _
from funding.models import (
    COUNTED_STATES,
    Binding,
    Person,
    Proposal,
    ReviewAssignment,
    Role,
    Round,
    RoundReviewer,
)
from funding.permissions import Actor, fetch, visible_reviewers, working_rounds
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail

MOST_REVIEWS = 8
LONGEST_EXPERTISE = 4_000


def candidates(session: Session, round_id: int, q: str = "", *, most: int = 100) -> list[Person]:
    """People who hold the role of a reviewer and are not yet reviewers of the round, by name."""
    there = sa.select(RoundReviewer.person_id).where(RoundReviewer.round_id == round_id)
    query = sa.select(Person).where(
        Person.is_active,
        Person.id.not_in(there),
        sa.exists().where(Binding.person_id == Person.id, Binding.role == Role.REVIEWER),
    )
    if q:
        query = query.where(
            sa.or_(
                Person.name.icontains(q, autoescape=True),
                Person.email.icontains(q, autoescape=True),
            )
        )
    return list(session.scalars(query.order_by(Person.name, Person.id).limit(most)))


def add_reviewers(
    session: Session, *, by: Actor, round_id: int, person_ids: list[int], public_url: str
) -> int:
    """Make people reviewers of a round, and tell them. Answers how many were added.

    Raises NotFound for a round or a person that is not there for the officer, InvalidInput where
    nobody was chosen.
    """
    round_: Round = fetch(session, working_rounds(by, "review.assign"), round_id, "round")
    if not person_ids:
        raise InvalidInput(Fault("person", "Choose at least one person."))
    able = {
        person.id: person
        for person in session.scalars(
            sa.select(Person).where(
                Person.id.in_(person_ids),
                Person.is_active,
                sa.exists().where(Binding.person_id == Person.id, Binding.role == Role.REVIEWER),
            )
        )
    }
    if set(person_ids) - able.keys():
        raise NotFound("reviewer")
    there = set(
        session.scalars(
            sa.select(RoundReviewer.person_id).where(RoundReviewer.round_id == round_.id)
        )
    )
    added = 0
    for person_id in sorted(set(person_ids) - there):
        # what a person has said of themselves in an earlier round is where this one starts
        earlier = session.scalars(
            sa.select(RoundReviewer)
            .where(RoundReviewer.person_id == person_id)
            .order_by(RoundReviewer.id.desc())
            .limit(1)
        ).one_or_none()
        keys = {area.key for area in round_.taxonomy.areas}
        session.add(
            RoundReviewer(
                round_id=round_.id,
                person_id=person_id,
                areas=[key for key in earlier.areas if key in keys] if earlier else [],
                expertise=earlier.expertise if earlier else "",
                most=earlier.most if earlier else MOST_REVIEWS,
                added_by_id=by.person_id,
            )
        )
        post_mail(session, able[person_id], lambda: _asked_to_review(round_, public_url))
        added += 1
    record(session, by, "reviewers added", round_, round_id=round_.id, people=sorted(able))
    return added


def _asked_to_review(round_: Round, public_url: str) -> Written:
    return (
        _("You are asked to review in %(round)s", round=round_.name),
        paragraphs(
            _(
                "%(owner)s asks you to review proposals in %(round)s.",
                owner=round_.owner.name,
                round=round_.name,
            ),
            _(
                "Say what you know best and how many reviews you can take, so that the right "
                "proposals reach you:"
            )
            + f"\n{public_url}/reviews",
        ),
    )


def set_expertise(
    session: Session,
    *,
    by: Actor,
    reviewer_id: int,
    version: int,
    areas: list[str],
    expertise: str,
    most: int | None,
    faults: tuple[Fault, ...] = (),
) -> RoundReviewer:
    """Say what a reviewer knows and how many reviews are taken: by themselves or by an officer.

    Raises NotFound, Conflict for a stale version, InvalidInput.
    """
    reviewer = find_reviewer(session, by, reviewer_id)
    if reviewer.version != version:
        raise Conflict("Somebody else changed this meanwhile.")
    ruled = []
    if most is None or not 0 <= most <= 1_000:
        ruled.append(Fault("most", "Write how many reviews, from 0 to 1,000."))
    if len(expertise) > LONGEST_EXPERTISE:
        ruled.append(
            Fault(
                "expertise",
                _(
                    "At most %(longest_expertise)s characters.",
                    longest_expertise=format_number(LONGEST_EXPERTISE),
                ),
            )
        )
    known = {area.key for area in reviewer.round.taxonomy.areas}
    if not set(areas) <= known:
        ruled.append(Fault("areas", "Choose areas of the round."))
    wrong = without_repeats(faults, ruled)
    if wrong:
        raise InvalidInput(*wrong)
    reviewer.areas, reviewer.expertise, reviewer.most = areas, expertise.strip(), most or 0
    record(
        session,
        by,
        "expertise set",
        reviewer,
        round_id=reviewer.round_id,
        person=reviewer.person_id,
        areas=areas,
        most=most,
    )
    return reviewer


def find_reviewer(session: Session, by: Actor, reviewer_id: int) -> RoundReviewer:
    """A reviewer of a round, as far as it is oneself or an officer may assign there."""
    own = sa.select(RoundReviewer.id).where(RoundReviewer.person_id == by.person_id)
    managed = visible_reviewers(by, "review.assign").with_only_columns(RoundReviewer.id)
    query = sa.select(RoundReviewer).where(
        sa.or_(RoundReviewer.id.in_(own), RoundReviewer.id.in_(managed))
    )
    found: RoundReviewer = fetch(session, query, reviewer_id, "reviewer")
    return found


def remove_reviewer(session: Session, *, by: Actor, reviewer_id: int) -> RoundReviewer:
    """Take somebody off a round's reviewers, where nothing is assigned or handed in by them.

    Raises NotFound and RuleBroken.
    """
    query = visible_reviewers(by, "review.assign")
    reviewer: RoundReviewer = fetch(session, query, reviewer_id, "reviewer")
    assigned = session.scalar(
        sa.select(sa.func.count())
        .select_from(ReviewAssignment)
        .join(Proposal, Proposal.id == ReviewAssignment.proposal_id)
        .where(
            Proposal.round_id == reviewer.round_id,
            ReviewAssignment.person_id == reviewer.person_id,
            ReviewAssignment.state.in_(COUNTED_STATES),
        )
    )
    if assigned:
        raise RuleBroken("This person has reviews in the round; reassign or withdraw them first.")
    record(
        session,
        by,
        "reviewer removed",
        reviewer,
        round_id=reviewer.round_id,
        person=reviewer.person_id,
    )
    session.delete(reviewer)
    return reviewer
