"""What the figures on comparing works rest on: sets kept apart, made the same each time."""

from __future__ import annotations

import re
from itertools import islice

import numpy as np
import pytest

from bench.overlap import page, quality, real
from bench.overlap.labelled import DEGREES, LabelledPair, labelled_pairs
from bench.overlap.rows import make_works, real_texts
from bench.overlap.training import AT_LEAST, LINKS_AT_MOST, fit
from funding.overlap.methods import NAMES
from funding.overlap.minilm import is_installed
from funding.overlap.probability import weights_of
from funding.overlap.signals import AGAINST, KEYS


def sentences(pairs: list[LabelledPair]) -> set[str]:
    texts = [work.words for pair in pairs for work in (pair.first, pair.second)]
    return {part for text in texts for part in re.split(r"(?<=[.?!。؟])\s+", text) if part}


def test_the_test_set_shares_no_sentence_person_or_place_with_what_is_learned_from() -> None:
    train, test = labelled_pairs("train"), labelled_pairs("test")
    assert len(train) == len(test) == 280
    assert not sentences(train) & sentences(test)
    for of in ("institution", "people"):
        seen = [
            {
                name.split()[-1] if of == "people" else name
                for pair in pairs
                for work in (pair.first, pair.second)
                for name in (
                    [one.name for one in work.people] if of == "people" else [work.institution]
                )
            }
            for pairs in (train, test)
        ]
        assert seen[0]
        assert not seen[0] & seen[1]


def test_the_labelled_pairs_are_the_same_each_time_and_a_quarter_is_the_same_work() -> None:
    pairs = labelled_pairs("test")
    assert pairs == labelled_pairs("test")
    assert sum(pair.is_same for pair in pairs) == 70
    assert {pair.kind for pair in pairs if pair.is_same} == set(DEGREES)


def test_made_works_are_the_same_each_time_and_begin_with_the_real_ones() -> None:
    count = len(real_texts()) + 60
    first = list(make_works(count))
    assert first == list(make_works(count))
    assert [w.text for w in islice(first, 3)] == [text for _, text in real_texts()[:3]]
    assert len({work.text for work in first[-60:]}) == 60


@pytest.mark.parametrize("method", NAMES)
def test_every_weight_is_on_the_side_its_signal_speaks_for(method: str) -> None:
    weights = weights_of(method).of
    assert tuple(weights) == KEYS
    for key, weight in weights.items():
        assert weight <= 0 if key in AGAINST else weight >= 0
        assert abs(weight) >= AT_LEAST.get(key, 0.0)
        assert weight >= -LINKS_AT_MOST


def test_a_fit_finds_what_tells_the_two_apart() -> None:
    x = np.zeros((40, len(KEYS)))
    x[:20, KEYS.index("text")] = 1.0
    x[::4, KEYS.index("title")] = 1.0
    y = (np.arange(40) < 20).astype(float)
    beta = fit(x, y, 0.01)
    assert beta[1 + KEYS.index("text")] > 2 > beta[1 + KEYS.index("title")]


def test_recall_at_a_precision_and_the_calibration_error_are_those_counted_by_hand() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    truth = np.array([True, True, False, True, False])
    assert quality.recall_at(score, truth, 0.9) == pytest.approx(2 / 3)
    assert quality.recall_at(score, truth, 0.75) == 1.0
    said, true = np.array([0.95, 0.95, 0.05]), np.array([True, False, False])
    assert quality.calibration_error(said, true) == pytest.approx(2 / 3 * 0.45 + 1 / 3 * 0.05)


def test_the_tables_of_the_page_are_those_that_the_kept_figures_draw() -> None:
    if not real.FILE.exists():
        pytest.skip("ai_safety_grants.csv is not at hand")
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.drawn(text, page.read()) == text


@pytest.mark.slow
@pytest.mark.skipif(not is_installed(), reason="the sentence model is not installed")
def test_rewritten_duplicates_of_the_demo_round_are_found_by_their_sense() -> None:
    figures = dict(quality.demo_lines())
    head = "demo round, sentences: recall of rewritten duplicates at precision 0.9"
    assert float(figures[f"{head}, probability"]) >= 0.95
    assert float(figures[f"{head}, text alone"]) >= 0.95


@pytest.mark.slow
def test_probabilities_of_the_default_method_hold_on_the_test_set() -> None:
    figures = dict(quality.labelled_lines())
    assert float(figures["labelled test, characters: calibration error (ECE)"]) < 0.06
    assert float(figures["labelled test, characters: Brier score"]) < 0.08
    assert float(figures["labelled test, characters: precision at probability 0.5"]) > 0.8
