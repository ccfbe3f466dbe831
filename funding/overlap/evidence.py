"""Two texts sentence by sentence, with what they share marked."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from math import sqrt

ALIKE = 0.45
"""Least similarity (cosine over groups of four letters) of two sentences that are marked."""

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“\"(])")
_LETTERS = 4


@dataclass(frozen=True)
class Passage:
    """A sentence; `match` numbers the one it shares with the other text, None where none."""

    text: str
    match: int | None


def sentences(text: str) -> list[str]:
    return [part.strip() for part in _END.split(text.strip()) if part.strip()]


def shared_passages(left: str, right: str) -> tuple[list[Passage], list[Passage]]:
    """Both texts as passages. The most alike sentences are paired first, each at most once."""
    ours, theirs = sentences(left), sentences(right)
    bags = [[_bag(s) for s in side] for side in (ours, theirs)]
    likeness = sorted(
        (
            (-_cosine(a, b), i, j)
            for i, a in enumerate(bags[0])
            for j, b in enumerate(bags[1])
            if _cosine(a, b) >= ALIKE
        ),
    )
    paired: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in likeness:
        if i not in paired and j not in taken:
            paired[i] = j
            taken.add(j)
    numbers = {i: number for number, i in enumerate(sorted(paired), 1)}
    back = {j: numbers[i] for i, j in paired.items()}
    return (
        [Passage(text, numbers.get(i)) for i, text in enumerate(ours)],
        [Passage(text, back.get(j)) for j, text in enumerate(theirs)],
    )


def _bag(sentence: str) -> Counter[str]:
    letters = re.sub(r"\W+", " ", sentence.lower())
    return Counter(letters[at : at + _LETTERS] for at in range(len(letters) - _LETTERS + 1))


def _cosine(a: Counter[str], b: Counter[str]) -> float:
    if not a or not b:
        return 0.0
    dot = sum(count * b[part] for part, count in a.items())
    return dot / sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))
