"""Reminders of reports: one before each is due, one once it is late. Run daily by a worker."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.formatting import format_date
from funding.language import gettext as _
from funding.models import (
    TO_BE_WRITTEN,
    Award,
    AwardPeriod,
    Commitment,
    Report,
    ReportingRule,
    ReportKind,
    ReportReminder,
)
from funding.services.mail import Written, paragraphs
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
    award, link = report.award, f"{public_url}/reports/{report.id}"
    once = f"report {report.id} {occasion} {report.due_on.isoformat()}"
    to_write = _due if occasion == BEFORE else _late
    for person in applicants(session, award.proposal):
        tell(
            session,
            person,
            award,
            lambda: to_write(report, f"{link}/write"),
            key=f"{once} {person.id}",
        )
    if occasion == LATE:
        for person in officers(session, award):
            tell(
                session,
                person,
                award,
                lambda: _not_handed_in(report, link),
                key=f"{once} officer {person.id}",
            )


def _about(report: Report) -> dict[str, str]:
    """What the sentences of a reminder name."""
    return {
        "title": report.award.proposal.title,
        "funder": report.award.commitment.funder.name,
        "day": format_date(report.due_on),
    }


def _due(report: Report, link: str) -> Written:
    about = _about(report)
    if report.kind == ReportKind.FINAL:
        subject = _("Due on %(day)s: final report on %(title)s", **about)
        text = _("Your final report on “%(title)s” for %(funder)s is due on %(day)s.", **about)
    else:
        subject = _("Due on %(day)s: progress report on %(title)s", **about)
        text = _("Your progress report on “%(title)s” for %(funder)s is due on %(day)s.", **about)
    return subject, paragraphs(text, _("Write it here:") + f"\n{link}")


def _late(report: Report, link: str) -> Written:
    about = _about(report)
    if report.kind == ReportKind.FINAL:
        text = _("Your final report on “%(title)s” for %(funder)s was due on %(day)s.", **about)
    else:
        text = _("Your progress report on “%(title)s” for %(funder)s was due on %(day)s.", **about)
    return _late_subject(report), paragraphs(text, _("Write it here:") + f"\n{link}")


def _not_handed_in(report: Report, link: str) -> Written:
    about = _about(report)
    if report.kind == ReportKind.FINAL:
        text = _(
            "The final report on “%(title)s” was due on %(day)s and has not been handed in.",
            **about,
        )
    else:
        text = _(
            "The progress report on “%(title)s” was due on %(day)s and has not been handed in.",
            **about,
        )
    told = _("Its researchers have been reminded.")
    return _late_subject(report), paragraphs(f"{text} {told}", link)


def _late_subject(report: Report) -> str:
    title = report.award.proposal.title
    if report.kind == ReportKind.FINAL:
        return _("Late: final report on %(title)s", title=title)
    return _("Late: progress report on %(title)s", title=title)
