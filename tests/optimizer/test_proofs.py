"""A few of the rounds on which `make prove` shows hundreds, so that it cannot rot unseen."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from prove import __main__ as command
from prove.small_rounds import small_rounds
from tests.optimizer.comparison import agree_with_every_plan
from tests.optimizer.degenerate import degenerate, judge


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_small_rounds_have_the_best_of_all_plans(start: int) -> None:
    answers = [agree_with_every_plan(d) for _, d in islice(small_rounds(), start, start + 20)]
    assert answers.count("solved") >= 5


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_degenerate_rounds_are_refused_or_solved_right(start: int) -> None:
    answers = {judge(degenerate(seed)) for seed in range(start, start + 20)}
    assert answers == {"refused", "impossible", "solved"}


@pytest.mark.parametrize("seed", [58, 71, 95])
def test_a_promise_beyond_all_money_is_impossible_not_a_fault_of_the_solver(seed: int) -> None:
    """10^24, the largest number the format takes, is infinite to a solver."""
    assert judge(degenerate(seed)) == "impossible"


def test_a_promise_of_a_few_units_is_not_lost_beside_a_grid_of_10_to_the_15() -> None:
    assert judge(degenerate(367)) == "impossible"


def test_every_subject_of_make_prove_is_one() -> None:
    folder = Path(command.__file__).parent
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert set(command.subjects()) == modules


def test_a_subject_that_does_not_hold_is_said_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise AssertionError("round 7: 3 is not 4")

    monkeypatch.setattr("prove.elections.prove", fails)
    assert command.main(["elections"]) == 1
    assert "DOES NOT HOLD: round 7" in capsys.readouterr().out
