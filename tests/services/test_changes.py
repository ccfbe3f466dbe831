"""More time and other budgets: asked with a reason, approved by every funder concerned, on both."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import InvalidInput, NotFound, RuleBroken
from funding.models import AwardPeriod, ChangeRequest, Mail, Report, ReportingRule
from funding.permissions import Actor
from funding.services.reporting import changes, deciding, schedule
from tests.reporting_scene import (
    URL,
    Scene,
    Staff,
    decide,
    lines_of,
    make_scene,
    report_id,
    write_and_hand_in,
)


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(make_scene)


def ask(database: Database, scene: Scene, **values: Any) -> int:
    wanted = {
        "by": scene.lead,
        "ends_on": date(2027, 8, 31),
        "reason": "The port withdrew its permit.",
        **values,
    }
    return database.in_transaction(
        changes.ask_extension, proposal_id=scene.proposal_id, public_url=URL, **wanted
    ).id


def answer(
    database: Database,
    staff: Staff,
    request: int,
    *,
    by: Actor | None = None,
    approve: bool = True,
    reason: str = "",
) -> None:
    with database.reading() as session:
        version = session.get_one(ChangeRequest, request).version
    database.in_transaction(
        changes.decide,
        by=by or staff.officer,
        request_id=request,
        award_id=staff.award_id,
        version=version,
        is_approved=approve,
        reason=reason,
        public_url=URL,
    )


def dues(database: Database, staff: Staff) -> list[tuple[str, str]]:
    with database.reading() as session:
        reports = schedule.reports_of(session, staff.award_id)
        return [(report.kind, report.due_on.isoformat()) for report in reports]


def state(database: Database, request: int) -> str:
    with database.reading() as session:
        return session.get_one(ChangeRequest, request).state


def test_an_extension_takes_effect_when_every_funder_has_approved(
    each_database: Database, scene: Scene
) -> None:
    request = ask(each_database, scene)
    before = dues(each_database, scene.first)
    answer(each_database, scene.first, request)
    assert state(each_database, request) == "asked"
    assert dues(each_database, scene.first) == before
    with pytest.raises(RuleBroken, match="answered this request already"):
        answer(each_database, scene.first, request)
    answer(each_database, scene.second, request, reason="Gladly.")
    assert state(each_database, request) == "approved"
    # 184 days later; the year that begins within the longer time has its own progress report
    for staff in (scene.first, scene.second):
        assert dues(each_database, staff) == [
            ("progress", "2026-09-01"),
            ("final", "2027-10-30"),
        ]
    with each_database.reading() as session:
        ends = session.scalars(sa.select(AwardPeriod.ends_on)).all()
        assert set(ends) == {date(2027, 8, 31)}
        told = session.scalars(sa.select(Mail.subject).order_by(Mail.id)).all()
    assert sum(subject.startswith("Asked for more time") for subject in told) == 2
    assert told[-1].startswith("Approved: more time")


def test_a_long_extension_adds_the_reports_of_the_longer_time(
    each_database: Database, scene: Scene
) -> None:
    def often(session: Session) -> None:
        funder = next(iter(scene.first.officer.organisations))
        session.add(ReportingRule(funder_id=funder, every_months=6, final_days=60, remind_days=14))

    each_database.in_transaction(often)
    request = ask(each_database, scene, ends_on=date(2028, 2, 28))
    answer(each_database, scene.first, request)
    answer(each_database, scene.second, request)
    assert dues(each_database, scene.first) == [
        ("progress", "2026-09-01"),
        ("progress", "2027-03-01"),
        ("progress", "2027-09-01"),
        ("final", "2028-04-28"),
    ]
    assert dues(each_database, scene.second) == [
        ("progress", "2026-09-01"),
        ("progress", "2027-09-01"),
        ("final", "2028-04-28"),
    ]


def test_one_funder_that_declines_ends_the_request_and_nothing_moves(
    each_database: Database, scene: Scene
) -> None:
    request = ask(each_database, scene)
    before = dues(each_database, scene.first)
    with pytest.raises(InvalidInput, match="Say why not"):
        answer(each_database, scene.first, request, approve=False)
    answer(each_database, scene.first, request, approve=False, reason="Our money ends in May.")
    assert state(each_database, request) == "declined"
    assert dues(each_database, scene.first) == before
    with pytest.raises(RuleBroken, match="declined already"):
        answer(each_database, scene.second, request)
    with each_database.reading() as session:
        body = session.scalars(sa.select(Mail.body).order_by(Mail.id.desc())).first()
    assert "Our money ends in May." in str(body)


def test_who_may_ask_and_answer(each_database: Database, scene: Scene) -> None:
    with pytest.raises(NotFound):
        ask(each_database, scene, by=scene.first.officer)
    for wrong in (
        {"reason": " "},
        {"ends_on": None},
        {"ends_on": date(2027, 2, 28)},
        {"ends_on": date(2032, 1, 1)},
    ):
        with pytest.raises(InvalidInput):
            ask(each_database, scene, **wrong)
    request = ask(each_database, scene)
    with pytest.raises(RuleBroken, match="waits already"):
        ask(each_database, scene)
    for by in (scene.second.officer, scene.lead):
        with pytest.raises(NotFound):
            answer(each_database, scene.first, request, by=by)
    each_database.in_transaction(changes.withdraw, by=scene.lead, request_id=request, version=1)
    assert state(each_database, request) == "withdrawn"
    ask(each_database, scene)


def test_money_moves_between_the_lines_of_one_award_and_the_sum_stays(
    each_database: Database, scene: Scene
) -> None:
    with each_database.reading() as session:
        people, computing = (line.id for line in lines_of(session, scene.second))

    def move(amounts: dict[int, int], reason: str = "Computing became dearer.") -> int:
        return each_database.in_transaction(
            changes.ask_budget_change,
            by=scene.lead,
            award_id=scene.second.award_id,
            amounts=amounts,
            reason=reason,
            public_url=URL,
        ).id

    for amounts, rule in (
        ({people: 3_000_00, computing: 3_000_01}, "add up to EUR\N{NO-BREAK SPACE}0.01 more"),
        ({people: 3_000_00, computing: 2_999_99}, "0.01 less"),
        ({people: 4_000_00, computing: 2_000_00}, "Nothing is moved"),
        ({people: 6_000_00}, "0 for nothing"),
    ):
        with pytest.raises(InvalidInput, match=rule):
            move(amounts)
    with pytest.raises(InvalidInput):
        move({people: 3_000_00, computing: 3_000_00}, reason="")
    request = move({people: 3_000_00, computing: 3_000_00})
    with pytest.raises(NotFound):
        answer(each_database, scene.first, request)
    answer(each_database, scene.second, request)
    with each_database.reading() as session:
        assert [line.amount for line in lines_of(session, scene.second)] == [3_000_00, 3_000_00]
        kept = session.get_one(ChangeRequest, request)
        assert kept.amounts_before == {str(people): 4_000_00, str(computing): 2_000_00}


def test_an_accepted_report_keeps_its_day_when_the_project_takes_longer(
    each_database: Database, scene: Scene
) -> None:
    with each_database.reading() as session:
        progress = report_id(session, scene.first)
    write_and_hand_in(each_database, scene, progress)
    decide(each_database, scene.first, progress, deciding.accept)
    request = ask(each_database, scene)
    answer(each_database, scene.first, request)
    answer(each_database, scene.second, request)
    with each_database.reading() as session:
        assert session.get_one(Report, progress).due_on == date(2026, 9, 1)
