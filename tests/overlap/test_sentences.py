"""The sentence model: the same idea in other words, made and run without a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from funding.overlap.embedding import Progress, embed
from funding.overlap.index import Index
from funding.overlap.minilm import is_installed
from funding.overlap.sentences import WIDTH, Sentences
from funding.overlap.works import Work

pytestmark = pytest.mark.skipif(
    not is_installed(), reason="the sentence model is not installed: make embeddings"
)

BEES = Work("a", "", "We count wild bees in orchards to learn whether hedges bring them back.")
HEDGES = Work("b", "", "Do field borders help native pollinators return to fruit farms? A survey.")
LAW = Work("c", "", "Judges are trained to read contracts written by machines.")


def test_the_same_idea_in_other_words_is_nearer_than_another_idea() -> None:
    index = Index("sentences")
    index.put([BEES, HEDGES, LAW])
    near = index.nearest(BEES)
    assert near[0].id == "b"
    assert near[0].similarity > 0.5 > index.similarity(BEES, LAW)


def test_vectors_have_length_one_whatever_stands_beside_a_text() -> None:
    alone = Sentences().vectors([BEES.text])
    beside = Sentences().vectors(["", LAW.text * 40, BEES.text, "!!!"])
    assert beside.shape == (4, WIDTH)
    assert np.linalg.norm(beside, axis=1) == pytest.approx([0, 1, 1, 1], abs=1e-5)
    assert float((alone @ beside[2:3].T)[0, 0]) > 0.97


def test_a_run_that_was_stopped_goes_on_where_it_was_saved(tmp_path: Path) -> None:
    works = [Work(str(at), "", f"{BEES.text} Orchard {at}.") for at in range(130)]
    told: list[Progress] = []
    stopped = embed(works, Index.open(tmp_path, "sentences"), told.append, lambda: bool(told))
    assert (stopped.done, stopped.computed) == (64, 64)
    assert told[0].rate > 0
    again = Index.open(tmp_path, "sentences")
    assert len(again) == 64
    assert embed(works, again).computed == 66
    assert len(Index.open(tmp_path, "sentences")) == 130
