"""How an award's work and money stand: its reports, its spend, what is owed, what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from funding.models import (
    Award,
    AwardBudgetLine,
    AwardPeriod,
    ChangeConcern,
    ChangeRequest,
    Commitment,
    HandedIn,
    Report,
    ReturnRequest,
)
from funding.permissions import Actor, visible_awards, without_conflict
from funding.reports.grant_reports import names_of
from funding.services.reporting.fetching import paid_and_kept
from funding.services.reporting.milestones import milestones_of
from funding.services.reporting.schedule import period_of, reports_of
from funding.services.reporting.underspend import owed_by

MOST_OPEN = 1_000
"""Requests counted for one person at most."""


@dataclass(frozen=True)
class AwardReports:
    """An award's reports with their names, its period, what is owed (minor units), and which
    tranche waits for which report."""

    reports: list[Report]
    names: dict[int, str]
    period: AwardPeriod | None
    owed: int
    asked_back: ReturnRequest | None
    requests: list[ChangeRequest]
    milestones: dict[int, int]

    @property
    def final(self) -> Report | None:
        return next((report for report in self.reports if report.kind == "final"), None)


def of_award(session: Session, award: Award) -> AwardReports:
    """What the award's pages show of its reports."""
    reports = reports_of(session, award.id)
    asked_back = session.scalars(
        sa.select(ReturnRequest)
        .where(ReturnRequest.award_id == award.id)
        .order_by(ReturnRequest.id.desc())
    ).first()
    return AwardReports(
        reports,
        names_of(reports),
        period_of(session, award.id),
        owed_by(session, award),
        asked_back,
        requests_of(session, award.id),
        milestones_of(session, award.id),
    )


def requests_of(session: Session, award_id: int) -> list[ChangeRequest]:
    """What was asked for this award, newest first."""
    return list(
        session.scalars(
            sa.select(ChangeRequest)
            .join(ChangeConcern, ChangeConcern.request_id == ChangeRequest.id)
            .where(ChangeConcern.award_id == award_id)
            .options(joinedload(ChangeRequest.asked_by))
            .order_by(ChangeRequest.id.desc())
        )
    )


def open_requests(session: Session, by: Actor) -> list[ChangeRequest]:
    """Requests that the person may see and that wait for an answer of their own funder."""
    concerned = (
        visible_awards(by)
        .where(without_conflict(by), Commitment.funder_id.in_(list(by.where("report.decide"))))
        .with_only_columns(Award.id)
    )
    return list(
        session.scalars(
            sa.select(ChangeRequest)
            .where(
                ChangeRequest.state == "asked",
                ChangeRequest.id.in_(
                    sa.select(ChangeConcern.request_id).where(
                        ChangeConcern.verdict.is_(None), ChangeConcern.award_id.in_(concerned)
                    )
                ),
            )
            .order_by(ChangeRequest.id)
            .limit(MOST_OPEN)
        )
    )


@dataclass(frozen=True)
class LineSpend:
    """A budget line and what the newest accepted report says was spent of it."""

    name: str
    budget: int
    spent: int | None


@dataclass(frozen=True)
class SpendSoFar:
    """An award's spend by the newest accepted report; all in its minor units."""

    lines: list[LineSpend]
    paid: int
    on: date | None

    @property
    def budget(self) -> int:
        return sum(line.budget for line in self.lines)

    @property
    def spent(self) -> int:
        return sum(line.spent or 0 for line in self.lines)


def spend_so_far(session: Session, award_id: int) -> SpendSoFar:
    """Budget, what was paid and kept, and what was spent as accepted."""
    lines = session.scalars(
        sa.select(AwardBudgetLine)
        .where(AwardBudgetLine.award_id == award_id)
        .order_by(AwardBudgetLine.position)
    ).all()
    newest = session.scalars(
        sa.select(HandedIn)
        .join(Report, Report.handed_in_id == HandedIn.id)
        .where(Report.award_id == award_id, Report.state == "accepted")
        .order_by(HandedIn.handed_in_at.desc(), HandedIn.id.desc())
        .options(selectinload(HandedIn.spend))
    ).first()
    spent = {each.budget_line_id: each.amount for each in newest.spend} if newest else {}
    return SpendSoFar(
        [LineSpend(line.name, line.amount, spent.get(line.id)) for line in lines],
        paid_and_kept(session, [award_id]).get(award_id, 0),
        newest.handed_in_at.date() if newest else None,
    )


def request_in_full(session: Session, request_id: int) -> ChangeRequest:
    """A request with the awards it concerns and their funders."""
    return session.scalars(
        sa.select(ChangeRequest)
        .where(ChangeRequest.id == request_id)
        .options(
            joinedload(ChangeRequest.proposal),
            joinedload(ChangeRequest.asked_by),
            selectinload(ChangeRequest.concerns).options(
                joinedload(ChangeConcern.decided_by),
                joinedload(ChangeConcern.award)
                .joinedload(Award.commitment)
                .joinedload(Commitment.funder),
            ),
        )
    ).one()
