"""A bank statement: taken in whole or not at all, once, and reconciled by whoever did not pay."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from funding.db import Database
from funding.errors import InvalidInput, RuleBroken
from funding.imports.bank.lines import StatementRefused
from funding.models import BankLine, BankStatement, Payment, PaymentBatch, Tranche, Transfer
from funding.reports.trial_balance import trial_balances
from funding.services.payments import bookings, payees, reversals, statements, tranches
from tests.payments.bank_files import entry, statement
from tests.payments.scene import (
    approved_file,
    csv_of,
    enter_both,
    lines_of,
    money,
    released,
    set_scene,
    state_of,
    take_in,
)


def sent(session):
    """A payment of EUR 4,000 in a file that the second officer approved."""
    scene = set_scene(session)
    enter_both(session, scene)
    tranche = released(session, scene)
    approved_file(session, scene, [tranche])
    payment = session.scalars(sa.select(Payment)).one()
    return scene, tranche, payment.end_to_end_id


def test_a_booking_with_its_id_and_amount_pays_and_is_reconciled_at_once(
    each_database: Database,
) -> None:
    scene, tranche, id_ = each_database.in_transaction(sent)
    content = statement(entry("4000.00", end_to_end=id_), entry("3.10", ref="B2", text="fees"))
    made = each_database.in_transaction(take_in, scene, content)
    first, second = lines_of(each_database, made)
    assert (first.state, first.decided_by_id) == ("matched", scene.first.person_id)
    assert second.state == "unmatched"
    assert state_of(each_database, tranche) == "paid"
    assert money(each_database, scene)["paid"] == 400_000
    with each_database.reading() as session:
        paid = session.get_one(Tranche, tranche)
        assert paid.paid_by_id == scene.second.person_id
        assert session.scalars(sa.select(PaymentBatch.state)).one() == "settled"
        transfer = session.get_one(Transfer, first.transfer_id)
        assert (transfer.event, transfer.amount) == ("tranche paid", 400_000)


def test_who_paid_leaves_the_sure_ones_to_a_colleague(each_database: Database) -> None:
    scene, tranche, id_ = each_database.in_transaction(sent)
    content = statement(entry("4000.00", end_to_end=id_))
    made = each_database.in_transaction(take_in, scene, content, scene.second)
    (line,) = lines_of(each_database, made)
    assert (line.state, state_of(each_database, tranche)) == ("unmatched", "released")
    confirm = {
        "line_id": line.id,
        "version": line.version,
        "tranche_id": tranche,
        "meaning": "payment",
        "key": "c",
    }
    with pytest.raises(RuleBroken, match="does not reconcile"):
        each_database.in_transaction(bookings.confirm, by=scene.second, **confirm)
    each_database.in_transaction(bookings.confirm, by=scene.first, **confirm)
    assert state_of(each_database, tranche) == "paid"


def test_the_same_statement_twice_has_no_effect(each_database: Database) -> None:
    scene, _, id_ = each_database.in_transaction(sent)
    content = statement(entry("4000.00", end_to_end=id_))
    each_database.in_transaction(take_in, scene, content)
    before = money(each_database, scene)
    with pytest.raises(RuleBroken, match="there already"):
        each_database.in_transaction(take_in, scene, content)
    with pytest.raises(RuleBroken, match="there already"):  # the bank's number of it, in new bytes
        each_database.in_transaction(take_in, scene, content + b"\n")
    # another statement with the same booking and a new one
    longer = statement(
        entry("4000.00", end_to_end=id_), entry("1.00", ref="B9"), reference="2026-11"
    )
    made = each_database.in_transaction(take_in, scene, longer)
    assert [line.amount for line in lines_of(each_database, made)] == [100]
    assert money(each_database, scene) == before


def test_a_statement_that_was_left_can_come_again(database: Database) -> None:
    scene, _, id_ = database.in_transaction(sent)
    content = statement(entry("4000.00", end_to_end=id_))
    upload = {
        "by": scene.first,
        "funder_id": scene.funder_id,
        "details_id": None,
        "filename": "a.xml",
        "content": content,
    }
    (made,) = database.in_transaction(statements.upload_statement, **upload)
    with database.reading() as session:
        assert len(session.get_one(BankStatement, made.id).read) == 1
        assert session.scalar(sa.select(sa.func.count(BankLine.id))) == 0
    database.in_transaction(statements.leave, by=scene.first, statement_id=made.id, version=1)
    database.in_transaction(take_in, scene, content)
    with pytest.raises(RuleBroken, match="left already"):
        database.in_transaction(statements.take_in, by=scene.first, statement_id=made.id, version=2)


def test_a_faulty_or_foreign_statement_is_refused_whole(database: Database) -> None:
    scene, _, id_ = database.in_transaction(sent)
    good = statement(entry("4000.00", end_to_end=id_))
    foreign = statement(entry("1.00"), iban="FR1420041010050500013M02606")
    for content in (good.replace(b"4000.00", b"4000.0x"), foreign, b"", b"<x/>"):
        with pytest.raises((StatementRefused, InvalidInput)):
            database.in_transaction(take_in, scene, content)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(BankStatement.id))) == 0


def test_a_person_says_what_the_unsure_ones_are(each_database: Database) -> None:
    scene, tranche, id_ = each_database.in_transaction(sent)
    content = csv_of(
        f"2026-10-05,-4000.00,EUR,,grant {scene.proposal_key},Hogvik,B1",
        "2026-10-06,-4000.01,EUR,,grant,,B2",
        "2026-10-07,150.00,EUR,,left over of the grant,Høgvik Institute,B3",
    )
    made = each_database.in_transaction(take_in, scene, content)
    payment, odd, back = lines_of(each_database, made)
    assert {line.state for line in (payment, odd, back)} == {"unmatched"}

    def confirm(line: BankLine, meaning: str, named: str | None = None) -> None:
        each_database.in_transaction(
            bookings.confirm,
            by=scene.first,
            line_id=line.id,
            version=line.version,
            tranche_id=tranche if named is None else 0,
            end_to_end_id=named or "",
            meaning=meaning,
            key=f"{line.id} {meaning} {named}",
        )

    for nothing in ("", "no such id"):
        with pytest.raises(InvalidInput, match="write its end-to-end id"):
            confirm(back, "return", nothing)
    with pytest.raises(InvalidInput, match="another amount"):
        confirm(odd, "payment")
    with pytest.raises(InvalidInput, match="Say what"):
        confirm(back, "payment")
    confirm(payment, "payment")
    confirm(payment, "payment")  # the same form, sent twice
    confirm(back, "return", id_)
    each_database.in_transaction(
        bookings.set_aside, by=scene.first, line_id=odd.id, version=odd.version, why="a fee"
    )
    assert [line.state for line in lines_of(each_database, made)] == [
        "matched",
        "set aside",
        "matched",
    ]
    assert money(each_database, scene) == {
        "available": 115_000,
        "awarded": 500_000,
        "paid": 385_000,
    }
    with pytest.raises(RuleBroken, match="set aside already"):
        confirm(odd, "payment")
    each_database.in_transaction(
        bookings.take_up, by=scene.first, line_id=odd.id, version=odd.version + 1
    )


def test_a_return_that_was_noted_is_confirmed_by_its_booking_and_not_counted_twice(
    each_database: Database,
) -> None:
    scene, tranche, id_ = each_database.in_transaction(sent)
    paid = statement(entry("4000.00", end_to_end=id_))
    each_database.in_transaction(take_in, scene, paid)
    for amount in (150_00, 385_000):
        each_database.in_transaction(
            tranches.record_return,
            by=scene.second,
            tranche_id=tranche,
            amount=amount,
            reason="not needed",
            key=f"by hand {amount}",
        )
    came_back = money(each_database, scene)
    assert state_of(each_database, tranche) == "returned"
    content = csv_of(
        "2026-10-07,150.00,EUR,,left over,,B8",
        "2026-10-08,3850.00,EUR,,the rest,,B9",
        "2026-10-09,1.00,EUR,,more,,B10",
    )
    made = each_database.in_transaction(take_in, scene, content)
    *noted, more = lines_of(each_database, made)

    def confirm(line: BankLine) -> None:
        each_database.in_transaction(
            bookings.confirm,
            by=scene.first,
            line_id=line.id,
            version=line.version,
            tranche_id=tranche,
            meaning="return",
            key=f"return {line.id}",
        )

    for line in noted:
        confirm(line)
    assert money(each_database, scene) == came_back
    states = [line.state for line in lines_of(each_database, made)]
    assert states == ["matched", "matched", "unmatched"]
    with pytest.raises(RuleBroken, match="is returned"):
        confirm(more)
    with each_database.reading() as session:
        (balance,) = trial_balances(session, scene.first)
        assert balance.by_one[0].unconfirmed == 0


def test_a_payment_that_the_bank_sends_back_is_undone_by_two_and_can_be_made_again(
    each_database: Database,
) -> None:
    scene, tranche, id_ = each_database.in_transaction(sent)
    content = statement(
        entry("4000.00", end_to_end=id_),
        entry("4000.00", is_out=False, end_to_end=id_, ref="B2", code="AC04"),
    )
    made = each_database.in_transaction(take_in, scene, content)
    _, back = lines_of(each_database, made)
    answer = each_database.in_transaction(
        bookings.confirm,
        by=scene.first,
        line_id=back.id,
        version=back.version,
        tranche_id=tranche,
        meaning="sent back",
        key="back",
    )
    asked = {"reversal_id": answer["reversal_id"], "version": 1}
    assert money(each_database, scene)["paid"] == 400_000
    with pytest.raises(RuleBroken, match="does not approve it"):
        each_database.in_transaction(reversals.approve_reversal, by=scene.first, **asked)
    each_database.in_transaction(reversals.approve_reversal, by=scene.second, **asked)
    assert state_of(each_database, tranche) == "released"
    assert money(each_database, scene) == {
        "available": 100_000,
        "awarded": 500_000,
        "scheduled": 400_000,
    }
    assert [line.state for line in lines_of(each_database, made)] == ["matched", "matched"]
    batch = each_database.in_transaction(approved_file, scene, [tranche], "again")
    with each_database.reading() as session:
        lives = session.scalars(sa.select(Payment.is_live).order_by(Payment.id)).all()
        assert (list(lives), batch.count) == ([False, True], 1)


def test_the_accounts_of_a_statement_are_the_funders_own(database: Database) -> None:
    scene, _, _ = database.in_transaction(sent)
    with database.reading() as session:
        payee = payees.current(session, scene.funder_id, scene.institution_id, "EUR")
    from funding.errors import NotFound

    with pytest.raises(NotFound):
        database.in_transaction(
            statements.upload_statement,
            by=scene.first,
            funder_id=scene.funder_id,
            details_id=payee.id,
            filename="a.csv",
            content=csv_of("2026-10-05,1.00,EUR,,,,"),
        )
