"""10,000 of everything that is paid: pages, filters, a bounded number of queries and of bytes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    Account,
    Award,
    BankDetails,
    BankLine,
    BankStatement,
    Organisation,
    Payment,
    PaymentBatch,
    PlanLine,
    Proposal,
    Reversal,
    Role,
    Tranche,
    Transfer,
)
from funding.models.triggers import lift_rules, set_rules
from tests.conftest import SignIn
from tests.queries import count_queries
from tests.routes.world import Side, make_side

MANY = 10_000


def add(session: Session, table: Any, rows: list[dict[str, Any]]) -> list[int]:
    first = (session.scalar(sa.select(sa.func.max(table.id))) or 0) + 1
    numbered = [{"id": first + number, **row} for number, row in enumerate(rows)]
    session.execute(sa.insert(table), numbered)
    return [row["id"] for row in numbered]


def fill(session: Session) -> Side:
    """A side with MANY awards, tranches of each kind, files, statements, bookings and reversals;
    put in past the rules, for speed."""
    side = make_side(session)
    award = session.get_one(Award, side.ids["award_id"])
    line, proposal = session.get_one(PlanLine, award.plan_line_id), award.proposal
    commitment, own = award.commitment, session.get_one(BankDetails, side.ids["details_id"])
    statement = session.get_one(BankStatement, side.ids["bank_statement_id"])
    statement.state = "taken in"
    reversed_ = session.get_one(Reversal, side.ids["reversal_id"])
    lift_rules(session.connection())
    person = own.entered_by_id
    numbers = range(MANY)
    institutions = add(
        session,
        Organisation,
        [{"key": f"p-{n}", "name": f"Payee {n}", "kind": "institution"} for n in numbers],
    )
    proposals = add(
        session,
        Proposal,
        [
            {
                "key": f"Y{n}",
                "round_id": proposal.round_id,
                "state": "funded",
                "title": f"Paid work {n}",
                "abstract": "",
                "ask": 100,
                "minimum": 1,
                "lead_id": proposal.lead_id,
                "institution_id": institution,
                "version": 1,
            }
            for n, institution in enumerate(institutions)
        ],
    )
    same = {"commitment_id": commitment.id, "amount": 100, "base_amount": 100, "version": 1}
    lines = add(
        session,
        PlanLine,
        [
            {
                **same,
                "plan_id": line.plan_id,
                "proposal_id": p,
                "state": "approved",
                "suggested_amount": 100,
                "recommended_by_id": line.recommended_by_id,
            }
            for p in proposals
        ],
    )
    awards = add(
        session,
        Award,
        [
            {**same, "plan_line_id": of, "proposal_id": p, "state": "active"}
            for of, p in zip(lines, proposals, strict=True)
        ],
    )
    details = add(
        session,
        BankDetails,
        [
            {
                "funder_id": own.funder_id,
                "organisation_id": institution,
                "currency": own.currency,
                "number": 1,
                "holder": f"Payee {institution}",
                "account": f"{institution}",
                "bank_code": "1",
                "country": "US",
                "entered_by_id": person,
            }
            for institution in institutions
        ],
    )
    tranches = {
        state: add(
            session,
            Tranche,
            [
                {
                    "award_id": each,
                    "state": state,
                    "amount": 40,
                    "due_on": now().date(),
                    "prepared_by_id": person,
                    "released_by_id": line.recommended_by_id,
                    "version": 1,
                }
                for each in awards
            ],
        )
        for state in ("released", "paid")
    }
    accounts = add(
        session,
        Account,
        [
            {
                "kind": kind,
                "funder_id": commitment.funder_id,
                "currency": commitment.currency,
                "commitment_id": commitment.id,
                "award_id": each,
                "tranche_id": tranche,
                "balance": balance,
            }
            for each, tranche in zip(awards, tranches["paid"], strict=True)
            for kind, balance in (("scheduled", 0), ("paid", 40))
        ],
    )
    transfers = add(
        session,
        Transfer,
        [
            {
                "event": "tranche paid",
                "debit_id": accounts[2 * n],
                "credit_id": accounts[2 * n + 1],
                "funder_id": commitment.funder_id,
                "currency": commitment.currency,
                "amount": 40,
                "reason": "",
            }
            for n in numbers
        ],
    )
    batches = add(
        session,
        PaymentBatch,
        [
            {
                "funder_id": own.funder_id,
                "currency": own.currency,
                "state": "approved",
                "execution_on": now().date(),
                "details_id": own.id,
                "message_id": f"MANY-{n}",
                "count": 1,
                "total": 40,
                "made_by_id": person,
                "version": 1,
            }
            for n in numbers
        ],
    )
    add(
        session,
        Payment,
        [
            {
                "batch_id": batch,
                "tranche_id": tranche,
                "details_id": detail,
                "amount": 40,
                "end_to_end_id": f"MANY-{tranche}",
            }
            for batch, tranche, detail in zip(batches, tranches["paid"], details, strict=True)
        ],
    )
    add(
        session,
        Reversal,
        [
            {
                "transfer_id": transfer,
                "funder_id": own.funder_id,
                "reason": "Sent back.",
                "asked_by_id": reversed_.asked_by_id,
                "version": 1,
            }
            for transfer in transfers
        ],
    )
    add(
        session,
        BankStatement,
        [
            {
                "funder_id": own.funder_id,
                "details_id": own.id,
                "account": own.account,
                "currency": own.currency,
                "format": "CSV",
                "filename": f"bank-{n}.csv",
                "sha256": f"many {n}",
                "uploaded_by_id": person,
                "version": 1,
            }
            for n in numbers
        ],
    )
    add(
        session,
        BankLine,
        [
            {
                "statement_id": statement.id,
                "funder_id": own.funder_id,
                "account": own.account,
                "line_key": f"many {n}",
                "row": n + 3,
                "booked_on": now().date() - timedelta(days=n % 300),
                "amount": 30,
                "currency": own.currency,
                "is_out": n % 2 == 0,
                "version": 1,
            }
            for n in numbers
        ],
    )
    set_rules(session.connection())
    return side


LISTS = (
    ("/payments", "state=approved&currency=USD&sort=-total", 1_000_000),
    ("/payments/new", "", 1_000_000),
    ("/payments/bank-details", "q=payee", 1_000_000),
    ("/payments/statements", "state=preview", 1_000_000),
    ("/payments/statements/{bank_statement_id}", "state=unmatched", 1_500_000),
    ("/payments/reversals", "state=asked", 1_000_000),
    ("/payments/{batch_id}", "", 1_000_000),
    ("/ledger/statement?of=commitment-{commitment_id}", "", 1_000_000),
    ("/ledger", "", 1_000_000),
)


@pytest.mark.slow
def test_long_lists_of_payments_page_and_filter_with_few_queries(
    site: Flask, sign_in: SignIn
) -> None:
    database = site.extensions["database"]
    side = database.in_transaction(fill)
    client = sign_in(site, side.people[Role.FINANCE_OFFICER])
    for path, query, most in LISTS:
        path = path.format(**side.ids)
        begun = "&" if "?" in path else "?"
        for shown in ("", f"{begun}page=100&per_page=100", f"{begun}{query}&page=2"):
            with count_queries(database) as queries:
                answer = client.get(path + shown)
            assert answer.status_code == 200, path
            assert len(queries) <= 35, (path, shown, len(queries))
            assert len(answer.data) < most, (path, shown, len(answer.data))

    # money that came in may be of any of them: some are offered, another is named by its id
    text = client.get("/payments/statements/{bank_statement_id}".format(**side.ids)).text
    assert re.search(r"9,9\d\d more, by its end-to-end id", text)
    assert text.count("<option") < 50 * 45
