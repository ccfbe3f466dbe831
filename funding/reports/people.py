"""People and organisations, for those who manage them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from funding.db import now
from funding.listing import Listing, whole_number
from funding.models import Binding, LoginSession, Organisation, Person
from funding.permissions import Actor, visible_organisations

SORTABLE = {"name": Person.name, "organisation": Organisation.name, "role": Binding.role}
FILTERS = ("q", "organisation", "role")


def managed_organisations(session: Session, by: Actor) -> list[Organisation]:
    """Organisations whose people this person manages, by name."""
    query = visible_organisations(by).order_by(Organisation.name)
    if not by.where("organisations.manage"):
        query = query.where(Organisation.id.in_(list(by.where("people.manage"))))
    return list(session.scalars(query))


def bindings(session: Session, by: Actor, listing: Listing) -> tuple[Listing, list[Binding]]:
    """One page of who holds which role where, of the organisations this person manages."""
    managed = visible_organisations(by).with_only_columns(Organisation.id)
    if not by.where("organisations.manage"):
        managed = managed.where(Organisation.id.in_(list(by.where("people.manage"))))
    query = (
        sa.select(Binding)
        .join(Person, Person.id == Binding.person_id)
        .join(Organisation, Organisation.id == Binding.organisation_id)
        .where(Binding.organisation_id.in_(managed))
    )
    if text := listing.args.get("q"):
        pattern = f"%{text.lower()}%"
        query = query.where(
            sa.or_(
                sa.func.lower(Person.name).like(pattern), sa.func.lower(Person.email).like(pattern)
            )
        )
    if (organisation := whole_number(listing.args.get("organisation"))) is not None:
        query = query.where(Organisation.id == organisation)
    if role := listing.args.get("role"):
        query = query.where(Binding.role == role)
    total = session.scalar(query.with_only_columns(sa.func.count(Binding.id)).order_by(None))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    rows = session.scalars(
        query.options(contains_eager(Binding.person), contains_eager(Binding.organisation))
        .order_by(column.desc() if listing.is_descending else column, Binding.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    )
    return listing, list(rows)


@dataclass(frozen=True)
class OrganisationRow:
    organisation: Organisation
    people: int


def organisations(session: Session, listing: Listing) -> tuple[Listing, list[OrganisationRow]]:
    """One page of all organisations, with how many people hold a role in each."""
    query = sa.select(Organisation)
    if text := listing.args.get("q"):
        query = query.where(sa.func.lower(Organisation.name).like(f"%{text.lower()}%"))
    if kind := listing.args.get("kind"):
        query = query.where(Organisation.kind == kind)
    total = session.scalar(query.with_only_columns(sa.func.count(Organisation.id)))
    listing = listing.counting(total or 0)
    people = (
        sa.select(sa.func.count(sa.distinct(Binding.person_id)))
        .where(Binding.organisation_id == Organisation.id)
        .scalar_subquery()
    )
    column = Organisation.kind if listing.sort_key == "kind" else Organisation.name
    rows = session.execute(
        query.add_columns(people)
        .order_by(column.desc() if listing.is_descending else column, Organisation.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    )
    return listing, [OrganisationRow(organisation, count) for organisation, count in rows]


def open_sessions(session: Session, by: Actor) -> list[LoginSession]:
    """Where this person is signed in now, newest first."""
    return list(
        session.scalars(
            sa.select(LoginSession)
            .where(LoginSession.person_id == by.person_id, LoginSession.expires_at > now())
            .order_by(LoginSession.id.desc())
        )
    )
