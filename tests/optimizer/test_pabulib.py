"""Participatory budgeting elections as rounds of one funder: read right, or refused by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer.__main__ import main
from optimizer.pabulib import is_election, read_election
from optimizer.read import BadInput
from optimizer.solve import solve
from prove.elections import compare
from tests.optimizer.elections import REAL, random_election, text_of

META = {"num_projects": 2, "num_votes": 3, "budget": "100.5", "vote_type": "approval"}
PROJECTS = ("project_id;cost;name", 'a;60,25;"Lamps; new"', "b;50;Trees")
VOTES = ("voter_id;vote;age", "1;a,b;30", "2;a;", "3;;")


def written(folder: Path, text: str) -> Path:
    path = folder / "election.pb"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(BadInput) as bad:
        read_election(path)
    return [fault.removeprefix(f"{path}: ") for fault in bad.value.faults]


def test_an_election_is_a_round_of_one_commitment_in_hundredths(tmp_path: Path) -> None:
    problem = read_election(written(tmp_path, text_of(META, PROJECTS, VOTES)))
    (commitment,) = problem.commitments
    assert commitment.amount == 10050
    assert [(p.id, p.ask, p.minimum, p.merit) for p in problem.proposals] == [
        ("a", 6025, 6025, 1.0),
        ("b", 5000, 5000, 0.5),
    ]
    assert problem.currency == "XXX"
    assert len(problem.digest) == 64


def test_points_count_where_the_votes_have_them(tmp_path: Path) -> None:
    meta = {**META, "vote_type": "scoring", "currency": "PLN"}
    votes = ("voter_id;vote;points", "1;a,b;1,4", "2;b;2", "3;;")
    problem = read_election(written(tmp_path, text_of(meta, PROJECTS, votes)))
    assert [p.merit for p in problem.proposals] == [1 / 6, 1.0]
    assert problem.currency == "PLN"


def test_an_election_without_votes_has_no_merit(tmp_path: Path) -> None:
    text = text_of({**META, "num_votes": 0}, PROJECTS, ["voter_id;vote"])
    problem = read_election(written(tmp_path, text))
    assert [p.merit for p in problem.proposals] == [0.0, 0.0]
    assert solve(problem, gap=0.0).value == 0


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"budget": "1.005"}, 'budget "1.005"; expected an amount from 0'),
        ({"budget": "NaN"}, 'budget "NaN"; expected an amount'),
        ({"budget": "-1"}, 'budget "-1"; expected an amount'),
        ({"budget": "1e309"}, 'budget "1e309"; expected an amount'),
        ({"budget": "9" * 500}, 'budget "999'),
        ({"budget": ""}, "budget empty; expected an amount"),
        ({"budget": "10000000000000.01"}, "expected an amount from 0 to 10000000000000 "),
        ({"vote_type": "ordinal"}, 'vote_type "ordinal"; expected one of approval'),
        ({"currency": "XYZ"}, 'currency "XYZ"; expected an ISO 4217 code'),
        ({"num_votes": 4}, "num_votes 4; expected 3, the rows there are"),
        ({"num_projects": ""}, "num_projects empty; expected 2, the rows there are"),
    ],
)
def test_a_fault_of_meta_is_named_with_its_line(
    tmp_path: Path, meta: dict[str, object], expected: str
) -> None:
    (fault,) = faults(written(tmp_path, text_of({**META, **meta}, PROJECTS, VOTES)))
    assert fault.startswith("line ")
    assert expected in fault


@pytest.mark.parametrize("key", ["budget", "vote_type"])
def test_what_meta_must_have_is_asked_for(tmp_path: Path, key: str) -> None:
    meta = {name: value for name, value in META.items() if name != key}
    expected = [f"META has no {key}; expected a line {key};..."]
    assert faults(written(tmp_path, text_of(meta, PROJECTS, VOTES))) == expected


@pytest.mark.parametrize(
    ("projects", "votes", "expected"),
    [
        (
            ["project_id;cost", "a;0", "b;1"],
            VOTES,
            'line 8: cost "0"; expected an amount from 0.01',
        ),
        (["project_id;cost", "a;free", "b;1"], VOTES, 'line 8: cost "free"; expected an amount'),
        (["project_id;cost", "a", "b;1"], VOTES, "line 8: cost empty; expected an amount"),
        (["project_id;cost", "a;1", "b;1", "a;2"], VOTES, 'line 10: "a" again; expected it once'),
        (["project_id;cost", ";1", "a;1", "b;1"], VOTES, "line 8: project_id is empty"),
        (["project_id;name", "a;1", "b;1"], VOTES, "line 7: PROJECTS has no key cost"),
        (["project_id;cost", "a;1;x", "b;1"], VOTES, "line 8: 3 values; expected at most 2"),
        (PROJECTS, ["voter_id", "1"], "line 11: VOTES has no key vote; expected vote"),
        (PROJECTS, ["voter_id;vote", "1;c"], 'line 12: a vote for "c"; expected a project_id'),
        (PROJECTS, ["voter_id;vote", "1;a,b,a"], 'line 12: "a" 2 times; expected it once'),
    ],
)
def test_a_fault_of_a_row_is_named_with_its_line(
    tmp_path: Path, projects: list[str], votes: list[str], expected: str
) -> None:
    meta = {"budget": 100, "vote_type": "approval", "unit": "Town"}
    assert faults(written(tmp_path, text_of(meta, projects, votes)))[0].startswith(expected)


@pytest.mark.parametrize(
    ("vote", "expected"),
    [
        ("1;a,b;1", "1 points for 2 projects; expected points for each project of the vote"),
        ("1;a;x", 'points "x"; expected a number'),
        ("1;a;nan", 'points "nan"; expected a number'),
        ("1;a;-3", 'points of "a" add up to -3; expected 0 or more'),
    ],
)
def test_a_fault_in_points_is_named(tmp_path: Path, vote: str, expected: str) -> None:
    meta = {"budget": 100, "vote_type": "cumulative"}
    path = written(tmp_path, text_of(meta, PROJECTS, ["voter_id;vote;points", vote]))
    assert [fault.partition(": ")[2] for fault in faults(path)] == [expected]


def test_every_fault_of_a_file_has_a_line_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    projects = ["project_id;cost", "a;-1", "b;two"]
    path = written(tmp_path, text_of({**META, "budget": "x"}, projects, [*VOTES, "4;z;"]))
    assert main(["solve", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 5
    for line in err.splitlines():
        assert line.startswith(f"{path}: line ")
        assert "; expected " in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "no section META; expected META, PROJECTS and VOTES"),
        ("hello", 'line 1: "hello"; expected the title META first'),
        ("{}", 'line 1: "{}"; expected the title META first'),
        ("META\nkey;value\nbudget;3\nvote_type;approval\n", "no section PROJECTS; expected META"),
        ("META\nkey;value\nMETA\nkey;value\n", "line 3: META again; expected each section once"),
    ],
)
def test_a_file_that_is_no_election_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert faults(written(tmp_path, text))[0].startswith(expected)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "election.pb"
    path.write_bytes(b"META\xff\xfe")
    assert faults(path) == ["byte 4 is not UTF-8; expected UTF-8 text"]


def test_the_commands_take_an_election_by_its_name(tmp_path: Path) -> None:
    assert is_election(Path("A.PB"))
    path = str(written(tmp_path, text_of(META, PROJECTS, VOTES)))
    plan, explained = str(tmp_path / "plan.json"), str(tmp_path / "explained.json")
    assert main(["solve", path, "--gap", "0", "-o", plan]) == 0
    assert json.loads(Path(plan).read_text(encoding="utf-8"))["totals"] == {"a": 6025}
    assert main(["check", path, plan]) == 0
    assert main(["explain", path, plan, "-o", explained]) == 0
    assert set(json.loads(Path(explained).read_text(encoding="utf-8"))["why"]["proposals"]) == {"b"}


@pytest.mark.parametrize("seed", range(12))
def test_the_welfare_of_a_small_election_is_what_pabutools_finds(seed: int, tmp_path: Path) -> None:
    compare(written(tmp_path, random_election(seed)))


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared folder of real elections is not here")
@pytest.mark.parametrize("name", sorted(path.name for path in REAL.glob("*.pb")))
def test_the_welfare_of_a_real_election_is_what_pabutools_finds(name: str) -> None:
    compare(REAL / name)
