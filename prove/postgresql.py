"""The tests of the services and reports, which run on SQLite every day, on PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def prove() -> Iterator[str]:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/services", "tests/reports", "-m", "not slow"],
        cwd=ROOT,
        env={**os.environ, "TRIBUTARY_TEST_ENGINE": "postgresql"},
        capture_output=True,
        text=True,
        check=False,
    )
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert ran.returncode == 0, ran.stdout[-2_000:]
    assert passed, ran.stdout[-2_000:]
    yield f"{passed[1]} tests of services and reports pass on PostgreSQL"
