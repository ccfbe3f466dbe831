"""300 kill -9 at random moments of approving, paying and importing, on each engine: nothing that
was acknowledged is lost, and nothing is half done."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator

from funding.db import Database
from prove._databases import ENGINES, fresh
from prove._state import Progress
from prove.ledger_machine import SOURCES
from tests.ledger_deaths import acts_of, assert_books_balance, gather, kill_once

KILLS = 300
BLOCK = 50
CODE = (*SOURCES, "funding/services/payments", "tests/ledger_deaths.py")


def prove() -> Iterator[str]:
    wanted = os.environ.get("PROVE_ENGINE", "")
    for engine in ENGINES:
        if wanted in ("", engine):
            yield from _on(engine)


def _on(engine: str) -> Iterator[str]:
    progress = Progress(f"ledger_kills-{engine}", CODE)
    for block in range(KILLS // BLOCK):
        if str(block) not in progress.done:
            with fresh(engine) as url:
                progress.finish(str(block), kill_on(url, BLOCK, seed=block))
            yield f"{engine}: {progress.counts['kills']} kills so far"
    counts = progress.counts
    yield (
        f"{engine}: {counts['kills']} kill -9, {counts['acknowledged']:,} acts acknowledged before"
        " them: 0 lost, 0 half done"
    )


def kill_on(url: str, kills: int, seed: int) -> Counter[str]:
    """So many kills one after the other, the books looked at after each. Raises AssertionError."""
    database = Database(url)
    crowd = database.in_transaction(gather, 8 * kills)
    database.engine.dispose()
    left = list(acts_of(crowd))
    chance = random.Random(seed)
    acknowledged = 0
    for _ in range(kills):
        count = kill_once(url, crowd, left, chance)
        acknowledged += count
        left = left[count:]
        assert_books_balance(database)
        database.engine.dispose()
    return Counter(kills=kills, acknowledged=acknowledged)
