"""10,000 approvals and payments by 64 clients in 4 processes, on each engine; and 1,000
idempotency keys replayed 20 times at once."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from funding.db import Database
from prove._databases import ENGINES, fresh
from prove._state import Progress
from prove.ledger_machine import SOURCES
from tests.ledger_crowd import Press, press, sums
from tests.ledger_deaths import Crowd, assert_books_balance, gather

ACTS = 10_000
PROCESSES = 4
CLIENTS = 16
KEYS = 1_000
TIMES = 20
CODE = (*SOURCES, "funding/services/payments", "tests/ledger_crowd.py", "tests/ledger_deaths.py")


def prove() -> Iterator[str]:
    wanted = os.environ.get("PROVE_ENGINE", "")
    for engine in ENGINES:
        if wanted in ("", engine):
            yield from _on(engine, ACTS, KEYS)


def _on(engine: str, acts: int, keys: int) -> Iterator[str]:
    progress = Progress(f"ledger_crowd-{engine}", CODE)
    if not progress.done:
        with fresh(engine) as url:
            progress.finish("all", crowd_on(url, acts, keys))
    counts = progress.counts
    yield (
        f"{engine}: {counts['tried']:,} approvals and payments by {PROCESSES * CLIENTS} clients in"
        f" {PROCESSES} processes: {counts['done']:,} done, {counts['refused']:,} refused,"
        " 0 overdrafts"
    )
    yield f"{engine}: {counts['read right']:,} of {counts['read right']:,} reads summed to zero"
    yield f"{engine}: {counts['keys']:,} keys replayed {TIMES} times at once: one effect each"


def crowd_on(url: str, acts: int, keys: int) -> Counter[str]:
    """Each line and each tranche is tried twice, under two keys; then each of `keys` tranches
    `TIMES` times under one. AssertionError where anything is wrong."""
    database = Database(url)
    count = acts // 4
    crowd: Crowd = database.in_transaction(gather, count)
    tries: list[Press] = []
    for line, tranche in zip(crowd.lines, crowd.tranches, strict=True):
        for number, officer in enumerate(crowd.officers):
            tries.append(("approve", officer, line, f"approve {line} {number}"))
        for number, finance in enumerate((crowd.second, crowd.first)):
            tries.append(("pay", finance, tranche, f"pay {tranche} {number}"))
    ends = press_all(url, tries, look=True)
    assert ends["done"] == 2 * count, f"{ends['done']} effects of {2 * count}"
    assert not ends["gave up"], ends
    assert not ends["read wrong"], ends
    assert_books_balance(database)
    again: Crowd = database.in_transaction(gather, keys)
    replayed = press_all(
        url,
        [("pay", again.second, t, f"replay {t}") for t in again.tranches for _ in range(TIMES)],
    )
    assert replayed["done"] == keys * TIMES, replayed
    assert_books_balance(database)
    assert sums(database) == (0, 0)
    database.engine.dispose()
    return ends + Counter(tried=len(tries), keys=keys)


def press_all(url: str, tries: list[Press], look: bool = False) -> Counter[str]:
    """Tries dealt to the processes one by one, so that two of the same thing meet."""
    shares = [tries[number::PROCESSES] for number in range(PROCESSES)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as processes:
        ends = processes.map(
            press, [url] * PROCESSES, shares, [CLIENTS] * PROCESSES, [look] * PROCESSES
        )
        return sum(ends, Counter())
