"""Payment files: made by one, approved by another, each tranche in at most one that is live."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from funding.db import Database, now
from funding.errors import Conflict, InvalidInput, NotFound, RuleBroken
from funding.models import Payment, PaymentBatch
from funding.services import awards
from funding.services.payments import batches, tranches
from tests.payments.scene import (
    BOOKED,
    account,
    approved_file,
    enter,
    enter_both,
    make_file,
    money,
    released,
    set_scene,
    state_of,
)


def ready(session):
    scene = set_scene(session)
    enter_both(session, scene)
    return scene, released(session, scene)


def test_one_makes_a_file_and_another_approves_it(each_database: Database) -> None:
    scene, tranche = each_database.in_transaction(ready)
    batch = each_database.in_transaction(make_file, scene, [tranche])
    assert each_database.in_transaction(make_file, scene, [tranche]) == batch  # sent twice
    with pytest.raises(RuleBroken, match="does not approve it"):
        each_database.in_transaction(
            batches.approve_batch, by=scene.first, batch_id=batch, version=1
        )
    with pytest.raises(NotFound):
        each_database.in_transaction(
            batches.approve_batch, by=scene.officer, batch_id=batch, version=1
        )
    with pytest.raises(RuleBroken, match="once a colleague has approved"):
        each_database.in_transaction(
            batches.taken_for_the_bank, by=scene.first, batch_id=batch, form="CSV"
        )
    with pytest.raises(Conflict):
        each_database.in_transaction(
            batches.approve_batch, by=scene.second, batch_id=batch, version=9
        )
    each_database.in_transaction(batches.approve_batch, by=scene.second, batch_id=batch, version=1)
    with each_database.reading() as session:
        made = session.get_one(PaymentBatch, batch)
        assert (made.state, made.count, made.total) == ("approved", 1, 400_000)
    with pytest.raises(RuleBroken, match="approved already"):
        each_database.in_transaction(
            batches.approve_batch, by=scene.second, batch_id=batch, version=2
        )


def test_a_tranche_is_in_one_live_file_and_free_again_when_that_is_cancelled(
    each_database: Database,
) -> None:
    scene, tranche = each_database.in_transaction(ready)
    batch = each_database.in_transaction(make_file, scene, [tranche])
    with pytest.raises(RuleBroken, match="in another payment file"):
        each_database.in_transaction(make_file, scene, [tranche], "again")
    with pytest.raises(RuleBroken, match="cancel the file first"):
        each_database.in_transaction(
            tranches.cancel_tranche, by=scene.first, tranche_id=tranche, version=3, reason="no"
        )
    with pytest.raises(RuleBroken, match="cancel the file first"):
        each_database.in_transaction(
            awards.terminate_award,
            by=scene.officer,
            award_id=scene.award_id,
            version=2,
            reason="over",
        )
    with pytest.raises(RuleBroken, match="waits for its approval"):
        each_database.in_transaction(
            tranches.record_payment,
            by=scene.first,
            tranche_id=tranche,
            paid_on=BOOKED,
            reference="",
            key="early",
        )
    cancel = {"by": scene.second, "batch_id": batch, "version": 1}
    with pytest.raises(InvalidInput, match="why"):
        each_database.in_transaction(batches.cancel_batch, reason=" ", **cancel)
    each_database.in_transaction(batches.cancel_batch, reason="wrong day", **cancel)
    each_database.in_transaction(make_file, scene, [tranche], "again")
    with each_database.reading() as session:
        lives = session.scalars(sa.select(Payment.is_live).order_by(Payment.id)).all()
        assert list(lives) == [False, True]


def test_a_file_names_each_tranche_that_cannot_be_paid_so(database: Database) -> None:
    scene = database.in_transaction(set_scene)
    tranche = database.in_transaction(released, scene)
    early = {"execution_on": now().date() + timedelta(days=1)}
    with pytest.raises(InvalidInput) as refusal:
        database.in_transaction(make_file, scene, [tranche], **early)
    told = [str(fault) for fault in refusal.value.faults]
    assert "own account in EUR" in told[0]
    assert "no bank details of Høgvik Institute" in told[1]
    assert "is due on" in told[2]
    with pytest.raises(InvalidInput, match="at least one"):
        database.in_transaction(make_file, scene, [])
    with pytest.raises(RuleBroken, match="one currency"):
        database.in_transaction(make_file, scene, [tranche], currency="USD")


def test_who_entered_bank_details_does_not_approve_a_payment_to_them(
    each_database: Database,
) -> None:
    scene, tranche = each_database.in_transaction(ready)
    changed = account(bic="WESTGB22XXX")
    each_database.in_transaction(enter, scene, number=1, by=scene.second, details=changed)
    batch = each_database.in_transaction(make_file, scene, [tranche])
    with pytest.raises(RuleBroken, match="does not pay to them"):
        each_database.in_transaction(
            batches.approve_batch, by=scene.second, batch_id=batch, version=1
        )


def test_details_that_changed_since_stop_the_approval(each_database: Database) -> None:
    scene, tranche = each_database.in_transaction(ready)
    batch = each_database.in_transaction(make_file, scene, [tranche])
    changed = account(bic="WESTGB22XXX")
    each_database.in_transaction(enter, scene, number=1, details=changed)
    with pytest.raises(RuleBroken, match="have changed since"):
        each_database.in_transaction(
            batches.approve_batch, by=scene.second, batch_id=batch, version=1
        )


def test_a_payment_of_a_file_is_noted_by_another_than_its_approver(
    each_database: Database,
) -> None:
    scene, tranche = each_database.in_transaction(ready)
    batch = each_database.in_transaction(approved_file, scene, [tranche])
    note = {"tranche_id": tranche, "paid_on": BOOKED, "reference": "R", "key": "note"}
    with pytest.raises(RuleBroken, match="does not note"):
        each_database.in_transaction(tranches.record_payment, by=scene.second, **note)
    each_database.in_transaction(tranches.record_payment, by=scene.first, **note)
    assert state_of(each_database, tranche) == "paid"
    assert money(each_database, scene) == {
        "available": 100_000,
        "awarded": 500_000,
        "paid": 400_000,
    }
    with each_database.reading() as session:
        assert session.get_one(PaymentBatch, batch.id).state == "settled"
    with pytest.raises(RuleBroken, match="settled"):
        each_database.in_transaction(
            batches.cancel_batch, by=scene.first, batch_id=batch.id, version=3, reason="late"
        )
