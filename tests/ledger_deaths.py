"""Sudden deaths on one ledger: what was being done, and what must hold afterwards."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import RuleBroken
from funding.models import (
    Account,
    Award,
    AwardState,
    BankLine,
    BankStatement,
    IdempotencyKey,
    PlanLine,
    Role,
    Tranche,
    Transfer,
)
from funding.permissions import Actor
from funding.services.decisions import approve_lines
from funding.services.log import first_broken_link
from funding.services.payments import payees, statements
from funding.services.payments.tranches import (
    record_payment,
    release_tranche,
    schedule_tranche,
)
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)

EACH = 5_00
DAY = date(2026, 10, 5)
OWN = "DE89370400440532013000"


@dataclass(frozen=True)
class Crowd:
    """Lines that wait for a decision, released tranches, and who presses what."""

    funder_id: int
    own_id: int
    lines: tuple[int, ...]
    tranches: tuple[int, ...]
    officers: tuple[Actor, Actor]
    first: Actor
    second: Actor


def gather(session: Session, count: int) -> Crowd:
    """`count` lines to approve and as many released tranches to pay, of EACH minor units."""
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    institution = make_organisation(session, "institution")
    round_ = make_round(session, committee)
    commitment = make_commitment(session, round_, funder, amount=2 * count * EACH, currency="EUR")
    first_one = make_proposal(
        session, round_, institution=institution, ask=EACH, minimum=1, score=None
    )
    proposals = [first_one] + [
        make_proposal(
            session,
            round_,
            institution=institution,
            lead=first_one.lead,
            ask=EACH,
            minimum=1,
            score=None,
        )
        for _ in range(2 * count - 1)
    ]
    plan = make_plan(
        session, round_, [(commitment, p, EACH) for p in proposals], make_actor(session, committee)
    )
    officers = (make_actor(session, funder), make_actor(session, funder))
    first, second = (make_actor(session, funder, Role.FINANCE_OFFICER) for _ in range(2))
    lines = [line.id for line in plan.lines]
    approve_lines(
        session, by=officers[0], lines=dict.fromkeys(lines[count:]), key=f"gather {plan.id}"
    )
    made = []
    for award in session.scalars(sa.select(Award).where(Award.commitment_id == commitment.id)):
        award.state = AwardState.ACCEPTED
        session.flush()
        tranche = schedule_tranche(
            session,
            by=first,
            award_id=award.id,
            amount=EACH,
            due_on=DAY,
            condition="",
            key=f"schedule {award.id}",
        )["tranche_id"]
        release_tranche(session, by=second, tranche_id=tranche, version=1)
        made.append(int(tranche))
    own = payees.enter_details(
        session,
        by=first,
        funder_id=funder.id,
        organisation_id=funder.id,
        currency="EUR",
        number=0,
        details=payees.AccountDetails("A funder", OWN, "", "", "", "DE"),
    )
    return Crowd(funder.id, own.id, tuple(lines[:count]), tuple(made), officers, first, second)


# -- what is pressed ------------------------------------------------------------------------------


def approve(database: Database, by: Actor, line_id: int, key: str) -> None:
    database.in_transaction(approve_lines, by=by, lines={line_id: None}, key=key)


def pay(database: Database, by: Actor, tranche_id: int, key: str) -> None:
    database.in_transaction(
        record_payment, by=by, tranche_id=tranche_id, paid_on=DAY, reference="R", key=key
    )


# -- what holds afterwards ------------------------------------------------------------------------


def assert_books_balance(database: Database) -> None:
    """From the transfers alone; and each effect is whole, with all that belongs to it."""
    with database.reading() as session:
        moved: Counter[int] = Counter()
        paid: Counter[int] = Counter()
        kinds = dict(session.execute(sa.select(Account.id, Account.kind)).all())
        for transfer in session.scalars(sa.select(Transfer)):
            moved[transfer.debit_id] -= transfer.amount
            moved[transfer.credit_id] += transfer.amount
            paid[transfer.credit_id] += kinds[transfer.credit_id] == "paid"
        accounts = session.scalars(sa.select(Account)).all()
        assert {a.id: a.balance for a in accounts} == {a.id: moved[a.id] for a in accounts}
        assert all(a.balance >= 0 for a in accounts if a.kind != "committed")
        assert all(count <= 1 for count in paid.values()), "a tranche was paid twice"
        held = {a.tranche_id: a.balance for a in accounts if a.kind == "paid"}
        for id_, state, amount in session.execute(
            sa.select(Tranche.id, Tranche.state, Tranche.amount)
        ):
            assert held.get(id_, 0) == (amount if state == "paid" else 0), (id_, state)
        awarded = dict(session.execute(sa.select(Award.plan_line_id, Award.amount)).all())
        for id_, state, amount in session.execute(
            sa.select(PlanLine.id, PlanLine.state, PlanLine.amount)
        ):
            assert awarded.get(id_) == (amount if state == "approved" else None), (id_, state)
        lines = dict(
            session.execute(
                sa.select(BankLine.statement_id, sa.func.count()).group_by(BankLine.statement_id)
            ).all()
        )
        for id_, state in session.execute(sa.select(BankStatement.id, BankStatement.state)):
            assert lines.get(id_, 0) == (2 if state == "taken in" else 0), (id_, state)
        assert not session.scalar(sa.select(sa.func.count()).where(IdempotencyKey.answer.is_(None)))
        assert first_broken_link(session) is None


# -- sudden deaths --------------------------------------------------------------------------------


def take_in(database: Database, crowd: Crowd, number: int) -> None:
    """Upload a statement of two bookings and take it in."""
    content = (
        "Date,Amount,Currency,Bank reference\n"
        f"2026-10-05,-1.00,EUR,A{number}\n2026-10-05,2.00,EUR,B{number}\n"
    ).encode()

    def act(session: Session) -> None:
        (made,) = statements.upload_statement(
            session,
            by=crowd.first,
            funder_id=crowd.funder_id,
            details_id=crowd.own_id,
            filename="s.csv",
            content=content,
        )
        statements.take_in(session, by=crowd.first, statement_id=made.id, version=made.version)

    database.in_transaction(act)


def acts_of(crowd: Crowd) -> Iterator[tuple[str, int]]:
    """(act, id) in turn: approve, pay, import."""
    for number, (line, tranche) in enumerate(zip(crowd.lines, crowd.tranches, strict=True)):
        yield "approve", line
        yield "pay", tranche
        yield "import", number


def kill_once(url: str, crowd: Crowd, left: list[tuple[str, int]], chance: random.Random) -> int:
    """Start a process that works through `left`, kill it at a random moment; how many it had
    acknowledged. AssertionError where one of those is not there."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        try:
            _work(url, crowd, left, writer)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        first = stream.readline()  # the process is at work
        time.sleep(chance.uniform(0, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        acknowledged = len((first + stream.read()).splitlines())
    database = Database(url)
    with database.reading() as session:
        for act, id_ in left[:acknowledged]:
            assert _is_there(session, act, id_), f"{act} {id_} was acknowledged and is lost"
    database.engine.dispose()
    return acknowledged


def _work(url: str, crowd: Crowd, left: list[tuple[str, int]], writer: int) -> None:
    database = Database(url)
    for act, id_ in left:
        try:
            if act == "approve":
                approve(database, crowd.officers[0], id_, f"approve {id_}")
            elif act == "pay":
                pay(database, crowd.second, id_, f"pay {id_}")
            else:
                take_in(database, crowd, id_)
        except RuleBroken:
            pass  # done by the process before, which died before it could say so
        os.write(writer, b"done\n")


def _is_there(session: Session, act: str, id_: int) -> bool:
    if act == "approve":
        return session.get_one(PlanLine, id_).state == "approved"
    if act == "pay":
        return session.get_one(Tranche, id_).state == "paid"
    wanted = sa.select(BankLine.id).where(BankLine.reference == "", BankLine.row == 2)
    return len(session.scalars(wanted).all()) > id_
