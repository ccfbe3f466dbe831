"""Two finance officers take a tranche from released to reconciled, in a browser on the demo."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from funding.db import now
from funding.models import (
    Account,
    Award,
    Commitment,
    Organisation,
    Payment,
    ReportMilestone,
    Tranche,
)
from tests.browser import steps
from tests.browser.conftest import LiveSite, OpenPage
from tests.payments.bank_files import entry, statement

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST = "hamish.dunmorrow@corvane.example"
SECOND = "leila.arkwright-noor@corvane.example"
OWN_IBAN = "GB88ZZZZ99000012345678"
PAYEE_IBAN = "NL51ZZZZ0123456789"


def test_two_finance_officers_pay_a_released_tranche_and_reconcile_it(
    live_demo: LiveSite, open_page: OpenPage, tmp_path: Path
) -> None:
    with live_demo.database.reading() as session:
        tranche = session.scalars(
            sa.select(Tranche)
            .join(Award, Award.id == Tranche.award_id)
            .join(Commitment, Commitment.id == Award.commitment_id)
            .join(Organisation, Organisation.id == Commitment.funder_id)
            .where(
                Organisation.key == "corvane",
                Tranche.state.in_(("scheduled", "due")),
                ~sa.exists().where(ReportMilestone.tranche_id == Tranche.id),
            )
            .order_by(Tranche.id)
        ).first()
        award_id, tranche_id, amount = tranche.award_id, tranche.id, tranche.amount
        payee = tranche.award.proposal.institution.name
        title, due_on = tranche.award.proposal.title, tranche.due_on

    # the second releases what the first prepared; the first enters where it goes
    second = open_page(SECOND)
    steps.release_tranche(second, award_id)
    first = open_page(FIRST)
    steps.enter_bank_details(first, "The Corvane Trust", OWN_IBAN, "United Kingdom", "GBP")
    steps.enter_bank_details(first, payee, PAYEE_IBAN, "Netherlands", "GBP")

    # the first makes the file and cannot approve it
    steps.make_payment_file(first, title, max(due_on, now().date() + timedelta(days=1)))

    # the second approves it, and takes it to the bank
    text = steps.approve_payment_file(second, first.url)
    assert f"<IBAN>{PAYEE_IBAN}</IBAN>" in text
    assert f"<CtrlSum>{amount / 100:.2f}</CtrlSum>" in text

    # the bank's statement: the second paid it, so the first reconciles it
    with live_demo.database.reading() as session:
        id_ = session.scalars(
            sa.select(Payment.end_to_end_id).where(Payment.tranche_id == tranche_id)
        ).one()
    file = tmp_path / "statement.xml"
    booked = entry(f"{amount / 100:.2f}", end_to_end=id_, currency="GBP")
    file.write_bytes(
        statement(
            booked,
            iban=OWN_IBAN,
            currency="GBP",
            opening="100000.00",
            closing=f"{100_000 - amount / 100:.2f}",
        )
    )
    steps.take_in_statement(first, file)

    # the award's money, on one page, from clause to payment
    first.locator("#results").get_by_role("link", name=title).click()
    expect(first.get_by_role("heading", name="Where this money came from and went")).to_be_visible()
    expect(first.get_by_text("It adds up")).to_be_visible()
    expect(first.get_by_role("main")).to_contain_text(id_)
    expect(first.get_by_role("main")).to_contain_text("5 Oct 2026")
    first.goto("/ledger")
    expect(first.get_by_text("It balances")).to_be_visible()
    with live_demo.database.reading() as session:
        assert session.get_one(Tranche, tranche_id).state == "paid"
        assert session.scalar(sa.select(sa.func.sum(Account.balance))) == 0
