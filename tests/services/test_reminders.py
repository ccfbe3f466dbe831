"""Reminders of reports: before a day and once it has passed, each of them once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.models import (
    Award,
    AwardBudgetLine,
    AwardPeriod,
    Mail,
    Report,
    ReportReminder,
)
from funding.services.reporting import reminders
from tests.conftest import make_config
from tests.reporting_scene import URL, Scene, make_scene, report_id, write_and_hand_in

DUE = date(2026, 9, 1)


@pytest.fixture
def scene(each_database: Database) -> Scene:
    made = each_database.in_transaction(make_scene)
    each_database.in_transaction(lambda session: session.execute(sa.delete(Mail)))
    return made


def remind(database: Database, scene: Scene, today: date) -> str | None:
    def act(session: Session) -> str | None:
        return reminders.remind(
            session, report_id=report_id(session, scene.first), today=today, public_url=URL
        )

    return database.in_transaction(act)


def subjects(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Mail.subject).order_by(Mail.id)))


def test_each_reminder_goes_out_once(each_database: Database, scene: Scene) -> None:
    assert remind(each_database, scene, DUE - timedelta(days=15)) is None
    assert remind(each_database, scene, DUE - timedelta(days=14)) == "before"
    assert remind(each_database, scene, DUE - timedelta(days=13)) is None
    assert remind(each_database, scene, DUE) is None
    assert remind(each_database, scene, DUE + timedelta(days=1)) == "late"
    assert remind(each_database, scene, DUE + timedelta(days=30)) is None
    # the researcher twice; once it is late, the officers of the funder too
    found = subjects(each_database)
    assert [s.partition(":")[0] for s in found] == ["Due on 1 September 2026", "Late", "Late"]


def test_what_is_handed_in_is_reminded_of_no_more_and_a_moved_day_anew(
    each_database: Database, scene: Scene
) -> None:
    assert remind(each_database, scene, DUE - timedelta(days=1)) == "before"

    def move(session: Session) -> int:
        report = session.get_one(Report, report_id(session, scene.first))
        report.due_on = DUE + timedelta(days=60)
        return report.id

    report = each_database.in_transaction(move)
    assert remind(each_database, scene, DUE + timedelta(days=1)) is None
    assert remind(each_database, scene, DUE + timedelta(days=50)) == "before"
    write_and_hand_in(each_database, scene, report)
    assert remind(each_database, scene, DUE + timedelta(days=70)) is None


def test_the_job_of_the_day_reminds_of_all_and_schedules_what_has_no_reports(
    each_database: Database, scene: Scene, tmp_path: Path
) -> None:
    """Awards that were accepted before reports were scheduled get theirs."""

    def prepare(session: Session) -> None:
        for report in session.scalars(sa.select(Report)):
            session.delete(report)
        session.execute(sa.delete(AwardPeriod))
        session.execute(sa.delete(AwardBudgetLine))

    each_database.in_transaction(prepare)
    config = make_config(tmp_path, "unused")
    reminders.remind_of_reports(each_database, config)
    reminders.remind_of_reports(each_database, config)
    with each_database.reading() as session:
        scheduled = session.scalar(sa.select(sa.func.count(Report.id)))
        reminded = session.scalar(sa.select(sa.func.count(ReportReminder.id)))
        late = session.scalar(
            sa.select(sa.func.count(Report.id)).where(Report.due_on < now().date())
        )
        lines = session.execute(
            sa.text("select award_id, sum(amount) from award_budget_line group by award_id")
        ).all()
        amounts = dict(session.execute(sa.select(Award.id, Award.amount)).all())
    assert scheduled == 4
    assert reminded >= (late or 0)
    assert {award: amount for award, amount in lines} == amounts  # noqa: C416 - rows, no pairs
