"""Names of recipients and funders in past grants, and which of them are one.

A name stays as its file gave it. A merge is a line between two names; the names that merged lines
hold together are one entity, and `KnownName.entity_id` is reckoned from the lines alone. So undoing
a merge, whenever, leaves what would be there had it never been made.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, UTCDateTime, now
from funding.models.people import Organisation, Person


class NameKind(StrEnum):
    RECIPIENT = "recipient"
    FUNDER = "funder"


class Relation(StrEnum):
    """What two names are: one and the same; the first a part of the second; the second of the
    first."""

    SAME = "same"
    PART = "part"
    WHOLE = "whole"


class MergeState(StrEnum):
    """REJECTED: somebody said that the two are two."""

    SUGGESTED = "suggested"
    MERGED = "merged"
    REJECTED = "rejected"


class SearchState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class KnownName(Base):
    """A spelling of a recipient or a funder in an organisation's past grants.

    `reference` is its number in a register, as the file gave it, "" where none: one spelling with
    two numbers is two names. `grants`: how many have it. `entity_id` is the name that stands for
    all that are one with this one, itself where it is alone; null until it was looked at.
    `is_compared`: whether it was compared with all the others.
    """

    __tablename__ = "known_name"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "kind", "spelling", "reference"),
        sa.UniqueConstraint("id", "organisation_id", "kind"),
        sa.CheckConstraint(f"kind in {tuple(k.value for k in NameKind)!r}", name="kind"),
        sa.CheckConstraint("grants >= 0", name="grants"),
        sa.Index(None, "entity_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    spelling: Mapped[str] = mapped_column(sa.Text)
    reference: Mapped[str] = mapped_column(sa.Text, default="")
    grants: Mapped[int] = mapped_column(default=0)
    entity_id: Mapped[int | None] = mapped_column(
        # a backup is read back in the order of the ids, and this may be a later one
        sa.ForeignKey("known_name.id", deferrable=True, initially="DEFERRED")
    )
    is_compared: Mapped[bool] = mapped_column(default=False)

    organisation: Mapped[Organisation] = relationship()


class NameMerge(Base):
    """A line between two names of one list: suggested, merged or rejected.

    `suggested_as` is the relation before anybody decided, which undoing brings back. `reasons`:
    a sentence each as `funding.sayings` keeps it (earlier searches: in English).
    `probability` is null where a person drew it. `is_automatic`: merged without being asked for.
    `decided_at` is set by people only; a suggestion that has it was merged once or rejected, and
    undone: it is not merged again by itself. `is_open`: a suggestion that waits for a person, as
    no other line between the same two entities was decided or is likelier; reckoned, like
    `KnownName.entity_id`.
    """

    __tablename__ = "name_merge"
    __table_args__ = (
        sa.UniqueConstraint("first_id", "second_id"),
        sa.CheckConstraint("first_id < second_id", name="order"),
        sa.CheckConstraint(f"relation in {tuple(r.value for r in Relation)!r}", name="relation"),
        sa.CheckConstraint(
            f"suggested_as in {tuple(r.value for r in Relation)!r}", name="suggested_as"
        ),
        sa.CheckConstraint(f"state in {tuple(s.value for s in MergeState)!r}", name="state"),
        sa.CheckConstraint("probability >= 0 and probability <= 1", name="probability"),
        *(
            sa.ForeignKeyConstraint(
                [side, "organisation_id", "kind"],
                ["known_name.id", "known_name.organisation_id", "known_name.kind"],
                name=f"fk_name_merge_{side}",
            )
            for side in ("first_id", "second_id")
        ),
        sa.Index(None, "organisation_id", "kind", "state"),
        sa.Index(None, "second_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    first_id: Mapped[int] = mapped_column()
    second_id: Mapped[int] = mapped_column()
    relation: Mapped[str] = mapped_column(sa.Text, default=Relation.SAME)
    suggested_as: Mapped[str] = mapped_column(sa.Text, default=Relation.SAME)
    probability: Mapped[float | None]
    reasons: Mapped[list[Any]] = mapped_column(Json, default=list)
    state: Mapped[str] = mapped_column(sa.Text, default=MergeState.SUGGESTED)
    is_automatic: Mapped[bool] = mapped_column(default=False)
    is_open: Mapped[bool] = mapped_column(default=True)
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    first: Mapped[KnownName] = relationship(
        foreign_keys=[first_id], primaryjoin="NameMerge.first_id == KnownName.id", viewonly=True
    )
    second: Mapped[KnownName] = relationship(
        foreign_keys=[second_id], primaryjoin="NameMerge.second_id == KnownName.id", viewonly=True
    )
    organisation: Mapped[Organisation] = relationship()
    decided_by: Mapped[Person | None] = relationship()


class NameSearch(Base):
    """The comparing of an organisation's names: one row each, which who decides on names queues on.

    `attempt` counts what was asked for, so that an older job finds out that it is stale.
    """

    __tablename__ = "name_search"
    __table_args__ = (
        sa.CheckConstraint(f"state in {tuple(s.value for s in SearchState)!r}", name="state"),
    )

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), primary_key=True)
    state: Mapped[str] = mapped_column(sa.Text, default=SearchState.WAITING)
    attempt: Mapped[int] = mapped_column(default=1)
    stage: Mapped[str] = mapped_column(sa.Text, default="")
    progress: Mapped[float | None]
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
