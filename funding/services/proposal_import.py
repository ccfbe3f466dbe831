"""Proposals from a file: institutions and lead applicants found or made, each row handed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.imports.faults import Fault
from funding.imports.known import Known
from funding.imports.records import ProposalRecord
from funding.language import gettext
from funding.models import (
    Binding,
    BudgetLine,
    Import,
    Organisation,
    OrganisationKind,
    Person,
    Proposal,
    ProposalArea,
    ProposalState,
    Role,
    RoundState,
    Score,
    TeamMember,
    YearOfAsk,
)
from funding.sayings import counted
from funding.services.areas import slug, unused
from funding.services.clock import database_now
from funding.services.import_plan import (
    Before,
    Directory,
    Outcome,
    Printed,
    Scope,
    Told,
    add_item,
    in_parts,
    plain,
    some_of,
)

REVIEWER = "Imported with the proposal"
"""Who a score that comes with a proposal is said to be from."""

_PART = 500


@dataclass(frozen=True)
class NewProposal:
    """A row that can be written; `lead` is the e-mail address of who leads."""

    entry: Printed
    lead: str


def known(session: Session, scope: Scope) -> Known:
    """The round's areas of both levels, by key and by name."""
    areas = scope.into.taxonomy.areas
    names = {area.name.casefold(): area.key for area in areas}
    return Known(names | {area.key.casefold(): area.key for area in areas})


def defaults(scope: Scope) -> dict[str, str]:
    """Amounts without a currency are in the round's."""
    return {"currency": scope.into.base_currency}


def lead_of(record: ProposalRecord) -> str:
    """The e-mail address of who leads: as given, else the first of the team's."""
    return record.lead or next((member.email for member in record.team if member.email), "")


def plan(session: Session, scope: Scope, entries: list[Printed]) -> Outcome:
    """Every row against the round as it is, and who and what it would bring with it."""
    keys = session.scalars(sa.select(Proposal.key).where(Proposal.round_id == scope.into.id))
    before = Before(session, scope, keys)
    base, faults = scope.into.base_currency, []
    new, same = [], 0
    for entry in entries:
        if before.holds(entry):
            same += 1
            continue
        found = [fault] if (fault := before.against(entry, "proposal")) else []
        if entry.record.currency != base:
            rule = gettext("proposals of this round are in %(base)s", base=base)
            found.append(Fault(entry.row, "currency", entry.record.currency, rule))
        lead = lead_of(entry.record)
        if not lead:
            found.append(Fault(entry.row, "lead", None, "is missing: whose proposal is it?"))
        faults += found
        if not found:
            new.append(NewProposal(entry, lead))
    return Outcome(new, same, tuple(faults), _effects(session, new))


def _effects(session: Session, new: list[NewProposal]) -> tuple[str, ...]:
    institutions = Directory(session, OrganisationKind.INSTITUTION)
    unknown: dict[str, str] = {}
    for made in new:
        name = made.entry.record.institution
        if institutions.find(name) is None:
            unknown.setdefault(plain(name), name)
    people = _people(session, {made.lead for made in new})
    newcomers = sorted({made.lead for made in new} - people.keys())
    effects = []
    if unknown:
        effects.append(
            counted(
                "%(num)s new institution: %(names)s.",
                "%(num)s new institutions: %(names)s.",
                len(unknown),
                names=some_of(list(unknown.values())),
            )
        )
    if newcomers:
        effects.append(
            counted(
                "%(num)s new person: %(names)s; no mail goes out, each can ask for a password on "
                "the sign-in page.",
                "%(num)s new people: %(names)s; no mail goes out, each can ask for a password on "
                "the sign-in page.",
                len(newcomers),
                names=some_of(newcomers),
            )
        )
    return tuple(effects)


def _people(session: Session, emails: Iterable[str]) -> dict[str, Person]:
    found: dict[str, Person] = {}
    for part in in_parts(sorted(emails)):
        for person in session.scalars(sa.select(Person).where(Person.email.in_(part))):
            found[person.email] = person
    return found


def write(session: Session, scope: Scope, batch: Import, outcome: Outcome, told: Told) -> None:
    """Write each proposal as handed in now; a round past its call takes it as one in review."""
    writer = _Writer(session, scope, outcome.new)
    written = 0
    for part in in_parts(outcome.new, _PART):
        made = [(new.entry, writer.proposal(new)) for new in part]
        session.add_all(proposal for _, proposal in made)
        session.flush()
        for entry, proposal in made:
            add_item(session, batch, entry, proposal_id=proposal.id)
        session.flush()
        written += len(part)
        told(written, len(outcome.new))


@dataclass
class _Writer:
    session: Session
    scope: Scope
    new: list[NewProposal]

    def __post_init__(self) -> None:
        round_ = self.scope.into
        is_early = round_.state in (RoundState.DRAFT, RoundState.OPEN)
        self._state = ProposalState.SUBMITTED if is_early else ProposalState.IN_REVIEW
        self._at = database_now(self.session)
        self._by_id = self.scope.by.person_id if self.scope.by else None
        keys = sa.select(Proposal.key).where(Proposal.round_id == round_.id)
        given = (made.entry.record.external_id for made in self.new)
        taken = {*self.session.scalars(keys), *given}
        self._free_keys = (key for n in count(1) if (key := f"I{n:04}") not in taken)
        self._institutions = self._all_institutions()
        self._people = self._all_people()

    def _all_institutions(self) -> dict[str, Organisation]:
        """By the word a file uses; those not here yet are made."""
        directory = Directory(self.session, OrganisationKind.INSTITUTION)
        taken = set(self.session.scalars(sa.select(Organisation.key)))
        found: dict[str, Organisation] = {}
        for made in self.new:
            record: ProposalRecord = made.entry.record
            word = plain(record.institution)
            if word in found:
                continue
            institution = directory.find(word)
            if institution is None:
                key = unused(slug(record.institution) or "institution", taken)
                taken.add(key)
                institution = Organisation(
                    key=key,
                    name=record.institution,
                    kind=OrganisationKind.INSTITUTION,
                    country=record.country or None,
                    region=record.region,
                )
                self.session.add(institution)
            found[word] = institution
        self.session.flush()
        return found

    def _all_people(self) -> dict[str, Person]:
        """By e-mail address; those not here yet are made, as researchers of their institution."""
        people = _people(self.session, {made.lead for made in self.new})
        for made in self.new:
            if made.lead not in people:
                people[made.lead] = person = Person(
                    email=made.lead, name=_name_of(made.entry.record, made.lead)
                )
                person.bindings.append(
                    Binding(
                        organisation=self._institution(made.entry.record),
                        role=Role.RESEARCHER,
                        granted_by_id=self._by_id,
                    )
                )
                self.session.add(person)
        self.session.flush()
        return people

    def _institution(self, record: ProposalRecord) -> Organisation:
        return self._institutions[plain(record.institution)]

    def proposal(self, made: NewProposal) -> Proposal:
        record: ProposalRecord = made.entry.record
        lead = self._people[made.lead]
        proposal = Proposal(
            key=record.external_id or next(self._free_keys),
            round_id=self.scope.into.id,
            state=self._state,
            title=record.title,
            abstract=record.abstract,
            ask=record.ask,
            minimum=record.minimum,
            institution=self._institution(record),
            lead=lead,
            country=record.country or None,
            region=record.region,
            risk_tier=record.risk_tier,
            keywords=list(record.keywords),
            starts_on=record.starts,
            ends_on=record.ends,
            submitted_at=self._at,
        )
        proposal.areas = [ProposalArea(area_key=key, weight=w) for key, w in record.areas]
        proposal.budget = [
            BudgetLine(position=position, name=line.line, amount=line.amount)
            for position, line in enumerate(record.budget)
        ]
        proposal.years = [YearOfAsk(year=year, amount=part) for year, part in record.years]
        proposal.team = [
            TeamMember(
                position=position,
                name=member.name,
                role=member.role,
                email=member.email or None,
                orcid=member.orcid or None,
                person_id=lead.id if member.email == lead.email else None,
            )
            for position, member in enumerate(record.team)
        ]
        if record.score is not None:
            proposal.scores.append(
                Score(reviewer=REVIEWER, score=record.score, entered_by_id=self._by_id)
            )
        return proposal


def _name_of(record: ProposalRecord, email: str) -> str:
    """The name of who leads: of the team member with that address, or alone without one."""
    named_so = [member.name for member in record.team if member.email == email]
    alone = [member.name for member in record.team if not member.email]
    return next(iter(named_so or alone), email.partition("@")[0])
