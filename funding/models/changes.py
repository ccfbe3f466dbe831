"""What researchers ask to change in a running award: more time, or another budget."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, UTCDateTime, now
from funding.models.decisions import Award
from funding.models.people import Person
from funding.models.proposals import Proposal


class RequestKind(StrEnum):
    EXTENSION = "extension"
    BUDGET = "budget"


class RequestState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class ChangeRequest(Base):
    """More time at no cost (`ends_on`, for all running awards of the proposal), or money moved
    between the lines of one award (`amounts`, `amounts_before`: id of the line -> minor units).

    It takes effect once every funder concerned has approved, and never if one declines.
    """

    __tablename__ = "change_request"
    __table_args__ = (
        sa.CheckConstraint("kind in ('extension', 'budget')", name="kind"),
        sa.CheckConstraint("kind <> 'extension' or ends_on > from_ends_on", name="only_later"),
        sa.CheckConstraint("kind <> 'budget' or amounts is not null", name="amounts"),
        sa.Index(None, "proposal_id"),
        sa.Index(None, "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text, default=RequestState.ASKED)
    reason: Mapped[str] = mapped_column(sa.Text)
    from_ends_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    amounts_before: Mapped[dict[str, int] | None] = mapped_column(Json)
    amounts: Mapped[dict[str, int] | None] = mapped_column(Json)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    proposal: Mapped[Proposal] = relationship()
    asked_by: Mapped[Person] = relationship()
    concerns: Mapped[list[ChangeConcern]] = relationship(
        back_populates="request", order_by="ChangeConcern.id"
    )


class ChangeConcern(Base):
    """An award that a request concerns, and what its funder says: once, with who and why."""

    __tablename__ = "change_concern"
    __table_args__ = (
        sa.UniqueConstraint("request_id", "award_id"),
        sa.CheckConstraint("verdict in ('approved', 'declined')", name="verdict"),
        sa.CheckConstraint("verdict is null or decided_by_id is not null", name="decided"),
        sa.Index(None, "award_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(sa.ForeignKey("change_request.id"))
    award_id: Mapped[int] = mapped_column(sa.ForeignKey("award.id"))
    verdict: Mapped[str | None] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    request: Mapped[ChangeRequest] = relationship(back_populates="concerns")
    award: Mapped[Award] = relationship()
    decided_by: Mapped[Person | None] = relationship()
