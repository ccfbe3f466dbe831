"""Reminders of reports: one before each is due, one once it is late. Run daily by a worker."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.formatting import format_date
from funding.models import (
    TO_BE_WRITTEN,
    Award,
    AwardPeriod,
    Commitment,
    Report,
    ReportingRule,
    ReportReminder,
)
from funding.services.reporting.fetching import applicants, officers, tell
from funding.services.reporting.schedule import RUNNING, begin

TASK = "remind_of_reports"
BEFORE, LATE = "before", "late"
USUAL_DAYS = 14


def remind_of_reports(database: Database, config: Config) -> None:
    """The task of a worker: every award under way has its schedule, every reminder goes out once.

    Each is a transaction of its own; begun again after its worker died, it repeats none.
    """
    today = now().date()
    with database.reading() as session:
        without = list(session.scalars(_without_schedule()))
        due = list(session.scalars(_to_remind_of(today)))
    for award_id in without:
        database.in_transaction(_begin, award_id=award_id)
    for report_id in due:
        database.in_transaction(
            remind, report_id=report_id, today=today, public_url=config.public_url
        )


def _without_schedule() -> sa.Select[tuple[int]]:
    """Awards that were accepted before reports were scheduled."""
    has_period = sa.exists().where(AwardPeriod.award_id == Award.id)
    return sa.select(Award.id).where(Award.state.in_(RUNNING), ~has_period).order_by(Award.id)


def _begin(session: Session, *, award_id: int) -> None:
    award = session.scalars(
        sa.select(Award).where(Award.id == award_id).with_for_update(key_share=True)
    ).one()
    if award.state in RUNNING:
        begin(session, None, award)


def _to_remind_of(today: date) -> sa.Select[tuple[int]]:
    """Reports due soon or late of which nobody was reminded since the day was set."""
    latest = today + timedelta(days=90)  # no funder reminds earlier
    reminded = sa.exists().where(
        ReportReminder.report_id == Report.id,
        ReportReminder.due_on == Report.due_on,
        sa.or_(ReportReminder.occasion == LATE, Report.due_on >= today),
    )
    return (
        sa.select(Report.id)
        .join(Award, Award.id == Report.award_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .outerjoin(ReportingRule, ReportingRule.funder_id == Commitment.funder_id)
        .where(
            Report.state.in_(TO_BE_WRITTEN),
            Award.state.in_(RUNNING),
            Report.due_on <= latest,
            ~reminded,
        )
        .order_by(Report.id)
    )


def remind(session: Session, *, report_id: int, today: date, public_url: str) -> str | None:
    """Remind of one report, if it is time and has not been done; answers the occasion."""
    report = session.scalars(
        sa.select(Report).where(Report.id == report_id).with_for_update(key_share=True)
    ).one_or_none()
    if report is None or report.state not in TO_BE_WRITTEN:
        return None
    days = session.scalar(
        sa.select(ReportingRule.remind_days).where(
            ReportingRule.funder_id == report.award.commitment.funder_id
        )
    )
    if report.due_on - timedelta(days=days or USUAL_DAYS) > today:
        return None
    occasion = LATE if report.due_on < today else BEFORE
    known = session.scalar(
        sa.select(ReportReminder.id).where(
            ReportReminder.report_id == report.id,
            ReportReminder.due_on == report.due_on,
            ReportReminder.occasion == occasion,
        )
    )
    if known is not None:
        return None
    session.add(ReportReminder(report_id=report.id, due_on=report.due_on, occasion=occasion))
    _post(session, report, occasion, public_url)
    return occasion


def _post(session: Session, report: Report, occasion: str, public_url: str) -> None:
    award, title = report.award, report.award.proposal.title
    funder, day = award.commitment.funder.name, format_date(report.due_on)
    link = f"{public_url}/reports/{report.id}"
    once = f"report {report.id} {occasion} {report.due_on.isoformat()}"
    if occasion == BEFORE:
        subject = f"Due on {day}: {report.kind} report on {title}"
        text = f"Your {report.kind} report on “{title}” for {funder} is due on {day}."
    else:
        subject = f"Late: {report.kind} report on {title}"
        text = f"Your {report.kind} report on “{title}” for {funder} was due on {day}."
    for person in applicants(session, award.proposal):
        tell(
            session,
            person,
            award,
            subject,
            f"{text}\n\nWrite it here:\n{link}/write",
            key=f"{once} {person.id}",
        )
    if occasion == LATE:
        for person in officers(session, award):
            tell(
                session,
                person,
                award,
                subject,
                f"The {report.kind} report on “{title}” was due on {day} and has not been handed "
                f"in. Its researchers have been reminded.\n\n{link}",
                key=f"{once} officer {person.id}",
            )
