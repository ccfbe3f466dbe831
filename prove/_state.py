"""What a long proof has shown so far, in a small file: stopped, it goes on where it was.

The file is in `prove/` of the data folder, or in the folder that PROVE_STATE names. It
counts only for the code that it was shown of: where that has changed, the proof begins anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from funding.config import Config
from prove._suite import ROOT

KINDS = (".py", ".csv", ".json")


class Progress:
    """Counts by name, the parts that are done and what was found in them; each is kept at once."""

    def __init__(self, name: str, sources: Iterable[str]) -> None:
        named = os.environ.get("PROVE_STATE")
        folder = Path(named) if named else Config.from_environment().data / "prove"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.json"
        self.code = _digest(sources)
        self.done: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.found: dict[str, Any] = {}
        if self.path.exists():
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if kept["code"] == self.code:
                self.done, self.counts = set(kept["done"]), Counter(kept["counts"])
                self.found = kept.get("found", {})

    def finish(self, part: str, counts: Counter[str] | None = None, found: Any = None) -> None:
        """Keep that a part holds, with what it counted or what was found (plain JSON)."""
        self.done.add(part)
        self.counts += counts or Counter()
        if found is not None:
            self.found[part] = found
        kept = {
            "code": self.code,
            "done": sorted(self.done),
            "counts": dict(self.counts),
            "found": self.found,
        }
        text = json.dumps(kept)
        written = self.path.with_suffix(".part")
        written.write_text(text, encoding="utf-8")
        written.replace(self.path)


def _digest(sources: Iterable[str]) -> str:
    """Of these files, and of all code and data in these folders, by name."""
    found: list[Path] = []
    for source in sources:
        path = ROOT / source
        found += [path] if path.is_file() else [f for f in path.rglob("*") if f.suffix in KINDS]
    hashed = hashlib.sha256()
    for path in sorted(found):
        hashed.update(path.relative_to(ROOT).as_posix().encode())
        hashed.update(path.read_bytes())
    return hashed.hexdigest()
