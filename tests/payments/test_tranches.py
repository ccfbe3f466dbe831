"""Tranches by day and by milestone, and the rate of the day they were paid on."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path

import pytest

from funding.db import Database, now
from funding.errors import InvalidInput, NotPermitted, RuleBroken
from funding.models import Award, Tranche
from funding.services import attachments
from funding.services.evidence import fetch_evidence, files_of_tranches
from funding.services.payments import tranches
from funding.services.payments.tranches import mark_due
from tests.payments.scene import BOOKED, SOON, account, enter, released, set_scene, state_of


def schedule(session, scene, key: str, **changes) -> int:
    values = {"amount": 100_000, "due_on": SOON, "condition": "", **changes}
    answer = tranches.schedule_tranche(
        session, by=scene.first, award_id=scene.award_id, key=key, **values
    )
    return int(answer["tranche_id"])


def test_a_milestone_is_reached_when_an_officer_says_so_with_evidence(
    each_database: Database, tmp_path: Path
) -> None:
    scene = each_database.in_transaction(set_scene)
    tranche = each_database.in_transaction(schedule, scene, "m", milestone="first report")
    with pytest.raises(RuleBroken, match="milestone was reached"):
        each_database.in_transaction(
            tranches.release_tranche, by=scene.second, tranche_id=tranche, version=1
        )
    reach = {"tranche_id": tranche, "version": 1, "reached_on": BOOKED}
    with pytest.raises(NotPermitted):
        each_database.in_transaction(
            tranches.reach_milestone, by=scene.second, evidence="seen", **reach
        )
    with pytest.raises(InvalidInput, match="what shows"):
        each_database.in_transaction(
            tranches.reach_milestone, by=scene.officer, evidence=" ", **reach
        )
    tomorrow = {**reach, "reached_on": now().date() + timedelta(days=2)}
    with pytest.raises(InvalidInput, match="has been"):
        each_database.in_transaction(
            tranches.reach_milestone, by=scene.officer, evidence="seen", **tomorrow
        )
    file = attachments.store(tmp_path, "report.txt", io.BytesIO(b"Report 1."))
    each_database.in_transaction(
        tranches.reach_milestone,
        by=scene.officer,
        evidence="Report 1, read.",
        files=(file,),
        **reach,
    )
    assert state_of(each_database, tranche) == "due"
    with each_database.reading() as session:
        ((of, (shown,)),) = files_of_tranches(
            session, session.get_one(Award, scene.award_id)
        ).items()
        assert (of, shown.sha256) == (tranche, file.sha256)
        # who reads the words reads the file: the applicants too
        assert fetch_evidence(session, scene.lead, shown.id) is shown
        version = session.get_one(Tranche, tranche).version
    each_database.in_transaction(
        tranches.release_tranche, by=scene.second, tranche_id=tranche, version=version
    )
    assert state_of(each_database, tranche) == "released"


def test_a_day_falls_due_by_itself_and_a_milestone_does_not(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    past = date(2026, 1, 5)
    by_day = each_database.in_transaction(schedule, scene, "d", due_on=past)
    later = each_database.in_transaction(schedule, scene, "l", due_on=past + timedelta(days=1))
    other = each_database.in_transaction(schedule, scene, "m", due_on=past, milestone="built")
    assert each_database.in_transaction(mark_due, on=past) == 1
    assert each_database.in_transaction(mark_due, on=past) == 0
    assert [state_of(each_database, t) for t in (by_day, later, other)] == [
        "due",
        "scheduled",
        "scheduled",
    ]


def test_a_payment_keeps_the_rate_of_its_day(database: Database) -> None:
    scene = database.in_transaction(set_scene)
    tranche = database.in_transaction(released, scene)
    database.in_transaction(
        tranches.record_payment,
        by=scene.first,
        tranche_id=tranche,
        paid_on=date(2024, 5, 15),
        reference="",
        key="p",
    )
    with database.reading() as session:
        paid = session.get_one(Tranche, tranche)
        assert (paid.paid_rate, paid.paid_rate_on) == ("1.0832", date(2024, 5, 15))


def test_a_payment_by_hand_is_not_made_by_who_entered_the_bank_details(
    each_database: Database,
) -> None:
    scene = each_database.in_transaction(set_scene)
    tranche = each_database.in_transaction(released, scene)
    each_database.in_transaction(enter, scene, details=account())
    pay = {"tranche_id": tranche, "paid_on": BOOKED, "reference": "", "key": "p"}
    with pytest.raises(RuleBroken, match="does not pay to them"):
        each_database.in_transaction(tranches.record_payment, by=scene.first, **pay)
    each_database.in_transaction(tranches.record_payment, by=scene.second, **pay)
