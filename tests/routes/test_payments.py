"""The pages of payments and of the ledger, by the people whose work they are."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from funding.db import now
from funding.models import Commitment, Event, PaymentBatch, Person, Role, Tranche
from funding.services.expiry import expire_commitment
from funding.services.payments.tranches import record_payment, record_return
from tests.builders import make_person
from tests.conftest import SignIn
from tests.payments.bank_files import entry, statement
from tests.payments.scene import (
    OWN_IBAN,
    PAYEE_IBAN,
    SOON,
    Scene,
    approved_file,
    csv_of,
    enter_both,
    released,
    set_scene,
)


@pytest.fixture
def scene(site: Flask) -> Scene:
    def make(session) -> Scene:
        made = set_scene(session)
        enter_both(session, made)
        return made

    return site.extensions["database"].in_transaction(make)


def do(site: Flask, act, *args, **values):
    return site.extensions["database"].in_transaction(act, *args, **values)


def test_a_file_goes_from_picking_to_the_bank_and_is_the_same_each_time(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    tranche = do(site, released, scene)
    first, second = sign_in(site, scene.emails["first"]), sign_in(site, scene.emails["second"])
    sent = {
        "funder_id": scene.funder_id,
        "currency": "EUR",
        "picked": [tranche],
        "execution_on": SOON.isoformat(),
        "idempotency_key": "k",
    }
    early = {**sent, "execution_on": (now().date() + timedelta(days=1)).isoformat()}
    refused = first.post("/payments/new", data=early)
    assert refused.status_code == 422
    assert "is due on" in refused.text
    answer = first.post("/payments/new", data=sent)
    assert answer.status_code == 302
    page = answer.headers["Location"]
    assert first.post("/payments/new", data=sent).headers["Location"] == page
    assert first.get(f"{page}.xml").status_code == 409
    assert first.post(f"{page}/approve", data={"version": 1}).status_code == 409
    assert second.post(f"{page}/approve", data={"version": 1}).status_code == 302
    xml = [first.get(f"{page}.xml").data for _ in range(2)]
    assert xml[0] == xml[1]
    assert PAYEE_IBAN.encode() in xml[0]
    assert "4000.00" in first.get(f"{page}.csv").text
    with site.extensions["database"].reading() as session:
        taken = session.scalars(sa.select(Event).where(Event.action == "payment file taken"))
        assert [event.detail["form"] for event in taken] == ["pain.001", "pain.001", "CSV"]
        assert session.scalars(sa.select(PaymentBatch.state)).one() == "approved"


def test_accounts_are_masked_but_for_finance_officers(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    def auditor(session) -> str:
        funder = session.get_one(Person, scene.first.person_id).bindings[0].organisation
        return make_person(session, funder, Role.AUDITOR).email

    batch = do(site, lambda s: approved_file(s, scene, [released(s, scene)]).id)
    seen = sign_in(site, scene.emails["first"])
    masked = sign_in(site, do(site, auditor))
    for page in ("/payments/bank-details", "/payments/bank-details/2", f"/payments/{batch}"):
        text = masked.get(page).text
        assert PAYEE_IBAN not in text
        assert OWN_IBAN not in text
        assert "GB•••• 5432" in text
    assert PAYEE_IBAN in seen.get("/payments/bank-details/2").text
    assert masked.get("/payments/bank-details/2/change").status_code == 403
    assert masked.get(f"/payments/{batch}.xml").status_code == 403


def test_bank_details_come_back_as_typed_where_they_are_wrong(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    client = sign_in(site, scene.emails["first"])
    typed = {
        "holder": "Høgvik",
        "iban": "GB00",
        "country": "GB",
        "number": "1",
        "checked_how": "by phone",
    }
    refused = client.post("/payments/bank-details/2/change", data=typed)
    assert refused.status_code == 422
    for kept in ("GB00", "by phone", "no IBAN"):
        assert kept in refused.text
    stale = {**typed, "iban": PAYEE_IBAN, "number": "0"}
    assert client.post("/payments/bank-details/2/change", data=stale).status_code == 409
    right = {**typed, "iban": PAYEE_IBAN}
    assert client.post("/payments/bank-details/2/change", data=right).status_code == 302


def upload(client, content: bytes, account: int = 1):
    return client.post(
        "/payments/statements",
        data={"details_id": str(account), "file": (io.BytesIO(content), "bank.xml")},
    )


def test_a_statement_is_looked_at_taken_in_and_its_faults_named(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    do(site, lambda s: approved_file(s, scene, [released(s, scene)]).id)
    client = sign_in(site, scene.emails["first"])
    faulty = upload(client, csv_of("2026-02-30,1.00,EUR,,,,", "2026-10-05,x,EUR,,,,"))
    assert faulty.status_code == 422
    assert "row 2, date" in faulty.text
    assert "row 3, amount" in faulty.text
    assert upload(client, b"").status_code == 422
    with site.extensions["database"].reading() as session:
        id_ = session.scalars(sa.select(PaymentBatch)).one().payments[0].end_to_end_id
    content = statement(entry("4000.00", end_to_end=id_), entry("9.00", ref="B2"))
    looked = upload(client, content)
    assert looked.status_code == 302
    page = looked.headers["Location"]
    assert "Same end-to-end id and amount." in client.get(page).text
    assert client.post(f"{page}/take-in", data={"version": 1}).status_code == 302
    text = client.get(page).text
    assert "Reconciled" in text
    assert "Unmatched" in text
    assert upload(client, content).status_code == 409
    aside = client.post("/payments/bookings/2/set-aside", data={"version": 1, "why": " "})
    assert aside.status_code == 422
    assert (
        client.post(
            "/payments/bookings/2/set-aside", data={"version": 1, "why": "fees"}
        ).status_code
        == 302
    )


def test_a_movement_is_undone_by_two(site: Flask, sign_in: SignIn, scene: Scene) -> None:
    tranche = do(site, released, scene)
    do(
        site,
        record_payment,
        by=scene.second,
        tranche_id=tranche,
        paid_on=SOON,
        reference="",
        key="p",
    )
    first, second = sign_in(site, scene.emails["first"]), sign_in(site, scene.emails["second"])
    money = first.get(f"/awards/{scene.award_id}/money").text
    assert "It adds up" in money
    link = money.partition('href="/payments/transfers/')[2].partition('"')[0]
    page = f"/payments/transfers/{link}"
    assert first.post(page, data={"idempotency_key": "r", "reason": ""}).status_code == 422
    assert first.post(page, data={"idempotency_key": "r", "reason": "a slip"}).status_code == 302
    assert "a slip" in second.get("/payments/reversals").text
    assert first.post("/payments/reversals/1/approve", data={"version": 1}).status_code == 409
    assert second.post("/payments/reversals/1/approve", data={"version": 1}).status_code == 302
    with site.extensions["database"].reading() as session:
        assert session.get_one(Tranche, tranche).state == "released"


def test_a_statement_adds_up_to_the_cent_on_the_page_and_in_its_files(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    tranche = do(site, released, scene)
    do(site, record_payment, by=scene.second, tranche_id=tranche, paid_on=SOON, reference="=1",
       key="p")  # fmt: skip
    do(site, record_return, by=scene.first, tranche_id=tranche, amount=12_345, reason="left",
       key="r")  # fmt: skip
    client = sign_in(site, scene.emails["first"])
    today = now().date().isoformat()
    for of in (
        f"funder-{scene.funder_id}-EUR",
        f"commitment-{scene.commitment_id}",
        f"award-{scene.award_id}",
    ):
        query = {"of": of, "from": "2020-01-01", "to": today}
        page = client.get("/ledger/statement", query_string=query)
        assert page.status_code == 200
        assert "3,876.55" in page.text
        text = client.get("/ledger/statement.csv", query_string=query).text
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
        kinds = [name for name in rows[0] if name.endswith(" after")]
        held = {kind: Decimal(rows[0][kind]) for kind in kinds}
        for row in rows[1:-1]:
            for side, sign in (("from", -1), ("to", 1)):
                if row[side]:
                    held[f"{row[side]} after"] += sign * Decimal(row["amount"])
        assert held == {kind: Decimal(rows[-1][kind]) for kind in kinds}
        assert held["paid after"] == Decimal("3876.55")
        book = client.get("/ledger/statement.xlsx", query_string=query).data
        sheet = openpyxl.load_workbook(io.BytesIO(book), read_only=True).active
        last = list(sheet.iter_rows(values_only=True))[-1]
        assert Decimal(str(last[-1])) == held["paid after"]
    before = {"of": f"award-{scene.award_id}", "to": "2020-01-01"}
    assert "Nothing happened" in client.get("/ledger/statement", query_string=before).text


def test_the_trial_balance_is_zero_and_says_which_sum_that_is(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    text = sign_in(site, scene.emails["officer"]).get("/ledger").text.replace("\xa0", " ")
    assert "It balances" in text
    assert "The sum of all balances is EUR 0.00" in text
    assert "0 accounts have a balance not explained by transfers" in text


def test_gain_and_loss_are_between_the_runs_rate_and_the_payments(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    tranche = do(site, released, scene)
    do(site, record_payment, by=scene.second, tranche_id=tranche, paid_on=date(2024, 5, 15),
       reference="", key="p")  # fmt: skip
    client = sign_in(site, scene.emails["first"])
    row = client.get("/ledger/exchange.csv").text.splitlines()[1]
    # 4,000 euro: 4,400.00 at the run's 1.10, 4,332.80 at the 1.0832 of 15 May 2024
    assert row.endswith("USD,4400.00,4332.80,-67.20")
    assert "67.20" in client.get("/ledger/exchange").text
    assert "67.20" in client.get(f"/awards/{scene.award_id}/money").text


def test_a_commitment_expires_after_its_last_day_and_not_before(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    client = sign_in(site, scene.emails["first"])
    page = f"/commitments/{scene.commitment_id}"
    assert client.post(f"{page}/expire", data={"idempotency_key": "e"}).status_code == 409

    def end(session) -> None:
        session.get_one(Commitment, scene.commitment_id).ends_on = date(2025, 1, 1)

    do(site, end)
    assert "Let it expire" in client.get(page).text
    assert client.post(f"{page}/expire", data={"idempotency_key": "e"}).status_code == 302
    assert "Let it expire" not in client.get(page).text
    with site.extensions["database"].reading() as session:
        assert session.get_one(Commitment, scene.commitment_id).amount == 900_000
    again = {"commitment_id": scene.commitment_id, "reason": "", "idempotency_key": "e"}
    assert do(site, expire_commitment, by=scene.first, **again) == 100_000  # the same form


def test_the_applicant_sees_the_money_and_no_names_of_officers(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    with site.extensions["database"].reading() as session:
        lead = session.get_one(Person, scene.lead.person_id).email
        officer = session.get_one(Person, scene.officer.person_id).name
    text = sign_in(site, lead).get(f"/awards/{scene.award_id}/money").text
    assert "It adds up" in text
    assert officer not in text
    assert sign_in(site, lead).get("/payments").status_code == 403
