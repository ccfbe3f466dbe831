"""The demo round, loaded and solved, for proofs about it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from funding import schema
from funding.config import Config
from funding.db import Database
from funding.services import demo
from funding.services.solve_now import solve_now


@contextmanager
def solved() -> Iterator[tuple[Config, Database, int]]:
    """A database of its own with the round and its plan; the last is the run's id.

    Fails where the run made no plan, and says why: on a machine with much else to do its time may
    be up before the first one is found.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Config.from_environment({"TRIBUTARY_DATA": folder})
        database = Database(config.database_url)
        schema.migrate(database)
        database.in_transaction(demo.load, password="a password for nobody")
        run = solve_now(database, config, demo.round_key())
        assert run.value is not None, f"the demo round got no plan: {run.message or run.state}"
        yield config, database, run.id
        database.engine.dispose()
