"""Signing in and out, invitations, password resets."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.language import LANGUAGES, current
from funding.language import gettext as _
from funding.models import Binding, LoginSession, OneTimeLink, Organisation, Person, Role
from funding.models.people import OrganisationKind
from funding.permissions import Actor, fetch, require, visible_organisations
from funding.services.log import record
from funding.services.mail import Written, language_of, paragraphs, post_mail

SESSION_LASTS = timedelta(days=14)
INVITATION_LASTS = timedelta(days=14)
RESET_LASTS = timedelta(hours=2)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200

_hasher = PasswordHasher()

ROLES_OF: dict[str, tuple[Role, ...]] = {
    OrganisationKind.FUNDER: (
        Role.FUNDER_ADMIN,
        Role.PROGRAM_OFFICER,
        Role.FINANCE_OFFICER,
        Role.REVIEWER,
        Role.AUDITOR,
    ),
    OrganisationKind.INSTITUTION: (Role.RESEARCHER, Role.REVIEWER),
    OrganisationKind.COMMITTEE: (
        Role.COMMITTEE,
        Role.PROGRAM_OFFICER,
        Role.REVIEWER,
        Role.AUDITOR,
    ),
    OrganisationKind.PLATFORM: (Role.PLATFORM_ADMIN, Role.AUDITOR),
}


def digest_of(token: str) -> str:
    """What the database keeps of a random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def clean_email(text: str) -> str:
    """The address in lower case; raises InvalidInput."""
    email = text.strip().lower()
    if len(email) > 254 or not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", email):
        raise InvalidInput(
            Fault("email", _("%(strip)s is not an e-mail address", strip=f"{text.strip()!r}"))
        )
    return email


def hash_password(password: str, person: Person | None = None) -> str:
    """Raises InvalidInput for a password that is too short, too long or the person's own name."""
    faults = []
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        faults.append(
            Fault(
                "password",
                _(
                    "%(shortest_password)s to %(longest_password)s characters, please",
                    shortest_password=SHORTEST_PASSWORD,
                    longest_password=LONGEST_PASSWORD,
                ),
            )
        )
    if person and password.lower() in (person.email.lower(), person.name.lower()):
        faults.append(Fault("password", "it must not be the name or the e-mail address"))
    if faults:
        raise InvalidInput(*faults)
    return _hasher.hash(password)


def _is_right(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    """Checked when there is no such person, so that the answer takes as long either way."""
    return _hasher.hash(secrets.token_urlsafe(16))


def sign_in(session: Session, *, email: str, password: str, browser: str, by: object = None) -> str:
    """Start a login session; the answer is its token, which the cookie keeps.

    Raises NotPermitted with one and the same sentence for a wrong address or password.
    """
    nobodys = _nobodys_hash()  # before anybody is looked up, since its first call is slow
    person = session.scalars(
        sa.select(Person).where(Person.email == email.strip().lower())
    ).one_or_none()
    known = person.password_hash if person and person.is_active else None
    if not _is_right(known or nobodys, password) or known is None:
        raise NotPermitted("This e-mail address and password do not go together.")
    if _hasher.check_needs_rehash(known):
        person.password_hash = _hasher.hash(password)
    return _start_session(session, person, browser)


def _start_session(session: Session, person: Person, browser: str) -> str:
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_hash=digest_of(token),
            person_id=person.id,
            expires_at=now() + SESSION_LASTS,
            browser=browser[:200],
        )
    )
    record(session, Actor.of(person), "signed in", person)
    return token


def person_of(session: Session, token: str) -> Person | None:
    """Who a login session's token belongs to; None once it is signed out or has expired."""
    return session.scalars(
        sa.select(Person)
        .join(LoginSession, LoginSession.person_id == Person.id)
        .where(
            LoginSession.token_hash == digest_of(token),
            LoginSession.expires_at > now(),
            Person.is_active,
        )
    ).one_or_none()


def choose_language(session: Session, *, by: Actor, language: str) -> None:
    """Read the site, and be written to, in a language. Raises InvalidInput."""
    if language not in LANGUAGES:
        raise InvalidInput(
            Fault("language", _("Choose one of %(join)s.", join=", ".join(LANGUAGES)))
        )
    person = session.get_one(Person, by.person_id)
    person.language = language
    record(session, by, "language chosen", person, language=language)


def sign_out(session: Session, *, by: Actor, token: str) -> None:
    """End the login session for good: a copy of its cookie is worth nothing afterwards."""
    found = session.scalars(
        sa.select(LoginSession).where(LoginSession.token_hash == digest_of(token))
    ).one_or_none()
    if found:
        session.delete(found)
    record(session, by, "signed out")


def sign_out_elsewhere(session: Session, *, by: Actor, token: str) -> None:
    """End every other login session of this person."""
    _end_sessions(session, by.person_id, but=digest_of(token))
    record(session, by, "signed out elsewhere")


def _end_sessions(session: Session, person_id: int, but: str = "") -> None:
    session.execute(
        sa.delete(LoginSession).where(
            LoginSession.person_id == person_id, LoginSession.token_hash != but
        )
    )


def one_time_link(
    session: Session, person: Person, purpose: str, lasts: timedelta, public_url: str
) -> str:
    """The address of a new link for this person, good once."""
    token = secrets.token_urlsafe(32)
    session.add(
        OneTimeLink(
            token_hash=digest_of(token),
            purpose=purpose,
            person_id=person.id,
            expires_at=now() + lasts,
        )
    )
    return f"{public_url}/link/{token}"


def invite(
    session: Session,
    *,
    by: Actor,
    organisation_id: int,
    email: str,
    name: str,
    role: str,
    public_url: str,
) -> Person:
    """Give someone a role in an organisation; who has no account is mailed a one-time link.

    Raises NotFound for an organisation that is not the person's, NotPermitted, and InvalidInput
    for a role that this kind of organisation does not have.
    """
    organisation = fetch(session, visible_organisations(by), organisation_id, "organisation")
    if not by.where("organisations.manage"):
        require(by, "people.manage", organisation_id)
    email = clean_email(email)
    faults = []
    if not name.strip():
        faults.append(Fault("name", "please give a name"))
    if role not in ROLES_OF[organisation.kind]:
        faults.append(Fault("role", _("%(name)s has no such role", name=organisation.name)))
    if faults:
        raise InvalidInput(*faults)
    person = session.scalars(sa.select(Person).where(Person.email == email)).one_or_none()
    if person is None:
        person = Person(email=email, name=name.strip())
        session.add(person)
        session.flush()
    if person.id == by.person_id:
        raise RuleBroken("Nobody gives a role to themselves.")
    if any((b.organisation_id, b.role) == (organisation_id, role) for b in person.bindings):
        raise RuleBroken(_("%(name)s already has this role.", name=person.name))
    person.bindings.append(
        Binding(organisation_id=organisation_id, role=role, granted_by_id=by.person_id)
    )
    _tell_of_role(session, person, organisation, Role(role), public_url)
    record(session, by, "role given", person, organisation_id=organisation_id, role=role)
    return person


def _tell_of_role(
    session: Session, person: Person, organisation: Organisation, role: Role, public_url: str
) -> None:
    link = (
        ""
        if person.password_hash
        else one_time_link(session, person, "invitation", INVITATION_LASTS, public_url)
    )
    post_mail(
        session,
        person,
        lambda: _role_given(organisation.name, role, link),
        language=language_of(person, otherwise=current().tag),
    )


def _role_given(organisation: str, role: Role, link: str) -> Written:
    what = _(
        "You have a role at %(organisation)s on Tributary now: %(role)s.",
        organisation=organisation,
        role=role.label,
    )
    if not link:
        return _("Your role at %(organisation)s", organisation=organisation), what
    return (
        _("Invitation to %(organisation)s on Tributary", organisation=organisation),
        paragraphs(
            what, _("Choose a password here; the link works once, for 14 days:") + f"\n{link}"
        ),
    )


def withdraw_role(session: Session, *, by: Actor, binding_id: int) -> None:
    """Take a role away; the person's open sessions lose it with their next request."""
    binding = session.get(Binding, binding_id)
    if binding is None:
        raise NotFound("role")
    if not by.where("organisations.manage"):
        require(by, "people.manage", binding.organisation_id)
    if binding.person_id == by.person_id:
        raise RuleBroken("Nobody changes their own roles.")
    record(
        session,
        by,
        "role withdrawn",
        binding.person,
        organisation_id=binding.organisation_id,
        role=binding.role,
    )
    session.delete(binding)


def ask_for_reset(session: Session, *, email: str, public_url: str, by: object = None) -> None:
    """Mail a one-time link, if the address is known; says nothing of whether it is."""
    person = session.scalars(
        sa.select(Person).where(Person.email == email.strip().lower(), Person.is_active)
    ).one_or_none()
    if person is None:
        return
    link = one_time_link(session, person, "reset", RESET_LASTS, public_url)
    post_mail(
        session,
        person,
        lambda: _new_password(link),
        language=language_of(person, otherwise=current().tag),
    )


def _new_password(link: str) -> Written:
    return (
        _("A new password for Tributary"),
        paragraphs(
            _("Choose a new password here; the link works once, for two hours:") + f"\n{link}",
            _("If you did not ask for this, nothing needs to be done."),
        ),
    )


def open_link(session: Session, token: str) -> OneTimeLink:
    """The link, if it is still good; raises NotFound for a used, expired or made-up one."""
    link = session.scalars(
        sa.select(OneTimeLink).where(
            OneTimeLink.token_hash == digest_of(token),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now(),
        )
    ).one_or_none()
    if link is None or not link.person.is_active:
        raise NotFound("link (it works once, and not for ever)")
    return link


def set_password(
    session: Session, *, token: str, password: str, browser: str, by: object = None
) -> str:
    """Use up every link of the person, set the password, end all other sessions.

    Answers a new session's token. Raises NotFound, and InvalidInput for the password.
    """
    person = open_link(session, token).person
    # two who follow one link at once queue here, and the second finds it used
    session.execute(sa.select(Person.id).where(Person.id == person.id).with_for_update())
    session.expire_all()
    link = open_link(session, token)
    person.password_hash = hash_password(password, person)
    for other in session.scalars(
        sa.select(OneTimeLink).where(
            OneTimeLink.person_id == person.id, OneTimeLink.used_at.is_(None)
        )
    ):
        other.used_at = now()
    _end_sessions(session, person.id)
    record(session, Actor.of(person), "password set", person, through=link.purpose)
    return _start_session(session, person, browser)
