"""A file imported in the foreground, by whoever runs the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import RuleBroken
from funding.imports.reading import FileReading
from funding.language import gettext as _
from funding.models import Import, ImportKind, ImportState, Organisation, Round
from funding.services.accounts import PLATFORM, platform_organisation
from funding.services.import_files import digest
from funding.services.import_plan import Printed, Scope, round_of
from funding.services.import_reading import (
    Choices,
    Findings,
    Progress,
    Undone,
    compare,
    in_store,
    read_file,
    surroundings,
    write_all,
)


@dataclass(frozen=True)
class Target:
    """Where a file goes, by keys as given.

    No round: the only one there is, or none for history. No organisation: the platform's own for
    history, else the round's owner.
    """

    kind: str
    round_key: str | None = None
    organisation_key: str | None = None

    def open(self, session: Session) -> Scope:
        """Raises RuleBroken, naming what there is."""
        round_ = self._round(session)
        return Scope(self.kind, self._organisation(session, round_), round_, None)

    def _round(self, session: Session) -> Round | None:
        if self.kind == ImportKind.HISTORY and self.round_key is None:
            return None
        rows = session.execute(sa.select(Round.key, Round.id).order_by(Round.key))
        ids = dict(rows.all())
        if not ids:
            raise RuleBroken(
                _(
                    "There is no round yet. Make one on the site, or load the demo round with "
                    "`tributary demo`; then name it with --round KEY to import %(kind)s into "
                    "it.",
                    kind=self.kind,
                )
            )
        if self.round_key is None and len(ids) > 1:
            raise RuleBroken(_("Say which round with --round KEY: %(join)s.", join=", ".join(ids)))
        key = self.round_key or next(iter(ids))
        if key not in ids:
            raise RuleBroken(
                _(
                    "--round: there is no round %(key)s; there are: %(join)s.",
                    key=f"{key!r}",
                    join=", ".join(ids),
                )
            )
        return round_of(session, None, self.kind, ids[key])

    def _organisation(self, session: Session, round_: Round | None) -> Organisation:
        if self.organisation_key is None and self.kind != ImportKind.HISTORY and round_:
            return round_.owner
        key = self.organisation_key or PLATFORM
        found = session.scalars(
            sa.select(Organisation).where(Organisation.key == key)
        ).one_or_none()
        if found is None and key == PLATFORM:
            return platform_organisation()  # joins the database when something is written
        if found is None:
            raise RuleBroken(_("--organisation: there is no organisation %(key)s.", key=f"{key!r}"))
        return found


def import_now(
    database: Database,
    path: Path,
    target: Target,
    choices: Choices,
    *,
    is_dry: bool,
    progress: Progress,
) -> Findings:
    """Import all of a file in one transaction, or, where anything is at fault or `is_dry`, nothing.

    The answer's `faults` say which it was. Raises RuleBroken where the target is not there.
    """
    with database.reading() as session:
        around = surroundings(session, target.open(session))
    reading, entries = read_file(path, path.name, target.kind, choices, around, progress)
    if is_dry or reading.faults:
        with database.reading() as session:
            return compare(session, target.open(session), reading, entries)
    values: Mapping[str, Any] = {
        "filename": path.name,
        "sha256": digest(path),
        "mapping": dict(choices.mapping),
        "options": choices.options(),
    }
    try:
        return database.in_transaction(_store, target, reading, entries, values, progress)
    except Undone as undone:
        return undone.found


def _store(
    session: Session,
    target: Target,
    reading: FileReading,
    entries: list[Printed],
    values: Mapping[str, Any],
    progress: Progress,
) -> Findings:
    scope = target.open(session)
    session.add(scope.organisation)
    session.flush()
    batch = Import(
        kind=target.kind,
        organisation_id=scope.organisation.id,
        round_id=scope.round.id if scope.round else None,
        state=ImportState.DONE,
        finished_at=now(),
        **values,
    )
    session.add(batch)
    session.flush()
    found = write_all(
        session,
        scope,
        batch,
        reading,
        entries,
        lambda done, total: progress("Writing", done, done / total),
    )
    batch.counts, stored = dict(found.counts), in_store(found)
    batch.notes, batch.preview = stored["notes"], stored["preview"]
    return found
