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

from funding.config import Config
from prove._suite import ROOT


class Progress:
    """Counts by name, and the parts that are done; each part is kept as soon as it is."""

    def __init__(self, name: str, sources: Iterable[str]) -> None:
        named = os.environ.get("PROVE_STATE")
        folder = Path(named) if named else Config.from_environment().data / "prove"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.json"
        self.code = _digest(sources)
        self.done: set[str] = set()
        self.counts: Counter[str] = Counter()
        if self.path.exists():
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if kept["code"] == self.code:
                self.done, self.counts = set(kept["done"]), Counter(kept["counts"])

    def finish(self, part: str, counts: Counter[str]) -> None:
        """Keep that a part holds, with what it counted."""
        self.done.add(part)
        self.counts += counts
        text = json.dumps(
            {"code": self.code, "done": sorted(self.done), "counts": dict(self.counts)}
        )
        written = self.path.with_suffix(".part")
        written.write_text(text, encoding="utf-8")
        written.replace(self.path)


def _digest(sources: Iterable[str]) -> str:
    """Of every Python file in these files and folders, by name."""
    found: list[Path] = []
    for source in sources:
        path = ROOT / source
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    hashed = hashlib.sha256()
    for path in sorted(found):
        hashed.update(path.relative_to(ROOT).as_posix().encode())
        hashed.update(path.read_bytes())
    return hashed.hexdigest()
