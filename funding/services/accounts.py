"""Accounts made from the command line, by whoever runs the machine."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, NotFound
from funding.language import gettext as _
from funding.models import Binding, Organisation, OrganisationKind, Person
from funding.services.identity import (
    INVITATION_LASTS,
    RESET_LASTS,
    ROLES_OF,
    clean_email,
    one_time_link,
)
from funding.services.log import record

PLATFORM = "platform"
"""Key of the organisation that runs the site."""


def platform_organisation() -> Organisation:
    """The organisation that runs the site, where it is not there yet; to be added by the caller."""
    return Organisation(key=PLATFORM, name="This platform", kind=OrganisationKind.PLATFORM)


def add_person(
    session: Session, *, email: str, name: str, organisation_key: str, role: str, public_url: str
) -> str:
    """Add a person with a role and return the one-time link to choose a password.

    The organisation `platform` is made at first use. Raises NotFound and InvalidInput.
    """
    email = clean_email(email)
    organisation = session.scalars(
        sa.select(Organisation).where(Organisation.key == organisation_key)
    ).one_or_none()
    if organisation is None and organisation_key == PLATFORM:
        organisation = platform_organisation()
        session.add(organisation)
        session.flush()
    if organisation is None:
        raise NotFound(_("organisation (%(key)s)", key=organisation_key))
    if role not in ROLES_OF[organisation.kind]:
        known = ", ".join(ROLES_OF[organisation.kind])
        raise InvalidInput(
            Fault("role", _("%(role)s is none of %(known)s", role=f"{role!r}", known=known))
        )
    person = session.scalars(sa.select(Person).where(Person.email == email)).one_or_none()
    if person is None:
        person = Person(email=email, name=name)
        session.add(person)
        session.flush()
    if not any((b.organisation_id, b.role) == (organisation.id, role) for b in person.bindings):
        person.bindings.append(Binding(organisation_id=organisation.id, role=role))
    record(session, None, "role given", person, organisation_id=organisation.id, role=role)
    return one_time_link(session, person, "invitation", INVITATION_LASTS, public_url)


def make_reset_link(session: Session, *, email: str, public_url: str) -> str:
    """A link to choose a new password; raises NotFound for an unknown address."""
    person = session.scalars(
        sa.select(Person).where(Person.email == clean_email(email))
    ).one_or_none()
    if person is None:
        raise NotFound("person")
    record(session, None, "reset link made", person)
    return one_time_link(session, person, "reset", RESET_LASTS, public_url)
