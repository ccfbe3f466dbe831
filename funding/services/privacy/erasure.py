"""Forgetting a person: who they are goes, what they did stays, under a number.

Money and log point at people by number and hold nothing personal, so neither the ledger nor the
chain of the log is touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import NotFound, RuleBroken
from funding.language import gettext as _
from funding.models import (
    WAITING_STATES,
    AssignmentState,
    Award,
    AwardState,
    Binding,
    CoAuthor,
    Digest,
    ErasureRequest,
    LoginSession,
    Mail,
    OneTimeLink,
    Organisation,
    ParkedForm,
    Person,
    Proposal,
    ProposalState,
    ReviewAssignment,
    ReviewerEffect,
    Role,
    Round,
    RoundReviewer,
    RoundState,
    Score,
    TeamMember,
)
from funding.permissions import Actor
from funding.services.log import record

ENDED = (AwardState.COMPLETED, AwardState.TERMINATED)
NEEDED = (Role.PLATFORM_ADMIN, Role.FUNDER_ADMIN)
"""Roles that an organisation cannot be without: the last to hold one hands it over first."""


def ask(session: Session, *, by: Actor) -> ErasureRequest:
    """Ask to be forgotten. Raises RuleBroken where that has been asked already."""
    if open_request(session, by.person_id):
        raise RuleBroken("You have asked for this already.")
    request = ErasureRequest(person_id=by.person_id)
    session.add(request)
    record(session, by, "erasure asked for", session.get_one(Person, by.person_id))
    return request


def take_back(session: Session, *, by: Actor) -> None:
    """Stay, after all. Raises NotFound where nothing was asked."""
    request = open_request(session, by.person_id)
    if request is None:
        raise NotFound("request")
    session.delete(request)
    record(session, by, "erasure no longer asked for", session.get_one(Person, by.person_id))


def open_request(session: Session, person_id: int) -> ErasureRequest | None:
    return session.scalars(
        sa.select(ErasureRequest).where(
            ErasureRequest.person_id == person_id, ErasureRequest.done_at.is_(None)
        )
    ).one_or_none()


def obstacles(session: Session, person_id: int) -> list[str]:
    """What has to be settled before this person can be forgotten, a sentence each."""
    return [
        *(
            f"leads “{title}”, whose round is still going on"
            for title in _going_on(session, person_id)
        ),
        *(
            f"leads “{title}”, an award that has not ended"
            for title in _awarded(session, person_id)
        ),
        *(f"is the last {role.label} of {name}" for role, name in _last_of(session, person_id)),
    ]


def _going_on(session: Session, person_id: int) -> list[str]:
    return list(
        session.scalars(
            sa.select(Proposal.title)
            .join(Round, Round.id == Proposal.round_id)
            .where(
                Proposal.lead_id == person_id,
                Proposal.state.not_in([ProposalState.DRAFT, ProposalState.WITHDRAWN]),
                Round.state != RoundState.CLOSED,
            )
            .order_by(Proposal.id)
        )
    )


def _awarded(session: Session, person_id: int) -> list[str]:
    return list(
        session.scalars(
            sa.select(Proposal.title)
            .join(Award, Award.proposal_id == Proposal.id)
            .join(Round, Round.id == Proposal.round_id)
            .where(
                Proposal.lead_id == person_id,
                Award.state.not_in(ENDED),
                Round.state == RoundState.CLOSED,  # told of above otherwise
            )
            .distinct()
            .order_by(Proposal.title)
        )
    )


def _last_of(session: Session, person_id: int) -> list[tuple[Role, str]]:
    other = sa.orm.aliased(Binding)
    another = (
        sa.exists()
        .where(
            other.organisation_id == Binding.organisation_id,
            other.role == Binding.role,
            other.person_id != person_id,
            Person.id == other.person_id,
            Person.is_active,
        )
        .correlate(Binding)
    )
    rows = session.execute(
        sa.select(Binding.role, Organisation.name)
        .join(Organisation, Organisation.id == Binding.organisation_id)
        .where(Binding.person_id == person_id, Binding.role.in_(NEEDED), ~another)
        .order_by(Organisation.name)
    )
    return [(Role(role), name) for role, name in rows]


def erase(session: Session, *, by: Actor, person_id: int) -> Person:
    """Forget a person who asked for it.

    Raises NotFound where nobody of this number asked, RuleBroken for oneself or while something
    stands in the way.
    """
    request = open_request(session, person_id)
    if request is None:
        raise NotFound("request")
    if person_id == by.person_id:
        raise RuleBroken("Nobody carries out their own request.")
    in_the_way = obstacles(session, person_id)
    if in_the_way:
        raise RuleBroken(_("Not yet: this person %(join)s.", join="; ".join(in_the_way)))
    person = session.get_one(Person, person_id)
    _forget_what_names(session, person)
    _forget_who(person)
    request.done_at, request.done_by_id = now(), by.person_id
    record(session, by, "person erased", person)
    return person


def _forget_what_names(session: Session, person: Person) -> None:
    """Rows that only served this person, and the places where others name them."""
    for table in (LoginSession, OneTimeLink, ParkedForm, Binding):
        session.execute(sa.delete(table).where(table.person_id == person.id))
    session.execute(sa.delete(Mail).where(sa.func.lower(Mail.to) == person.email.lower()))
    session.execute(
        sa.update(TeamMember)
        .where(
            sa.or_(
                TeamMember.person_id == person.id,
                sa.func.lower(TeamMember.email) == person.email.lower(),
            )
        )
        .values(name=f"Erased person {person.id}", email=None, orcid=None)
    )
    _forget_reviewer(session, person)
    session.expire(person, ["bindings"])


def _forget_reviewer(session: Session, person: Person) -> None:
    """What they said they know and with whom they wrote; their scores stay, under a number."""
    for table in (Score, ReviewerEffect):
        session.execute(
            sa.update(table)
            .where(sa.func.lower(table.reviewer) == person.email.lower())
            .values(reviewer=_address_of_nobody(person))
        )
    waiting = sa.select(ReviewAssignment).where(
        ReviewAssignment.person_id == person.id, ReviewAssignment.state.in_(WAITING_STATES)
    )
    for assignment in session.scalars(waiting):
        assignment.state = AssignmentState.WITHDRAWN
    for reviewer in session.scalars(
        sa.select(RoundReviewer).where(RoundReviewer.person_id == person.id)
    ):
        reviewer.expertise, reviewer.areas, reviewer.most = "", [], 0
    named = [CoAuthor.person_id == person.id, sa.func.lower(CoAuthor.name) == person.name.lower()]
    if person.orcid:
        named.append(CoAuthor.orcid == person.orcid)
    session.execute(sa.delete(CoAuthor).where(sa.or_(*named)))


def _forget_who(person: Person) -> None:
    person.name = f"Erased person {person.id}"
    person.email = _address_of_nobody(person)
    person.password_hash = person.orcid = person.calendar_hash = None
    person.timezone, person.digest, person.is_active = "UTC", Digest.NEVER, False


def _address_of_nobody(person: Person) -> str:
    return f"erased-{person.id}@erased.invalid"
