"""The ledger's state machine at full size: 2,000 runs of 100 steps on each engine.

The invariants are looked at after each step. `PROVE_ENGINE` proves one engine only, so
that two processes can share the work.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from funding.db import Database
from funding.services.log import first_broken_link
from prove._databases import ENGINES, fresh
from prove._state import Progress
from tests import ledger_machine

RUNS = 2_000
BLOCK = 20
STEPS = 100
SOURCES = (
    "funding/db.py",
    "funding/models",
    "funding/services/awards.py",
    "funding/services/commitments.py",
    "funding/services/decisions.py",
    "funding/services/expiry.py",
    "funding/services/idempotency.py",
    "funding/services/ledger.py",
    "funding/services/log.py",
    "funding/services/payments/reversals.py",
    "funding/services/payments/tranches.py",
    "tests/ledger_machine.py",
)


def prove() -> Iterator[str]:
    wanted = os.environ.get("PROVE_ENGINE", "")
    for engine in ENGINES:
        if wanted in ("", engine):
            yield from _on(engine)


def _on(engine: str) -> Iterator[str]:
    progress = Progress(f"ledger_machine-{engine}", SOURCES)
    blocks = [str(number) for number in range(RUNS // BLOCK)]
    left = [block for block in blocks if block not in progress.done]
    if left:
        with fresh(engine) as url:
            database = Database(url)
            for number, block in enumerate(left, 1):
                progress.finish(block, run(database, int(block), BLOCK, STEPS))
                if number % 10 == 0:
                    yield f"{engine}: {len(progress.done) * BLOCK:,} runs of {RUNS:,} so far"
            with database.reading() as session:
                assert first_broken_link(session) is None, f"{engine}: the log is broken"
            database.engine.dispose()
    counts = progress.counts
    yield (
        f"{engine}: {counts['runs']:,} runs of {STEPS} steps,"
        f" {counts['looked']:,} times every invariant held, 0 broken"
    )
    acts = sorted(counts.keys() - {"runs", "looked", "done", "refused"})
    told = ", ".join(f"{counts[act]:,} {act}" for act in acts)
    yield f"{engine}: {counts['done']:,} acts done and {counts['refused']:,} refused: {told}"


def run(database: Database, block: int, runs: int, steps: int) -> Counter[str]:
    """Runs from this block's seed; AssertionError where an invariant breaks. What was done."""
    ledger_machine.STEPS.clear()
    machine = seed(block)(ledger_machine.machine_on(database))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
        _min_steps=steps,  # every run to its full length
    )
    return Counter(ledger_machine.STEPS)
