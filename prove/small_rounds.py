"""Rounds so small that every plan can be tried: the optimizer's at gap 0 is the best of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.optimizer.comparison import agree_with_every_plan, plans_to_try
from tests.optimizer.rounds import any_features, random_round

ROUNDS = 1000
MOST_PLANS = 2000


def small_rounds() -> Iterator[tuple[int, dict[str, Any]]]:
    """Rounds with few enough plans to try, each with its seed; every feature of the format."""
    seed = 0
    while True:
        document = random_round(
            seed,
            commitments=1 + seed % 3,
            proposals=1 + seed // 3 % 4,
            features=any_features(seed),
            scale="tiny",
        )
        if 1 < plans_to_try(document) <= MOST_PLANS:
            yield seed, document
        seed += 1


def prove() -> Iterator[str]:
    answers: Counter[str] = Counter()
    tried = 0
    for seed, document in small_rounds():
        try:
            answer = agree_with_every_plan(document)
        except Exception as error:
            raise AssertionError(f"round {seed}: {error!r}") from error
        answers[answer] += 1
        tried += plans_to_try(document)
        if answers["solved"] + answers["impossible"] == ROUNDS:
            break
    yield (
        f"{ROUNDS} rounds against every plan ({tried:,} tried): {answers['solved']} solved to the "
        f"best, {answers['impossible']} impossible indeed; {answers['unsettled']} more unsettled"
    )
