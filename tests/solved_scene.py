"""A round that was solved, its officer, and a worker: where tests of a result's pages begin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from funding.models import Person, Proposal, Study
from funding.permissions import Actor
from tests.runs import small_round, solve, work


@dataclass
class SolvedScene:
    """`small_round`, solved: A is funded, B overlaps with it and is not. `ids`: by key."""

    site: Flask
    folder: Path
    by: Actor
    run_id: int
    ids: dict[str, int]

    @classmethod
    def on(cls, site: Flask, folder: Path) -> SolvedScene:
        database = site.extensions["database"]
        by, scenario_id = database.in_transaction(small_round)
        run_id = solve(database, folder, by, scenario_id).id
        with database.reading() as session:
            ids = dict(session.execute(sa.select(Proposal.key, Proposal.id)).all())
        return cls(site, folder, by, run_id, ids)

    def work(self) -> None:
        work(self.site.extensions["database"], self.folder)

    def in_transaction(self, act: Callable[[Session], Any]) -> Any:
        return self.site.extensions["database"].in_transaction(act)

    def stored(self, kind: type, id_: int) -> Any:
        with self.site.extensions["database"].reading() as session:
            return session.get_one(kind, id_)

    def studies(self, kind: str) -> list[Study]:
        with self.site.extensions["database"].reading() as session:
            return list(session.scalars(sa.select(Study).where(Study.kind == kind)))

    def page_of(self, key: str) -> str:
        return f"/runs/{self.run_id}/proposals/{self.ids[key]}"

    @property
    def email(self) -> str:
        """The officer's."""
        return str(self.stored(Person, self.by.person_id).email)
