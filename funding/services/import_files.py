"""Uploaded files while they wait to be imported: in the data folder, under their SHA-256.

A file is put there before the row that names it, and goes when its import is over. Those that
nobody went on with go after a month.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput
from funding.models import Import, ImportState
from funding.services.attachments import plain_name

KEPT_SECONDS = 30 * 24 * 3600
_PART = 1024 * 1024

OPEN_STATES = (
    ImportState.READING,
    ImportState.PREVIEW,
    ImportState.REFUSED,
    ImportState.RUNNING,
)
"""States of an import that still needs its file."""


@dataclass(frozen=True)
class StagedFile:
    """A file in the data folder; `name` is what it was called, `size` in bytes."""

    name: str
    sha256: str
    size: int


def path_of(data: Path, sha256: str) -> Path:
    return data / "imports" / sha256


def digest(path: Path) -> str:
    """SHA-256 of a file, read in parts."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stage(data: Path, filename: str, stream: BinaryIO) -> StagedFile:
    """Put an uploaded file into the data folder. Raises InvalidInput (field `file`) if empty."""
    folder = data / "imports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder)
    part = folder / f"{secrets.token_hex(8)}.part"
    hashed, size = hashlib.sha256(), 0
    try:
        with part.open("wb") as file:
            while chunk := stream.read(_PART):
                hashed.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if size == 0:
            raise InvalidInput(Fault("file", "The file is empty."))
        part.replace(path_of(data, hashed.hexdigest()))
    finally:
        part.unlink(missing_ok=True)
    return StagedFile(plain_name(filename), hashed.hexdigest(), size)


def _sweep(folder: Path) -> None:
    oldest = time.time() - KEPT_SECONDS
    for path in folder.iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def forget(session: Session, data: Path, sha256: str) -> None:
    """Remove a staged file that no import waits for any more."""
    waiting = sa.select(Import.id).where(Import.sha256 == sha256, Import.state.in_(OPEN_STATES))
    if session.scalars(waiting.limit(1)).first() is None:
        path_of(data, sha256).unlink(missing_ok=True)
