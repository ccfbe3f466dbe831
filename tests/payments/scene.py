"""A funder with two finance officers, an award accepted, bank details, and what a bank says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.models import (
    Account,
    Award,
    AwardState,
    BankDetails,
    BankLine,
    PaymentBatch,
    Person,
    Role,
    Tranche,
    TrancheState,
)
from funding.permissions import Actor
from funding.services.decisions import approve_lines
from funding.services.payments import batches, payees, statements, tranches
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_plan,
    make_proposal,
    make_round,
)

OWN_IBAN = "DE89370400440532013000"
PAYEE_IBAN = "GB82WEST12345698765432"
AWARD = 900_000
SOON = now().date() + timedelta(days=30)
BOOKED = date(2026, 10, 5)


@dataclass(frozen=True)
class Scene:
    """An award of EUR 9,000; `first` and `second` are finance officers, emails beside them."""

    funder_id: int
    institution_id: int
    award_id: int
    commitment_id: int
    proposal_key: str
    lead: Actor
    proposer: Actor
    officer: Actor
    first: Actor
    second: Actor
    emails: dict[str, str]


def set_scene(session: Session) -> Scene:
    committee = make_organisation(session, "committee")
    funder = make_organisation(session, "funder", name="Stiftung Öffnung")
    institution = make_organisation(session, "institution", name="Høgvik Institute", country="GB")
    round_ = make_round(session, committee)
    commitment = make_commitment(session, round_, funder, amount=1_000_000, currency="EUR")
    proposal = make_proposal(
        session, round_, institution=institution, ask=1_200_000, minimum=1, title="A safer gate"
    )
    proposer, officer = make_actor(session, committee), make_person(session, funder)
    first, second = (make_person(session, funder, Role.FINANCE_OFFICER) for _ in range(2))
    plan = make_plan(
        session, round_, [(commitment, proposal, AWARD)], proposer, base_amounts=[AWARD]
    )
    plan.run.rates = {"EUR": {"rate": "1.10", "on": "2026-01-02"}}
    line = plan.lines[0]
    line.base_amount = 990_000
    session.flush()
    approve_lines(session, by=Actor.of(officer), lines={line.id: None}, key="scene")
    award = session.scalars(sa.select(Award).where(Award.plan_line_id == line.id)).one()
    award.state = AwardState.ACCEPTED
    session.flush()
    return Scene(
        funder.id,
        institution.id,
        award.id,
        commitment.id,
        proposal.key,
        Actor.of(session.get_one(Person, proposal.lead_id)),
        proposer,
        Actor.of(officer),
        Actor.of(first),
        Actor.of(second),
        {"officer": officer.email, "first": first.email, "second": second.email},
    )


def account(**changes: str) -> payees.AccountDetails:
    values = {
        "holder": "Høgvik Institute",
        "iban": PAYEE_IBAN,
        "account": "",
        "bank_code": "",
        "bic": "",
        "country": "GB",
        "checked_how": "by telephone",
        **changes,
    }
    return payees.AccountDetails(**values)


def enter(
    session: Session,
    scene: Scene,
    *,
    by: Actor | None = None,
    organisation_id: int | None = None,
    number: int = 0,
    details: payees.AccountDetails | None = None,
) -> BankDetails:
    return payees.enter_details(
        session,
        by=by or scene.first,
        funder_id=scene.funder_id,
        organisation_id=organisation_id or scene.institution_id,
        currency="EUR",
        number=number,
        details=details or account(),
    )


def enter_both(session: Session, scene: Scene) -> None:
    """The first officer enters the funder's own account and the institution's."""
    own = account(holder="Stiftung Öffnung", iban=OWN_IBAN, country="DE", bic="COBADEFFXXX")
    enter(session, scene, organisation_id=scene.funder_id, details=own)
    enter(session, scene)


def released(session: Session, scene: Scene, amount: int = 400_000, key: str = "t") -> int:
    """A tranche that the first prepared and the second released."""
    made = tranches.schedule_tranche(
        session,
        by=scene.first,
        award_id=scene.award_id,
        amount=amount,
        due_on=SOON,
        condition="",
        key=f"schedule {key}",
    )["tranche_id"]
    tranches.release_tranche(session, by=scene.second, tranche_id=made, version=1)
    return int(made)


def make_file(session: Session, scene: Scene, ids: list[int], key: str = "b", **changes) -> int:
    """A payment file that the first makes."""
    values = {"by": scene.first, "currency": "EUR", "execution_on": SOON, **changes}
    return int(
        batches.make_batch(
            session, funder_id=scene.funder_id, tranche_ids=ids, key=f"batch {key}", **values
        )["batch_id"]
    )


def approved_file(session: Session, scene: Scene, ids: list[int], key: str = "b") -> PaymentBatch:
    """A payment file that the first made and the second approved."""
    batch = make_file(session, scene, ids, key)
    return batches.approve_batch(session, by=scene.second, batch_id=batch, version=1)


def take_in(session: Session, scene: Scene, content: bytes, by: Actor | None = None) -> int:
    """Upload a statement and take it in, as the first officer."""
    by = by or scene.first
    own = payees.current(session, scene.funder_id, scene.funder_id, "EUR")
    assert own is not None
    (made,) = statements.upload_statement(
        session,
        by=by,
        funder_id=scene.funder_id,
        details_id=own.id,
        filename="statement",
        content=content,
    )
    statements.take_in(session, by=by, statement_id=made.id, version=made.version)
    return made.id


def csv_of(*rows: str) -> bytes:
    heads = "Date,Amount,Currency,End-to-end ID,Reference,Name,Bank reference"
    return "\n".join([heads, *rows]).encode()


def state_of(database: Database, tranche_id: int) -> str:
    with database.reading() as session:
        return TrancheState(session.get_one(Tranche, tranche_id).state).value


def money(database: Database, scene: Scene) -> dict[str, int]:
    """Where the commitment's money is, in cents; what is nowhere is left out."""
    with database.reading() as session:
        rows = session.execute(
            sa.select(Account.kind, sa.func.sum(Account.balance))
            .where(Account.commitment_id == scene.commitment_id)
            .group_by(Account.kind)
        )
        found = {kind: int(balance) for kind, balance in rows if balance}
    assert sum(found.values()) == 0
    found.pop("committed")
    return found


def lines_of(database: Database, statement_id: int) -> list[BankLine]:
    with database.reading() as session:
        return list(
            session.scalars(
                sa.select(BankLine)
                .where(BankLine.statement_id == statement_id)
                .order_by(BankLine.row)
            )
        )
