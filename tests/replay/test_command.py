"""`tributary replay`: without a database, readable, with its exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from funding.cli import main
from funding.replay.assumptions import CATALOGUE
from tests.replay.lists import HEAD, TWO_FUNDERS


@pytest.fixture
def grants(tmp_path: Path) -> Path:
    path = tmp_path / "grants.csv"
    path.write_text(f"{HEAD}\n{TWO_FUNDERS}")
    return path


@pytest.fixture
def empty_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("TRIBUTARY_DATA", str(folder))
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["replay", *arguments])


def test_a_replay_needs_no_database_and_leaves_nothing_behind(
    grants: Path, empty_data: Path
) -> None:
    done = run(str(grants), "--year", "2022", "--variations", "none")
    assert done.exit_code == 0, done.output
    assert not empty_data.exists()


def test_the_report_has_findings_tables_assumptions_and_cautions(grants: Path) -> None:
    text = run(str(grants), "--year", "2022", "--variations", "each").stdout
    for title in (
        "What was found",
        "Paid by several funders",
        "Areas against need",
        "Largest changes",
        "How much hangs on the assumptions",
        "What was assumed",
        "What cannot be concluded",
    ):
        assert title in text
    assert max(map(len, text.splitlines())) <= 110


def test_json_is_the_whole_result_and_nothing_else(grants: Path) -> None:
    done = run(str(grants), "--year", "2022", "--variations", "none", "--json", "--assume",
               "merit=equal")  # fmt: skip
    result = json.loads(done.stdout)
    assert result["format"] == "tributary-replay/1"
    assert result["changed"] == {"merit": "equal"}
    assert result["round"]["format"] == "tributary-round/1"


def test_without_a_year_the_likely_one_is_taken_and_said(grants: Path) -> None:
    done = run(str(grants), "--variations", "none")
    assert done.exit_code == 0
    assert "taking 2022" in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--year", "1999"), "year: there is no grant in 1999; years in the list: 2021, 2022"),
        (("--round", "H9"), "round: there is no round “H9”"),
        (("--year", "2022", "--assume", "luck=1"), "luck: is no assumption"),
        (("--year", "2022", "--assume", "luck"), "luck: write an assumption as KEY=VALUE"),
        (("--year", "2022", "--currency", "ZZZ"), "file, currency"),
        (("--year", "2022", "--map", "Nowhere=funder"), "Nowhere"),
        (("--year", "2022", "--map", "Nowhere"), "COLUMN=FIELD"),
    ],
)
def test_a_wrong_option_ends_with_status_2_and_says_which(
    grants: Path, options: tuple[str, ...], words: str
) -> None:
    done = run(str(grants), *options)
    assert done.exit_code == 2
    assert words in done.stderr


def test_a_bad_file_ends_with_status_2_and_a_line_for_each_fault(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(f"{HEAD}\nAlder,Wren,x,2022,,\n,Wren,5,2022,,\n")
    done = run(str(path), "--year", "2022")
    assert done.exit_code == 2
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "row 2, amount",
        "row 3, funder",
    ]
    assert run(str(tmp_path / "none.csv"), "--year", "2022").exit_code == 2


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("who,whom,how much,when,wish\nAlder,Wren,5,2022,20\n")
    names = {"who": "funder", "whom": "recipient", "how much": "amount", "when": "awarded_on",
             "wish": "ask"}  # fmt: skip
    pairs = [part for name, field in names.items() for part in ("--map", f"{name}={field}")]
    done = run(str(path), "--year", "2022", "--variations", "none", "--json", *pairs)
    # the file names no currency
    assert done.exit_code == 2, done.output
    path.write_text("who,whom,how much (USD),when,wish\nAlder,Wren,5,2022,20\n")
    pairs = [part.replace("how much=", "how much (USD)=") for part in pairs]
    done = run(str(path), "--year", "2022", "--variations", "none", "--json", *pairs)
    assert json.loads(done.stdout)["recipients"][0]["ask"] == 20_00


def test_every_assumption_is_listed_with_its_reason() -> None:
    text = run("--assumptions").stdout
    for assumption in CATALOGUE:
        assert f"{assumption.key}=" in text
    assert text.count("Why: ") == len(CATALOGUE)
