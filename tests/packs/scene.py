"""A small round that was solved and put forward, with a committee, and a pack of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.models import (
    ConflictOfInterest,
    Endorsement,
    Organisation,
    Pack,
    PackSeal,
    Pin,
    PlanPutForward,
    Proposal,
    Role,
    Scenario,
)
from funding.permissions import Actor
from funding.services import committee
from funding.services.packs import making, remarks
from funding.services.plans import put_forward
from tests.builders import make_actor, make_organisation
from tests.runs import small_round, solve, work


@dataclass
class PackScene:
    """`small_round`, solved and put forward; three members vote, a fourth is in conflict on the
    funded proposal A; an auditor of the funder reads."""

    database: Database
    folder: Path
    officer: Actor
    members: tuple[Actor, ...]
    conflicted: Actor
    auditor: Actor
    outsider: Actor
    round_id: int
    plan_id: int
    run_id: int
    ids: dict[str, int] = field(default_factory=dict)

    @classmethod
    def on(cls, database: Database, folder: Path, pins: bool = False) -> PackScene:
        officer, scenario_id = database.in_transaction(small_round)
        if pins:
            database.in_transaction(_pin, scenario_id=scenario_id)
        run = solve(database, folder, officer, scenario_id)
        made = database.in_transaction(
            put_forward, by=officer, run_id=run.id, note="As solved.", key="pack"
        )
        return database.in_transaction(
            _people,
            database=database,
            folder=folder,
            officer=officer,
            run_id=run.id,
            plan_id=made["plan_id"],
        )

    def make(self, *, quick: bool = False, by: Actor | None = None) -> Pack:
        """Ask for a pack and let a worker make it."""
        asked = self.database.in_transaction(
            making.ask_for_pack, by=by or self.officer, round_id=self.round_id, is_quick=quick
        )
        self.work()
        return self.pack(asked.id)

    def work(self) -> None:
        work(self.database, self.folder)

    def pack(self, pack_id: int) -> Pack:
        with self.database.reading() as session:
            found = session.get_one(Pack, pack_id)
            _ = (found.content, found.plan.round)
            return found

    def say(self, pack: Pack, by: Actor, kind: str, words: str = "", at: int | None = None) -> Any:
        return self.database.in_transaction(
            remarks.remark, by=by, pack_id=pack.id, kind=kind, words=words, portfolio=at
        )

    def vote(self, by: Actor, choice: str = "for", words: str = "") -> None:
        self.database.in_serializable_transaction(
            committee.cast_vote,
            by=by,
            round_id=self.round_id,
            plan_id=self.plan_id,
            choice=choice,
            words=words,
            declares_no_conflict=True,
        )

    def close(self, minutes: str = "") -> Endorsement:
        return self.database.in_serializable_transaction(
            committee.close_vote,
            by=self.members[0],
            round_id=self.round_id,
            plan_id=self.plan_id,
            minutes=minutes,
        )

    def sealed(self) -> PackSeal | None:
        with self.database.reading() as session:
            return session.scalars(sa.select(PackSeal)).one_or_none()

    def stored(self, kind: type, id_: int) -> Any:
        with self.database.reading() as session:
            return session.get_one(kind, id_)


def _pin(session: Session, *, scenario_id: int) -> None:
    scenario = session.get_one(Scenario, scenario_id)
    proposal = session.scalars(sa.select(Proposal).where(Proposal.key == "B")).one()
    scenario.pins.append(Pin(proposal_id=proposal.id, funded=True, reason="The board promised."))


def _people(session: Session, **known: Any) -> PackScene:
    plan = session.get_one(PlanPutForward, known["plan_id"])
    owner = plan.round.owner
    members = tuple(make_actor(session, owner, Role.COMMITTEE) for _ in range(4))
    ids = dict(session.execute(sa.select(Proposal.key, Proposal.id)).all())
    session.add(
        ConflictOfInterest(
            proposal_id=ids["A"],
            person_id=members[3].person_id,
            declared_by_id=members[3].person_id,
            reason="A sister works there",
        )
    )
    at_funder = next(iter(known["officer"].organisations))
    auditor = make_actor(session, session.get_one(Organisation, at_funder), Role.AUDITOR)
    outsider = make_actor(session, make_organisation(session, "committee"), Role.COMMITTEE)
    return PackScene(
        members=members[:3],
        conflicted=members[3],
        auditor=auditor,
        outsider=outsider,
        round_id=plan.round_id,
        ids=ids,
        **known,
    )
