"""A part of the test suite, run in another way than every day."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def passed(*arguments: str, **environment: str) -> int:
    """How many tests pass, run with these arguments of pytest; AssertionError if one does not."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"(\d+) passed", ran.stdout)
    assert ran.returncode == 0, ran.stdout[-4_000:]
    assert found, ran.stdout[-2_000:]
    return int(found[1])
