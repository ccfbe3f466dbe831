"""The files of an index: parts that never change, and one manifest that names those in use."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

MANIFEST = "index.json"
_LOCK = ".lock"
_FORMAT = 1


class SavedMeanwhile(Exception):
    """Another process saved this index since it was opened: open it again and repeat the change."""


@dataclass
class State:
    """What a manifest says: which version of which method, and the names of the files."""

    fingerprint: str
    generation: int = 0
    parts: list[str] = field(default_factory=list)
    dropped: str | None = None
    codes: str | None = None
    coded_at: int = 0


def read_state(folder: Path) -> State | None:
    """None where there is no index yet; one of another format counts as none."""
    try:
        said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(said, dict) or said.pop("format", None) != _FORMAT:
        return None
    return State(**said)


@contextmanager
def saving(folder: Path, generation: int) -> Iterator[None]:
    """Alone with the folder, as it was opened at `generation`; raises SavedMeanwhile."""
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = read_state(folder)
        if known is not None and known.generation != generation:
            raise SavedMeanwhile(f"{folder} is at {known.generation}, not {generation}")
        yield


def new_name(kind: str) -> str:
    """A name for a file that no file had before."""
    return f"{kind}-{secrets.token_hex(6)}"


def write_state(folder: Path, state: State) -> None:
    """Replace the manifest in one step, then take away the files that it no longer names.

    A process that still reads them keeps what it has open.
    """
    write_whole(
        folder / MANIFEST, json.dumps({"format": _FORMAT, **state.__dict__}).encode("utf-8")
    )
    used = {*state.parts, state.dropped, state.codes}
    for path in folder.iterdir():
        if path.name not in (MANIFEST, _LOCK) and path.name.partition(".")[0] not in used:
            path.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """The file as it was or as it is now, never between."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)


def write_array(path: Path, values: Any) -> None:
    with path.open("wb") as file:
        np.save(file, values)
        file.flush()
        os.fsync(file.fileno())


def write_part(
    folder: Path, name: str, arrays: dict[str, Any], ids: Sequence[str], digests: Sequence[int]
) -> None:
    for key, values in arrays.items():
        write_array(folder / f"{name}.{key}.npy", values)
    write_array(folder / f"{name}.digests.npy", np.asarray(digests, dtype=np.uint64))
    write_whole(folder / f"{name}.ids.json", json.dumps(list(ids)).encode("utf-8"))


def read_part(
    folder: Path, name: str, keys: Sequence[str]
) -> tuple[dict[str, Any], list[str], list[int]]:
    """Its arrays, left in the file until they are asked for, its ids and their digests."""
    arrays = {key: np.load(folder / f"{name}.{key}.npy", mmap_mode="r") for key in keys}
    ids = json.loads((folder / f"{name}.ids.json").read_text(encoding="utf-8"))
    return arrays, ids, np.load(folder / f"{name}.digests.npy").tolist()
