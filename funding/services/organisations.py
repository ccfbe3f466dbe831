"""Organisations: adding and correcting them; the platform's administrators only."""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, NotPermitted
from funding.models import Binding, Organisation, OrganisationKind, Person, Role
from funding.permissions import Actor
from funding.services.log import record


def key_of(name: str) -> str:
    """A name as a key: lower case, words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def officers_of(session: Session, organisation_id: int) -> list[Person]:
    """The program officers of an organisation who can sign in, by number."""
    return list(
        session.scalars(
            sa.select(Person)
            .join(Binding, Binding.person_id == Person.id)
            .where(
                Binding.organisation_id == organisation_id,
                Binding.role == Role.PROGRAM_OFFICER,
                Person.is_active,
            )
            .order_by(Person.id)
        ).unique()
    )


def add_organisation(
    session: Session, *, by: Actor, name: str, kind: str, country: str = "", website: str = ""
) -> Organisation:
    """Raises NotPermitted, and InvalidInput naming every field that is wrong."""
    if not by.where("organisations.manage"):
        raise NotPermitted("Only the platform's administrators add organisations.")
    name, faults = " ".join(name.split()), []
    key = key_of(name)
    if not key or len(name) > 200:
        faults.append(Fault("name", "please give a name of at most 200 characters"))
    elif session.scalars(sa.select(Organisation.id).where(Organisation.key == key)).first():
        faults.append(Fault("name", "there is an organisation of this name already"))
    if kind not in set(OrganisationKind):
        faults.append(Fault("kind", "please choose what kind of organisation it is"))
    if country and not re.fullmatch(r"[A-Z]{2}", country):
        faults.append(Fault("country", "two letters, as in ISO 3166: GB, KE, BR"))
    if website and not re.fullmatch(r"https?://[^\s<>\"']+", website):
        faults.append(Fault("website", "an address that begins with https://"))
    if faults:
        raise InvalidInput(*faults)
    made = Organisation(
        key=key, name=name, kind=kind, country=country or None, website=website or None
    )
    session.add(made)
    session.flush()
    record(session, by, "organisation added", made, organisation_id=made.id, kind=kind)
    return made
