"""When reports are due: proposed from an award's period by its funder's rule, then by hand."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.forms import without_repeats
from funding.language import gettext
from funding.models import (
    Award,
    AwardBudgetLine,
    AwardPeriod,
    AwardState,
    Organisation,
    Report,
    ReportingRule,
    ReportKind,
    ReportMilestone,
    ReportState,
)
from funding.permissions import Actor, require
from funding.services.log import record
from funding.services.reporting.fetching import award_of, record_on

RUNNING = (AwardState.ACCEPTED, AwardState.ACTIVE)
MOST_REPORTS = 40
WITHOUT_PERIOD = 12
"""Months that an award runs whose proposal does not say for how long."""
TOGETHER_DAYS = 45
"""Reports of a proposal that are due within so many days are written as one."""


@dataclass(frozen=True)
class Due:
    """A report as it is to stand in a schedule; `report_id` is None for a new one."""

    kind: str
    due_on: date
    report_id: int | None = None


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def proposed(starts_on: date, ends_on: date, rule: ReportingRule) -> list[Due]:
    """A report every so many months within the period, and the last one after its end."""
    found = []
    if rule.every_months:
        for step in range(1, MOST_REPORTS):
            due_on = add_months(starts_on, step * rule.every_months)
            if due_on >= ends_on:
                break
            found.append(Due(ReportKind.PROGRESS, due_on))
    return [*found, Due(ReportKind.FINAL, ends_on + timedelta(days=rule.final_days))]


def rule_of(session: Session, funder_id: int) -> ReportingRule:
    """The funder's rule; every 12 months and 60 days after the end where it has set none."""
    found = session.scalars(
        sa.select(ReportingRule).where(ReportingRule.funder_id == funder_id)
    ).one_or_none()
    return found or ReportingRule(
        funder_id=funder_id, every_months=12, final_days=60, remind_days=14, version=0
    )


def set_rule(
    session: Session,
    *,
    by: Actor,
    funder_id: int,
    version: int,
    every_months: int | None,
    final_days: int | None,
    remind_days: int | None,
    faults: tuple[Fault, ...] = (),
) -> ReportingRule:
    """Set when a funder wants reports; schedules made before stay as they are.

    Raises NotFound, NotPermitted, Conflict for a stale `version` (0: none was set), InvalidInput.
    """
    require(by, "reporting.set", funder_id)
    ruled = []
    if every_months is not None and not 1 <= every_months <= 60:
        ruled.append(Fault("every_months", "From 1 to 60 months; empty for none."))
    if final_days is None or not 0 <= final_days <= 365:
        ruled.append(Fault("final_days", "From 0 to 365 days after the end."))
    if remind_days is None or not 1 <= remind_days <= 90:
        ruled.append(Fault("remind_days", "From 1 to 90 days before."))
    found = without_repeats(faults, ruled)
    if found or final_days is None or remind_days is None:
        raise InvalidInput(*found)
    rule = rule_of(session, funder_id)
    if (rule.version or 0) != version:
        raise Conflict("Somebody else changed this meanwhile.")
    if not rule.version:
        rule = ReportingRule(funder_id=funder_id)
        session.add(rule)
    rule.every_months, rule.final_days, rule.remind_days = every_months, final_days, remind_days
    session.flush()
    record(
        session,
        by,
        "reporting rule set",
        session.get_one(Organisation, funder_id),
        organisation_id=funder_id,
        every_months=every_months,
        final_days=final_days,
        remind_days=remind_days,
    )
    return rule


def period_of(session: Session, award_id: int) -> AwardPeriod | None:
    return session.scalars(
        sa.select(AwardPeriod).where(AwardPeriod.award_id == award_id)
    ).one_or_none()


def reports_of(session: Session, award_id: int) -> list[Report]:
    """An award's reports by due date, the last one last."""
    return list(
        session.scalars(
            sa.select(Report)
            .where(Report.award_id == award_id)
            .order_by(Report.kind.desc(), Report.due_on, Report.id)
        )
    )


def begin(session: Session, by: Actor | None, award: Award) -> bool:
    """Give an award its period, its budget and its reports; False where it has them already."""
    if period_of(session, award.id) is not None:
        return False
    starts_on, ends_on = _dates_of(award)
    session.add(AwardPeriod(award_id=award.id, starts_on=starts_on, ends_on=ends_on))
    session.add_all(
        AwardBudgetLine(award_id=award.id, position=position, name=name, amount=amount)
        for position, (name, amount) in enumerate(_budget(award))
    )
    rule = rule_of(session, award.commitment.funder_id)
    session.add_all(
        Report(award_id=award.id, kind=due.kind, due_on=due.due_on)
        for due in proposed(starts_on, ends_on, rule)
    )
    session.flush()
    record_on(session, by, "reports scheduled", award, award, until=ends_on.isoformat())
    return True


def _dates_of(award: Award) -> tuple[date, date]:
    """When the work begins and ends, as proposed."""
    starts_on = award.proposal.starts_on or award.awarded_at.date()
    return starts_on, award.proposal.ends_on or add_months(starts_on, WITHOUT_PERIOD)


def days_of_reports(session: Session, award: Award) -> list[date]:
    """When an award's reports are due, or would be if it began now."""
    known = reports_of(session, award.id)
    if known:
        return [report.due_on for report in known]
    rule = rule_of(session, award.commitment.funder_id)
    return [due.due_on for due in proposed(*_dates_of(award), rule)]


def _budget(award: Award) -> Iterator[tuple[str, int]]:
    """The proposal's lines in proportion, so that they add up to the award to the last unit."""
    lines = [line for line in award.proposal.budget if line.amount]
    total = sum(line.amount for line in lines)
    if not total:
        yield "The work", award.amount
        return
    shares = [divmod(award.amount * line.amount, total) for line in lines]
    left = award.amount - sum(whole for whole, _ in shares)
    first = sorted(range(len(lines)), key=lambda place: (-shares[place][1], place))[:left]
    for place, line in enumerate(lines):
        yield line.name, shares[place][0] + (place in first)


def edit_schedule(
    session: Session,
    *,
    by: Actor,
    award_id: int,
    version: int,
    dues: Sequence[Due],
    faults: tuple[Fault, ...] = (),
) -> Award:
    """Set an award's reports: those named keep what was written, those left out are taken off.

    A report that was handed in stays, and an accepted one keeps its day. Raises NotFound,
    NotPermitted, Conflict for a stale `version` of the period, RuleBroken, InvalidInput.
    """
    award = award_of(session, by, "report.decide", award_id)
    period = period_of(session, award_id)
    if period is None or award.state not in RUNNING:
        raise RuleBroken(
            gettext("An award that is %(state)s has no reports to schedule.", state=award.state)
        )
    if period.version != version:
        raise Conflict("Somebody else changed the schedule meanwhile.")
    there = {report.id: report for report in reports_of(session, award_id)}
    found = without_repeats(faults, _faults(there, dues, period))
    if found:
        raise InvalidInput(*found)
    kept = {due.report_id for due in dues}
    for report in there.values():
        if report.id not in kept:
            session.delete(report)
    session.flush()
    for due in dues:
        if due.report_id is None:
            session.add(Report(award_id=award_id, kind=due.kind, due_on=due.due_on))
        else:
            there[due.report_id].due_on = due.due_on
    flag_modified(period, "ends_on")  # reports alone do not move the schedule's version
    record_on(
        session,
        by,
        "report schedule changed",
        award,
        award,
        due=[due.due_on.isoformat() for due in dues],
    )
    return award


def _faults(there: dict[int, Report], dues: Sequence[Due], period: AwardPeriod) -> list[Fault]:
    found = []
    if len(dues) > MOST_REPORTS:
        found.append(
            Fault(
                "",
                gettext(
                    "At most %(most_reports)s reports for one award.", most_reports=MOST_REPORTS
                ),
            )
        )
    finals = [due for due in dues if due.kind == ReportKind.FINAL]
    if len(finals) != 1:
        found.append(Fault("", "An award has exactly one final report."))
    for due in dues:
        name = f"due_{due.report_id}" if due.report_id else "due_new"
        report = there.get(due.report_id or 0)
        if due.report_id and report is None:
            found.append(Fault("", "One of these reports is no longer there."))
        elif report and report.state == ReportState.ACCEPTED and report.due_on != due.due_on:
            found.append(Fault(name, "This report is accepted; its day stays."))
        elif due.due_on < period.starts_on:
            found.append(Fault(name, "Not before the work begins."))
        elif finals and due.kind == ReportKind.PROGRESS and due.due_on > finals[0].due_on:
            found.append(Fault(name, "A progress report comes before the final one."))
    kept = {due.report_id for due in dues}
    if any(id_ not in kept and report.state != ReportState.DUE for id_, report in there.items()):
        found.append(Fault("", "A report that was handed in stays in the schedule."))
    return found


def lay_out_anew(session: Session, *, by: Actor, award_id: int, version: int) -> Award:
    """Put the funder's rule in place of all reports that nobody has begun to write.

    Raises as `edit_schedule`.
    """
    award = award_of(session, by, "report.decide", award_id)
    period = period_of(session, award_id)
    if period is None:
        raise RuleBroken(
            gettext("An award that is %(state)s has no reports to schedule.", state=award.state)
        )
    waited_for = set(session.scalars(sa.select(ReportMilestone.report_id)))
    kept = [
        report
        for report in reports_of(session, award_id)
        if report.kind == ReportKind.PROGRESS
        and (report.narrative_id is not None or report.id in waited_for)
    ]
    rule = rule_of(session, award.commitment.funder_id)
    last = {r.kind: r for r in reports_of(session, award_id)}[ReportKind.FINAL]
    dues = [Due(report.kind, report.due_on, report.id) for report in kept]
    for due in proposed(period.starts_on, period.ends_on, rule):
        if due.kind == ReportKind.FINAL:
            day = last.due_on if last.state == ReportState.ACCEPTED else due.due_on
            dues.append(Due(due.kind, day, last.id))
        elif not any(is_near(due.due_on, report.due_on) for report in kept):
            dues.append(due)
    return edit_schedule(session, by=by, award_id=award_id, version=version, dues=dues)


def is_near(first: date, second: date) -> bool:
    """Whether two reports of a proposal would be written as one."""
    return abs((first - second).days) <= TOGETHER_DAYS


def extend(session: Session, award: Award, ends_on: date) -> None:
    """Move an award's end: its final report moves as far, and the longer time has its reports."""
    period = period_of(session, award.id)
    if period is None:
        return
    by_days = (ends_on - period.ends_on).days
    before, period.ends_on = period.ends_on, ends_on
    reports = reports_of(session, award.id)
    for report in reports:
        if report.kind == ReportKind.FINAL and report.state != ReportState.ACCEPTED:
            report.due_on += timedelta(days=by_days)
    rule = rule_of(session, award.commitment.funder_id)
    for due in proposed(period.starts_on, ends_on, rule):
        is_new = due.kind == ReportKind.PROGRESS and due.due_on >= before
        if is_new and not any(
            is_near(due.due_on, report.due_on)
            for report in reports
            if report.kind == ReportKind.PROGRESS
        ):
            session.add(Report(award_id=award.id, kind=due.kind, due_on=due.due_on))
    session.flush()
