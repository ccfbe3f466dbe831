"""Many clients of several processes at one ledger: how each try ends, and what readers see."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from funding.db import Database
from funding.errors import Busy, IdempotencyInFlight, RuleBroken
from funding.models import Account
from funding.permissions import Actor
from tests.ledger_deaths import approve, pay

ACTS: dict[str, Callable[[Database, Actor, int, str], None]] = {"approve": approve, "pay": pay}
Press = tuple[str, Actor, int, str]


def press(url: str, tries: list[Press], clients: int, look: bool = False) -> Counter[str]:
    """One process with this many clients at once: how each try ended, and what readers saw."""
    database = Database(url)

    def one(attempt: Press) -> str:
        act, by, id_, key = attempt
        for _ in range(300):
            try:
                ACTS[act](database, by, id_, key)
            except (Busy, IdempotencyInFlight):
                time.sleep(0.1)  # told to try again in a moment, a client does
                continue
            except RuleBroken:
                return "refused"
            return "done"
        return "gave up"

    def read() -> str:
        return "read right" if sums(database) == (0, 0) else "read wrong"

    with ThreadPoolExecutor(clients) as threads:
        looking = [threads.submit(read) for _ in range(1 + len(tries) // 20)] if look else []
        ends = Counter(threads.map(one, tries))
        ends.update(future.result() for future in looking)
    database.engine.dispose()
    return ends


def sums(database: Database) -> tuple[int, int]:
    """(sum of all balances, overdrawn accounts), as one statement sees them."""
    with database.reading() as session:
        total, below = session.execute(
            sa.select(
                sa.func.sum(Account.balance),
                sa.func.sum(
                    sa.case((sa.and_(Account.balance < 0, Account.kind != "committed"), 1), else_=0)
                ),
            )
        ).one()
    return int(total), int(below)
