"""Imports in the browser: a file is put in, looked at, given columns, gone ahead with or left.

Only who put a file in goes on with it. The reading and the writing are jobs of a worker
(`funding.services.import_jobs`); these are the short transactions around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.imports.fields import FIELDS
from funding.imports.recognise import UNUSED
from funding.models import Import, ImportKind, ImportState
from funding.permissions import Actor, fetch, require, visible_imports
from funding.services.import_files import OPEN_STATES, StagedFile
from funding.services.import_plan import open_scope
from funding.services.import_reading import Choices
from funding.services.jobs import enqueue
from funding.services.log import record

READ, WRITE = "read_import", "write_import"
"""Names of the two tasks."""

_TO_BE_READ: dict[str, Any] = {
    "progress": None,
    "stage": "Waiting for its turn",
    "counts": {},
    "faults": [],
    "notes": [],
    "preview": {},
}


def start_import(
    session: Session,
    *,
    by: Actor,
    kind: str,
    organisation_id: int | None,
    round_id: int | None,
    file: StagedFile,
    is_public: bool = False,
) -> Import:
    """Begin with an uploaded file; a worker reads it.

    Raises NotFound, NotPermitted, RuleBroken for a closed round, InvalidInput.
    """
    if kind not in FIELDS:
        raise InvalidInput(Fault("kind", "Choose what the file holds."))
    if organisation_id is None:
        raise InvalidInput(Fault("organisation_id", "Choose for whom the file is imported."))
    open_scope(session, by, kind, organisation_id, round_id)
    batch = Import(
        kind=kind,
        organisation_id=organisation_id,
        round_id=round_id,
        filename=file.name,
        sha256=file.sha256,
        options=Choices().options(),
        is_public=is_public and kind == ImportKind.HISTORY,
        state=ImportState.READING,
        stage=_TO_BE_READ["stage"],
        created_by_id=by.person_id,
    )
    session.add(batch)
    session.flush()
    enqueue(session, READ, import_id=batch.id, attempt=batch.attempt)
    record(
        session,
        by,
        "file put in",
        batch,
        organisation_id=organisation_id,
        round_id=round_id,
        sha256=file.sha256,
        size=file.size,
    )
    return batch


def set_public(session: Session, *, by: Actor, import_id: int, is_public: bool) -> Import:
    """Say whether the past grants of a file are published: then anybody may be told of them.

    Raises NotFound, NotPermitted.
    """
    query = visible_imports(by).with_for_update(of=Import)
    batch: Import = fetch(session, query, import_id, "import")
    if batch.kind != ImportKind.HISTORY:
        raise NotFound("import of past grants")
    require(by, f"import.{batch.kind}", batch.organisation_id)
    batch.is_public = is_public
    record(
        session,
        by,
        "import published" if is_public else "import withheld",
        batch,
        organisation_id=batch.organisation_id,
    )
    return batch


def may_go_on(by: Actor, batch: Import) -> bool:
    """Whether this person put the file in, and may still import its kind."""
    return batch.created_by_id == by.person_id and by.may(
        f"import.{batch.kind}", batch.organisation_id
    )


def may_see_rows(by: Actor, batch: Import) -> bool:
    """Whether the cells of the file may be shown: others' proposals are read on their own pages,

    where permission and conflicts are asked for each.
    """
    return batch.kind != ImportKind.PROPOSALS or batch.created_by_id == by.person_id


def _own(session: Session, by: Actor, import_id: int) -> Import:
    query = visible_imports(by).with_for_update(of=Import)
    batch: Import = fetch(session, query, import_id, "import")
    if not may_go_on(by, batch):
        raise NotPermitted("Only who put the file in goes on with it.")
    return batch


def choose_columns(session: Session, *, by: Actor, import_id: int, choices: Choices) -> Import:
    """Say which column holds what; the file is read again. Raises NotFound, NotPermitted,
    RuleBroken once it is written, InvalidInput."""
    batch = _own(session, by, import_id)
    names = {field.name for field in FIELDS[batch.kind]}
    if {*choices.mapping.values()} - names - {UNUSED} or {*choices.defaults} - names:
        raise InvalidInput(Fault("mapping", "Choose fields from the list."))
    batch.mapping, batch.options = dict(choices.mapping), choices.options()
    _read_again(session, batch)
    record(
        session,
        by,
        "columns chosen",
        batch,
        organisation_id=batch.organisation_id,
        round_id=batch.round_id,
    )
    return batch


def replace_file(session: Session, *, by: Actor, import_id: int, file: StagedFile) -> str:
    """Put in a corrected file in place of this one; what was said of its columns stays.

    The answer is the SHA-256 of the one before. Raises NotFound, NotPermitted, RuleBroken.
    """
    batch = _own(session, by, import_id)
    before = batch.sha256
    batch.filename, batch.sha256 = file.name, file.sha256
    _read_again(session, batch)
    record(
        session,
        by,
        "file replaced",
        batch,
        organisation_id=batch.organisation_id,
        round_id=batch.round_id,
        before=before,
        sha256=file.sha256,
    )
    return before


def _read_again(session: Session, batch: Import) -> None:
    if batch.state not in (ImportState.READING, ImportState.PREVIEW, ImportState.REFUSED):
        raise RuleBroken("This import is over or being written; put the file in anew.")
    batch.state, batch.attempt = ImportState.READING, batch.attempt + 1
    for name, value in _TO_BE_READ.items():
        setattr(batch, name, value)
    enqueue(session, READ, import_id=batch.id, attempt=batch.attempt)


def confirm_import(session: Session, *, by: Actor, import_id: int, attempt: int) -> Import:
    """Go ahead with what the preview showed. Raises NotFound, NotPermitted, Conflict where the
    preview is no longer that one, RuleBroken where there is none or it has faults."""
    batch = _own(session, by, import_id)
    if batch.state in (ImportState.RUNNING, ImportState.DONE) and batch.attempt == attempt:
        return batch  # pressed twice
    if batch.state != ImportState.PREVIEW:
        raise RuleBroken("This file cannot be imported as it is; look at the preview again.")
    if batch.attempt != attempt:
        raise Conflict("The columns were changed since this preview. Please look again.")
    open_scope(session, by, batch.kind, batch.organisation_id, batch.round_id)
    batch.state, batch.stage, batch.progress = ImportState.RUNNING, _TO_BE_READ["stage"], None
    enqueue(session, WRITE, import_id=batch.id)
    record(
        session,
        by,
        "import confirmed",
        batch,
        organisation_id=batch.organisation_id,
        round_id=batch.round_id,
    )
    return batch


def cancel_import(session: Session, *, by: Actor, import_id: int) -> str:
    """Leave the file; nothing of it is stored. The answer is its SHA-256.

    Raises NotFound, NotPermitted, RuleBroken where it is over already.
    """
    batch = _own(session, by, import_id)
    if batch.state not in OPEN_STATES:
        raise RuleBroken("This import is over already.")
    batch.state, batch.finished_at, batch.progress = ImportState.CANCELLED, now(), None
    batch.preview, batch.faults = {}, []
    record(
        session,
        by,
        "import cancelled",
        batch,
        organisation_id=batch.organisation_id,
        round_id=batch.round_id,
    )
    return batch.sha256


def settle(
    session: Session, import_id: int, state: str, *, before: str, values: Mapping[str, Any]
) -> bool:
    """Move an import on, unless somebody moved it meanwhile; False where they did."""
    moved = session.execute(
        sa.update(Import)
        .where(Import.id == import_id, Import.state == before)
        .values(state=state, **values)
    )
    return moved.rowcount == 1
