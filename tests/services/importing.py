"""A desk to import files at: the services and the worker's two tasks, over one database."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

from funding.config import Config
from funding.db import Database
from funding.models import Import
from funding.permissions import Actor
from funding.services import import_files, import_jobs, imports
from funding.services.import_reading import Choices
from tests.conftest import make_config

HISTORY = (
    b"funder,recipient,amount_usd,date,cause_area\n"
    b"Alder Fund,Larkspur Lab,1200.50,2021-03-01,AI safety/governance\n"
    b"Alder Fund,Larkspur Lab,-200,2021-06-01,Health\n"
    b"Birch Trust,Sorrel Group,,2022,AI safety\n"
)


@dataclass
class Desk:
    """Where one person imports files; `round_id` is for kinds that go into a round."""

    database: Database
    data: Path
    by: Actor
    organisation_id: int
    round_id: int | None = None
    config: Config = field(init=False)

    def __post_init__(self) -> None:
        url = self.database.engine.url.render_as_string(hide_password=False)
        self.config = make_config(self.data, url)

    def put_in(self, kind: str, content: bytes, name: str = "table.csv") -> Import:
        """Upload a file; it waits to be read."""
        file = import_files.stage(self.data, name, io.BytesIO(content))
        return self.database.in_transaction(
            imports.start_import,
            by=self.by,
            kind=kind,
            organisation_id=self.organisation_id,
            round_id=None if kind == "history" else self.round_id,
            file=file,
        )

    def look(self, kind: str, content: bytes, name: str = "table.csv") -> Import:
        """Upload a file and have it read: the import as its preview shows it."""
        batch = self.put_in(kind, content, name)
        return self.read(batch)

    def read(self, batch: Import) -> Import:
        import_jobs.read_import(self.database, self.config, batch.id, batch.attempt)
        return self.now(batch)

    def choose(self, batch: Import, choices: Choices) -> Import:
        return self.database.in_transaction(
            imports.choose_columns, by=self.by, import_id=batch.id, choices=choices
        )

    def confirm(self, batch: Import) -> Import:
        return self.database.in_transaction(
            imports.confirm_import, by=self.by, import_id=batch.id, attempt=batch.attempt
        )

    def write(self, batch: Import) -> Import:
        import_jobs.write_import(self.database, self.config, batch.id)
        return self.now(batch)

    def cancel(self, batch: Import) -> str:
        return self.database.in_transaction(imports.cancel_import, by=self.by, import_id=batch.id)

    def bring_in(self, kind: str, content: bytes, name: str = "table.csv") -> Import:
        """All of it: upload, preview, confirm, write."""
        batch = self.look(kind, content, name)
        assert batch.state == "preview", batch.faults
        return self.write(self.confirm(batch))

    def now(self, batch: Import) -> Import:
        with self.database.reading() as session:
            return session.get_one(Import, batch.id)


def lines(batch: Import) -> list[str]:
    """The faults of an import, one sentence each."""
    return [f"{f['row']}, {f['field']}: {f['value']}: {f['rule']}" for f in batch.faults]
