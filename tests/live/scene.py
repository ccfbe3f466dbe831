"""A small round that was solved, a chair, members, and a live session on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.live_worker import LiveWorker
from funding.models import (
    ConflictOfInterest,
    LiveSession,
    LiveStep,
    Organisation,
    Proposal,
    Role,
    Run,
)
from funding.permissions import Actor
from funding.services.live import sessions, voices
from tests.builders import make_actor, make_organisation
from tests.runs import small_round, solve


@dataclass
class LiveScene:
    """`small_round`, solved: A is funded, its twin B is not. `conflicted` is in conflict on A."""

    database: Database
    officer: Actor
    chair: Actor
    member: Actor
    conflicted: Actor
    auditor: Actor
    outsider: Actor
    round_id: int
    run_id: int
    live_id: int = 0

    @classmethod
    def on(cls, database: Database, folder: Path) -> LiveScene:
        officer, scenario_id = database.in_transaction(small_round)
        run = solve(database, folder, officer, scenario_id)
        scene: LiveScene = database.in_transaction(
            _people, database=database, officer=officer, run_id=run.id
        )
        scene.live_id = scene.open().id
        return scene

    def open(self, by: Actor | None = None) -> LiveSession:
        return self.database.in_transaction(
            sessions.open_session, by=by or self.chair, round_id=self.round_id, run_id=self.run_id
        )

    def change(self, kind: str, where: str, value: Any, **others: Any) -> LiveStep:
        """Ask for a change on the step that is shown."""
        values = {"by": self.chair, "at": self.live().current, **others}
        return self.database.in_transaction(
            sessions.ask_for_step,
            live_id=self.live_id,
            kind=kind,
            where=where,
            value=value,
            **values,
        )

    def act(self, service: Any, **values: Any) -> Any:
        return self.database.in_transaction(
            service, **{"by": self.chair, "live_id": self.live_id, **values}
        )

    def signal(self, by: Actor, choice: str) -> Any:
        return self.act(voices.signal, by=by, number=self.live().current, choice=choice)

    def work(self) -> None:
        """Let a process for live sessions solve what waits."""
        worker = LiveWorker(self.database)
        while worker.run_one():
            pass
        worker.let_go()

    def live(self) -> LiveSession:
        with self.database.reading() as session:
            return session.get_one(LiveSession, self.live_id)

    def step(self, number: int) -> LiveStep:
        with self.database.reading() as session:
            found = session.scalars(
                sa.select(LiveStep).where(
                    LiveStep.session_id == self.live_id, LiveStep.number == number
                )
            ).one()
            _ = found.result
            return found

    def totals(self, number: int) -> dict[str, int]:
        totals: dict[str, int] = (self.step(number).result or {})["totals"]
        return totals


def _people(session: Session, **known: Any) -> LiveScene:
    round_ = session.get_one(Run, known["run_id"]).scenario.round
    chair, member, conflicted = (
        make_actor(session, round_.owner, Role.COMMITTEE) for _ in range(3)
    )
    proposal = session.scalars(sa.select(Proposal).where(Proposal.key == "A")).one()
    session.add(
        ConflictOfInterest(
            proposal_id=proposal.id,
            person_id=conflicted.person_id,
            declared_by_id=conflicted.person_id,
            reason="A sister works there",
        )
    )
    home = session.get_one(Organisation, next(iter(known["officer"].organisations)))
    return LiveScene(
        chair=chair,
        member=member,
        conflicted=conflicted,
        auditor=make_actor(session, home, Role.AUDITOR),
        outsider=make_actor(session, make_organisation(session, "committee"), Role.COMMITTEE),
        round_id=round_.id,
        **known,
    )
