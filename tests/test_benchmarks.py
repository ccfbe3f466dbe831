"""The page of benchmarks is drawn from what was measured, says what was not, and stays true."""

from __future__ import annotations

from xml.etree import ElementTree

from bench.optimizer import LARGE, SMALL, Task, tasks
from bench.page import CHART, PAGE, chart, page
from bench.results import Results
from bench.rounds import KINDS, make_round
from bench.targets import TARGETS
from optimizer.pairs import in_order, pairs_of
from optimizer.read import read_round

MACHINE = {
    "processor": "A processor",
    "cores": 2,
    "gigabytes": 8,
    "system": "Linux on x86_64",
    "python": "3.11.7",
    "highspy": "1",
    "linopy": "1",
    "numpy": "1",
    "pulp": "1",
}


def measured(*, full: bool = True, **turns: list[float]) -> Results:
    """Results of the small plain round to 1 %: seconds by method."""
    rows = {
        Task(method, "plain", SMALL, 1e-2).key: [
            {"seconds": s, "wall": s, "megabytes": 10.0, "value": 1e10, "gap": 1e-3}
            for s in seconds
        ]
        for method, seconds in turns.items()
    }
    return Results(MACHINE, "2026-11-26", 0.1, full, rows)


def test_page_and_chart_are_what_the_kept_results_draw() -> None:
    kept = Results.read()
    assert PAGE.read_text(encoding="utf-8") == page(kept)
    drawn = CHART.read_text(encoding="utf-8")
    assert ElementTree.fromstring(drawn).tag.endswith("svg")


def test_a_target_is_said_to_be_met_or_missed_with_its_cause() -> None:
    met = page(measured(ours=[1.0, 5.0, 1.2], cells=[1.0]))
    assert "| 20 x 1,000 | at most 1.3 | 1.2 | met |" in met  # the median of three
    missed = page(measured(ours=[2.0], cells=[1.0]))
    assert "| 20 x 1,000 | at most 1.3 | 2 | **missed** |" in missed
    assert "Of what is missed: the model by hand ends with totals" in missed


def test_what_was_not_run_is_named() -> None:
    results = measured(ours=[1.0])
    text = page(results)
    assert "not measured" in text
    assert "- Not run: pairs | plain | 100 x 20000 | 0.01." in text
    results.failed[Task("pairs", "plain", LARGE, 1e-2).key] = "no memory"
    assert "- Not run: no memory: pairs | plain | 100 x 20000 | 0.01." in page(results)
    assert "This was the short form" in page(measured(full=False))


def test_every_target_is_reckoned_from_something_that_the_full_run_measures() -> None:
    keys = {task.key for task in tasks(full=True)}
    for target in TARGETS:
        every = {"seconds": 1.0, "megabytes": 1.0, "gap": 0.001, "ratio": 0.1, "wall": 1.0}
        results = Results(MACHINE, "", 0.0, True, {key: [every] for key in keys})
        assert target.figure(results) is not None, target.what


def test_the_short_form_is_part_of_the_full_one() -> None:
    short = {task.key for task in tasks(full=False)}
    assert short < {task.key for task in tasks(full=True)}
    assert all("20000" not in key for key in short)


def test_the_harder_rounds_are_what_they_are_called() -> None:
    rounds = {kind: read_round(make_round(20, 200, kind)) for kind in KINDS}
    assert all(p.minimum == p.ask for p in rounds["all or nothing"].proposals)
    assert sum(c.ticket > 0 for c in rounds["tickets"].commitments) == 10
    eligible = {k: (pairs_of(in_order(r)).cap > 0).mean() for k, r in rounds.items()}
    assert 0.2 < eligible["restricted"] < 0.4 < eligible["thresholds"] < eligible["plain"]


def test_a_chart_without_points_is_still_a_picture() -> None:
    assert ElementTree.fromstring(chart([])).tag.endswith("svg")
