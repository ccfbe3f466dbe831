"""Rules side by side: what the comparison says of each plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer.__main__ import main
from optimizer.baselines import alone
from optimizer.compare import compare
from optimizer.rules import RULES
from tests.optimizer.small_rounds import a_problem, a_round

OVERLAP = {"proposals": ["audit", "survey"], "degree": 0.5}
AREAS = [
    {"id": "practice", "spent": 100, "steps": [{"width": 500, "weight": 0.2}], "cap": 550},
    {"id": "theory", "steps": [{"width": 800, "weight": 0.1}]},
]


def test_every_figure_of_a_comparison_is_that_of_the_plan() -> None:
    problem = a_problem(overlaps=[OVERLAP], areas=AREAS)
    comparison = compare(problem, ["welfare", "greedy"])
    welfare, greedy = comparison.outcomes
    assert greedy.plan is not None
    assert greedy.plan.totals == {"audit": 500, "proofs": 400, "survey": 100}
    assert (greedy.spent, greedy.funded, greedy.agreements) == (1000, 3, 3)
    assert greedy.doubles == 50  # half of the smaller minimum
    assert greedy.covered_by_area == {"practice": 1.0, "theory": 0.5}
    assert greedy.covered == pytest.approx((400 + 400) / (400 + 800))
    assert [(v.limit, v.where, v.by) for v in greedy.not_kept] == [("area cap", "practice", 50)]
    assert welfare.not_kept == ()
    assert comparison.alone == {f: alone(problem, f) for f in ("harbour", "northlight")}
    assert comparison.gain("greedy") == {
        f: greedy.plan.funders[f]["value"] - comparison.alone[f] for f in comparison.alone
    }


def test_a_comparison_names_what_all_fund_and_what_only_one_funds() -> None:
    problem = a_problem(locks=[{"proposal": "survey", "funded": False}])
    comparison = compare(problem, ["greedy", "welfare"])
    assert comparison.always == ("audit", "proofs")
    assert comparison.only == {"greedy": (), "welfare": ()}


def test_a_rule_without_a_plan_says_why_and_the_others_go_on() -> None:
    problem = a_problem(policy={"region_least": {"nowhere": 0.5}})
    comparison = compare(problem, ["welfare", "greedy"])
    assert comparison.outcomes[0].trouble == "no plan keeps every limit of the round"
    assert set(comparison.planned) == {"greedy"}


def test_progress_rises_to_the_end() -> None:
    told: list[tuple[str, float]] = []
    compare(a_problem(), progress=lambda stage, part: told.append((stage, part)))
    assert {stage for stage, _ in told} == {"baselines", *RULES, "done"}
    assert told[-2][0] == "maxmin"  # which needs the time that the others leave
    assert [part for _, part in told] == sorted(part for _, part in told)
    assert told[-1][1] == 1


def test_the_command_prints_a_table_and_writes_a_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, wanted = tmp_path / "round.json", tmp_path / "comparison.json"
    given.write_text(json.dumps(a_round()), encoding="utf-8")
    assert main(["compare", str(given), "-o", str(wanted)]) == 0
    text = capsys.readouterr().out
    assert all(rule in text for rule in RULES)
    assert "Funded by every rule: audit, proofs" in text
    document = json.loads(wanted.read_text(encoding="utf-8"), parse_constant=_refuse)
    assert [row["rule"] for row in document["rules"]] == list(RULES)
    assert document["rules"][0]["value"] == 740


def _refuse(word: str) -> float:
    raise AssertionError(f"{word} is not finite")


def test_check_lists_what_a_rule_does_not_promise_and_ends_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, plan = tmp_path / "round.json", tmp_path / "plan.json"
    given.write_text(json.dumps(a_round(areas=AREAS)), encoding="utf-8")
    assert main(["solve", str(given), "--rule", "greedy", "-o", str(plan)]) == 0
    assert main(["check", str(given), str(plan)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("not promised by greedy: area cap, practice: gets 600, 50 above 550")
