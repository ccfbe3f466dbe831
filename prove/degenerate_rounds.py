"""Rounds at the edge of sense: each refused by name, refused as impossible, or solved right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.optimizer.degenerate import degenerate, judge

ROUNDS = 500


def prove() -> Iterator[str]:
    answers: Counter[str] = Counter()
    for seed in range(ROUNDS):
        try:
            answers[judge(degenerate(seed))] += 1
        except Exception as error:
            raise AssertionError(f"round {seed}: {error!r}") from error
    told = ", ".join(f"{count} {answer}" for answer, count in sorted(answers.items()))
    yield f"{ROUNDS} degenerate rounds, none answered wrongly: {told}"
