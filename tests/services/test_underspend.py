"""What was paid and not spent comes back to its commitment, and a new scenario can give it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import (
    AccountKind,
    Award,
    Commitment,
    Event,
    Mail,
    Proposal,
    Release,
    Report,
    ReturnRequest,
    Round,
    Scenario,
    Tranche,
)
from funding.permissions import Actor
from funding.services import ledger, rounds
from funding.services.payments.tranches import record_return
from funding.services.reporting import deciding, underspend
from funding.services.round_document import build_problem
from tests.builders import make_proposal
from tests.reporting_scene import (
    Scene,
    add_tranche,
    decide,
    make_scene,
    report_id,
    write_and_hand_in,
)

FREE = 1_000_00
"""What of the first funder's commitment was never awarded."""


@pytest.fixture
def scene(each_database: Database) -> Scene:
    """USD 5,000 paid in two parts, 1,000 scheduled, 3,000 neither; EUR 4,000 paid."""

    def make(session: Session) -> Scene:
        made = make_scene(session)
        add_tranche(session, made.first, 3_000_00, is_paid=True)
        add_tranche(session, made.first, 2_000_00, is_paid=True, due_on=date(2026, 10, 1))
        add_tranche(session, made.first, 1_000_00, is_paid=False, due_on=date(2027, 1, 1))
        add_tranche(session, made.second, 4_000_00, is_paid=True)
        return made

    return each_database.in_transaction(make)


def accept_final(database: Database, scene: Scene, spent: tuple[str, str]) -> None:
    with database.reading() as session:
        final = report_id(session, scene.first, "final")
    write_and_hand_in(database, scene, final, first=spent, second=("3,500", "500"))
    decide(database, scene.first, final, deciding.accept)


def free(database: Database, scene: Scene) -> int:
    with database.reading() as session:
        commitment = session.get_one(Commitment, scene.first.commitment_id)
        return ledger.account(session, commitment, AccountKind.AVAILABLE).balance


def book(database: Database, scene: Scene, amount: int, **changes: Any) -> None:
    values = {"by": scene.first.preparer, "reason": "R-77", "key": f"book {amount}", **changes}
    database.in_transaction(
        underspend.book_return, award_id=scene.first.award_id, amount=amount, **values
    )


def close(database: Database, scene: Scene, by: Actor | None = None, reason: str = "") -> None:
    with database.reading() as session:
        version = session.get_one(Award, scene.first.award_id).version
    database.in_transaction(
        underspend.complete_award,
        by=by or scene.first.officer,
        award_id=scene.first.award_id,
        version=version,
        reason=reason,
    )


def test_what_was_paid_and_not_spent_is_asked_back_at_the_accepted_final_report(
    each_database: Database, scene: Scene
) -> None:
    accept_final(each_database, scene, ("2,500", "1,250.50"))
    with each_database.reading() as session:
        request = session.scalars(sa.select(ReturnRequest)).one()
        assert (request.award_id, request.amount) == (scene.first.award_id, 1_249_50)
        assert request.due_on > request.asked_at.date()
        body = session.scalars(sa.select(Mail.body).order_by(Mail.id.desc())).first()
        assert "USD\N{NO-BREAK SPACE}1,249.50 of what was paid is not spent" in str(body)
        assert underspend.owed_by(session, session.get_one(Award, scene.second.award_id)) == 0


def test_money_that_comes_back_is_taken_from_the_last_payments_and_is_free_again(
    each_database: Database, scene: Scene
) -> None:
    with pytest.raises(RuleBroken, match="Nothing of this award"):
        book(each_database, scene, 1)
    accept_final(each_database, scene, ("2,500", "0"))
    with pytest.raises(NotPermitted):
        book(each_database, scene, 100, by=scene.first.officer)
    with pytest.raises(NotFound):
        book(each_database, scene, 100, by=scene.second.preparer)
    for amount in (0, 2_500_01):
        with pytest.raises(InvalidInput, match="at most"):
            book(each_database, scene, amount)
    with pytest.raises(InvalidInput, match="reference"):
        book(each_database, scene, 100, reason=" ")
    book(each_database, scene, 2_200_00)
    book(each_database, scene, 2_200_00)  # the same form, sent twice
    assert free(each_database, scene) == FREE + 2_200_00
    with each_database.reading() as session:
        tranches = session.scalars(
            sa.select(Tranche)
            .where(Tranche.award_id == scene.first.award_id)
            .order_by(Tranche.due_on)
        ).all()
        assert [t.state for t in tranches] == ["paid", "returned", "scheduled"]
        assert ledger.paid_and_kept(session, tranches[0]) == 2_800_00
    # however it is noted, it is owed no more
    each_database.in_transaction(
        record_return,
        by=scene.first.preparer,
        tranche_id=tranches[0].id,
        amount=300_00,
        reason="the rest",
        key="rest",
    )
    with each_database.reading() as session:
        assert underspend.owed_by(session, session.get_one(Award, scene.first.award_id)) == 0


def test_closing_an_award_frees_what_was_never_paid_once_all_is_settled(
    each_database: Database, scene: Scene
) -> None:
    with pytest.raises(RuleBroken, match="final report is accepted"):
        close(each_database, scene)
    accept_final(each_database, scene, ("4,000", "500"))
    with pytest.raises(NotPermitted):
        close(each_database, scene, by=scene.first.preparer)
    with pytest.raises(InvalidInput, match="still to be returned"):
        close(each_database, scene)
    book(each_database, scene, 500_00)
    close(each_database, scene)
    assert free(each_database, scene) == FREE + 500_00 + 4_000_00
    with each_database.reading() as session:
        award = session.get_one(Award, scene.first.award_id)
        assert award.state == "completed"
        assert [t.state for t in award.tranches] == ["paid", "paid", "cancelled"]
        balances = [
            ledger.account(session, award.commitment, kind, award=award).balance
            for kind in (AccountKind.AWARDED,)
        ]
        assert balances == [0]
    with pytest.raises(RuleBroken, match="completed"):
        close(each_database, scene)


def test_an_award_is_closed_without_its_money_only_with_a_reason_on_record(
    each_database: Database, scene: Scene
) -> None:
    accept_final(each_database, scene, ("4,000", "500"))
    close(each_database, scene, reason="The institute was dissolved.")
    with each_database.reading() as session:
        event = session.scalars(sa.select(Event).where(Event.action == "award completed")).one()
        assert event.detail["not_returned"] == 500_00


@pytest.mark.parametrize("has_years", [False, True])
def test_a_scenario_can_give_again_exactly_what_is_available(
    each_database: Database, scene: Scene, has_years: bool
) -> None:
    """As the optimizer reads it: the commitment's money less the line that is locked."""

    def round_again(session: Session) -> int:
        if has_years:
            commitment = session.get_one(Commitment, scene.first.commitment_id)
            commitment.releases = [Release(year=2027, amount=commitment.amount)]
        round_ = session.get_one(Round, scene.round_id)
        make_proposal(session, round_, ask=20_000_00, minimum=1_00, title="The next in line")
        scenario = Scenario(round=round_, name="Again", created_by_id=scene.owner.person_id)
        session.add(scenario)
        session.flush()
        return scenario.id

    scenario_id = each_database.in_transaction(round_again)

    def can_give() -> int:
        with each_database.reading() as session:
            document = build_problem(session, session.get_one(Scenario, scenario_id)).document
            key = session.get_one(Commitment, scene.first.commitment_id).key
        amount = next(c["amount"] for c in document["commitments"] if c["id"] == key)
        locked = sum(lock["amount"] for lock in document["locks"] if lock["commitment"] == key)
        return int(amount - locked)

    assert can_give() == free(each_database, scene) == FREE
    accept_final(each_database, scene, ("4,000", "500"))
    book(each_database, scene, 500_00)
    assert can_give() == free(each_database, scene) == FREE + 500_00
    close(each_database, scene)
    assert can_give() == free(each_database, scene) == FREE + 500_00 + 4_000_00


def test_a_closed_round_allocates_again_what_came_back(
    each_database: Database, scene: Scene
) -> None:
    def move(session: Session, to: str, reason: str = "") -> None:
        version = session.get_one(Round, scene.round_id).version
        rounds.move_round(
            session, by=scene.owner, round_id=scene.round_id, to=to, version=version, reason=reason
        )

    def leave_one_out(session: Session) -> int:
        return make_proposal(session, session.get_one(Round, scene.round_id)).id

    left_out = each_database.in_transaction(leave_one_out)
    each_database.in_serializable_transaction(move, "closed")
    with each_database.reading() as session:
        assert session.get_one(Proposal, left_out).state == "not funded"
    with pytest.raises(InvalidInput):
        each_database.in_serializable_transaction(move, "allocating")
    accept_final(each_database, scene, ("4,000", "500"))
    book(each_database, scene, 500_00)
    each_database.in_serializable_transaction(move, "allocating", "USD 500 came back.")
    with each_database.reading() as session:
        assert session.get_one(Round, scene.round_id).state == "allocating"
        assert session.get_one(Proposal, left_out).state == "in review"
        assert session.get_one(Report, report_id(session, scene.first, "final")).state == "accepted"


def test_a_closed_round_without_free_money_stays_closed(each_database: Database) -> None:
    def close_first(session: Session) -> Scene:
        made = make_scene(session)
        round_ = session.get_one(Round, made.round_id)
        for staff in (made.first, made.second):
            commitment = session.get_one(Commitment, staff.commitment_id)
            left = ledger.account(session, commitment, AccountKind.AVAILABLE).balance
            ledger.reduce(session, None, commitment, left, "given elsewhere")
        round_.state = "closed"
        return made

    made = each_database.in_transaction(close_first)

    def move(session: Session) -> None:
        version = session.get_one(Round, made.round_id).version
        rounds.move_round(
            session,
            by=made.owner,
            round_id=made.round_id,
            to="allocating",
            version=version,
            reason="again",
        )

    with pytest.raises(RuleBroken, match="nothing to allocate"):
        each_database.in_serializable_transaction(move)
