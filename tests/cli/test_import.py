"""`tributary import`: what it prints, its exit status, and that it leaves all or nothing."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from funding.cli import main
from funding.db import Database
from funding.models import Commitment, HistoricGrant, Import, Organisation, Proposal, Round
from tests.builders import make_organisation, make_round
from tests.conftest import SHARED

DATA = SHARED / "data"
needs_shared = pytest.mark.skipif(not DATA.exists(), reason="the shared files are not here")

TABLE = (
    "funder,recipient,amount_usd,date\nAlder,Larkspur,5,2020-01-01\nBirch,Sorrel,-1,2021-02-02\n"
)


@pytest.fixture
def place(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder right after `tributary init`."""
    (tmp_path / "tributary.sqlite3").write_bytes(migrated_file.read_bytes())
    monkeypatch.setenv("TRIBUTARY_DATA", str(tmp_path))
    monkeypatch.delenv("TRIBUTARY_DATABASE_URL", raising=False)
    return tmp_path


def database(place: Path) -> Database:
    return Database(f"sqlite:///{place / 'tributary.sqlite3'}")


def count(place: Path, model: type) -> int:
    with database(place).reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["import", *map(str, arguments)])


def write(place: Path, text: str, name: str = "table.csv") -> Path:
    path = place / name
    path.write_text(text, encoding="utf-8")
    return path


def test_history_needs_no_round_and_no_organisation(place: Path) -> None:
    result = run("history", write(place, TABLE))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:2] == [
        "read 2, new 2, same 0, refused 0",
        "Total: USD\u00a04",
    ]
    assert result.stdout.endswith("Imported 2 new past grants.\n")
    with database(place).reading() as session:
        (owner,) = session.scalars(sa.select(Organisation))
        grant = session.scalars(sa.select(HistoricGrant)).first()
        (batch,) = session.scalars(sa.select(Import))
    assert (owner.key, owner.kind) == ("platform", "platform")
    assert grant.organisation_id == owner.id
    assert (batch.state, batch.filename, batch.counts["new"]) == ("done", "table.csv", 2)


def test_the_same_file_again_is_all_the_same(place: Path) -> None:
    path = write(place, TABLE)
    run("history", path)
    again = run("history", path)
    assert again.exit_code == 0
    assert again.stdout.startswith("read 2, new 0, same 2, refused 0\n")
    assert count(place, HistoricGrant) == 2


def test_a_dry_run_writes_nothing_at_all(place: Path) -> None:
    result = run("history", write(place, TABLE), "--dry-run", "--json")
    document = json.loads(result.stdout)
    assert (document["read"], document["new"], document["same"], document["refused"]) == (
        2,
        2,
        0,
        0,
    )
    assert (document["dry_run"], document["written"]) == (True, False)
    assert document["totals"] == {"USD": 400}
    for model in (HistoricGrant, Import, Organisation):
        assert count(place, model) == 0


def test_faults_are_a_line_each_on_standard_error_and_nothing_is_written(place: Path) -> None:
    result = run("history", write(place, TABLE + "Cedar,,1.005,2023-02-30\n"))
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        'row 4, amount: "1.005": at most 2 decimals in USD',
        'row 4, awarded_on: "2023-02-30": there is no such date',
        "row 4, recipient: is missing",
        "3 faults; nothing was written.",
    ]
    assert result.stdout.startswith("read 3, new 2, same 0, refused 1\n")
    assert count(place, HistoricGrant) == count(place, Import) == 0


def test_faults_stand_in_the_json_too(place: Path) -> None:
    result = run("history", "--json", write(place, TABLE + "Cedar,Tansy,NaN,\n"))
    assert result.exit_code == 2
    (fault,) = json.loads(result.stdout)["faults"]
    assert (fault["row"], fault["field"], fault["value"]) == (4, "amount", "NaN")


def test_columns_and_values_for_all_rows_can_be_said(place: Path) -> None:
    path = write(place, "Who gave,To,How much\nAlder,Larkspur,5\n")
    options = ("--map", "Who gave=funder", "--map", "To=recipient", "--map", "How much=amount")
    result = run("history", path, *options, "--default", "currency=EUR")
    assert result.exit_code == 0, result.output
    assert "Total: EUR\u00a05" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--map", "no sign"), "is not COLUMN=FIELD"),
        (("--default", "=EUR"), "is not FIELD=VALUE"),
        (("--map", "funder=nothing"), "is no field; the fields are: funder,"),
        (("--map", "nowhere=funder"), "is no column; the columns are: funder,"),
        (("--default", "currency=euros"), "is no currency code"),
        (("--organisation", "nobody"), "there is no organisation 'nobody'"),
        (("--round", "nowhere"), "There is no round yet"),
    ],
)
def test_what_cannot_be_meant_is_said(
    place: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    result = run("history", write(place, TABLE), *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert count(place, HistoricGrant) == 0


def test_a_file_that_is_not_there_is_said_without_a_traceback(place: Path) -> None:
    result = run("history", place / "missing.csv")
    assert result.exit_code == 2
    assert "file: The file could not be opened: No such file or directory." in result.stderr


@pytest.mark.parametrize("kind", ["commitments", "proposals"])
def test_without_a_round_the_way_to_one_is_told(place: Path, kind: str) -> None:
    result = run(kind, write(place, "title,amount\nA,1\n"))
    assert result.exit_code == 2
    assert "There is no round yet." in result.stderr
    assert "--round KEY" in result.stderr


def test_the_only_round_is_the_one_meant_and_of_several_one_is_named(place: Path) -> None:
    def make(session, key):
        make_round(session, key=key, state="open")
        make_organisation(session, key=f"alder-{key}", name=f"Alder {key}")

    database(place).in_transaction(make, key="spring")
    commitment = write(place, "id,funder,name,amount,currency\nc1,Alder spring,Open,5,USD\n")
    proposal = write(
        place,
        "id,title,areas,ask,institution,lead\nP1,Probes,evaluations,5,Sorrel,ada@sorrel.example\n",
        "proposals.csv",
    )
    assert run("commitments", commitment).exit_code == 0
    assert run("proposals", proposal).exit_code == 0
    assert (count(place, Commitment), count(place, Proposal)) == (1, 1)
    database(place).in_transaction(make, key="autumn")
    result = run("proposals", proposal)
    assert result.exit_code == 2
    assert "Say which round with --round KEY: autumn, spring." in result.stderr
    assert run("proposals", proposal, "--round", "autumn").exit_code == 0
    with database(place).reading() as session:
        keys = session.scalars(
            sa.select(Round.key).join(Proposal, Proposal.round_id == Round.id).order_by(Round.key)
        ).all()
    assert keys == ["autumn", "spring"]


def test_before_init_it_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBUTARY_DATA", str(tmp_path))
    result = run("history", write(tmp_path, TABLE))
    assert result.exit_code == 2
    assert "tributary init" in result.stderr


# -- real files -----------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("ai_safety_grants.csv", 875),
        ("sff_rounds.csv", 123),
        ("360giving/andrew-lloyd-webber-foundation.json", 475),
        ("360giving/power-to-change.json", 870),
        ("360giving/wolfson-foundation-dirty.json", 379),
        ("360giving/malformed/fundingproviders-grants_2_grants.xlsx", 2),
        ("360giving/malformed/fundingproviders-grants_2_grants_cp1252.csv", 2),
    ],
)
def test_real_files_come_in_whole_and_only_once(place: Path, name: str, read: int) -> None:
    first, again = run("history", DATA / name), run("history", DATA / name)
    assert first.exit_code == again.exit_code == 0, first.output
    assert first.stdout.startswith(f"read {read}, new {read}, same 0, refused 0\n")
    assert again.stdout.startswith(f"read {read}, new 0, same {read}, refused 0\n")
    assert count(place, HistoricGrant) == read


@needs_shared
@pytest.mark.parametrize(
    "name", ["bad.xlsx", "bom.csv", "nulls.json", "badfile_all_validation_errors.json"]
)
def test_broken_files_are_refused_in_words(place: Path, name: str) -> None:
    result = run("history", DATA / "360giving" / "malformed" / name)
    assert result.exit_code == 2
    assert result.stderr.endswith("nothing was written.\n")
    assert "Traceback" not in result.stderr
    assert count(place, HistoricGrant) == 0


@needs_shared
@pytest.mark.slow
def test_the_long_history_comes_in_whole_and_only_once(place: Path) -> None:
    path = DATA / "grants_history.csv.gz"
    first, again = run("history", path), run("history", path)
    assert first.stdout.startswith("read 97,662, new 97,662, same 0, refused 0\n"), first.output
    assert again.stdout.startswith("read 97,662, new 0, same 97,662, refused 0\n"), again.output
    assert "money returned, which totals subtract: 60." in first.stdout


def test_killed_in_the_middle_of_writing_it_leaves_nothing(place: Path) -> None:
    rows = "".join(f"Alder,Recipient {number},5,2020-01-01\n" for number in range(60_000))
    path = write(place, TABLE + rows)
    terminal, other_end = pty.openpty()
    command = [sys.executable, "-m", "funding.cli", "import", "history", str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=other_end, cwd=Path(__file__).parents[2]
    ) as process:
        os.close(other_end)
        seen = b""
        while b"Writing" not in seen:  # the first rows are inserted, the transaction is open
            seen += os.read(terminal, 1024)
        process.send_signal(signal.SIGKILL)
    os.close(terminal)
    assert process.returncode == -signal.SIGKILL
    assert count(place, HistoricGrant) == count(place, Import) == count(place, Organisation) == 0
    assert run("history", path).stdout.startswith("read 60,002, new 60,002, same 0, refused 0\n")


def test_a_terminal_sees_how_far_it_is(place: Path) -> None:
    rows = "".join(f"Alder,Recipient {number},5,2020-01-01\n" for number in range(3_000))
    terminal, other_end = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "funding.cli",
        "import",
        "history",
        str(write(place, TABLE + rows)),
    ]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=other_end, cwd=Path(__file__).parents[2], check=True
    )
    seen = os.read(terminal, 65_536).decode()
    os.close(other_end)
    os.close(terminal)
    assert "Reading the file: 1,000 rows, " in seen
    assert "Writing: 3,002 rows, 100%" in seen
    assert b"Imported 3,002 new past grants." in done.stdout
