"""`python -m optimizer` on files: what it writes and the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from optimizer.__main__ import main
from optimizer.found import Found
from optimizer.pairs import Pairs
from optimizer.solve import RULES
from tests.optimizer.small_rounds import TWO_FUNDERS, a_round


@pytest.fixture
def round_file(tmp_path: Path) -> Path:
    return written(tmp_path / "round.json", a_round())


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def plan_of(round_file: Path) -> Path:
    path = round_file.with_name("plan.json")
    assert main(["solve", str(round_file), "-o", str(path)]) == 0
    return path


def test_solve_writes_the_plan_to_a_file(round_file: Path) -> None:
    plan = json.loads(plan_of(round_file).read_text(encoding="utf-8"))
    assert plan["format"] == "tributary-plan/1"
    assert plan["status"] == "optimal"
    assert plan["value"] == 740


def test_solve_writes_to_standard_output_in_utf_8(tmp_path: Path) -> None:
    text = json.dumps(a_round()).replace("harbour", "Hafen für alle")
    path = tmp_path / "round.json"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "optimizer", "solve", str(path)],
        env={"PYTHONPATH": ":".join(sys.path), "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    assert "Hafen für alle" in json.loads(done.stdout.decode("utf-8"))["funders"]


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_solve_takes_the_solver_asked_for(
    round_file: Path, solver: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", str(round_file), "--solver", solver]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == 740


def test_wrong_input_is_named_fault_by_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = a_round(currency="XYZ", colour="blue")
    assert main(["solve", str(written(tmp_path / "round.json", wrong))]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 2


def test_a_file_that_is_not_there_is_wrong_input(tmp_path: Path) -> None:
    assert main(["solve", str(tmp_path / "nothing.json")]) == 2


def test_a_round_that_cannot_be_satisfied_gives_the_conflict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "round.json", a_round(policy={"region_least": {"nowhere": 0.5}}))
    assert main(["solve", str(path)]) == 3
    (member,) = json.loads(capsys.readouterr().out)["conflict"]
    assert (member["kind"], member["where"]) == ("region_least", "nowhere")
    assert member["short_by"] == pytest.approx(548, abs=1)


def test_out_of_time_with_no_plan_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locked = a_round(locks=[{"proposal": "audit", "funded": True}])
    path = written(tmp_path / "round.json", locked)
    assert main(["solve", str(path), "--seconds", "1e-9"]) == 5
    assert capsys.readouterr().out == ""


def test_check_finds_nothing_wrong_with_our_own_plan(
    round_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(round_file), str(plan_of(round_file))]) == 0
    assert capsys.readouterr().out == ""


def test_check_finds_an_overdrawn_commitment(
    round_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = plan_of(round_file)
    plan = json.loads(path.read_text())
    plan["lines"][0]["amount"] += 400
    written(path, plan)
    assert main(["check", str(round_file), str(path)]) == 4
    assert "open" in capsys.readouterr().out


def test_check_can_reckon_the_baselines_again(tmp_path: Path) -> None:
    document = a_round(funders=[{"id": "northlight", "guarantee": "leave"}])
    path = plan_of(written(tmp_path / "round.json", document))
    round_path = str(tmp_path / "round.json")
    assert main(["check", round_path, str(path), "--resolve"]) == 0
    plan = json.loads(path.read_text())
    plan["funders"]["northlight"]["leave"] = 12.0
    written(path, plan)
    assert main(["check", round_path, str(path), "--resolve"]) == 4


def test_explain_adds_reasons_and_prices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    poor = {"id": "poor", "ask": 200, "merit": 0.1, "areas": {"practice": 1}}
    document = a_round(proposals=[*TWO_FUNDERS["proposals"], poor])
    round_path = written(tmp_path / "round.json", document)
    assert main(["explain", str(round_path), str(plan_of(round_path))]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["why"]["proposals"]["poor"]["kind"] == "below_margin"
    assert found["why"]["funders"]["northlight"]["gain"] == pytest.approx(50)
    assert {p["where"]: p["price"] for p in found["shadow_prices"]}["open"] == pytest.approx(0.5)
    assert all("clause" in line["why"] for line in found["lines"])


def test_explain_refuses_a_plan_that_check_refuses(round_file: Path) -> None:
    path = plan_of(round_file)
    plan = json.loads(path.read_text())
    plan["value"] += 1
    written(path, plan)
    assert main(["explain", str(round_file), str(path)]) == 4


@pytest.mark.parametrize(
    "arguments", [["--gap", "2"], ["--gap", "nan"], ["--seconds", "0"], ["--seconds", "inf"]]
)
def test_options_out_of_range_are_refused(round_file: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["solve", str(round_file), *arguments])
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("command", "holds"),
    [
        (["alternatives", "--tolerance", "0.2", "--most", "2"], "portfolios"),
        (["sureness", "--samples", "3"], "standings"),
        (["frontier"], "points"),
    ],
    ids=["alternatives", "sureness", "frontier"],
)
def test_sweeps_write_what_they_find(round_file: Path, command: list[str], holds: str) -> None:
    out = round_file.with_name("found.json")
    name, *options = command
    files = [str(round_file), str(plan_of(round_file))]
    assert main([name, *files, *options, "-o", str(out)]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))[holds]


def test_every_fault_of_a_file_of_scores_is_named(
    round_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = written(
        round_file.with_name("scores.json"), {"audit": [0.5, 80], "nobody": 0.1, "proofs": []}
    )
    files = [str(round_file), str(plan_of(round_file))]
    assert main(["sureness", *files, "--scores", str(scores)]) == 2
    faults = capsys.readouterr().err.splitlines()
    assert [fault.split(":")[0] for fault in faults] == ["audit", "nobody", "proofs"]


def test_a_sweep_takes_only_a_plan_that_passes_its_check(round_file: Path) -> None:
    path = plan_of(round_file)
    plan = json.loads(path.read_text(encoding="utf-8"))
    plan["lines"][0]["amount"] += 1
    assert main(["frontier", str(round_file), str(written(path, plan))]) == 4


def test_an_answer_that_fails_its_check_is_one_sentence_and_a_status(
    round_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def overspends(pairs: Pairs, *_rest: object) -> Found:
        return Found({(0, 0): int(pairs.budget[0]) + 1}, 0.0, 0.0)

    monkeypatch.setitem(RULES, "greedy", overspends)
    assert main(["solve", str(round_file), "--rule", "greedy"]) == 6
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("There is no answer, since the solver's failed its check: the plan")


def test_out_of_time_says_what_is_known_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locked = written(tmp_path / "r.json", a_round(locks=[{"proposal": "proofs", "funded": True}]))
    assert main(["solve", str(locked), "--seconds", "1e-9"]) == 5
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence == ("No plan was found in the time given. How good one could be is open, too.")
