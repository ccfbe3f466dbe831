"""Replays kept in the data folder: a list of grants, and each run made of it.

    replays/<id>/about.json          whose it is, what the list holds
    replays/<id>/grants.json         the list itself, names merged, in one currency
    replays/<id>/<run>.json          what was asked and how far it is
    replays/<id>/<run>.result.json   what came out
    replays/<id>/<run>.stop          somebody wants it to stop

Files are replaced whole, so that a reader never sees half of one. Ids cannot be guessed, and are
worth nothing to other organisations anyway (`find`).
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from funding.errors import NotFound
from funding.permissions import Actor
from funding.replay.grants import GrantList, likely_year, rounds_of, years_of
from funding.sayings import kept

_ID = re.compile(r"[0-9a-f]{24}")
_MOST_LISTED = 50

UNDER_WAY = ("waiting", "running")
"""States of a run that has not ended; the others are done, cancelled and failed."""


@dataclass(frozen=True)
class RunFile:
    """One run: what was asked, and how far it is. `progress` is from 0 to 1."""

    id: str
    asked_at: str
    asked_by: str
    label: str
    year: int | None
    round: str | None
    assumptions: dict[str, Any]
    changed: dict[str, Any]
    extent: str | None = None
    state: str = "waiting"
    progress: float = 0.0
    stage: str = "Waiting for a worker"
    message: str = ""

    @property
    def asked_on(self) -> date:
        return datetime.fromisoformat(self.asked_at).date()


@dataclass(frozen=True)
class Replay:
    """A list of grants somebody wants to replay. `years` and `rounds`: `grants.Period` as dicts.

    `notes`: what was noticed in the list, as sayings are kept.
    """

    id: str
    organisation_id: int
    person_id: int
    made_at: str
    name: str
    currency: str
    grants: int
    notes: list[Any]
    merged: list[list[str]]
    years: list[dict[str, Any]]
    rounds: list[dict[str, Any]]
    likely_year: int | None
    folder: Path = field(default=Path(), compare=False)

    @property
    def made_on(self) -> date:
        return datetime.fromisoformat(self.made_at).date()

    @classmethod
    def keep(cls, data: Path, listed: GrantList, *, organisation_id: int, person_id: int) -> Self:
        """Put a list of grants into the data folder."""
        made = cls(
            id=_new_id(),
            organisation_id=organisation_id,
            person_id=person_id,
            made_at=datetime.now(UTC).isoformat(),
            name=listed.name,
            currency=listed.currency,
            grants=len(listed.grants),
            notes=[kept(note) for note in listed.notes],
            merged=[list(names) for names in listed.merged],
            years=[asdict(period) for period in years_of(listed.grants)],
            rounds=[asdict(period) for period in rounds_of(listed.grants)],
            likely_year=likely_year(listed.grants),
        )
        made = replace(made, folder=_folder(data) / made.id)
        made.folder.mkdir(parents=True, mode=0o700)
        _write(made.folder / "grants.json", listed.as_dict())
        about = asdict(made)
        del about["folder"]
        _write(made.folder / "about.json", about)
        return made

    @classmethod
    def load(cls, folder: Path) -> Self:
        return cls(**_read(folder / "about.json"), folder=folder)

    def grant_list(self) -> GrantList:
        return GrantList.from_dict(_read(self.folder / "grants.json"))

    def runs(self) -> list[RunFile]:
        """All runs, latest first."""
        found = [
            RunFile(**_read(path))
            for path in self.folder.glob("*.json")
            if _ID.fullmatch(path.stem)
        ]
        return sorted(found, key=lambda run: run.asked_at, reverse=True)

    def run(self, run_id: str) -> RunFile:
        """Raises NotFound."""
        if not _ID.fullmatch(run_id):
            raise NotFound("replay")
        try:
            return RunFile(**_read(self.folder / f"{run_id}.json"))
        except FileNotFoundError:
            raise NotFound("replay") from None

    def begin(self, **asked: Any) -> RunFile:
        """Note a run that is wanted."""
        made = RunFile(id=_new_id(), asked_at=datetime.now(UTC).isoformat(), **asked)
        self.note(made)
        return made

    def note(self, run: RunFile) -> None:
        _write(self.folder / f"{run.id}.json", asdict(run))

    def keep_result(self, run_id: str, result: dict[str, Any]) -> None:
        _write(self.folder / f"{run_id}.result.json", result)

    def result(self, run_id: str) -> dict[str, Any]:
        """What a run that is done came to. Raises NotFound."""
        if self.run(run_id).state != "done":
            raise NotFound("replay")
        return _read(self.folder / f"{run_id}.result.json")

    def ask_to_stop(self, run_id: str) -> None:
        (self.folder / f"{self.run(run_id).id}.stop").touch(mode=0o600)

    def is_stopping(self, run_id: str) -> bool:
        return (self.folder / f"{run_id}.stop").exists()

    def delete(self) -> None:
        """Remove the list and all that was made of it, for good."""
        shutil.rmtree(self.folder)


def find(data: Path, by: Actor, replay_id: str) -> Replay:
    """A replay of one of the person's organisations. Raises NotFound."""
    if not _ID.fullmatch(replay_id):
        raise NotFound("replay")
    try:
        found = Replay.load(_folder(data) / replay_id)
    except FileNotFoundError:
        raise NotFound("replay") from None
    if found.organisation_id not in by.where("replay.use"):
        raise NotFound("replay")
    return found


def of_person(data: Path, by: Actor) -> list[Replay]:
    """The person's own replays that they may still see, latest first."""
    if not _folder(data).is_dir():
        return []
    may_see = by.where("replay.use")
    found = [
        replay
        for path in _folder(data).glob("*/about.json")
        if (replay := Replay.load(path.parent)).person_id == by.person_id
        and replay.organisation_id in may_see
    ]
    return sorted(found, key=lambda replay: replay.made_at, reverse=True)[:_MOST_LISTED]


def _folder(data: Path) -> Path:
    return data / "replays"


def _new_id() -> str:
    return secrets.token_hex(12)


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, content: dict[str, Any]) -> None:
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    os.replace(part, path)
