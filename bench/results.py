"""What was measured, kept as JSON between runs, so that a long run can stop and go on."""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.optimizer import LONG, Measured, Task, tasks

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "docs" / "benchmarks.json"
PACKAGES = ("highspy", "linopy", "numpy", "pulp")


@dataclass
class Results:
    """One run: where and when, and each task's turns; `failed` says why a task has none."""

    machine: dict[str, Any]
    started: str
    load: float
    full: bool
    turns: dict[str, list[Measured]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    is_finished: bool = False

    @classmethod
    def here(cls, *, full: bool) -> Results:
        today = datetime.date.today().isoformat()
        return cls(machine(), today, round(os.getloadavg()[0], 1), full)

    @classmethod
    def read(cls, path: Path = KEPT) -> Results:
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def write(self, path: Path = KEPT) -> None:
        text = json.dumps(self.__dict__, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    def of(self, task: Task) -> Measured | None:
        """The median of a task's turns, figure by figure; None where it was not measured."""
        rows = self.turns.get(task.key)
        if not rows:
            return None
        return {name: statistics.median(row[name] for row in rows) for name in rows[0]}

    def open_tasks(self) -> list[Task]:
        """What this run set out to measure and has not."""
        return [task for task in tasks(full=self.full) if not self.turns.get(task.key)]

    def measure(self, most: int, save: Callable[[], None], tell: Callable[[str], None]) -> None:
        """Every task `most` times, in turns; one turn is enough for what takes long."""
        for turn in range(most):
            for task in tasks(full=self.full):
                rows = self.turns.setdefault(task.key, [])
                if len(rows) > turn or task.key in self.failed:
                    continue
                if rows and rows[0]["seconds"] > LONG:
                    continue
                try:
                    rows.append(task.run())
                except subprocess.CalledProcessError as error:
                    said = (error.stderr or "").strip().splitlines()
                    self.failed[task.key] = said[-1] if said else f"status {error.returncode}"
                    tell(f"{task.key}: failed, {self.failed[task.key]}")
                else:
                    tell(f"{task.key}: {rows[-1]['seconds']:.2f} s")
                save()
        self.is_finished = True
        save()


def machine(packages: Sequence[str] = PACKAGES) -> dict[str, Any]:
    """What figures depend on: processor, system and versions."""
    model = re.search(r"model name\s*: (.+)", _read("/proc/cpuinfo"))
    memory = re.search(r"MemTotal:\s+(\d+) kB", _read("/proc/meminfo"))
    return {
        "processor": model.group(1) if model else platform.processor(),
        "cores": os.cpu_count(),
        "gigabytes": round(int(memory.group(1)) / 2**20) if memory else None,
        "system": f"{platform.system()} on {platform.machine()}",
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in packages},
    }


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8") if Path(path).exists() else ""
