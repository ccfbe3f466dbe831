"""Many people at once, in several processes: no overdraft, one award a line, books that balance."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Busy, Overcommitted, RuleBroken
from funding.models import Account, Award, PlanLine, Transfer
from funding.permissions import Actor
from funding.services.decisions import amend_line, approve_lines
from funding.services.log import first_broken_link
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)

LINES = 1000
PROCESSES = 4
THREADS = 8


@dataclass(frozen=True)
class Scene:
    """LINES lines of 5.00 from a commitment that has 2.50 more for each of them."""

    commitment_id: int
    lines: tuple[int, ...]
    amending: Actor
    approving: tuple[Actor, Actor]


def set_scene(session: Session) -> Scene:
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    institution = make_organisation(session, "institution")
    round_ = make_round(session, committee)
    commitment = make_commitment(session, round_, funder, amount=LINES * 7_50)
    first = make_proposal(session, round_, institution=institution, ask=20_00, minimum=1_00)
    proposals = [first] + [
        make_proposal(
            session, round_, institution=institution, lead=first.lead, ask=20_00, minimum=1_00
        )
        for _ in range(LINES - 1)
    ]
    plan = make_plan(
        session,
        round_,
        [(commitment, proposal, 5_00) for proposal in proposals],
        make_actor(session, committee),
    )
    officers = [make_actor(session, funder) for _ in range(3)]
    lines = tuple(line.id for line in plan.lines)
    return Scene(commitment.id, lines, officers[0], (officers[1], officers[2]))


def amend(database: Database, by: Actor, line_id: int) -> str:
    database.in_transaction(
        amend_line,
        by=by,
        line_id=line_id,
        version=None,
        amount=10_00,
        reason="more",
        key=f"amend-{line_id}",
    )
    return "done"


def approve(database: Database, by: Actor, line_id: int) -> str:
    database.in_transaction(approve_lines, by=by, lines={line_id: None}, key=f"approve-{line_id}")
    return "done"


def press(url: str, act: str, tries: list[tuple[Actor, int]]) -> Counter[str]:
    """One process: its share of the tries, THREADS at a time; how each of them ended."""
    database = Database(url)

    def one(attempt: tuple[Actor, int]) -> str:
        try:
            return {"amend": amend, "approve": approve}[act](database, *attempt)
        except Overcommitted:
            return "overcommitted"
        except Busy:
            return "busy"
        except RuleBroken:
            return "refused"

    with ThreadPoolExecutor(THREADS) as threads:
        ends = Counter(threads.map(one, tries))
    database.engine.dispose()
    return ends


def press_all(database: Database, act: str, tries: list[tuple[Actor, int]]) -> Counter[str]:
    url = database.engine.url.render_as_string(hide_password=False)
    shares = [tries[number::PROCESSES] for number in range(PROCESSES)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as processes:
        ends = processes.map(press, [url] * PROCESSES, [act] * PROCESSES, shares)
        return sum(ends, Counter())


def assert_books_balance(database: Database, scene: Scene) -> None:
    """From the transfers alone: every balance is what they say, none is overdrawn."""
    with database.reading() as session:
        moved: Counter[int] = Counter()
        for transfer in session.scalars(sa.select(Transfer)):
            moved[transfer.debit_id] -= transfer.amount
            moved[transfer.credit_id] += transfer.amount
        accounts = session.scalars(sa.select(Account)).all()
        assert {a.id: a.balance for a in accounts} == {a.id: moved[a.id] for a in accounts}
        assert sum(a.balance for a in accounts) == 0
        assert all(a.balance >= 0 for a in accounts if a.kind != "committed")
        lines = dict(session.execute(sa.select(PlanLine.id, PlanLine.amount)).all())
        awards = session.execute(sa.select(Award.plan_line_id, Award.amount)).all()
        assert len(awards) == len(dict(awards)) == LINES
        assert all(lines[line_id] == amount for line_id, amount in awards)
        assert sum(amount for _, amount in awards) <= LINES * 7_50
        assert first_broken_link(session) is None


@pytest.mark.slow
def test_no_overdraft_in_thousands_of_concurrent_amendments_and_approvals(
    each_database: Database,
) -> None:
    scene = each_database.in_transaction(set_scene)

    amended = press_all(each_database, "amend", [(scene.amending, line) for line in scene.lines])
    # the room is for exactly half of them
    assert amended["overcommitted"] >= LINES // 2 - amended["busy"]
    assert amended["done"] <= LINES // 2
    assert amended["done"] + amended["overcommitted"] + amended["busy"] == LINES

    tries = [(officer, line) for line in scene.lines for officer in scene.approving]
    approved = press_all(each_database, "approve", tries)
    assert len(tries) == 2 * LINES
    assert approved["done"] <= LINES
    left = [(scene.approving[0], line) for line in scene.lines]
    if approved["busy"]:  # a client told to try again does so
        press_all(each_database, "approve", left)
    assert_books_balance(each_database, scene)
