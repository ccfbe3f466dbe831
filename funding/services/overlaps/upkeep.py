"""The index of all works on this host: opened once a process, brought up to date by workers.

It is made from the database and can be thrown away at any time; each host keeps its own in the
data folder.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from funding.config import Config
from funding.db import Database
from funding.overlap.works import Work
from funding.services.overlaps.works import grant_number, works_of

if TYPE_CHECKING:
    from funding.overlap.index import Index


class _Kept:
    """This process's copy of one folder's index; one thread at a time."""

    def __init__(self, folder: Path, method: str) -> None:
        self.folder, self.method = folder, method
        self.lock = threading.Lock()
        self.index: Index | None = None

    def opened(self) -> Index:
        # here, since it takes a second to load and few requests need it
        from funding.overlap.index import Index

        if self.index is None or self.index.is_behind:
            self.index = Index.open(self.folder, self.method)
        return self.index


@cache
def _kept(folder: Path, method: str) -> _Kept:
    return _Kept(folder, method)


@contextmanager
def index(config: Config) -> Iterator[Index]:
    """The index as this host last saved it, for this thread alone."""
    method = config.overlap_method
    kept = _kept(config.data / "overlaps" / method, method)
    with kept.lock:
        yield kept.opened()


@contextmanager
def fresh_index(database: Database, config: Config) -> Iterator[Index]:
    """The index with all that the database holds now; what is new is kept for the next time."""
    from funding.overlap.storage import SavedMeanwhile

    with index(config) as known:
        with database.reading() as session:
            held = {work_id for work_id in known.ids() if grant_number(work_id) is None}
            newest = max((grant_number(i) or 0 for i in known.ids()), default=0)
            seen: set[str] = set()

            def works() -> Iterator[Work]:
                for work in works_of(session, newest):
                    seen.add(work.id)
                    yield work

            changed = known.put(works())
        changed += known.drop(held - seen)
        if changed:
            with suppress(SavedMeanwhile):  # another worker was quicker; this copy is whole
                known.save()
        yield known
