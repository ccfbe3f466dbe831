"""Work that may be paid for twice, what officers said of it, and what follows from that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from funding.db import Base, Json, Money, UTCDateTime, money_check, now
from funding.models.commitments import Commitment
from funding.models.history import HistoricGrant
from funding.models.people import Organisation, Person
from funding.models.proposals import Proposal

UNJUDGED = ("candidate", "unsure")
VERDICT = "verdict in ('candidate', 'duplicate', 'complementary', 'distinct', 'unsure')"


class Judged:
    """Two works that may be the same, what a search found, and what an officer said.

    | column | unit | meaning |
    |---|---|---|
    | degree | share | which part of the work would be paid twice |
    | similarity | 0 to 1 | how alike the texts are; null where no search compared them |
    | probability | 0 to 1 | that it is the same work (`funding.overlap`); null as above |
    | signals | | of the search; see below |

    `signals`: `said`, [words, push on the log odds] of each, strongest first, the words as
    `funding.sayings` keeps them (earlier searches: in English); `features`, each one's
    strength; `method`, how the texts were compared; `first`, the probability before the round's
    verdicts taught anything, and `verdicts`, how many did.
    """

    degree: Mapped[float]
    similarity: Mapped[float | None]
    probability: Mapped[float | None]
    signals: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    verdict: Mapped[str] = mapped_column(sa.Text, default="candidate")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - called with the class
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]


class Overlap(Judged, Base):
    """Two proposals of one round."""

    __tablename__ = "overlap"
    __table_args__ = (
        sa.UniqueConstraint("first_id", "second_id"),
        sa.CheckConstraint("first_id < second_id", name="order"),
        sa.CheckConstraint("degree >= 0 and degree <= 1", name="degree"),
        sa.CheckConstraint("probability >= 0 and probability <= 1", name="probability"),
        sa.CheckConstraint(VERDICT, name="verdict"),
        sa.Index(None, "round_id"),
        sa.Index(None, "second_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    first_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    second_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))

    first: Mapped[Proposal] = relationship(foreign_keys=[first_id])
    second: Mapped[Proposal] = relationship(foreign_keys=[second_id])


class OutsideOverlap(Judged, Base):
    """A proposal of a round, and work outside of it: a proposal of another round, or a past grant.

    `holder_id` is who holds what is outside: the other round's owner, or who imported the grant.
    """

    __tablename__ = "outside_overlap"
    __table_args__ = (
        sa.UniqueConstraint("proposal_id", "other_id"),
        sa.UniqueConstraint("proposal_id", "grant_id"),
        sa.CheckConstraint("(other_id is null) <> (grant_id is null)", name="one_thing"),
        sa.CheckConstraint("degree >= 0 and degree <= 1", name="degree"),
        sa.CheckConstraint("probability >= 0 and probability <= 1", name="probability"),
        sa.CheckConstraint(VERDICT, name="verdict"),
        sa.Index(None, "round_id"),
        sa.Index(None, "other_id"),
        sa.Index(None, "grant_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    other_id: Mapped[int | None] = mapped_column(sa.ForeignKey("proposal.id"))
    grant_id: Mapped[int | None] = mapped_column(sa.ForeignKey("historic_grant.id"))
    holder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))

    proposal: Mapped[Proposal] = relationship(foreign_keys=[proposal_id])
    other: Mapped[Proposal | None] = relationship(foreign_keys=[other_id])
    grant: Mapped[HistoricGrant | None] = relationship()
    holder: Mapped[Organisation] = relationship()


class Disclosure(Base):
    """An organisation's word that an outside overlap may be shown between it and others.

    What is outside is shown to an organisation once its holder and that organisation both gave
    theirs. What was seen cannot be unseen, so a word is not taken back.
    """

    __tablename__ = "disclosure"
    __table_args__ = (sa.UniqueConstraint("overlap_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    overlap_id: Mapped[int] = mapped_column(sa.ForeignKey("outside_overlap.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    agreed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    agreed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    organisation: Mapped[Organisation] = relationship()


class Introduction(Base):
    """An officer's offer to bring the teams of two proposals together; a pair is asked once."""

    __tablename__ = "introduction"
    __table_args__ = (sa.UniqueConstraint("overlap_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    overlap_id: Mapped[int] = mapped_column(sa.ForeignKey("overlap.id"))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    offered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    offered_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    overlap: Mapped[Overlap] = relationship()
    answers: Mapped[list[IntroductionAnswer]] = relationship(order_by="IntroductionAnswer.id")

    @property
    def is_agreed(self) -> bool:
        """Both teams said yes: each may know who the other is."""
        return len(self.answers) == 2 and all(answer.agrees for answer in self.answers)


class IntroductionAnswer(Base):
    """What one team said, once."""

    __tablename__ = "introduction_answer"
    __table_args__ = (sa.UniqueConstraint("introduction_id", "proposal_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    introduction_id: Mapped[int] = mapped_column(sa.ForeignKey("introduction.id"))
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    agrees: Mapped[bool]
    answered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    answered_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Merger(Base):
    """One team's offer to another to go on with one proposal, and the other's answer.

    `gone_id` is the proposal that is withdrawn, `kept_id` the one that goes on.
    """

    __tablename__ = "merger"
    __table_args__ = (
        sa.CheckConstraint("kept_id <> gone_id", name="two"),
        sa.CheckConstraint("answered_by_id <> offered_by_id", name="by_another"),
        sa.CheckConstraint("(agrees is null) = (answered_by_id is null)", name="answer"),
        sa.Index(
            "uq_merger_open",
            "introduction_id",
            unique=True,
            sqlite_where=sa.text("agrees is null"),
            postgresql_where=sa.text("agrees is null"),
        ),
        sa.Index(None, "kept_id"),
        sa.Index(None, "gone_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    introduction_id: Mapped[int] = mapped_column(sa.ForeignKey("introduction.id"))
    kept_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    gone_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    offered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    offered_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    agrees: Mapped[bool | None]
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    introduction: Mapped[Introduction] = relationship()
    kept: Mapped[Proposal] = relationship(foreign_keys=[kept_id])
    gone: Mapped[Proposal] = relationship(foreign_keys=[gone_id])
    offered_by: Mapped[Person] = relationship(foreign_keys=[offered_by_id])


class SteppingBack(Base):
    """Where a commitment that arrives makes another pay less to a proposal than before.

    `before` and `after` are what the other pays to the proposal, in the best plans without and
    with what arrives; `freed` is which part of the difference it then spends on other proposals.
    Minor units of the round's base currency. The funder that steps back says whether it agrees.
    """

    __tablename__ = "stepping_back"
    __table_args__ = (
        sa.UniqueConstraint("arrived_id", "commitment_id", "proposal_id"),
        money_check("before"),
        money_check("after"),
        money_check("freed"),
        sa.CheckConstraint("after < before and freed <= before - after", name="less"),
        sa.CheckConstraint("(agrees is null) = (answered_by_id is null)", name="answer"),
        sa.Index(None, "commitment_id"),
        sa.Index(None, "proposal_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    arrived_id: Mapped[int] = mapped_column(sa.ForeignKey("commitment.id"))
    commitment_id: Mapped[int] = mapped_column(sa.ForeignKey("commitment.id"))
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    before: Mapped[int] = mapped_column(Money)
    after: Mapped[int] = mapped_column(Money)
    freed: Mapped[int] = mapped_column(Money)
    found_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    agrees: Mapped[bool | None]
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    note: Mapped[str] = mapped_column(sa.Text, default="")

    arrived: Mapped[Commitment] = relationship(foreign_keys=[arrived_id])
    commitment: Mapped[Commitment] = relationship(foreign_keys=[commitment_id])
    proposal: Mapped[Proposal] = relationship()


class OverlapMap(Base):
    """Where the works of a round, and who pays whom, are drawn; made anew after each search.

    `works`: id of a work -> [x, y]; `ends`: `funder:NAME` or `recipient:NAME` -> [x, y]; all from
    0 to 1. It holds places only: what is shown of each depends on who looks.
    """

    __tablename__ = "overlap_map"

    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"), primary_key=True)
    works: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    ends: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
