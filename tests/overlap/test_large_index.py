"""An index above the size that is compared row by row: by codes first, then exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.overlap.rows import make_works
from funding.overlap.index import EXACT, Index
from funding.overlap.works import Work

ROWS = EXACT + 1_500


@pytest.fixture(scope="module")
def works() -> list[Work]:
    return list(make_works(ROWS))


@pytest.fixture(scope="module")
def folder(works: list[Work], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    index = Index.open(folder)
    index.put(works)
    index.save()
    return folder


@pytest.mark.slow
def test_what_comes_by_codes_is_what_comparing_all_finds(works: list[Work], folder: Path) -> None:
    index = Index.open(folder)
    weights = index._weights_now()
    every = index._shelf.take(np.arange(ROWS)).ready(weights)
    asked = works[100:ROWS:200]
    found = index.nearest_of(asked, 20)
    hits = 0
    for work, nearest in zip(asked, found, strict=True):
        alike = np.asarray((every @ every[int(work.id.split(":")[1])].T).todense()).ravel()
        alike[int(work.id.split(":")[1])] = 0
        least = np.sort(alike)[-20]
        hits += sum(near.similarity >= least - 1e-4 for near in nearest)
    assert hits / (20 * len(asked)) > 0.97


@pytest.mark.slow
def test_what_is_put_later_is_found_among_many_and_what_is_dropped_is_not(
    works: list[Work], folder: Path
) -> None:
    index = Index.open(folder)
    copy = Work("proposal:new", "", works[50].text)
    assert index.nearest(copy, 1)[0].id == "grant:50"
    index.put([copy])
    assert index.nearest(works[50], 1)[0].id == "proposal:new"
    index.drop(["grant:50"])
    assert "grant:50" not in {near.id for near in index.nearest(copy)}
    index.compact()
    assert len(index) == ROWS
    assert index.nearest(Work("again", "", works[50].text), 1)[0].id == "proposal:new"
    assert index.nearest(Work("again", "", works[60].text), 1)[0].id == "grant:60"


@pytest.mark.slow
def test_the_codes_are_read_again_from_the_folder(works: list[Work], folder: Path) -> None:
    one, other = Index.open(folder), Index.open(folder)
    assert one.nearest_of(works[:20]) == other.nearest_of(works[:20])
    assert one.ids() == [work.id for work in works]
