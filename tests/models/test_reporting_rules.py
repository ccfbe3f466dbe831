"""What the database refuses of reports and requests by itself, in raw SQL, on both engines."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import RuleBroken
from funding.models import (
    AwardBudgetLine,
    ChangeConcern,
    ConflictOfInterest,
    Person,
    ReportReminder,
    ReturnRequest,
)
from funding.models.states import MOVES
from funding.models.triggers.reporting import APPEND_ONLY
from funding.services.reporting import changes, deciding, milestones
from tests.reporting_scene import (
    URL,
    Scene,
    add_tranche,
    decide,
    lines_of,
    make_scene,
    report_id,
    write_and_hand_in,
)


@pytest.fixture
def scene(each_database: Database) -> Scene:
    """Both progress reports handed in, the first accepted; final ones due; a request asked."""
    made = each_database.in_transaction(make_scene)
    with each_database.reading() as session:
        first = report_id(session, made.first)
    write_and_hand_in(each_database, made, first)
    decide(each_database, made.first, first, deciding.accept)
    return made


@pytest.fixture
def names(each_database: Database, scene: Scene) -> dict[str, int]:
    def find(session: Session) -> dict[str, int]:
        tranche = add_tranche(session, scene.first, 1_000_00, is_paid=False)
        final = report_id(session, scene.first, "final")
        milestones.set_milestone(
            session, by=scene.first.officer, tranche_id=tranche, report_id=final
        )
        request = changes.ask_budget_change(
            session,
            by=scene.lead,
            award_id=scene.first.award_id,
            amounts=_swapped(session, scene),
            reason="dearer",
            public_url=URL,
        )
        return {
            "accepted": report_id(session, scene.first),
            "submitted": report_id(session, scene.second),
            "final": final,
            "other_final": report_id(session, scene.second, "final"),
            "award": scene.first.award_id,
            "other_award": scene.second.award_id,
            "officer": scene.first.officer.person_id,
            "other_officer": scene.second.officer.person_id,
            "finance": scene.first.preparer.person_id,
            "lead": scene.lead.person_id,
            "tranche": tranche,
            "releaser": scene.first.releaser.person_id,
            "request": request.id,
            "concern": session.scalars(sa.select(ChangeConcern.id)).one(),
            "indicator": scene.indicator_id,
        }

    return each_database.in_transaction(find)


def _swapped(session: Session, scene: Scene) -> dict[int, int]:
    lines = session.scalars(
        sa.select(AwardBudgetLine).where(AwardBudgetLine.award_id == scene.first.award_id)
    ).all()
    (one, two) = lines
    return {one.id: two.amount, two.id: one.amount}


def run(database: Database, statement: str, names: dict[str, int], **more: object) -> None:
    database.in_transaction(lambda session: session.execute(sa.text(statement), {**names, **more}))


REFUSED = (
    # states and who decides
    ("update report set state = 'due' where id = :accepted", "cannot move"),
    ("update report set state = 'submitted' where id = :accepted", "cannot move"),
    (
        "update report set state = 'accepted', decided_by_id = :finance where id = :submitted",
        "program officer of its funder",
    ),
    (
        "update report set state = 'accepted', decided_by_id = :officer where id = :submitted",
        "program officer of its funder",
    ),
    (
        "update report set state = 'accepted', decided_by_id = :lead where id = :submitted",
        "program officer of its funder",
    ),
    (
        "update report set state = 'sent back', decided_by_id = :other_officer"
        " where id = :submitted",
        "with a reason",
    ),
    ("update report set state = 'submitted' where id = :final", "refused"),
    (
        "insert into report (award_id, kind, due_on, state, decision_reason, version)"
        " values (:award, 'progress', '2027-01-01', 'submitted', '', 1)",
        "begins as due",
    ),
    (
        "insert into report (award_id, kind, due_on, state, decision_reason, version)"
        " values (:award, 'final', '2027-01-01', 'due', '', 1)",
        "refused",
    ),
    # what is accepted or handed in stays
    ("update report set due_on = '2030-01-01' where id = :accepted", "accepted report"),
    ("update report set award_id = :other_award where id = :final", "cannot become another"),
    ("delete from report where id = :submitted", "handed in stays"),
    ("update handed_in set progress = 'better'", "not changed"),
    ("update handed_in set number = 7", "not changed"),
    ("delete from handed_in", "kept"),
    (
        "insert into handed_in (narrative_id, number, progress, difficulties, plans, spend_note,"
        " files, counts, handed_in_by_id, handed_in_at) select narrative_id, 9, '', '', '', '',"
        " files, {true}, handed_in_by_id, handed_in_at from handed_in",
        "only a version that a funder accepted",
    ),
    ("update indicator set unit = 'hours' where id = :indicator", "keeps its meaning"),
    # milestones and money
    (
        "update tranche set state = 'due' where id = :tranche",
        "waits until its report is accepted",
    ),
    (
        "update tranche set state = 'released', released_by_id = :releaser where id = :tranche",
        "cannot move|waits until|falls due before",
    ),
    (
        "insert into report_milestone (tranche_id, report_id) values (:tranche, :other_final)",
        "its own award|refused",
    ),
    ("update report_milestone set report_id = :accepted", "set anew"),
    (
        "insert into return_request (award_id, report_id, amount, due_on, asked_at)"
        " values (:award, :final, 100, '2027-01-01', '2026-01-01 00:00:00')",
        "accepted final report",
    ),
    ("update award set state = 'active' where id = :award", None),
    ("update award set state = 'completed' where id = :award", "final report is accepted"),
    # requests
    ("update change_request set state = 'approved' where id = :request", "every funder"),
    ("update change_request set reason = 'other' where id = :request", "asked anew"),
    ("delete from change_request where id = :request", "kept"),
    ("delete from change_concern where id = :concern", "kept"),
    (
        "update change_concern set verdict = 'approved', decided_by_id = :other_officer"
        " where id = :concern",
        "program officer of the funder",
    ),
    (
        "update change_concern set verdict = 'approved', decided_by_id = :lead where id = :concern",
        "program officer of the funder",
    ),
    ("update change_concern set award_id = :other_award where id = :concern", "once"),
    (
        "insert into change_request (proposal_id, kind, state, reason, asked_by_id, asked_at,"
        " version) select proposal_id, 'budget', 'approved', '', asked_by_id, asked_at, 1"
        " from change_request",
        "begins as asked",
    ),
)
"""(statement, what the refusal says; None: this one is allowed and prepares the next)."""


def test_what_the_rules_of_reports_forbid_is_refused_in_sql(
    each_database: Database, names: dict[str, int]
) -> None:
    true = "1" if each_database.is_sqlite else "true"
    for statement, refusal in REFUSED:
        statement = statement.replace("{true}", true)
        if refusal is None:
            run(each_database, statement, names)
            continue
        with pytest.raises(RuleBroken, match=refusal):
            run(each_database, statement, names)


def test_every_move_of_a_report_or_request_that_is_not_in_the_table_is_refused(
    each_database: Database, names: dict[str, int]
) -> None:
    for kind, name, state in (
        ("report", "accepted", "accepted"),
        ("report", "submitted", "submitted"),
        ("report", "final", "due"),
        ("change_request", "request", "asked"),
    ):
        for target in (*MOVES[kind], "no such state"):
            if target in (state, *MOVES[kind][state]):
                continue
            with pytest.raises(RuleBroken):
                run(
                    each_database,
                    f"update {kind} set state = :target where id = :{name}",
                    names,
                    target=target,
                )


def test_an_officer_in_conflict_or_in_the_team_decides_nothing_even_in_sql(
    each_database: Database, scene: Scene, names: dict[str, int]
) -> None:
    def declare(session: Session) -> None:
        session.add(
            ConflictOfInterest(
                proposal_id=scene.proposal_id,
                person_id=names["other_officer"],
                declared_by_id=names["other_officer"],
                reason="family",
            )
        )
        session.add(
            ConflictOfInterest(
                proposal_id=scene.proposal_id,
                person_id=names["officer"],
                declared_by_id=names["officer"],
                reason="family",
            )
        )

    accept = (
        "update report set state = 'accepted', decided_by_id = :other_officer where id = :submitted"
    )
    approve = (
        "update change_concern set verdict = 'approved', decided_by_id = :officer"
        " where id = :concern"
    )
    each_database.in_transaction(declare)
    for statement in (accept, approve):
        with pytest.raises(RuleBroken, match="not in conflict"):
            run(each_database, statement, names)
    run(each_database, "delete from conflict_of_interest", names)
    run(each_database, accept, names)
    run(each_database, approve, names)
    with pytest.raises(RuleBroken, match="says once"):
        run(each_database, "update change_concern set verdict = 'declined'", names)


def test_spend_outputs_values_requests_for_returns_and_reminders_only_grow(
    each_database: Database, scene: Scene, names: dict[str, int]
) -> None:
    with each_database.reading() as session:
        final = report_id(session, scene.first, "final")
    write_and_hand_in(each_database, scene, final)
    decide(each_database, scene.first, final, deciding.accept)

    def fill(session: Session) -> dict[str, int]:
        session.add(
            ReturnRequest(
                award_id=scene.first.award_id, report_id=final, amount=1, due_on=_today(session)
            )
        )
        session.add(ReportReminder(report_id=final, due_on=_today(session), occasion="late"))
        session.flush()
        return {
            table: session.scalar(sa.text(f"select count(*) from {table}")) for table in APPEND_ONLY
        }

    counts = each_database.in_transaction(fill)
    assert all(counts.values())
    for table in APPEND_ONLY:
        tries = [f"update {table} set id = id", f"delete from {table}"]
        if each_database.is_sqlite:
            tries.append(f"insert or replace into {table} select * from {table}")
        else:
            tries.append(f"truncate {table} cascade")
        for statement in tries:
            with pytest.raises((RuleBroken, DBAPIError)):
                run(each_database, statement, names)


def _today(session: Session):
    return session.scalars(sa.select(Person.created_at).limit(1)).one().date()


def test_spend_names_a_line_of_the_same_proposal(
    each_database: Database, names: dict[str, int]
) -> None:
    other = each_database.in_transaction(_another_proposal)
    with pytest.raises(RuleBroken, match="same proposal"):
        run(
            each_database,
            "insert into spend (handed_in_id, budget_line_id, amount)"
            " select id, :line, 1 from handed_in",
            names,
            line=other,
        )


def _another_proposal(session: Session) -> int:
    """A budget line of an award to another proposal."""
    scene = make_scene(session, indicator="Another")
    return lines_of(session, scene.first)[0].id
