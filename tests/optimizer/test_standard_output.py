"""Standard output belongs to the plan: whatever the solver wants to say, it does not say there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROUND = {
    "format": "tributary-round/1",
    "currency": "USD",
    "commitments": [{"id": "c", "funder": "f", "amount": 100}],
    "proposals": [{"id": "p", "ask": 100, "merit": 0.5, "areas": {"a": 1.0}}],
    "areas": [{"id": "a"}],
}


def test_a_plan_on_standard_output_is_json_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "round.json"
    path.write_text(json.dumps(ROUND))
    done = subprocess.run(
        [sys.executable, "-m", "optimizer", "solve", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["totals"] == {"p": 100}
