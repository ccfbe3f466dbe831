"""Writing a proposal: starting it, saving it, editing it with others.

What is typed is kept as it stands (`funding.services.typed_text`) until saving it has worked.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from funding.errors import Conflict, InvalidInput, NotPermitted, RuleBroken
from funding.language import gettext as _
from funding.models import (
    Area,
    Binding,
    BudgetLine,
    Organisation,
    OrganisationKind,
    Person,
    Proposal,
    ProposalArea,
    ProposalState,
    Role,
    Round,
    RoundState,
    Taxonomy,
    TeamMember,
    YearOfAsk,
)
from funding.permissions import Actor, fetch, visible_rounds
from funding.services.applicants import hold, record_act
from funding.services.clock import database_now
from funding.services.deadlines import deadline
from funding.services.form_fields import Clash, Fields, fields_of, merge, take_part
from funding.services.form_reading import Entries, FormReader, Member, Scope
from funding.services.log import record
from funding.services.typed_text import forget_typed


class Clashed(Conflict):
    """Two applicants changed the same part of the form; nothing was overwritten.

    `fields` has what can be brought together by itself, `version` the proposal as it is now.
    """

    def __init__(self, clashes: tuple[Clash, ...], fields: Fields, version: int) -> None:
        super().__init__("Somebody else changed the same part of the form meanwhile.")
        self.clashes, self.fields, self.version = clashes, fields, version


# -- starting -----------------------------------------------------------------------------------


def institutions_of(session: Session, person_id: int) -> list[Organisation]:
    """The institutions in whose name a person may apply."""
    return list(
        session.scalars(
            sa.select(Organisation)
            .join(Binding, Binding.organisation_id == Organisation.id)
            .where(
                Binding.person_id == person_id,
                Binding.role == Role.RESEARCHER,
                Organisation.kind == OrganisationKind.INSTITUTION,
            )
            .order_by(Organisation.name)
        )
    )


def start(session: Session, *, by: Actor, round_id: int) -> Proposal:
    """Start a proposal in an open round, with what is known of the applicant filled in.

    Raises NotFound, NotPermitted for who is no researcher, RuleBroken while the round is not open.
    """
    round_: Round = fetch(session, visible_rounds(by), round_id, "round")
    if not by.may("proposal.write"):
        raise NotPermitted("Only researchers hand in proposals.")
    moment = database_now(session)
    if round_.state != RoundState.OPEN or moment < round_.opens_at:
        raise RuleBroken(_("%(name)s is not open for proposals.", name=round_.name))
    if moment > deadline(session, round_):
        raise RuleBroken(_("The deadline of %(name)s has passed.", name=round_.name))
    lead = session.get_one(Person, by.person_id)
    institution = next(iter(institutions_of(session, by.person_id)), None)
    proposal = Proposal(
        key=uuid.uuid4().hex,
        round=round_,
        lead=lead,
        institution=institution,
        country=institution.country if institution else None,
        region=institution.region if institution else None,
    )
    proposal.team.append(
        TeamMember(
            position=0,
            name=lead.name,
            role="Lead applicant",
            email=lead.email,
            orcid=lead.orcid,
            person_id=lead.id,
        )
    )
    session.add(proposal)
    session.flush()
    proposal.key = _free_key(session, proposal)
    record_act(session, by, "proposal started", proposal)
    return proposal


def _free_key(session: Session, proposal: Proposal) -> str:
    """A short key that no other proposal of the round has, imported ones included."""
    taken = set(
        session.scalars(sa.select(Proposal.key).where(Proposal.round_id == proposal.round_id))
    )
    key, number = f"A{proposal.id:04}", 1
    while key in taken:
        key, number = f"A{proposal.id:04}-{number}", number + 1
    return key


# -- saving -------------------------------------------------------------------------------------


def area_keys(session: Session, round_id: int) -> set[str]:
    """The keys of the round's areas as they are now, on both levels."""
    newest = (
        sa.select(Taxonomy.id)
        .where(Taxonomy.round_id == round_id)
        .order_by(Taxonomy.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    return set(session.scalars(sa.select(Area.key).where(Area.taxonomy_id == newest)))


def scope_of(session: Session, proposal: Proposal) -> Scope:
    """What this proposal's form may name. An institution chosen before stays allowed."""
    institutions = {each.id for each in institutions_of(session, proposal.lead_id)}
    if proposal.institution_id:
        institutions.add(proposal.institution_id)
    return Scope(
        currency=proposal.round.base_currency,
        areas=area_keys(session, proposal.round_id) | {tag.area_key for tag in proposal.areas},
        questions=proposal.round.questions,
        institutions=institutions,
    )


def save(
    session: Session,
    *,
    by: Actor,
    proposal_id: int,
    fields: Fields,
    base_version: int | None,
    marks: str = "",
    take_theirs: Collection[str] = (),
) -> tuple[str, ...]:
    """Turn the form into the proposal; answers which parts were taken from somebody else's edit.

    `base_version` and `marks` say what the form was opened with; `take_theirs` names parts for
    which the person chose what is saved now. Raises NotFound, RuleBroken unless it is a draft,
    Clashed, and InvalidInput with every field that cannot be stored.
    """
    proposal = hold(session, by, proposal_id)
    if proposal.state != ProposalState.DRAFT:
        raise RuleBroken(
            _(
                "This proposal is %(state)s and cannot be changed now. What you typed is kept.",
                state=proposal.state,
            )
        )
    typed, taken = fields, ()
    saved = fields_of(proposal)
    for group in take_theirs:
        fields = take_part(fields, saved, group)
    if base_version != proposal.version:
        merged = merge(fields, saved, marks)
        fields, taken = merged.fields, merged.taken
        if merged.clashes:
            raise Clashed(merged.clashes, fields, proposal.version)
    reader = FormReader(fields, scope_of(session, proposal))
    entries = reader.read()
    if reader.faults:
        raise InvalidInput(*reader.faults)
    _store(proposal, entries)
    _note_ror(session, by, proposal, entries.ror)
    # rows alone do not move the version; whoever saves must
    flag_modified(proposal, "title")
    forget_typed(session, by, proposal_id, typed)
    record_act(session, by, "proposal saved", proposal)
    return taken


def _store(proposal: Proposal, entries: Entries) -> None:
    for name in (
        "title",
        "abstract",
        "ask",
        "minimum",
        "institution_id",
        "country",
        "region",
        "starts_on",
        "ends_on",
        "risk_tier",
        "risk_answers",
        "answers",
    ):
        setattr(proposal, name, getattr(entries, name))
    tags = {tag.area_key: tag for tag in proposal.areas}
    proposal.areas = [
        tags.get(key) or ProposalArea(area_key=key, weight=weight)
        for key, weight in entries.areas.items()
    ]
    for tag in proposal.areas:
        tag.weight = entries.areas[tag.area_key]
    proposal.budget = [
        BudgetLine(position=position, name=name, amount=amount)
        for position, (name, amount) in enumerate(entries.budget)
    ]
    years = {part.year: part for part in proposal.years}
    proposal.years = [years.get(year) or YearOfAsk(year=year) for year in sorted(entries.years)]
    for part in proposal.years:
        part.amount = entries.years[part.year]
    _store_team(proposal, entries.team)


def _store_team(proposal: Proposal, rows: list[Member]) -> None:
    """Rows become members. Who may edit stays in the team, and keeps their address, whatever the
    form says: that is decided on the page of the team."""
    members = {member.id: member for member in proposal.team}
    team: list[TeamMember] = []
    for row in rows:
        member = members.pop(row.id, None) if row.id is not None else None
        if member is None:
            member = TeamMember(position=0, name="")
        member.name, member.role, member.orcid = row.name or member.name, row.role, row.orcid
        if member.person_id is None:
            member.name, member.email = row.name, row.email
        team.append(member)
    team += [member for member in members.values() if member.person_id is not None]
    for position, member in enumerate(team):
        member.position = position
    proposal.team = team


def _note_ror(session: Session, by: Actor, proposal: Proposal, ror: str) -> None:
    """An institution that has no ROR yet gets the one its own researcher gives."""
    if not ror or proposal.institution_id not in by.where("proposal.write"):
        return
    institution = session.get_one(Organisation, proposal.institution_id)
    if institution.ror is None:
        institution.ror = ror
        record(session, by, "ROR recorded", institution, organisation_id=institution.id)
