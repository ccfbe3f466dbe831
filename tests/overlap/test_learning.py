"""Verdicts of a round teach the ranking of its other pairs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funding.overlap.learning import Decision, taught_by
from funding.overlap.probability import Weights
from funding.overlap.signals import KEYS

START = Weights(-3.0, dict.fromkeys(KEYS, 1.0), ((0.1, 0.3), (0.9, 1.0)))
ALIKE = {"text": 0.5, "institution": 1.0}
OTHER = {"text": 0.5}


def test_without_verdicts_nothing_changes() -> None:
    taught = taught_by([], START)
    assert taught.probability(ALIKE) == pytest.approx(1 / (1 + math.exp(1.5)))
    assert dict(taught.weights) == START.of


def test_one_verdict_moves_a_pair_like_it_a_little_and_many_move_it_much() -> None:
    before = taught_by([], START).probability(ALIKE)
    once = taught_by([Decision(ALIKE, True)], START).probability(ALIKE)
    often = taught_by([Decision(ALIKE, True)] * 20, START).probability(ALIKE)
    assert before < once < before + 0.25
    assert often > 0.8


def test_a_signal_that_misleads_in_this_round_counts_less() -> None:
    verdicts = [Decision(ALIKE, False)] * 8 + [Decision(OTHER, True)] * 8
    taught = taught_by(verdicts, START)
    assert taught.weights["institution"] < START.of["institution"]
    assert taught.probability(OTHER) > taught.probability(ALIKE)


FEATURES = st.dictionaries(st.sampled_from(KEYS), st.floats(0, 1), max_size=6)
DECISIONS = st.lists(st.builds(Decision, FEATURES, st.booleans()), max_size=12)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(decisions=DECISIONS, asked=FEATURES, data=st.data())
def test_the_order_of_verdicts_changes_nothing_and_a_probability_stays_one(
    decisions: list[Decision], asked: dict[str, float], data: st.DataObject
) -> None:
    first = taught_by(decisions, START).probability(asked)
    again = taught_by(data.draw(st.permutations(decisions)), START).probability(asked)
    assert first == pytest.approx(again, abs=1e-9)
    assert 0 <= first <= 1
