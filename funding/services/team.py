"""Who may edit a proposal: its lead, and co-applicants invited by mail."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.language import current
from funding.language import gettext as _
from funding.models import Person, Proposal, ProposalState, TeamMember
from funding.permissions import Actor
from funding.services.applicants import hold_as_lead, record_act
from funding.services.form_fields import LINE_LIMIT, MOST_MEMBERS
from funding.services.identity import INVITATION_LASTS, clean_email, one_time_link
from funding.services.mail import Written, language_of, paragraphs, post_mail


def invite(
    session: Session, *, by: Actor, proposal_id: int, email: str, name: str, public_url: str
) -> Person:
    """Let somebody edit this proposal. Who has no account is mailed a one-time link.

    An account made this way holds no role: it opens this proposal and nothing else. Raises
    NotFound, NotPermitted, RuleBroken and InvalidInput.
    """
    proposal = hold_as_lead(session, by, proposal_id)
    name = name.strip()
    faults = []
    try:
        email = clean_email(email)
    except InvalidInput:
        faults.append(Fault("email", "This is not an e-mail address."))
    if not name:
        faults.append(Fault("name", "Give this person's name."))
    elif len(name) > LINE_LIMIT:
        faults.append(Fault("name", _("At most %(line_limit)s characters.", line_limit=LINE_LIMIT)))
    if faults:
        raise InvalidInput(*faults)
    if proposal.state not in (ProposalState.DRAFT, ProposalState.SUBMITTED):
        raise RuleBroken(
            _("This proposal is %(state)s; its team is settled.", state=proposal.state)
        )
    person = session.scalars(sa.select(Person).where(Person.email == email)).one_or_none()
    if person is None:
        person = Person(email=email, name=name)
        session.add(person)
        session.flush()
    _join(proposal, person)
    start = (
        one_time_link(session, person, "invitation", INVITATION_LASTS, public_url)
        if person.password_hash is None
        else None
    )
    link = f"{public_url}/proposals/{proposal.id}"
    post_mail(
        session,
        person,
        lambda: _invited(proposal, start, link),
        language=language_of(person, otherwise=current().tag),
    )
    record_act(session, by, "co-applicant invited", proposal, person=person.id)
    return person


def _invited(proposal: Proposal, start: str | None, link: str) -> Written:
    invites = _(
        "%(name)s invites you to write the proposal “%(title)s” for %(round)s together.",
        name=proposal.lead.name,
        title=proposal.title or _("untitled"),
        round=proposal.round.name,
    )
    first = (
        _("First choose a password; this link works once, for 14 days:") + f"\n{start}"
        if start
        else ""
    )
    then = _("Then open it here:") if start else _("Open it here:")
    return (
        _("Invitation to a proposal for %(round)s", round=proposal.round.name),
        paragraphs(invites, first, f"{then}\n{link}"),
    )


def _join(proposal: Proposal, person: Person) -> None:
    if any(member.person_id == person.id for member in proposal.team):
        raise RuleBroken(_("%(name)s may edit this proposal already.", name=person.name))
    for member in proposal.team:
        if member.person_id is None and (member.email or "").lower() == person.email:
            member.person_id = person.id
            return
    if len(proposal.team) >= MOST_MEMBERS:
        raise RuleBroken(
            _("A team has at most %(most_members)s people.", most_members=MOST_MEMBERS)
        )
    proposal.team.append(
        TeamMember(
            position=len(proposal.team),
            name=person.name,
            role="Co-applicant",
            email=person.email,
            orcid=person.orcid,
            person_id=person.id,
        )
    )


def end_editing(session: Session, *, by: Actor, proposal_id: int, member_id: int) -> str:
    """A co-applicant stays named in the team, but may not open the proposal any more.

    Answers their name. Raises NotFound, NotPermitted, and RuleBroken for the lead.
    """
    proposal = hold_as_lead(session, by, proposal_id)
    member = next((m for m in proposal.team if m.id == member_id and m.person_id), None)
    if member is None:
        raise NotFound("co-applicant")
    if member.person_id == proposal.lead_id:
        raise RuleBroken("The lead applicant can always edit.")
    person_id, member.person_id = member.person_id, None
    record_act(session, by, "co-applicant removed", proposal, person=person_id)
    return member.name
