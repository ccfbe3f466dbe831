"""Scenarios: a policy, its runs of the optimizer, and what each run suggests."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, Json, Money, UTCDateTime, money_check, now
from funding.models.people import Person
from funding.models.proposals import Proposal
from funding.models.rounds import Round


class ScenarioState(StrEnum):
    DRAFT = "draft"
    SOLVED = "solved"
    COMPARED = "compared"
    PUT_FORWARD = "put forward"


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    INFEASIBLE = "infeasible"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Scenario(Base):
    """A question put to the optimizer.

    `policy`: FORMAT's policy keys that differ from the round's. `needs`: {area: {floor, cap,
    spent, steps}} that differ from the round's. All money in base minor units. `rule`: the rule of
    allocation by which it is solved (docs/rules.md).
    """

    __tablename__ = "scenario"
    __table_args__ = (sa.Index(None, "round_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    name: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[str] = mapped_column(sa.Text, default=ScenarioState.DRAFT)
    policy: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    needs: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    rule: Mapped[str] = mapped_column(sa.Text, default="welfare", server_default="welfare")
    copied_from_id: Mapped[int | None] = mapped_column(sa.ForeignKey("scenario.id"))
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling

    round: Mapped[Round] = relationship()
    created_by: Mapped[Person] = relationship()
    pins: Mapped[list[Pin]] = relationship(order_by="Pin.id", cascade="all, delete-orphan")
    runs: Mapped[list[Run]] = relationship(back_populates="scenario", order_by="Run.id")


class Pin(Base):
    """A lock of FORMAT: pinned in or out, a total fixed, or one commitment's line fixed."""

    __tablename__ = "pin"
    __table_args__ = (
        sa.UniqueConstraint("scenario_id", "proposal_id", "commitment_id"),
        money_check("amount"),
        sa.CheckConstraint(
            "(amount is null) <> (funded is null) and (commitment_id is null or funded is null)",
            name="form",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scenario_id: Mapped[int] = mapped_column(sa.ForeignKey("scenario.id"))
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    commitment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("commitment.id"))
    amount: Mapped[int | None] = mapped_column(Money)
    funded: Mapped[bool | None]
    reason: Mapped[str] = mapped_column(sa.Text, default="")

    proposal: Mapped[Proposal] = relationship()


class Run(Base):
    """One run of the optimizer, with its whole input, so that it can be run again years later.

    `problem`, `plan`, `explanation` are FORMAT's documents; `rates` says how each currency was
    converted ({currency: {rate, on}}). `progress` is from 0 to 1. `summary`: the figures at the
    head of a result, so that pages need not load the documents: `available` (base minor units) and
    `least_gain` (a share, or null). `says`: what `message` was made of (`optimizer.sentences`).
    """

    __tablename__ = "run"
    __table_args__ = (sa.Index(None, "scenario_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scenario_id: Mapped[int] = mapped_column(sa.ForeignKey("scenario.id"))
    state: Mapped[str] = mapped_column(sa.Text, default=RunState.QUEUED)
    progress: Mapped[float] = mapped_column(default=0.0)
    stage: Mapped[str] = mapped_column(sa.Text, default="waiting for a worker")
    is_cancel_requested: Mapped[bool] = mapped_column(default=False)
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json, deferred=True)
    plan: Mapped[dict[str, Any] | None] = mapped_column(Json, deferred=True)
    explanation: Mapped[dict[str, Any] | None] = mapped_column(Json, deferred=True)
    rates: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    summary: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    message: Mapped[str] = mapped_column(sa.Text, default="")
    says: Mapped[Any | None] = mapped_column(Json)
    value: Mapped[float | None]
    bound: Mapped[float | None]
    gap: Mapped[float | None]
    status: Mapped[str | None] = mapped_column(sa.Text)
    digest: Mapped[str | None] = mapped_column(sa.Text)
    seconds: Mapped[float | None]

    scenario: Mapped[Scenario] = relationship(back_populates="runs")
    lines: Mapped[list[RunLine]] = relationship(order_by="RunLine.id")


class RunProposal(Base):
    """What a run says of one proposal: amount in base minor units, and why."""

    __tablename__ = "run_proposal"
    __table_args__ = (
        sa.UniqueConstraint("run_id", "proposal_id"),
        money_check("amount"),
        sa.Index(None, "run_id", "amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id"))
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    merit: Mapped[float]
    amount: Mapped[int] = mapped_column(Money)
    reason: Mapped[str] = mapped_column(sa.Text)
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    proposal: Mapped[Proposal] = relationship()


class RunLine(Base):
    """One suggested line: `base_amount` in the round's currency, `amount` in the commitment's.

    `years`: when it is paid, {year: minor units of the commitment}; empty where no side has years.
    `says`: what `reason` was made of (`optimizer.sentences`); None in runs from before it was kept.
    """

    __tablename__ = "run_line"
    __table_args__ = (
        sa.UniqueConstraint("run_id", "commitment_id", "proposal_id"),
        money_check("base_amount"),
        money_check("amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id"))
    commitment_id: Mapped[int] = mapped_column(sa.ForeignKey("commitment.id"))
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"))
    base_amount: Mapped[int] = mapped_column(Money)
    amount: Mapped[int] = mapped_column(Money)
    years: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    says: Mapped[Any | None] = mapped_column(Json)
