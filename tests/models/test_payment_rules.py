"""What the database refuses of payments by itself, in raw SQL on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from funding.db import Database
from funding.errors import RuleBroken
from funding.models import Payment, PaymentBatch, Tranche
from funding.services.payments.candidates import payment_of
from funding.services.payments.tranches import record_payment
from tests.payments.scene import (
    BOOKED,
    account,
    csv_of,
    enter,
    enter_both,
    make_file,
    released,
    set_scene,
    take_in,
)


def set_up(session) -> dict[str, int]:
    """A released tranche in a file that waits, another that was paid by hand, and a booking."""
    scene = set_scene(session)
    enter_both(session, scene)
    waiting = released(session, scene, 300_000, "waiting")
    paid = released(session, scene, 200_000, "paid")
    record_payment(
        session, by=scene.second, tranche_id=paid, paid_on=BOOKED, reference="R", key="paid"
    )
    batch = make_file(session, scene, [waiting])
    statement = take_in(session, scene, csv_of("2026-10-05,-2000.00,EUR,,,,"))
    made = session.get_one(PaymentBatch, batch)
    transfer = payment_of(session, session.get_one(Tranche, paid))
    return {
        "waiting": waiting,
        "paid": paid,
        "batch": batch,
        "own": made.details_id,
        "payee": made.payments[0].details_id,
        "payment": session.scalars(sa.select(Payment.id)).one(),
        "statement": statement,
        "transfer": transfer.id,
        "first": scene.first.person_id,
        "second": scene.second.person_id,
        "officer": scene.officer.person_id,
        "proposer": scene.proposer.person_id,
    }


REFUSED: tuple[tuple[str, str], ...] = (
    # payment files
    (
        "update payment_batch set state = 'approved', approved_by_id = made_by_id",
        "another person than the one who made it|does not pay to them",
    ),
    ("update payment_batch set state = 'approved'", "another person"),
    (
        "update payment_batch set state = 'approved', approved_by_id = :officer",
        "recommended or approved",
    ),
    (
        "update payment_batch set state = 'approved', approved_by_id = :proposer",
        "recommended or approved",
    ),
    (
        "update payment_batch set state = 'settled', approved_by_id = :second",
        "cannot move|not paid yet",
    ),
    ("update payment_batch set total = 1", "cancelled, and made anew"),
    ("update payment_batch set details_id = :payee", "cancelled, and made anew"),
    ("update payment set amount = 1", "is not changed"),
    ("update payment set details_id = :own", "is not changed"),
    ("update payment set is_live = {false}", "until its file is cancelled"),
    ("delete from payment", "stays on record"),
    ("delete from payment_batch", "stays on record"),
    (
        "insert into payment (batch_id, tranche_id, details_id, amount, end_to_end_id, is_live)"
        " values (:batch, :waiting, :payee, 300000, 'again', {true})",
        "unique|UNIQUE|uq_payment_live",
    ),
    (
        "insert into payment (batch_id, tranche_id, details_id, amount, end_to_end_id, is_live)"
        " values (:batch, :paid, :payee, 200000, 'x', {true})",
        "holds released tranches",
    ),
    (
        "insert into payment (batch_id, tranche_id, details_id, amount, end_to_end_id, is_live)"
        " values (:batch, :waiting, :own, 300000, 'x', {false})",
        "newest bank details of the institution",
    ),
    # bank details
    ("update bank_details set iban = 'X'", "never changed"),
    ("delete from bank_details", "never changed"),
    (
        "insert into bank_details (funder_id, organisation_id, currency, number, holder, iban,"
        " account, bank_code, bic, country, checked_how, entered_by_id, entered_at) select"
        " funder_id, organisation_id, currency, 7, holder, iban, account, bank_code, bic, country,"
        " checked_how, entered_by_id, entered_at from bank_details where id = :payee",
        "numbered in order",
    ),
    # tranches
    (
        "update tranche set state = 'paid' where id = :waiting",
        "names who paid it|by whoever approved",
    ),
    (
        "update tranche set state = 'paid', paid_by_id = :second, paid_on = '2026-10-05'"
        " where id = :waiting",
        "by whoever approved that file",
    ),
    ("update tranche set state = 'released' where id = :paid", "undone on the ledger"),
    (
        "update tranche set state = 'released', paid_by_id = null, paid_on = null where id = :paid",
        "undone on the ledger",
    ),
    # bookings
    (
        "update bank_line set state = 'matched', tranche_id = :paid, transfer_id = :transfer,"
        " decided_by_id = :second",
        "who paid, or decided on the award, does not reconcile",
    ),
    (
        "update bank_line set state = 'matched', tranche_id = :paid, transfer_id = :transfer,"
        " decided_by_id = :officer",
        "who paid, or decided on the award, does not reconcile",
    ),
    (
        "update bank_line set state = 'matched', tranche_id = :waiting, transfer_id = :transfer,"
        " decided_by_id = :first",
        "of its own amount, funder, currency and tranche",
    ),
    ("update bank_line set state = 'matched', decided_by_id = :first", "matched_to|of its own"),
    ("update bank_line set amount = 1", "is not changed"),
    ("delete from bank_line", "stays on record"),
    ("update bank_statement set closing = 5", "is not changed"),
    (
        "insert into bank_line (statement_id, funder_id, account, line_key, row, booked_on, amount,"
        " currency, is_out, end_to_end_id, reference, party, return_code, state, why, version)"
        " select statement_id, funder_id, account, 'new', row, booked_on, amount, currency, is_out,"
        " '', '', '', '', 'unmatched', '', 1 from bank_line",
        "all of them at once",
    ),
)


def test_raw_sql_does_not_get_round_the_rules_of_payments(each_database: Database) -> None:
    names = each_database.in_transaction(set_up)
    words = {
        "{true}": "1" if each_database.is_sqlite else "true",
        "{false}": "0" if each_database.is_sqlite else "false",
    }

    def run(statement: str) -> None:
        for word, meaning in words.items():
            statement = statement.replace(word, meaning)
        each_database.in_transaction(lambda s: s.execute(sa.text(statement), names))

    for statement, told in REFUSED:
        with pytest.raises(RuleBroken, match=told):
            run(statement)
    # what is right goes through
    run("update payment_batch set state = 'approved', approved_by_id = :second")
    run(
        "update bank_line set state = 'matched', tranche_id = :paid, transfer_id = :transfer,"
        " decided_by_id = :first"
    )
    with pytest.raises(RuleBroken, match="stays so"):
        run("update bank_line set state = 'unmatched', transfer_id = null, tranche_id = null")


def test_who_changed_bank_details_cannot_pay_even_in_sql(each_database: Database) -> None:
    def changed(session) -> dict[str, int]:
        scene = set_scene(session)
        enter_both(session, scene)
        enter(session, scene, by=scene.second, number=1, details=account(bic="WESTGB22XXX"))
        waiting = released(session, scene, 300_000, "waiting")
        by_hand = released(session, scene, 200_000, "by hand")
        batch = make_file(session, scene, [waiting])
        return {"batch": batch, "second": scene.second.person_id, "by_hand": by_hand}

    names = each_database.in_transaction(changed)
    for statement in (
        "update payment_batch set state = 'approved', approved_by_id = :second",
        "update tranche set state = 'paid', paid_by_id = :second, paid_on = '2026-10-05'"
        " where id = :by_hand",
    ):
        with pytest.raises(RuleBroken, match="does not pay to them"):
            each_database.in_transaction(
                lambda s, statement=statement: s.execute(sa.text(statement), names)
            )
