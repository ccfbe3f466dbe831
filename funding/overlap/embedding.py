"""Putting many works into an index in the background: told, stopped and gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from funding.overlap.index import Index
from funding.overlap.works import Work

BATCH = 64
SAVED_EVERY = 60.0
"""Seconds of work that a stop may lose."""


@dataclass(frozen=True)
class Progress:
    """`done` works looked at, `computed` of them anew; `rate` in texts computed a second."""

    done: int
    computed: int
    rate: float


def embed(
    works: Iterable[Work],
    index: Index,
    tell: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Progress:
    """Put works that are not in the index yet with this text, saving as it goes.

    What the index has under the same id with the same text is not computed again, so that a run
    that was stopped, or ended with the machine, goes on where it was saved last. `cancelled` is
    asked after each batch; what is done by then is saved.
    """
    done = computed = 0
    begun = saved = time.monotonic()
    batch: list[Work] = []

    def progress() -> Progress:
        return Progress(done, computed, computed / max(time.monotonic() - begun, 1e-9))

    def put() -> None:
        nonlocal done, computed, saved
        computed += index.put(batch)
        done += len(batch)
        batch.clear()
        if time.monotonic() - saved > SAVED_EVERY and index.folder is not None:
            index.save()
            saved = time.monotonic()
        tell(progress())

    for work in works:
        batch.append(work)
        if len(batch) == BATCH:
            put()
            if cancelled():
                break
    if batch:
        put()
    if computed and index.folder is not None:
        index.save()
    return progress()
