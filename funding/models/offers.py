"""From an approved line to an agreement: due diligence, templates, offers and signatures."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, UTCDateTime, now
from funding.models.decisions import Award
from funding.models.people import Organisation, Person

LANGUAGES = {"en": "English", "fr": "French", "es": "Spanish", "ar": "Arabic"}
"""The languages of letters: code -> its name."""


class LetterKind(StrEnum):
    OFFER = "offer"
    AGREEMENT = "agreement"


class OfferState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class FunderTerms(Base):
    """How a funder offers: by letter or at once on approval, with how many days to answer.

    A funder with items to check offers by letter in any case.
    """

    __tablename__ = "funder_terms"
    __table_args__ = (
        sa.CheckConstraint("offer_days between 1 and 365", name="offer_days"),
        sa.CheckConstraint(f"language in {tuple(LANGUAGES)!r}", name="language"),
    )

    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), primary_key=True)
    by_letter: Mapped[bool] = mapped_column(default=False)
    offer_days: Mapped[int] = mapped_column(default=21)
    language: Mapped[str] = mapped_column(sa.Text, default="en")
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling


class DiligenceItem(Base):
    """What a funder wants checked before it makes an offer; not deleted, put out of use."""

    __tablename__ = "diligence_item"
    __table_args__ = (
        sa.CheckConstraint("title <> ''", name="title"),
        sa.Index(None, "funder_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(sa.Text)
    asks: Mapped[str] = mapped_column(sa.Text, default="")
    is_used: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling


class DiligenceCheck(Base):
    """One item for one award, in the words it had; copied by a trigger when the award is made."""

    __tablename__ = "diligence_check"
    __table_args__ = (
        sa.CheckConstraint("outcome in ('in order', 'does not apply')", name="outcome"),
        sa.CheckConstraint(
            "(outcome is null and done_by_id is null and done_at is null)"
            " or (outcome is not null and done_by_id is not null and done_at is not null"
            " and evidence <> '')",
            name="whole",
        ),
        sa.UniqueConstraint("award_id", "item_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(sa.ForeignKey("award.id"))
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("diligence_item.id"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(sa.Text)
    asks: Mapped[str] = mapped_column(sa.Text)
    outcome: Mapped[str | None] = mapped_column(sa.Text)
    evidence: Mapped[str] = mapped_column(sa.Text, default="")
    done_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    award: Mapped[Award] = relationship()
    done_by: Mapped[Person | None] = relationship()


class LetterTemplate(Base):
    """One version of a funder's text; an edit makes the next, earlier ones stay."""

    __tablename__ = "letter_template"
    __table_args__ = (
        sa.UniqueConstraint("funder_id", "kind", "language", "number"),
        sa.CheckConstraint("kind in ('offer', 'agreement')", name="kind"),
        sa.CheckConstraint(f"language in {tuple(LANGUAGES)!r}", name="language"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[int]
    body: Mapped[str] = mapped_column(sa.Text)
    written_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    funder: Mapped[Organisation] = relationship()
    written_by: Mapped[Person] = relationship()


class Offer(Base):
    """A letter with a deadline and the agreement that comes with it, in their final words.

    `agreement_sha256` is of the agreement's HTML, which both sides sign; `*_template` says which
    text they were made from. `pdf_sha256`: the same as PDF, in the data folder, once it is made;
    `signed_pdf_sha256`: with the sheet of signatures; `pdf_error`: why this machine could not
    make it.
    """

    __tablename__ = "offer"
    __table_args__ = (
        sa.Index(
            "uq_offer_open",
            "award_id",
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'refused', 'lapsed', 'withdrawn')", name="state"
        ),
        sa.CheckConstraint("expires_at > sent_at", name="deadline_ahead"),
        sa.CheckConstraint(f"language in {tuple(LANGUAGES)!r}", name="language"),
        sa.Index(None, "state", "expires_at"),
        sa.Index(None, "award_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(sa.ForeignKey("award.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=OfferState.OPEN)
    language: Mapped[str] = mapped_column(sa.Text)
    letter: Mapped[str] = mapped_column(sa.Text)
    letter_template: Mapped[str] = mapped_column(sa.Text)
    agreement: Mapped[str] = mapped_column(sa.Text)
    agreement_template: Mapped[str] = mapped_column(sa.Text)
    agreement_html: Mapped[str] = mapped_column(sa.Text)
    agreement_sha256: Mapped[str] = mapped_column(sa.Text)
    pdf_sha256: Mapped[str | None] = mapped_column(sa.Text)
    signed_pdf_sha256: Mapped[str | None] = mapped_column(sa.Text)
    pdf_error: Mapped[str] = mapped_column(sa.Text, default="")
    sent_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    award: Mapped[Award] = relationship()
    sent_by: Mapped[Person] = relationship()
    signatures: Mapped[list[Signature]] = relationship(order_by="Signature.id")


class Signature(Base):
    """One side's acceptance of one agreement: who, in which name, of which document, when."""

    __tablename__ = "signature"
    __table_args__ = (
        sa.UniqueConstraint("offer_id", "side"),
        sa.CheckConstraint("side in ('funder', 'applicant')", name="side"),
        sa.CheckConstraint("name <> ''", name="name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(sa.ForeignKey("offer.id"))
    side: Mapped[str] = mapped_column(sa.Text)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(sa.Text)
    document_sha256: Mapped[str] = mapped_column(sa.Text)
    signed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    person: Mapped[Person] = relationship()


class DeclineLetter(Base):
    """What a proposal's applicants are told where it is not funded; sent when decisions close.

    `suggested` is what the optimizer's explanation for applicants says; `body` is what is sent,
    edited by an officer or not.
    """

    __tablename__ = "decline_letter"
    __table_args__ = (
        sa.UniqueConstraint("proposal_id"),
        sa.CheckConstraint("body <> ''", name="body"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    suggested: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[str] = mapped_column(sa.Text)
    edited_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    edited_by: Mapped[Person | None] = relationship()
