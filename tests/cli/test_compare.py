"""`tributary compare`: on a file, and on a round of the database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from funding.cli import main
from funding.db import Database
from tests.optimizer.small_rounds import a_round
from tests.runs import small_round

RULES = ["--rules", "greedy", "--rules", "welfare"]


def test_a_file_is_compared_without_a_database(tmp_path: Path) -> None:
    path = tmp_path / "round.json"
    path.write_text(json.dumps(a_round()), encoding="utf-8")
    ended = CliRunner().invoke(main, ["compare", str(path), *RULES])
    assert ended.exit_code == 0, ended.output
    assert ended.output.splitlines()[2].split() == ["greedy", "welfare"]
    assert "Funded by every rule: audit, proofs, survey" in ended.output


def test_a_file_that_is_no_round_is_wrong_input_by_name(tmp_path: Path) -> None:
    path = tmp_path / "round.json"
    path.write_text(json.dumps(a_round(colour="blue")), encoding="utf-8")
    ended = CliRunner().invoke(main, ["compare", str(path)])
    assert ended.exit_code == 2
    assert "colour" in ended.output


def test_a_round_of_the_database_is_compared_and_nothing_is_stored(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.in_transaction(small_round)
    url = database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TRIBUTARY_DATABASE_URL", url)
    ended = CliRunner().invoke(main, ["compare", "small", *RULES])
    assert ended.exit_code == 0, ended.output
    assert "Funded by every rule" in ended.output
    missing = CliRunner().invoke(main, ["compare", "nowhere", *RULES])
    assert missing.exit_code == 2
