"""What the public sees of a round, what is kept from it and why, and what people say to a round."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, UTCDateTime, now
from funding.models.decisions import Award
from funding.models.people import Person
from funding.models.proposals import Proposal
from funding.models.rounds import Round

MOST_AREAS = 3
"""How many areas one voice may name."""


class WithheldBecause(StrEnum):
    """Why the public reads no title and no abstract; the reason is all it reads."""

    SECURITY = "security"
    PEOPLE_AT_RISK = "people at risk"
    UNPATCHED_FLAW = "unpatched flaw"
    LAW = "law"
    RIGHTS_OF_OTHERS = "rights of others"


class VoiceState(StrEnum):
    WAITING = "waiting"
    SHOWN = "shown"
    HIDDEN = "hidden"


class HiddenBecause(StrEnum):
    """Why a voice is not shown. One that names a person loses its words for good."""

    ADVERTISING = "advertising"
    ABUSE = "abuse"
    NAMES_A_PERSON = "names a person"
    OFF_THE_SUBJECT = "off the subject"
    TWICE = "twice"


class Capacity(StrEnum):
    """As whom somebody speaks; a list, so that nobody has to say who they are."""

    AFFECTED = "affected"
    RESEARCHER = "researcher"
    CIVIL_SOCIETY = "civil society"
    INDUSTRY = "industry"
    PUBLIC_SERVICE = "public service"
    TEACHER = "teacher"
    STUDENT = "student"
    OTHER = "other"


class Publication(Base):
    """Whether the public sees a closed round, and from which day on.

    `embargo_until`: nothing of it before this day (UTC). `published_at` is the newest act of
    publishing: awards made after it wait for the next one.
    """

    __tablename__ = "publication"
    __table_args__ = (
        sa.CheckConstraint(
            "not is_public or (published_at is not null and published_by_id is not null)",
            name="by_somebody",
        ),
        sa.CheckConstraint(
            "is_public or published_at is null or taken_down_reason <> ''", name="reason"
        ),
    )

    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"), primary_key=True)
    is_public: Mapped[bool] = mapped_column(default=False)
    embargo_until: Mapped[date | None]
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    taken_down_reason: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    round: Mapped[Round] = relationship()
    published_by: Mapped[Person | None] = relationship()


class AwardEmbargo(Base):
    """Nothing of one award is public before a day (UTC), not even within a total."""

    __tablename__ = "award_embargo"
    __table_args__ = (sa.CheckConstraint("reason <> ''", name="reason"),)

    award_id: Mapped[int] = mapped_column(sa.ForeignKey("award.id"), primary_key=True)
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.Text)
    set_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    set_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    award: Mapped[Award] = relationship()
    set_by: Mapped[Person] = relationship()


class WithheldTitle(Base):
    """A proposal whose title, abstract and outputs the public does not read, on any of its awards.

    `reason` is public, a word of a fixed list; `note` is for those who may lift it.
    """

    __tablename__ = "withheld_title"
    __table_args__ = (
        sa.CheckConstraint(
            f"reason in {tuple(reason.value for reason in WithheldBecause)!r}", name="reason"
        ),
    )

    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    withheld_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    withheld_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    proposal: Mapped[Proposal] = relationship()
    withheld_by: Mapped[Person] = relationship()


class Voice(Base):
    """What somebody says about the gaps of a round: which matter to them, and a few words.

    Nothing in it says who they are or where they wrote from. Public, and counted, once shown.
    """

    __tablename__ = "voice"
    __table_args__ = (
        sa.CheckConstraint("state in ('waiting', 'shown', 'hidden')", name="state"),
        sa.CheckConstraint(
            f"capacity in {('', *(capacity.value for capacity in Capacity))!r}", name="capacity"
        ),
        sa.CheckConstraint(
            f"hidden_because in {tuple(reason.value for reason in HiddenBecause)!r}",
            name="hidden_because",
        ),
        sa.CheckConstraint("(state = 'hidden') = (hidden_because is not null)", name="why_hidden"),
        sa.CheckConstraint(
            "(state = 'waiting') = (moderated_by_id is null)", name="moderated_by_somebody"
        ),
        sa.Index(None, "round_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=VoiceState.WAITING)
    capacity: Mapped[str] = mapped_column(sa.Text, default="")
    words: Mapped[str] = mapped_column(sa.Text, default="")
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    hidden_because: Mapped[str | None] = mapped_column(sa.Text)
    moderated_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    moderated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    round: Mapped[Round] = relationship()
    moderated_by: Mapped[Person | None] = relationship()
    areas: Mapped[list[VoiceArea]] = relationship(order_by="VoiceArea.position")


class VoiceArea(Base):
    """An area that matters to a voice; at most `MOST_AREAS` of them."""

    __tablename__ = "voice_area"
    __table_args__ = (
        sa.UniqueConstraint("voice_id", "area_key"),
        sa.UniqueConstraint("voice_id", "position"),
        sa.CheckConstraint(f"position between 1 and {MOST_AREAS}", name="few"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    voice_id: Mapped[int] = mapped_column(sa.ForeignKey("voice.id"))
    position: Mapped[int]
    area_key: Mapped[str] = mapped_column(sa.Text)
