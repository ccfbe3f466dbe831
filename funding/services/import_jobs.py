"""What a worker does for an import: reads the file for the preview, later writes its rows.

Either can begin again after its worker died: until the one transaction that writes, nothing is
stored. A person's cancelling shows in the row, which is looked at between parts of the work.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.errors import TributaryError
from funding.imports.reading import FileReading
from funding.language import keeping
from funding.models import Import, ImportState
from funding.permissions import load_actor
from funding.sayings import kept
from funding.services.import_files import forget, path_of
from funding.services.import_plan import Printed, Scope, open_scope
from funding.services.import_reading import (
    Choices,
    Findings,
    Surroundings,
    Undone,
    compare,
    in_store,
    read_file,
    surroundings,
    write_all,
)
from funding.services.imports import settle
from funding.services.overlaps.searching import search_rounds

log = logging.getLogger("tributary.imports")

EVERY = 0.4
"""Seconds between two writes of the progress, and between two looks at whether to stop."""

MOST_FAULTS = 5_000
"""Faults that are kept to be shown; how many there are is counted in full."""


class Stopped(Exception):
    """Somebody cancelled the import, or chose other columns."""


class _Watch:
    """Writes down how far a job is, and raises Stopped once its import has moved on."""

    def __init__(self, database: Database, import_id: int, state: str, attempt: int) -> None:
        self.database, self.import_id = database, import_id
        self.state, self.attempt = state, attempt
        self._looked = 0.0

    def tell(self, stage: str, rows: int, share: float | None) -> None:
        """News while no transaction is open."""
        if not self._is_time():
            return
        self.database.in_transaction(self._note, stage=f"{stage}: {rows:,} rows", share=share)

    def _note(self, session: Session, stage: str, share: float | None) -> None:
        moved = session.execute(
            sa.update(Import)
            .where(
                Import.id == self.import_id,
                Import.state == self.state,
                Import.attempt == self.attempt,
            )
            .values(stage=stage, progress=share)
        )
        if moved.rowcount == 0:
            raise Stopped

    def look(self, _done: int, _total: int) -> None:
        """Between parts of the one transaction that writes: only a look, from outside it.

        A note would wait for ever on SQLite, where this transaction is the only writer.
        """
        if not self._is_time():
            return
        with self.database.reading() as session:
            batch = session.get_one(Import, self.import_id)
            if (batch.state, batch.attempt) != (self.state, self.attempt):
                raise Stopped

    def _is_time(self) -> bool:
        is_time = time.monotonic() - self._looked >= EVERY
        if is_time:
            self._looked = time.monotonic()
        return is_time


# -- the two tasks ------------------------------------------------------------------------------


def read_import(database: Database, config: Config, import_id: int, attempt: int) -> None:
    """Read a file and keep what importing it would do, for its page to show."""
    _run(database, config, import_id, attempt, ImportState.READING, _keep_preview)


def write_import(database: Database, config: Config, import_id: int) -> None:
    """Import a file for good: every new row in one transaction, or none."""
    with database.reading() as session:
        attempt = session.get_one(Import, import_id).attempt
    _run(database, config, import_id, attempt, ImportState.RUNNING, _write)


def _run(
    database: Database, config: Config, import_id: int, attempt: int, state: str, then: Any
) -> None:
    with database.reading() as session:
        batch = session.get_one(Import, import_id)
    if (batch.state, batch.attempt) != (state, attempt):
        return
    watch = _Watch(database, import_id, state, attempt)
    try:
        with keeping():
            _work(database, config, batch, watch, then)
    except Stopped:
        return
    with database.reading() as session:
        forget(session, config.data, batch.sha256)


def _work(database: Database, config: Config, batch: Import, watch: _Watch, then: Any) -> None:
    """Read the file and do what comes `then`; whatever goes wrong is said on the page."""
    try:
        with database.reading() as session:
            around = surroundings(session, _scope(session, batch))
        reading, entries = _read(config, batch, around, watch)
        then(database, batch, reading, entries, watch)
    except Stopped:
        raise
    except Undone as undone:
        values = _kept(undone.found)
        database.in_transaction(_settle, batch, watch.state, ImportState.REFUSED, values)
    except Exception as error:
        _fail(database, batch, watch.state, error)
        if not isinstance(error, TributaryError):
            raise


def _scope(session: Session, batch: Import) -> Scope:
    by = load_actor(session, batch.created_by_id) if batch.created_by_id else None
    return open_scope(session, by, batch.kind, batch.organisation_id, batch.round_id)


def _read(
    config: Config, batch: Import, around: Surroundings, watch: _Watch
) -> tuple[FileReading, list[Printed]]:
    path = path_of(config.data, batch.sha256)
    return read_file(path, batch.filename, batch.kind, Choices.of(batch), around, watch.tell)


def _kept(found: Findings) -> dict[str, Any]:
    """The columns of an import that say what was found."""
    return {
        "counts": {**found.counts, "faults": len(found.faults)},
        "faults": [
            {"row": f.row, "field": f.field, "value": f.value, **_rule(f.rule)}
            for f in found.faults[:MOST_FAULTS]
        ],
        **in_store(found),
        "stage": "",
        "progress": None,
    }


def _rule(sentence: str) -> dict[str, Any]:
    """What is wrong in English, and what that was made of, to be said to each reader."""
    return {"rule": sentence, "says": kept(sentence)}


def _keep_preview(
    database: Database,
    batch: Import,
    reading: FileReading,
    entries: list[Printed],
    watch: _Watch,
) -> None:
    with database.reading() as session:
        found = compare(session, _scope(session, batch), reading, entries)
    state = ImportState.REFUSED if found.faults else ImportState.PREVIEW
    database.in_transaction(_settle, batch, watch.state, state, _kept(found))


def _settle(
    session: Session, batch: Import, before: str, state: str, values: dict[str, Any]
) -> None:
    there = session.get_one(Import, batch.id)
    if there.attempt != batch.attempt or not settle(
        session, batch.id, state, before=before, values=values
    ):
        raise Stopped


def _write(
    database: Database,
    batch: Import,
    reading: FileReading,
    entries: list[Printed],
    watch: _Watch,
) -> None:
    note = f"Writing: {len(entries):,} rows"
    database.in_transaction(
        _settle, batch, watch.state, watch.state, {"stage": note, "progress": None}
    )
    database.in_transaction(_store, batch, reading, entries, watch)


def _store(
    session: Session,
    batch: Import,
    reading: FileReading,
    entries: list[Printed],
    watch: _Watch,
) -> None:
    scope = _scope(session, batch)
    there = session.get_one(Import, batch.id)
    found = write_all(session, scope, there, reading, entries, watch.look)
    values = {**_kept(found), "finished_at": now()}
    _settle(session, batch, watch.state, ImportState.DONE, values)
    search_rounds(session, there)


def _fail(database: Database, batch: Import, before: str, error: Exception) -> None:
    """Say why on the page; a fault of ours in one general sentence, its details in the log."""
    ours = "The import stopped by a fault of ours; the site's log has the details."
    has_words = isinstance(error, TributaryError) and error.args
    sentence = error.args[0] if has_words else ours
    values = {
        "faults": [{"row": None, "field": None, "value": None, **_rule(sentence)}],
        "counts": {"read": 0, "new": 0, "same": 0, "refused": 0, "faults": 1},
        "stage": "",
        "progress": None,
    }
    database.in_transaction(_settle, batch, before, ImportState.REFUSED, values)
