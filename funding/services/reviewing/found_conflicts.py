"""Conflicts found by themselves: same institution, team, co-applicant or co-author of late.

They are reckoned from what is stored whenever they are asked for, never stored themselves. For one
person and proposal the condition of the database (`funding.models.triggers.reviews`), for many
an index is built; both say the same. Only a second person waives one, with a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    Binding,
    CoAuthor,
    ConflictOfInterest,
    Person,
    Proposal,
    WaivedConflict,
)
from funding.models.triggers.reviews import FOUND, PEOPLE_VIEW, RECENT

YEARS = 3
LONGEST_REASON = 1_000
DECLARED = "declared"
INSTITUTION, TEAM, CO_APPLICANT, CO_AUTHOR = FOUND

WORDS = {
    INSTITUTION: "belongs to the institution that applies",
    TEAM: "is named in the team",
    CO_APPLICANT: f"applied together with somebody of the team within {YEARS} years",
    CO_AUTHOR: f"published together with somebody of the team within {YEARS} years",
    DECLARED: "declared a conflict",
}
"""Kind -> what to say of the reviewer."""

Pair = tuple[int, int]
"""(proposal id, person id)."""

_people = sa.table(
    PEOPLE_VIEW,
    sa.column("proposal_id", sa.Integer),
    sa.column("person_id", sa.Integer),
    sa.column("orcid", sa.Text),
    sa.column("email", sa.Text),
    sa.column("name", sa.Text),
)


def kinds_of_pair(session: Session, proposal_id: int, person_id: int) -> set[str]:
    """The conflicts that stand between a person and a proposal: declared, or found and not waived.

    Asks what the database's own rule asks.
    """
    dialect = session.get_bind().dialect.name
    found = {
        kind
        for kind, condition in FOUND.items()
        if _holds(session, dialect, condition, proposal_id, person_id)
    }
    waived = set(
        session.scalars(
            sa.select(WaivedConflict.kind).where(
                WaivedConflict.proposal_id == proposal_id, WaivedConflict.person_id == person_id
            )
        )
    )
    declared = sa.select(ConflictOfInterest.id).where(
        ConflictOfInterest.proposal_id == proposal_id, ConflictOfInterest.person_id == person_id
    )
    standing = found - waived
    if session.scalar(declared) is not None:
        standing.add(DECLARED)
    return standing


def _holds(
    session: Session, dialect: str, condition: str, proposal_id: int, person_id: int
) -> bool:
    for word, meaning in RECENT[dialect].items():
        condition = condition.replace(word, meaning)
    # both are numbers of rows, never text that somebody typed
    condition = condition.replace("{proposal}", str(int(proposal_id)))
    condition = condition.replace("{person}", str(int(person_id)))
    asked = sa.text(f"select case when {condition} then 1 else 0 end".replace(":", "\\:"))
    return bool(session.scalar(asked))


@dataclass
class Found:
    """The conflicts of many pairs at once: kinds that stand, kinds that were waived."""

    standing: dict[Pair, set[str]] = field(default_factory=lambda: defaultdict(set))
    waived: dict[Pair, set[str]] = field(default_factory=lambda: defaultdict(set))

    def of(self, proposal_id: int, person_id: int) -> set[str]:
        return self.standing.get((proposal_id, person_id), set())


def conflicts_among(
    session: Session, round_id: int, people: Collection[int], proposals: Collection[int] = ()
) -> Found:
    """What stands between these people and a round's proposals (all, or those given).

    A fixed number of queries, whatever the size of the round.
    """
    found = Found()
    in_round = sa.select(Proposal.id).where(Proposal.round_id == round_id)
    if proposals:
        in_round = in_round.where(Proposal.id.in_(list(proposals)))
    rows = sa.select(Proposal.id, Proposal.institution_id).where(Proposal.id.in_(in_round))
    institution: dict[int, int | None] = dict(session.execute(rows).all())
    people = set(people)
    _by_institution(session, found, institution, people)
    keys = _keys_of_people(session, people)
    holders = _holders(session, set(institution))
    for person, own in keys.items():
        for proposal in {p for key in own for p in holders.get(key, ())}:
            found.standing[proposal, person].add(TEAM)
    _co_applicants(session, found, keys, holders)
    _co_authors(session, found, people, holders)
    _waived_and_declared(session, found, in_round, people)
    return found


def _by_institution(
    session: Session, found: Found, institution: dict[int, int | None], people: set[int]
) -> None:
    members: defaultdict[int, set[int]] = defaultdict(set)
    for person, organisation in session.execute(
        sa.select(Binding.person_id, Binding.organisation_id)
    ):
        if person in people:
            members[organisation].add(person)
    for proposal, home in institution.items():
        for person in members.get(home or 0, ()):
            found.standing[proposal, person].add(INSTITUTION)


Key = tuple[str, str | int]


def _keys(person_id: int | None, orcid: str | None, email: str | None, name: str) -> set[Key]:
    """Everything that tells who somebody is; two that share one are taken for the same."""
    told: list[tuple[str, str | int | None]] = [
        ("id", person_id),
        ("orcid", orcid),
        ("email", email),
        ("name", name),
    ]
    return {(kind, value) for kind, value in told if value is not None}


def _keys_of_people(session: Session, people: set[int]) -> dict[int, set[Key]]:
    rows = session.execute(
        sa.select(Person.id, Person.orcid, sa.func.lower(Person.email), sa.func.lower(Person.name))
    )
    return {row[0]: _keys(*row) for row in rows if row[0] in people}


def _holders(session: Session, proposals: set[int]) -> dict[Key, set[int]]:
    """In which of the proposals each is named."""
    holders: defaultdict[Key, set[int]] = defaultdict(set)
    for proposal, *who in session.execute(sa.select(*_people.c)):
        if proposal in proposals:
            for key in _keys(*who):
                holders[key].add(proposal)
    return holders


def _co_applicants(
    session: Session, found: Found, keys: dict[int, set[Key]], holders: dict[Key, set[int]]
) -> None:
    """Through another proposal, of whatever round, handed in within the years."""
    recent = (
        sa.select(*_people.c)
        .join(Proposal, Proposal.id == _people.c.proposal_id)
        .where(Proposal.submitted_at >= _years_ago(now()))
    )
    groups: defaultdict[int, set[Key]] = defaultdict(set)
    where: defaultdict[Key, set[int]] = defaultdict(set)
    for proposal, *who in session.execute(recent):
        groups[proposal] |= _keys(*who)
    for proposal, everybody in groups.items():
        for key in everybody:
            where[key].add(proposal)
    for person, own in keys.items():
        for other in {p for key in own for p in where.get(key, ())}:
            for proposal in {p for key in groups[other] for p in holders.get(key, ())} - {other}:
                found.standing[proposal, person].add(CO_APPLICANT)


def _years_ago(moment: datetime) -> datetime:
    try:
        return moment.replace(year=moment.year - YEARS)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year - YEARS, month=3, day=1)


def _co_authors(
    session: Session, found: Found, people: set[int], holders: dict[Key, set[int]]
) -> None:
    for person, name, orcid in session.execute(
        sa.select(CoAuthor.person_id, sa.func.lower(CoAuthor.name), CoAuthor.orcid).where(
            CoAuthor.last_on >= _years_ago(now()).date()
        )
    ):
        if person in people:
            for proposal in {
                p for key in _keys(None, orcid, None, name) for p in holders.get(key, ())
            }:
                found.standing[proposal, person].add(CO_AUTHOR)


def _waived_and_declared(
    session: Session, found: Found, in_round: sa.Select[tuple[int]], people: set[int]
) -> None:
    waivers = sa.select(
        WaivedConflict.proposal_id, WaivedConflict.person_id, WaivedConflict.kind
    ).where(WaivedConflict.proposal_id.in_(in_round))
    for proposal, person, kind in session.execute(waivers):
        found.standing[proposal, person].discard(kind)
        found.waived[proposal, person].add(kind)
    declared = sa.select(ConflictOfInterest.proposal_id, ConflictOfInterest.person_id).where(
        ConflictOfInterest.proposal_id.in_(in_round)
    )
    for proposal, person in session.execute(declared):
        if person in people:
            found.standing[proposal, person].add(DECLARED)


def in_words(kinds: Collection[str]) -> str:
    """What stands between a reviewer and a proposal, as a sentence ends; empty for nothing."""
    return "; ".join(WORDS[kind] for kind in WORDS if kind in kinds)
