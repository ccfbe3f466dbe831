"""`tributary init` and `verify-log`, as they are typed."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from click.testing import CliRunner, Result

from funding.cli import main
from funding.db import Database
from funding.models.triggers import lift_rules


def tributary(folder: Path, *words: str) -> Result:
    settings = {"TRIBUTARY_DATA": str(folder), "TRIBUTARY_DATABASE_URL": ""}
    return CliRunner().invoke(main, list(words), env=settings)


def made(folder: Path) -> Database:
    assert tributary(folder, "init").exit_code == 0
    assert tributary(folder, "user", "add", "a@test.example", "A").exit_code == 0
    return Database(f"sqlite:///{folder / 'tributary.sqlite3'}")


def test_init_can_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        assert "ready" in tributary(tmp_path, "init").output


def test_the_log_is_proven_and_its_head_known_again(tmp_path: Path) -> None:
    made(tmp_path).engine.dispose()
    first = tributary(tmp_path, "verify-log")
    assert (first.exit_code, first.output.splitlines()[0]) == (0, "The log is whole; events: 1.")
    head = first.output.splitlines()[-1]
    tributary(tmp_path, "user", "add", "b@test.example", "B")
    assert tributary(tmp_path, "verify-log", "--head", head).exit_code == 0
    assert tributary(tmp_path, "verify-log", "--head", f"1:{'0' * 64}").exit_code == 1
    assert tributary(tmp_path, "verify-log", "--head", "newest").exit_code == 2


def test_a_changed_row_and_a_cut_one_end_with_status_1(tmp_path: Path) -> None:
    database = made(tmp_path)
    head = tributary(tmp_path, "verify-log").output.splitlines()[-1]

    def cut(session) -> None:
        lift_rules(session.connection())
        session.execute(sa.text("delete from event"))
        session.execute(sa.text(f"update chain_head set seq = 0, hash = '{'0' * 64}'"))

    def change(session) -> None:
        lift_rules(session.connection())
        session.execute(sa.text("update event set action = 'nothing'"))

    database.in_transaction(change)
    changed = tributary(tmp_path, "verify-log")
    assert (changed.exit_code, changed.output) == (1, "The log is broken at event 1.\n")
    database.in_transaction(cut)
    assert tributary(tmp_path, "verify-log").exit_code == 0  # nothing is left to show it
    noted = tributary(tmp_path, "verify-log", "--head", head)
    assert noted.exit_code == 1
    assert "was cut" in noted.output
    database.engine.dispose()


def test_a_role_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    made(tmp_path).engine.dispose()
    wrong = tributary(tmp_path, "user", "add", "c@test.example", "C", "--role", "boss")
    assert wrong.exit_code == 2
    assert "program_officer" in wrong.output
