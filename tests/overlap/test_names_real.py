"""Names of real grants: what people judged of merges made by themselves still holds."""

from __future__ import annotations

import pytest

from bench import overlap_names as bench
from funding.overlap.name_chance import INTERCEPT, WEIGHTS, chance
from funding.overlap.name_index import NameIndex

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not bench.are_there(), reason="../shared/data is not there"),
]


@pytest.fixture(scope="module")
def indexes() -> dict[str, NameIndex]:
    return {column: NameIndex(bench.mentions(column)) for column in bench.LISTS}


def test_of_200_merges_made_by_themselves_at_most_two_are_wrong(
    indexes: dict[str, NameIndex],
) -> None:
    drawn = set()
    for index in indexes.values():
        _, lines = bench.merged_by_themselves(index)
        drawn |= {
            frozenset(index.mentions[n].name.given for n in (line.first, line.second))
            for line in lines
        }
    assert len(drawn) > 1_400
    right, looked_at = bench.precision(drawn, "after")
    assert looked_at >= 190
    assert right / looked_at >= 0.99


def test_the_weights_are_those_that_the_judged_pairs_give(indexes: dict[str, NameIndex]) -> None:
    intercept, weights = bench.fit(bench.pairs_of("train", indexes))
    assert intercept == pytest.approx(INTERCEPT, abs=0.03)
    assert weights == pytest.approx(dict(WEIGHTS), abs=0.03)


def test_the_probability_holds_on_pairs_it_was_not_fitted_to(indexes: dict[str, NameIndex]) -> None:
    test = bench.pairs_of("test", indexes)
    said = [chance(evidence) for evidence in test.evidence]
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.01)):
        within = [n for n, p in enumerate(said) if low <= p < high]
        foretold = sum(said[n] for n in within) / len(within)
        true = sum(bool(test.are_same[n]) for n in within) / len(within)
        assert foretold == pytest.approx(true, abs=0.1)
