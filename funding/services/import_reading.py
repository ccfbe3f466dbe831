"""A file read for an import: its records with what the database says of them, or its faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from sqlalchemy.orm import Session

from funding.imports.faults import Fault
from funding.imports.known import Known
from funding.imports.preview import summary
from funding.imports.reading import FileReading, Kind, read_records
from funding.models import Import, ImportKind
from funding.sayings import kept
from funding.services import commitment_import, history_import, proposal_import
from funding.services.import_plan import Outcome, Printed, Scope, Told, lock, printed
from funding.services.log import record
from optimizer.sentences import marked

KINDS: dict[str, ModuleType] = {
    ImportKind.HISTORY: history_import,
    ImportKind.COMMITMENTS: commitment_import,
    ImportKind.PROPOSALS: proposal_import,
}
"""Each kind's own module: `known`, `defaults`, `plan` and `write`."""
IMPORTED = {
    "history": marked("history imported"),
    "commitments": marked("commitments imported"),
    "proposals": marked("proposals imported"),
}
"""What the log calls it."""

Progress = Callable[[str, int, float | None], None]
"""Called now and then with the stage in words, the rows done and the share (None: not known)."""


@dataclass(frozen=True)
class Choices:
    """What a person says of a file.

    `mapping`: column heading -> field, or `-` for none. `defaults`: field -> value for rows that
    leave it blank. `month_first`: 05/06/2014 is in May. `sheet`: one worksheet by name.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    month_first: bool = False
    sheet: str | None = None

    def options(self) -> dict[str, Any]:
        """All but the mapping, in values that JSON knows."""
        return {
            "defaults": dict(self.defaults),
            "month_first": self.month_first,
            "sheet": self.sheet,
        }

    @classmethod
    def of(cls, batch: Import) -> Choices:
        return cls(mapping=batch.mapping, **batch.options)


@dataclass(frozen=True)
class Surroundings:
    """What reading needs of the database: the lists that words are looked up in, and defaults."""

    known: Known
    defaults: Mapping[str, str]


def surroundings(session: Session, scope: Scope) -> Surroundings:
    module = KINDS[scope.kind]
    return Surroundings(module.known(session, scope), module.defaults(scope))


def read_file(
    path: Path,
    filename: str,
    kind: str,
    choices: Choices,
    around: Surroundings,
    progress: Progress,
) -> tuple[FileReading, list[Printed]]:
    """Read all of a file; no transaction is open meanwhile. `progress` may raise to stop."""
    reading = read_records(
        path,
        cast(Kind, kind),
        mapping=choices.mapping,
        filename=filename,
        known=around.known,
        defaults={**around.defaults, **choices.defaults},
        month_first=choices.month_first,
        sheet=choices.sheet or None,
        progress=lambda rows, share: progress("Reading the file", rows, share),
    )
    progress("Comparing with what is here", reading.rows_read, None)
    return reading, printed(reading)


@dataclass(frozen=True)
class Findings:
    """What an import would do, or did: counts, faults and what people should know of it.

    `counts`: read = new + same + refused, rows that hold anything.
    """

    counts: Mapping[str, int]
    faults: tuple[Fault, ...]
    effects: tuple[str, ...]
    notes: tuple[str, ...]
    preview: Mapping[str, Any]


def findings(reading: FileReading, outcome: Outcome) -> Findings:
    """Both kinds of faults together, in the order of the file."""
    faults = sorted((*reading.faults, *outcome.faults), key=lambda fault: fault.row or 0)
    shown = summary(reading).as_dict()
    for key in ("faults", "notes", "read", "good", "refused", "kind"):
        del shown[key]
    return Findings(
        counts={
            "read": reading.rows_read,
            "new": len(outcome.new),
            "same": outcome.same,
            "refused": reading.rows_read - len(outcome.new) - outcome.same,
        },
        faults=tuple(faults),
        effects=outcome.effects,
        notes=reading.notes,
        preview={**shown, "effects": list(outcome.effects)},
    )


def in_store(found: Findings) -> dict[str, Any]:
    """What an import keeps of it beside counts and faults, to be said to each reader."""
    preview = found.preview
    return {
        "notes": [kept(note) for note in found.notes],
        "preview": {
            **preview,
            "format": kept(preview["format"]),
            "effects": [kept(effect) for effect in found.effects],
        },
    }


class Undone(Exception):
    """Raised inside a transaction to leave nothing of it; carries what was found."""

    def __init__(self, found: Findings) -> None:
        super().__init__("nothing was written")
        self.found = found


def compare(
    session: Session, scope: Scope, reading: FileReading, entries: list[Printed]
) -> Findings:
    """What writing would do now; nothing is written."""
    return findings(reading, KINDS[scope.kind].plan(session, scope, entries))


def write_all(
    session: Session,
    scope: Scope,
    batch: Import,
    reading: FileReading,
    entries: list[Printed],
    told: Told,
) -> Findings:
    """Write every new row, with a line in the log. Raises Undone where anything is at fault.

    The plan is made again in this transaction: the database may have changed since a preview.
    """
    lock(session, scope)
    module = KINDS[scope.kind]
    outcome: Outcome = module.plan(session, scope, entries)
    found = findings(reading, outcome)
    if found.faults:
        raise Undone(found)
    module.write(session, scope, batch, outcome, told)
    record(
        session,
        scope.by,
        IMPORTED[scope.kind],
        batch,
        organisation_id=scope.organisation.id,
        round_id=scope.round.id if scope.round else None,
        sha256=batch.sha256,
        **found.counts,
    )
    return found
