"""Axes of amounts are marked at round places, in the short form of the reader's language."""

from __future__ import annotations

import json

import pytest

from funding.language import using
from funding.reports import figures
from funding.reports.figures import Series, amount_ticks
from tests.plain_words import plain

MONEY = [
    Series("Paid", "var(--chart-1)", [3_000_000_00, 900_000_00]),
    Series("Due", "var(--chart-2)", [2_000_000_00, 100_000_00]),
]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["0", "2 M", "4 M"]),
        ("fr", ["0", "2 M", "4 M"]),
        ("ar", ["0", "2 مليون", "4 مليون"]),
    ],
)
def test_bars_one_on_the_other_reach_as_far_as_their_sum(language: str, words: list[str]) -> None:
    with using(language):
        axis = json.loads(figures.lying(["A", "B"], MONEY, "EUR"))["layout"]["xaxis"]
    assert axis["tickvals"] == [0, 2_000_000, 4_000_000]
    assert [plain(text) for text in axis["ticktext"]] == words


def test_bars_side_by_side_reach_as_far_as_the_longest() -> None:
    with using("es"):
        axis = json.loads(figures.standing(["2027", "2028"], MONEY, "EUR"))["layout"]["yaxis"]
    assert axis["tickvals"] == [0, 1_000_000, 2_000_000, 3_000_000]
    assert plain(axis["ticktext"][1]) == "1 M"


@pytest.mark.parametrize(
    ("least", "most", "places"),
    [
        (0, 10_000_00, [0, 5_000, 10_000]),
        (-70_000_00, 120_000_00, [-50_000, 0, 50_000, 100_000]),
        (4_100_000_00, 4_900_000_00, [4_200_000, 4_400_000, 4_600_000, 4_800_000]),
        (0, 30, [0, 0.1, 0.2, 0.3]),
    ],
)
def test_marks_are_few_and_round(least: int, most: int, places: list[float]) -> None:
    assert amount_ticks(least, most, "EUR")["tickvals"] == pytest.approx(places)


def test_numbers_of_things_and_empty_axes_are_left_to_the_chart() -> None:
    assert amount_ticks(0, 12, None) == amount_ticks(0, 0, "EUR") == {}
    axis = json.loads(figures.lying([], [], "EUR"))["layout"]["xaxis"]
    assert "tickvals" not in axis
