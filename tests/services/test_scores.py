"""Entering scores, importing tables of them, and conflicts of interest."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from openpyxl import Workbook
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotFound, RuleBroken
from funding.models import Event, Proposal, Role, Score
from funding.permissions import Actor, visible_proposals
from funding.services import conflicts, score_files, scores
from funding.services.round_document import _merits
from tests.builders import (
    make_commitment,
    make_organisation,
    make_person,
    make_proposal,
    make_round,
)


@dataclass(frozen=True)
class Desk:
    """Two officers of one funder in a round with two proposals in review, without scores."""

    officer: Actor
    colleague: Actor
    round_id: int
    first: int
    second: int
    keys: tuple[str, str]


def make_desk(database: Database) -> Desk:
    def make(session: Session) -> Desk:
        funder, round_ = make_organisation(session), make_round(session)
        make_commitment(session, round_, funder)
        officers = [Actor.of(make_person(session, funder)) for _ in range(2)]
        first, second = (make_proposal(session, round_, score=None) for _ in range(2))
        return Desk(*officers, round_.id, first.id, second.id, (first.key, second.key))

    return database.in_transaction(make)


@pytest.fixture
def desk(database: Database) -> Desk:
    return make_desk(database)


def enter(database: Database, desk: Desk, score: str, reviewer: str = "a@x.example") -> int:
    return database.in_transaction(
        scores.enter_score,
        by=desk.officer,
        proposal_id=desk.first,
        reviewer=reviewer,
        score=score,
        comment="Sound.",
    ).id


def merit(database: Database, proposal_id: int) -> float | None:
    with database.reading() as session:
        round_ = session.get_one(Proposal, proposal_id).round
        return _merits(session, round_).get(proposal_id)


def test_merit_is_the_mean_of_the_scores(database: Database, desk: Desk) -> None:
    assert merit(database, desk.first) is None
    enter(database, desk, "80")
    enter(database, desk, "65.5", "b@x.example")
    assert merit(database, desk.first) == pytest.approx(0.7275)


@pytest.mark.parametrize("typed", ["", "101", "-1", "nan", "inf", "1e309", "eighty", "70.123"])
def test_what_is_no_score_is_refused(database: Database, desk: Desk, typed: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        enter(database, desk, typed)
    assert [fault.field for fault in refusal.value.faults] == ["score"]


def test_a_reviewer_scores_a_proposal_once(database: Database, desk: Desk) -> None:
    enter(database, desk, "80", "Ada@X.example")
    with pytest.raises(InvalidInput) as refusal:
        enter(database, desk, "90", " ada@x.example ")
    assert [fault.field for fault in refusal.value.faults] == ["reviewer"]


def change(database: Database, by: Actor, score_id: int, score: str, seen: str) -> None:
    database.in_transaction(
        scores.change_score, by=by, score_id=score_id, score=score, comment="", seen=seen
    )


def test_a_score_changed_meanwhile_is_not_overwritten(each_database: Database) -> None:
    desk = make_desk(each_database)
    score_id = enter(each_database, desk, "80")
    with each_database.reading() as session:
        seen = scores.seen_mark(session.get_one(Score, score_id))
    change(each_database, desk.colleague, score_id, "85", seen)
    with pytest.raises(Conflict, match="it is 85 now"):
        change(each_database, desk.officer, score_id, "75", seen)
    assert merit(each_database, desk.first) == pytest.approx(0.85)


def test_the_log_keeps_what_a_removed_score_was(database: Database, desk: Desk) -> None:
    score_id = enter(database, desk, "80")
    with database.reading() as session:
        seen = scores.seen_mark(session.get_one(Score, score_id))
    database.in_transaction(scores.remove_score, by=desk.officer, score_id=score_id, seen=seen)
    assert merit(database, desk.first) is None
    with database.reading() as session:
        event = session.scalars(sa.select(Event).where(Event.action == "score removed")).one()
        assert event.detail == {"score_id": score_id, "score": 80.0}


@pytest.mark.parametrize("state", ["withdrawn", "funded"])
def test_scores_of_a_settled_proposal_stay(database: Database, desk: Desk, state: str) -> None:
    def settle(session: Session) -> None:
        session.get_one(Proposal, desk.first).state = state

    database.in_transaction(settle)
    with pytest.raises(RuleBroken, match=state):
        enter(database, desk, "80")


def test_an_officer_of_another_round_enters_no_score(database: Database, desk: Desk) -> None:
    other = make_desk(database)
    with pytest.raises(NotFound):
        database.in_transaction(
            scores.enter_score,
            by=other.officer,
            proposal_id=desk.first,
            reviewer="x",
            score="1",
            comment="",
        )


# -- tables -------------------------------------------------------------------------------------


def import_text(database: Database, desk: Desk, text: str) -> score_files.Counts:
    rows = score_files.read_scores(text.encode(), "scores.csv")
    return database.in_transaction(
        score_files.import_scores, by=desk.officer, round_id=desk.round_id, rows=rows
    )


def test_a_table_is_imported_and_the_same_again_changes_nothing(each_database: Database) -> None:
    desk = make_desk(each_database)
    first, second = desk.keys
    table = f"proposal,reviewer,score,comment\n{first},a@x.example,80,Good\n{second},Bo,70.5,\n"
    assert import_text(each_database, desk, table) == score_files.Counts(2, 2, 0, 0)
    assert import_text(each_database, desk, table) == score_files.Counts(2, 0, 0, 2)
    changed = table.replace(",80,", ",81,")
    assert import_text(each_database, desk, changed) == score_files.Counts(2, 0, 1, 1)
    assert merit(each_database, desk.first) == pytest.approx(0.81)


def test_headings_are_recognised_in_other_words_order_and_separators(
    database: Database, desk: Desk
) -> None:
    table = f"Score;Reviewer E-mail;Remarks;Proposal ID\n80,5;a@x.example;ok;{desk.keys[0]}\n"
    import_text(database, desk, table)
    assert merit(database, desk.first) == pytest.approx(0.805)


def test_a_workbook_is_read_as_well(database: Database, desk: Desk) -> None:
    book, buffer = Workbook(), io.BytesIO()
    book.active.append(["proposal", "reviewer", "score"])
    book.active.append([desk.keys[0], "a@x.example", 72.5])
    book.save(buffer)
    rows = score_files.read_scores(buffer.getvalue(), "scores.xlsx")
    database.in_transaction(
        score_files.import_scores, by=desk.officer, round_id=desk.round_id, rows=rows
    )
    assert merit(database, desk.first) == pytest.approx(0.725)


def test_every_fault_names_its_row_and_field_and_nothing_is_written(
    database: Database, desk: Desk
) -> None:
    first, second = desk.keys
    table = (
        "proposal,reviewer,score,comment\n"
        f"{first},a@x.example,80,Good\n"
        f"{second},,70,\n"
        f"{second},b@x.example,seventy,\n"
        "NOPE,c@x.example,50,\n"
        f"{first},A@x.example,90,\n"
    )
    with pytest.raises(InvalidInput) as refusal:
        import_text(database, desk, table)
    assert [fault.field for fault in refusal.value.faults] == [
        "row 3, reviewer",
        "row 4, score",
        "row 5, proposal",
        "row 6, reviewer",
    ]
    assert "row 2" in refusal.value.faults[-1].rule
    assert merit(database, desk.first) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n",
        b"name,points\nx,1\n",
        b"%PDF-1.7",
        b"\x00\x01\x02",
        b"proposal,reviewer,score",
    ],
)
def test_what_is_no_table_of_scores_is_refused(
    database: Database, desk: Desk, content: bytes
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        import_text(database, desk, content.decode("latin-1"))
    assert [fault.field for fault in refusal.value.faults] == ["file"]


# -- conflicts ----------------------------------------------------------------------------------


def declare(database: Database, desk: Desk, reason: str = "A former student of mine.") -> None:
    database.in_transaction(
        conflicts.declare, by=desk.officer, proposal_id=desk.first, reason=reason
    )


def readable(database: Database, by: Actor) -> set[int]:
    with database.reading() as session:
        return {proposal.id for proposal in session.scalars(visible_proposals(by))}


def test_who_declares_a_conflict_does_not_see_the_proposal_and_others_do(
    each_database: Database,
) -> None:
    desk = make_desk(each_database)
    declare(each_database, desk)
    assert readable(each_database, desk.officer) == {desk.second}
    assert readable(each_database, desk.colleague) == {desk.first, desk.second}
    with pytest.raises(NotFound):
        enter(each_database, desk, "80")


def test_a_proposal_in_conflict_is_unknown_to_ones_imports(database: Database, desk: Desk) -> None:
    declare(database, desk)
    table = f"proposal,reviewer,score\n{desk.keys[0]},a@x.example,80\n"
    with pytest.raises(InvalidInput) as refusal:
        import_text(database, desk, table)
    assert [fault.field for fault in refusal.value.faults] == ["row 2, proposal"]


def declare_for(database: Database, by: Actor, desk: Desk, person_id: int | None) -> None:
    database.in_transaction(
        conflicts.declare_for,
        by=by,
        proposal_id=desk.first,
        person_id=person_id,
        reason="Sits on their board.",
    )


def test_an_officer_records_a_colleagues_conflict(database: Database, desk: Desk) -> None:
    declare_for(database, desk.officer, desk, desk.colleague.person_id)
    assert readable(database, desk.colleague) == {desk.second}
    assert readable(database, desk.officer) == {desk.first, desk.second}
    with pytest.raises(RuleBroken, match="already"):
        declare_for(database, desk.officer, desk, desk.colleague.person_id)


def test_an_officer_records_no_conflict_for_people_of_other_funders(
    database: Database, desk: Desk
) -> None:
    stranger = make_desk(database).officer
    with pytest.raises(NotFound):
        declare_for(database, desk.officer, desk, stranger.person_id)


def test_the_committee_declares_for_itself_only(database: Database, desk: Desk) -> None:
    def member(session: Session) -> Actor:
        owner = session.get_one(Proposal, desk.first).round.owner
        return Actor.of(make_person(session, owner, Role.COMMITTEE))

    by = database.in_transaction(member)
    with pytest.raises(NotFound):
        declare_for(database, by, desk, desk.officer.person_id)
    database.in_transaction(conflicts.declare, by=by, proposal_id=desk.first, reason="My aunt.")
    assert readable(database, by) == {desk.second}


def test_a_conflict_needs_its_reason(database: Database, desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refusal:
        declare_for(database, desk.officer, desk, None)
    assert [fault.field for fault in refusal.value.faults] == ["person"]
    with pytest.raises(InvalidInput) as refusal:
        declare(database, desk, " ")
    assert [fault.field for fault in refusal.value.faults] == ["reason"]
