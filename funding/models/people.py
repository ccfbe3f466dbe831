"""Organisations, people, what each may do where, sign-in sessions and one-time links."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, UTCDateTime, now


class OrganisationKind(StrEnum):
    FUNDER = "funder"
    INSTITUTION = "institution"
    COMMITTEE = "committee"
    PLATFORM = "platform"


class Role(StrEnum):
    """RELIABILITY §4; what each may do is in `funding.permissions`."""

    PLATFORM_ADMIN = "platform_admin"
    FUNDER_ADMIN = "funder_admin"
    PROGRAM_OFFICER = "program_officer"
    FINANCE_OFFICER = "finance_officer"
    RESEARCHER = "researcher"
    REVIEWER = "reviewer"
    COMMITTEE = "committee"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        return {
            Role.PLATFORM_ADMIN: "platform administrator",
            Role.FUNDER_ADMIN: "funder administrator",
            Role.COMMITTEE: "steering committee",
        }.get(self, self.value.replace("_", " "))


class Organisation(Base):
    """A funder, an applicants' institution, a steering committee, or the platform itself."""

    __tablename__ = "organisation"
    __table_args__ = (
        sa.CheckConstraint(
            "kind in ('funder', 'institution', 'committee', 'platform')", name="kind"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text, unique=True)
    name: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    country: Mapped[str | None] = mapped_column(sa.Text)
    region: Mapped[str | None] = mapped_column(sa.Text)
    ror: Mapped[str | None] = mapped_column(sa.Text)
    website: Mapped[str | None] = mapped_column(sa.Text)


class Digest(StrEnum):
    """How often a person is mailed what waits for them."""

    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"


class Person(Base):
    """Someone with an account. `password_hash` is null until an invitation is taken up.

    `digest_sent_on` is a day in the person's own time zone; `calendar_hash` is the SHA-256 of the
    secret in the address of their calendar, null where they have none; `language` a tag of
    `funding.language`, null where they never chose one.
    """

    __tablename__ = "person"
    __table_args__ = (
        sa.CheckConstraint("digest in ('never', 'daily', 'weekly')", name="digest"),
        sa.Index("uq_person_calendar_hash", "calendar_hash", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.Text, unique=True)
    name: Mapped[str] = mapped_column(sa.Text)
    password_hash: Mapped[str | None] = mapped_column(sa.Text)
    is_active: Mapped[bool] = mapped_column(default=True)
    orcid: Mapped[str | None] = mapped_column(sa.Text)
    timezone: Mapped[str] = mapped_column(sa.Text, default="UTC")
    language: Mapped[str | None] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.Text, default=Digest.NEVER)
    digest_sent_on: Mapped[date | None]
    calendar_hash: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    bindings: Mapped[list[Binding]] = relationship(
        back_populates="person", foreign_keys="Binding.person_id", order_by="Binding.id"
    )


class Binding(Base):
    """(person, organisation, role): all that a person may do comes from these rows."""

    __tablename__ = "binding"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "organisation_id", "role"),
        sa.CheckConstraint("granted_by_id <> person_id", name="not_by_oneself"),
        sa.CheckConstraint(f"role in {tuple(role.value for role in Role)!r}", name="role"),
        sa.Index(None, "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    role: Mapped[str] = mapped_column(sa.Text)
    granted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    granted_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    person: Mapped[Person] = relationship(back_populates="bindings", foreign_keys=[person_id])
    organisation: Mapped[Organisation] = relationship()


class LoginSession(Base):
    """One signed-in browser. The cookie holds a random token; only its SHA-256 is here."""

    __tablename__ = "login_session"
    __table_args__ = (sa.Index(None, "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.Text, unique=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    browser: Mapped[str] = mapped_column(sa.Text, default="")

    person: Mapped[Person] = relationship()


class OneTimeLink(Base):
    """An invitation or a password reset: works once, until it expires; only its hash is kept."""

    __tablename__ = "one_time_link"
    __table_args__ = (
        sa.CheckConstraint("purpose in ('invitation', 'reset')", name="purpose"),
        sa.Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.Text, unique=True)
    purpose: Mapped[str] = mapped_column(sa.Text)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    person: Mapped[Person] = relationship()
