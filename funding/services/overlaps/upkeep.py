"""The index of all works on this host: opened once a process, brought up to date by workers.

It is made from the database and can be thrown away at any time; each host keeps its own in the
data folder.
"""

from __future__ import annotations

import fcntl
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from funding.config import Config
from funding.db import Database
from funding.overlap.storage import write_whole
from funding.overlap.works import Work
from funding.services.overlaps.works import grant_number, works_of

if TYPE_CHECKING:
    from funding.overlap.embedding import Progress
    from funding.overlap.index import Index

_FRESH = 15.0  # seconds: who computes tells at least so often


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
    """The index with all that the database holds now; what is new is kept for the next time.

    One worker of a host at a time brings it up to date: who comes second finds it done. A worker
    that stops, or dies, loses at most the last minute of its work.
    """
    from funding.overlap.embedding import embed

    folder = config.data / "overlaps" / config.overlap_method
    kept = _kept(folder, config.overlap_method)
    with kept.lock:
        with _alone(folder), database.reading() as session:
            known = kept.opened()
            held = {work_id for work_id in known.ids() if grant_number(work_id) is None}
            newest = max((grant_number(i) or 0 for i in known.ids()), default=0)
            seen: set[str] = set()

            def works() -> Iterator[Work]:
                for work in works_of(session, newest):
                    seen.add(work.id)
                    yield work

            told = _Told(folder)
            embed(works(), known, told)
            if known.drop(held - seen):
                known.save()
            told.write(len(known), None)
        yield known


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process of this host at a time, however one before it ended."""
    folder.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class _Told:
    """Writes down how far the computing of an index is, about once a second."""

    def __init__(self, folder: Path) -> None:
        self.path, self.last = folder.with_suffix(".json"), 0.0

    def __call__(self, progress: Progress) -> None:
        if progress.computed and time.monotonic() - self.last > 1:
            self.write(progress.done, progress.rate)
            self.last = time.monotonic()

    def write(self, works: int, rate: float | None) -> None:
        said = {"works": works, "rate": rate, "at": time.time()}
        write_whole(self.path, json.dumps(said).encode("utf-8"))


@dataclass(frozen=True)
class Standing:
    """How an index stands: texts in it, and, while it is computed, how many a second."""

    method: str
    works: int
    rate: float | None


def standing(config: Config) -> Standing:
    """As this host's worker last told; cheap enough for a page."""
    method = config.overlap_method
    try:
        said = json.loads((config.data / "overlaps" / f"{method}.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return Standing(method, 0, None)
    is_fresh = time.time() - said["at"] < _FRESH
    return Standing(method, said["works"], said["rate"] if is_fresh else None)
