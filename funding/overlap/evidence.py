"""Two texts sentence by sentence, side by side, with what they share marked.

Sentences are paired by their groups of letters, and, where a sentence model is in use, by their
sense; within a pair, the words that stand in both in the same order are marked. Sentences may end
as they do in Latin, Arabic, Devanagari or East Asian writing. However long the texts, the work is
bounded: the first `SENTENCES` sentences of each are compared, the rest stands unmarked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import sqrt
from typing import Any

from funding.overlap.texts import WITHOUT_SPACES, plain

ALIKE = 0.45
"""Least similarity (cosine over groups of four letters) of two sentences that are marked."""

ALIKE_IN_SENSE = 0.7
"""Least similarity (cosine of their vectors) of two sentences that say the same."""

SENTENCES = 400
_LONGEST = 1_500
_LETTERS = 4
_WORDS = 300
_SAME_WORDS = 2

_END = re.compile(
    r"(?<=[.!?])[\"'”’)\]]*\s+(?=[^\s\da-z])"  # a space and no small letter after it
    r"|(?<=[。！？｡])(?![”’」』）])|(?<=[؟۔।॥])\s*|\n\s*\n"
)
_WORD = re.compile(rf"[{WITHOUT_SPACES}]|[^\W_{WITHOUT_SPACES}]+")

Vectors = Callable[[Sequence[str]], Any]


@dataclass(frozen=True)
class Piece:
    """A part of a sentence; `is_same`: it stands in the other text's sentence, too."""

    text: str
    is_same: bool


@dataclass(frozen=True)
class Passage:
    """A sentence; `match` numbers the one it shares with the other text, None where none.

    `is_sense`: the two were paired by what they say, not by their letters. `pieces` joined give
    `text`; where nothing is shared it is one piece.
    """

    text: str
    match: int | None
    is_sense: bool = False
    pieces: tuple[Piece, ...] = ()


def sentences(text: str) -> list[str]:
    """Of at most 1,500 signs each: a text without a full stop is cut at spaces, or anywhere."""
    found = []
    for part in _END.split(text.strip()):
        rest = part.strip() if part else ""
        while len(rest) > _LONGEST:
            cut = rest.rfind(" ", 1, _LONGEST)
            cut = cut if cut > 0 else _LONGEST
            found.append(rest[:cut])
            rest = rest[cut:].strip()
        if rest:
            found.append(rest)
    return found


def shared_passages(
    left: str, right: str, vectors: Vectors | None = None
) -> tuple[list[Passage], list[Passage]]:
    """Both texts as passages. The most alike sentences are paired first, each at most once.

    `vectors`: of a sentence method (funding/overlap/sentences.py), to pair by sense what letters
    did not.
    """
    ours, theirs = sentences(left), sentences(right)
    head, other_head = ours[:SENTENCES], theirs[:SENTENCES]
    paired = _paired(_by_letters(head, other_head), {}, {})
    by_sense: set[int] = set()
    if vectors is not None:
        taken = {j: i for i, j in paired.items()}
        found = _paired(_by_sense(head, other_head, vectors), paired, taken)
        by_sense, paired = set(found) - set(paired), found
    numbers = {i: number for number, i in enumerate(sorted(paired), 1)}
    marks = {i: _marked(ours[i], theirs[j]) for i, j in paired.items()}
    back = {j: i for i, j in paired.items()}
    return (
        [_passage(s, i, numbers.get(i), i in by_sense, marks, 0) for i, s in enumerate(ours)],
        [
            _passage(
                s, back.get(j), numbers.get(back.get(j, -1)), back.get(j) in by_sense, marks, 1
            )
            for j, s in enumerate(theirs)
        ],
    )


def _passage(
    text: str,
    pair: int | None,
    number: int | None,
    is_sense: bool,
    marks: dict[int, Any],
    side: int,
) -> Passage:
    if number is None or pair is None:
        return Passage(text, None, False, (Piece(text, False),))
    return Passage(text, number, is_sense, marks[pair][side])


def _paired(
    likeness: list[tuple[float, int, int]], paired: dict[int, int], taken: dict[int, int]
) -> dict[int, int]:
    """Pairs in the order of their likeness, on top of those there are."""
    paired, taken = dict(paired), dict(taken)
    for _, i, j in sorted(likeness):
        if i not in paired and j not in taken:
            paired[i] = j
            taken[j] = i
    return paired


def _by_letters(ours: list[str], theirs: list[str]) -> list[tuple[float, int, int]]:
    """(minus the likeness, ours, theirs) where it is enough; by shared groups, so that sentences
    that have none in common are never compared."""
    holders: dict[str, list[tuple[int, int]]] = {}
    bags = [[_bag(s) for s in side] for side in (ours, theirs)]
    for j, bag in enumerate(bags[1]):
        for group, count in bag.items():
            holders.setdefault(group, []).append((j, count))
    lengths = [[_length(bag) for bag in side] for side in bags]
    found = []
    for i, bag in enumerate(bags[0]):
        products: Counter[int] = Counter()
        for group, count in bag.items():
            for j, other in holders.get(group, ()):
                products[j] += count * other
        for j, product in products.items():
            alike = product / (lengths[0][i] * lengths[1][j])
            if alike >= ALIKE:
                found.append((-alike, i, j))
    return found


def _by_sense(ours: list[str], theirs: list[str], vectors: Vectors) -> list[tuple[float, int, int]]:
    if not ours or not theirs:
        return []
    alike = vectors(ours) @ vectors(theirs).T
    return [
        (-float(alike[i, j]), i, j)
        for i in range(len(ours))
        for j in range(len(theirs))
        if alike[i, j] >= ALIKE_IN_SENSE
    ]


def _marked(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both sentences in pieces: runs of two words and more that stand in both, and the rest."""
    words = [list(_WORD.finditer(side))[:_WORDS] for side in (left, right)]
    keys = [[plain(match[0]) for match in side] for side in words]
    blocks = SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_matching_blocks()
    runs = [block for block in blocks if block.size >= _SAME_WORDS]
    return (
        _cut(left, [(words[0][b.a].start(), words[0][b.a + b.size - 1].end()) for b in runs]),
        _cut(right, [(words[1][b.b].start(), words[1][b.b + b.size - 1].end()) for b in runs]),
    )


def _cut(text: str, spans: list[tuple[int, int]]) -> tuple[Piece, ...]:
    pieces, at = [], 0
    for begin, end in spans:
        pieces += [Piece(text[at:begin], False), Piece(text[begin:end], True)]
        at = end
    pieces.append(Piece(text[at:], False))
    return tuple(piece for piece in pieces if piece.text)


def _bag(sentence: str) -> Counter[str]:
    letters = plain(sentence)
    width = _LETTERS if " " in letters or letters.isascii() else 2
    return Counter(letters[at : at + width] for at in range(len(letters) - width + 1))


def _length(bag: Counter[str]) -> float:
    return sqrt(sum(count * count for count in bag.values()))
