"""Replays of real lists of grants, where they are at hand: they run, and every plan is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from funding.replay.grants import order_of_rounds
from funding.replay.pool import Pool
from funding.replay.reading import read_grants
from funding.replay.run import replay
from optimizer.check import check
from optimizer.read import read_plan, read_round

DATA = Path(__file__).parents[2].parent / "shared" / "data"

needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the folder of real records is not beside the checkout"
)


def assert_sound(result: dict) -> None:
    """The optimizer's own check of the plan, and what must hold of any replay."""
    problem = read_round(result["round"])
    assert check(problem, read_plan({**result["plan"], "seconds": 0.0}, problem)) == []
    figures = result["headline"]
    assert 0 < figures["spent"] <= figures["pool"] <= figures["asked"]
    assert figures["worth"] >= figures["worth_really"] * (1 - 1e-3)
    assert sum(row["really"] for row in result["recipients"]) == figures["pool"]


@needs_data
@pytest.mark.parametrize("year", [2019, 2021, 2022])
def test_years_of_ai_safety_grants_replay(year: int) -> None:
    listed = read_grants(DATA / "ai_safety_grants.csv")
    result = replay(listed, Pool(year), extent="none")
    assert_sound(result)
    assert result["areas_read"]["mode"] == "words"


@needs_data
def test_the_recipients_that_several_funders_paid_in_2022_are_found() -> None:
    listed = read_grants(DATA / "ai_safety_grants.csv")
    result = replay(listed, Pool(2022), extent="none")
    several = [row for row in result["recipients"] if len(row["payers_really"]) > 1]
    # summed from the rows of the file with another program
    assert len(several) == 9
    assert sum(row["really"] for row in several) == 25_013_044_00


@needs_data
def test_every_named_round_of_the_pooled_fund_replays() -> None:
    listed = read_grants(DATA / "sff_rounds.csv")
    for name in order_of_rounds(listed.grants):
        result = replay(listed, Pool(round=name), extent="none")
        assert_sound(result)
        assert result["grants"]["undated"] == 13


@needs_data
@pytest.mark.parametrize("name", ["power-to-change.json", "andrew-lloyd-webber-foundation.json"])
def test_published_360giving_files_replay(name: str) -> None:
    listed = read_grants(DATA / "360giving" / name)
    year = max(grant.year for grant in listed.grants if grant.year)
    assert_sound(replay(listed, Pool(year), extent="none"))
