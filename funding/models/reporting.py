"""Reports on awards: when each is due, what researchers write, and what came of the money.

A `Report` is one funder's claim to be told, by a day, about one award. What is written for it is a
`Narrative` of the proposal, which all its funders may read; each handing in keeps one unchangeable
`HandedIn`, so that what one funder accepted stays as it was while another has it mended.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, Money, UTCDateTime, money_check, now
from funding.models.decisions import Award
from funding.models.payments import Tranche
from funding.models.people import Person
from funding.models.proposals import Proposal


class ReportKind(StrEnum):
    PROGRESS = "progress"
    FINAL = "final"


class ReportState(StrEnum):
    DUE = "due"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    SENT_BACK = "sent back"


TO_BE_WRITTEN = (ReportState.DUE, ReportState.SENT_BACK)


class OutputKind(StrEnum):
    PAPER = "paper"
    MODEL = "model"
    DATA_SET = "data set"
    REPOSITORY = "repository"
    AUDIT = "audit"


class ReportingRule(Base):
    """When a funder wants reports: every so many months, and a last one so many days after the
    end. `every_months` is null where only the last one is asked for. A mail reminds `remind_days`
    before each."""

    __tablename__ = "reporting_rule"
    __table_args__ = (
        sa.CheckConstraint("every_months between 1 and 60", name="every_months"),
        sa.CheckConstraint("final_days between 0 and 365", name="final_days"),
        sa.CheckConstraint("remind_days between 1 and 90", name="remind_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    funder_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), unique=True)
    every_months: Mapped[int | None] = mapped_column(default=12)
    final_days: Mapped[int] = mapped_column(default=60)
    remind_days: Mapped[int] = mapped_column(default=14)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling


class AwardPeriod(Base):
    """From when to when the work of an award is done; an extension moves its end."""

    __tablename__ = "award_period"
    __table_args__ = (sa.CheckConstraint("starts_on <= ends_on", name="period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(sa.ForeignKey("award.id"), unique=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling


class AwardBudgetLine(Base):
    """An award's part of a line of the proposal's budget, in minor units of its own currency."""

    __tablename__ = "award_budget_line"
    __table_args__ = (
        sa.UniqueConstraint("award_id", "position"),
        money_check("amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(sa.ForeignKey("award.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.Text)
    amount: Mapped[int] = mapped_column(Money)


class Narrative(Base):
    """What is being written about a proposal's work: `fields` as the form shows them.

    It becomes evidence only by handing it in; until then nobody but the applicants reads it.
    """

    __tablename__ = "narrative"
    __table_args__ = (sa.Index(None, "proposal_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    fields: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    started_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    proposal: Mapped[Proposal] = relationship()
    files: Mapped[list[ReportFile]] = relationship(order_by="ReportFile.id")
    handed_in: Mapped[list[HandedIn]] = relationship(
        back_populates="narrative", order_by="HandedIn.number"
    )


class HandedIn(Base):
    """A narrative as it was handed in, never changed; `files` are ids of its attachments then.

    `counts`: the newest version of its narrative that a funder has accepted, which the register
    of outputs and the indicators read.
    """

    __tablename__ = "handed_in"
    __table_args__ = (
        sa.UniqueConstraint("narrative_id", "number"),
        sa.Index(
            "uq_handed_in_counts",
            "narrative_id",
            unique=True,
            sqlite_where=sa.text("counts = 1"),
            postgresql_where=sa.text("counts"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    narrative_id: Mapped[int] = mapped_column(sa.ForeignKey("narrative.id"))
    number: Mapped[int]
    progress: Mapped[str] = mapped_column(sa.Text)
    difficulties: Mapped[str] = mapped_column(sa.Text, default="")
    plans: Mapped[str] = mapped_column(sa.Text, default="")
    spend_note: Mapped[str] = mapped_column(sa.Text, default="")
    files: Mapped[list[int]] = mapped_column(Json, default=list)
    counts: Mapped[bool] = mapped_column(default=False)
    handed_in_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    handed_in_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    narrative: Mapped[Narrative] = relationship(back_populates="handed_in")
    handed_in_by: Mapped[Person] = relationship()
    spend: Mapped[list[Spend]] = relationship(order_by="Spend.id")
    outputs: Mapped[list[Output]] = relationship(
        back_populates="handed_in", order_by="Output.position"
    )
    values: Mapped[list[IndicatorValue]] = relationship(order_by="IndicatorValue.id")


class Report(Base):
    """A report that one award's funder is owed by a day, and how far it is."""

    __tablename__ = "report"
    __table_args__ = (
        sa.CheckConstraint("kind in ('progress', 'final')", name="kind"),
        sa.CheckConstraint("state = 'due' or handed_in_id is not null", name="handed_in"),
        sa.CheckConstraint(
            "state not in ('accepted', 'sent back') or decided_by_id is not null", name="decided"
        ),
        sa.Index(
            "uq_report_final",
            "award_id",
            unique=True,
            sqlite_where=sa.text("kind = 'final'"),
            postgresql_where=sa.text("kind = 'final'"),
        ),
        sa.Index(None, "award_id"),
        sa.Index(None, "narrative_id"),
        sa.Index(None, "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(sa.ForeignKey("award.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(sa.Text, default=ReportState.DUE)
    narrative_id: Mapped[int | None] = mapped_column(sa.ForeignKey("narrative.id"))
    handed_in_id: Mapped[int | None] = mapped_column(sa.ForeignKey("handed_in.id"))
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decision_reason: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    award: Mapped[Award] = relationship()
    narrative: Mapped[Narrative | None] = relationship()
    handed_in: Mapped[HandedIn | None] = relationship()
    decided_by: Mapped[Person | None] = relationship()


class Spend(Base):
    """What of a budget line was spent since the award began, in the award's minor units."""

    __tablename__ = "spend"
    __table_args__ = (
        sa.UniqueConstraint("handed_in_id", "budget_line_id"),
        money_check("amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    handed_in_id: Mapped[int] = mapped_column(sa.ForeignKey("handed_in.id"))
    budget_line_id: Mapped[int] = mapped_column(sa.ForeignKey("award_budget_line.id"))
    amount: Mapped[int] = mapped_column(Money)

    budget_line: Mapped[AwardBudgetLine] = relationship()


class Output(Base):
    """Something that came out of the work, where it can be found, and under which licence."""

    __tablename__ = "output"
    __table_args__ = (
        sa.CheckConstraint(
            "kind in ('paper', 'model', 'data set', 'repository', 'audit')", name="kind"
        ),
        sa.Index(None, "handed_in_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    handed_in_id: Mapped[int] = mapped_column(sa.ForeignKey("handed_in.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.Text)
    title: Mapped[str] = mapped_column(sa.Text)
    address: Mapped[str] = mapped_column(sa.Text)
    licence: Mapped[str] = mapped_column(sa.Text, default="")

    handed_in: Mapped[HandedIn] = relationship(back_populates="outputs")


class Indicator(Base):
    """A figure that every award can report, the same everywhere: what is counted, in which unit,
    and whether more of it is better ('up') or less ('down'). Values are totals since the start."""

    __tablename__ = "indicator"
    __table_args__ = (sa.CheckConstraint("direction in ('up', 'down')", name="direction"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text, unique=True)
    unit: Mapped[str] = mapped_column(sa.Text)
    direction: Mapped[str] = mapped_column(sa.Text)
    definition: Mapped[str] = mapped_column(sa.Text)
    is_asked: Mapped[bool] = mapped_column(default=True)
    defined_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling


class IndicatorValue(Base):
    """What a report says of an indicator: the total since the work began."""

    __tablename__ = "indicator_value"
    __table_args__ = (
        sa.UniqueConstraint("handed_in_id", "indicator_id"),
        sa.CheckConstraint("value between 0 and 1000000000000", name="value"),
        sa.Index(None, "indicator_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    handed_in_id: Mapped[int] = mapped_column(sa.ForeignKey("handed_in.id"))
    indicator_id: Mapped[int] = mapped_column(sa.ForeignKey("indicator.id"))
    value: Mapped[float]

    indicator: Mapped[Indicator] = relationship()


class ReportFile(Base):
    """A file of a narrative; its bytes are in the data folder. Taken out, it stays for versions
    that were handed in with it."""

    __tablename__ = "report_file"
    __table_args__ = (sa.Index(None, "narrative_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    narrative_id: Mapped[int] = mapped_column(sa.ForeignKey("narrative.id"))
    name: Mapped[str] = mapped_column(sa.Text)
    media_type: Mapped[str] = mapped_column(sa.Text)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.Text)
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ReportMilestone(Base):
    """A tranche that waits until a report of its award is accepted."""

    __tablename__ = "report_milestone"
    __table_args__ = (sa.Index(None, "report_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tranche_id: Mapped[int] = mapped_column(sa.ForeignKey("tranche.id"), unique=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id"))
    set_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    tranche: Mapped[Tranche] = relationship()
    report: Mapped[Report] = relationship()


class ReturnRequest(Base):
    """What was paid and, by an accepted final report, not spent: asked back by a day.

    How much of it is still out is never stored: the ledger says what was paid and kept.
    """

    __tablename__ = "return_request"
    __table_args__ = (money_check("amount", least=1), sa.Index(None, "award_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(sa.ForeignKey("award.id"))
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id"), unique=True)
    amount: Mapped[int] = mapped_column(Money)
    due_on: Mapped[date]
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class ReportReminder(Base):
    """A reminder that went out: one before a day, one after it."""

    __tablename__ = "report_reminder"
    __table_args__ = (
        sa.UniqueConstraint("report_id", "due_on", "occasion"),
        sa.CheckConstraint("occasion in ('before', 'late')", name="occasion"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id"))
    due_on: Mapped[date]
    occasion: Mapped[str] = mapped_column(sa.Text)
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
