"""The demo's payments: bank details that lead nowhere, a file for the bank, and what the bank said.

Everything is done by the acts of the site, by the finance officers of one funder, so that the rules
of payments hold of the demo too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    Award,
    Commitment,
    Organisation,
    Person,
    Tranche,
    TrancheState,
)
from funding.permissions import Actor
from funding.services.payments import batches, bookings, payees, statements, tranches

FUNDER = "morgenweite"
FIRST = "friedhelm.luttmar@morgenweite.example"
SECOND = "katalin.weissgerb@morgenweite.example"
OWN = "DE95990000010000012345"
ACCOUNTS = {
    FUNDER: ("Stiftung Morgenweite", OWN, "DE"),
    "lindentor": ("Technische Hochschule Lindentor", "DE13990000020000678901", "DE"),
    "straits": ("Straits Institute for AI Assurance", "NL51ZZZZ0123456789", "NL"),
}
"""Payee -> in whose name, IBAN, country. The numbers fit, and belong to no bank."""

STATEMENT = """Date,Amount,Currency,Reference,Name,Bank reference
2025-11-11,-60000.00,EUR,Pilot grant C05,Technische Hochschule Lindentor,MW-0001
2025-11-11,-18.50,EUR,Charges of the quarter,,MW-0002
2025-11-20,1250.00,EUR,Travel not used,Technische Hochschule Lindentor,MW-0003
"""


def load(
    session: Session, organisations: dict[str, Organisation], people: dict[str, Person]
) -> None:
    """One payment reconciled, two bookings that wait, and a file that the bank can have."""
    first, second = (Actor.of(people[email]) for email in (FIRST, SECOND))
    funder = organisations[FUNDER]
    for key, (holder, iban, country) in ACCOUNTS.items():
        payees.enter_details(
            session,
            by=first,
            funder_id=funder.id,
            organisation_id=organisations[key].id,
            currency="EUR",
            number=0,
            details=payees.AccountDetails(
                holder=holder,
                iban=iban,
                account="",
                bank_code="",
                bic="",
                country=country,
                checked_how="Called back on the number in the agreement.",
            ),
        )
    _statement(session, funder, second)
    _file(session, funder, organisations["lindentor"], first, second)


def _tranches(session: Session, funder: Organisation, payee: str | None, state: str) -> list[Any]:
    query = (
        sa.select(Tranche)
        .join(Award, Award.id == Tranche.award_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .where(Commitment.funder_id == funder.id, Tranche.state == state)
        .order_by(Tranche.due_on, Tranche.id)
    )
    found = session.scalars(query).all()
    return [
        t
        for t in found
        if payee is None
        or (t.award.proposal.institution and t.award.proposal.institution.key == payee)
    ]


def _statement(session: Session, funder: Organisation, by: Actor) -> None:
    """Of the days around the first payment; its other bookings are left to whoever tries it out."""
    own = payees.current(session, funder.id, funder.id, "EUR")
    (made,) = statements.upload_statement(
        session,
        by=by,
        funder_id=funder.id,
        details_id=own.id if own else None,
        filename="morgenweite-2025-11.csv",
        content=STATEMENT.encode(),
    )
    statements.take_in(session, by=by, statement_id=made.id, version=made.version)
    payment = made.lines[0]
    (paid,) = _tranches(session, funder, "lindentor", TrancheState.PAID)
    bookings.confirm(
        session,
        by=by,
        line_id=payment.id,
        version=payment.version,
        tranche_id=paid.id,
        meaning="payment",
        key="demo reconciled",
    )


def _file(
    session: Session, funder: Organisation, payee: Organisation, first: Actor, second: Actor
) -> None:
    """The next payment, released and approved; due on its day or, past that, soon."""
    (waiting,) = _tranches(session, funder, payee.key, TrancheState.SCHEDULED)
    tranches.release_tranche(session, by=second, tranche_id=waiting.id, version=waiting.version)
    answer = batches.make_batch(
        session,
        by=first,
        funder_id=funder.id,
        currency="EUR",
        tranche_ids=[waiting.id],
        execution_on=max(waiting.due_on, now().date() + timedelta(days=3)),
        key="demo payment file",
    )
    batches.approve_batch(session, by=second, batch_id=answer["batch_id"], version=1)
