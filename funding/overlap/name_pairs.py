"""What speaks for and against two names being one organisation or person.

Word by word: which words are the same, which are one word spelt in two ways, which stand for
several by their initials, and what is left over on either side, each by how rare it is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA, Indel

from funding.overlap.name_words import KINDS, number_in, places, states
from funding.overlap.names import Name

_SHORTEST_MISSPELT = 4
_LONG = 8
"""Letters of a word from which on two of them may differ."""
_LEAST_ALIKE = 0.7
_STATES = frozenset(tuple(name.split()) for name in states().values())


@dataclass(frozen=True, slots=True)
class Mention:
    """A name with what its list says of it.

    | field | meaning |
    |---|---|
    | name | taken apart |
    | reference | number in a register with the register's code (`GB-CHC-1164883`), a ROR; or "" |
    | partners | on the other side of its grants: funders of a recipient, recipients of a funder |
    | areas | of its grants, as the list calls them |
    | grants | how many there are |
    """

    name: Name
    reference: str = ""
    partners: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    grants: int = 1


class Vocabulary:
    """In how many names each word is; what is not known yet counts as rare.

    Words of many names everywhere (`foundation`, `school`) are common in a short list, too.
    """

    _COMMON_IN = 40
    _NAMES_BEHIND = 2_000

    def __init__(self, names: Iterable[Name] = ()) -> None:
        self._counts: Counter[str] = Counter()
        self._names = 0
        self._initials: dict[str, set[str]] = {}
        for name in names:
            self.add(name)

    def add(self, name: Name) -> None:
        self._names += 1
        self._counts.update(set(name.words))
        for initials in name.initials:
            self._initials.setdefault(initials, set()).add(" ".join(name.words))

    def names_with(self, word: str) -> int:
        return self._counts[word]

    def shortened_to(self, initials: str) -> int:
        """How many different names have these initials."""
        return len(self._initials.get(initials, ()))

    def weight(self, word: str) -> float:
        """What a word tells apart, from 0 (in every name) to 1 (in no other)."""
        behind = self._COMMON_IN if word in KINDS or word in places() else 0
        share = (self._counts[word] + behind + 1) / (self._names + self._NAMES_BEHIND)
        return min(1.0, -math.log(share) / math.log(self._names + self._NAMES_BEHIND))


@dataclass(slots=True)
class Alignment:
    """How the words of two names go together. `misspelt`: (word, word, letters that differ).
    `shortened`: (initials or short form, words it stands for). `first_only`, `second_only`: left
    over."""

    same: list[str] = field(default_factory=list)
    misspelt: list[tuple[str, str, int]] = field(default_factory=list)
    plural: list[tuple[str, str]] = field(default_factory=list)
    joined: list[tuple[str, str]] = field(default_factory=list)
    shortened: list[tuple[str, str]] = field(default_factory=list)
    first_only: list[str] = field(default_factory=list)
    second_only: list[str] = field(default_factory=list)
    is_reordered: bool = False


def align(first: tuple[str, ...], second: tuple[str, ...]) -> Alignment:
    """Put the words of two names beside each other; the same but for sides the other way round."""
    found = Alignment()
    there = Counter(second)
    left: list[str] = []
    kept: list[str] = []
    for word in first:
        if there[word] > 0:
            there[word] -= 1
            found.same.append(word)
            kept.append(word)
        else:
            left.append(word)
    taken = Counter(kept)
    right, kept_right = [], []
    for word in second:
        if taken[word] > 0:
            taken[word] -= 1
            kept_right.append(word)
        else:
            right.append(word)
    found.is_reordered = kept != kept_right
    if left and right:
        left, right = _numbers(left, right, found)
        left, right = _joined(left, right, found)
        left, right = _spelt_otherwise(left, right, found)
        left, right = _shortened(left, right, found)
        right, left = _shortened(right, left, found)
    found.first_only, found.second_only = left, right
    return found


def _numbers(left: list[str], right: list[str], found: Alignment) -> tuple[list[str], list[str]]:
    """Numbers that are written in two ways (`2nd`, `second`) are the same word."""
    right = list(right)
    over = []
    for word in left:
        number = number_in(word)
        match = next((w for w in right if number and number_in(w) == number), None)
        if match is None:
            over.append(word)
        else:
            right.remove(match)
            found.same.append(word)
    return over, right


def _joined(left: list[str], right: list[str], found: Alignment) -> tuple[list[str], list[str]]:
    """Two or three words of one that are one word of the other (`Give Well`, `GiveWell`)."""
    for here, there, is_left in ((left, right, True), (right, left, False)):
        for word in list(there):
            for size in (2, 3):
                for start in range(len(here) - size + 1):
                    if "".join(here[start : start + size]) == word:
                        found.joined.append((" ".join(here[start : start + size]), word))
                        del here[start : start + size]
                        there.remove(word)
                        break
                else:
                    continue
                break
        left, right = (here, there) if is_left else (there, here)
    return left, right


def _spelt_otherwise(
    left: list[str], right: list[str], found: Alignment
) -> tuple[list[str], list[str]]:
    """Words that differ by an ending or a few letters, the nearest first."""
    near = sorted(
        (cost, min(a, b), max(a, b), i, j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
        if (cost := letters_apart(a, b)) is not None
    )
    gone_left: set[int] = set()
    gone_right: set[int] = set()
    for cost, _, _, i, j in near:
        if i in gone_left or j in gone_right:
            continue
        gone_left.add(i)
        gone_right.add(j)
        if cost == 0:
            found.plural.append((left[i], right[j]))
        else:
            found.misspelt.append((left[i], right[j], cost))
    return (
        [word for i, word in enumerate(left) if i not in gone_left],
        [word for j, word in enumerate(right) if j not in gone_right],
    )


def letters_apart(one: str, other: str) -> int | None:
    """In how many letters two words differ, 0 for a plural; None where they are two words."""
    if any(map(str.isdigit, one + other)):
        return None
    short, long = sorted((one, other), key=len)
    if len(short) >= 3 and long in (short + "s", short + "es", short[:-1] + "ies"):
        return 0
    if len(short) < _SHORTEST_MISSPELT:
        return None
    most = 2 if len(short) >= _LONG else 1
    apart = OSA.distance(one, other, score_cutoff=most)
    return apart if apart <= most else None


def _shortened(left: list[str], right: list[str], found: Alignment) -> tuple[list[str], list[str]]:
    """Words of `left` that are the initials, the first letters or the state's letters of what
    `right` writes out."""
    over, right = [], list(right)
    for word in left:
        size = _written_out(word, right)
        if size is None:
            over.append(word)
            continue
        start, end = size
        found.shortened.append((word, " ".join(right[start:end])))
        del right[start:end]
    return over, right


def _written_out(word: str, words: list[str]) -> tuple[int, int] | None:
    """Where in `words` stands what `word` is short for."""
    if 2 <= len(word) <= 6 and word.isalpha():
        for start in range(len(words) - len(word) + 1):
            run = words[start : start + len(word)]
            if "".join(each[0] for each in run) == word:
                return start, start + len(word)
        state = states().get(word, "").split()
        for start in range(len(words) - len(state) + 1):
            if state and words[start : start + len(state)] == state:
                return start, start + len(state)
    for start, other in enumerate(words):
        is_initial = len(word) == 1 and other.startswith(word)
        is_beginning = 3 <= len(word) <= len(other) - 2 and other.startswith(word)
        if is_initial or is_beginning:
            return start, start + 1
    return None


def is_worth_aligning(one: Name, other: Name) -> bool:
    """Whether a closer look at two names can find them to be one: a quick no for most pairs."""
    if not one.words or not other.words:
        return one.key == other.key
    if one.acronym in other.initials or other.acronym in one.initials:
        return True
    if one.own_acronym in (other.acronym, other.words[0]) and one.own_acronym:
        return True
    if other.own_acronym in (one.acronym, one.words[0]) and other.own_acronym:
        return True
    if says_other_name(one, other) or is_part(one, other) or is_part(other, one):
        return True
    if _begins_shortened(one.words, other.words) or _begins_shortened(other.words, one.words):
        return True
    alike = Indel.normalized_similarity(
        " ".join(sorted(one.words)), " ".join(sorted(other.words)), score_cutoff=_LEAST_ALIKE
    )
    return alike > 0 or Indel.normalized_similarity(one.run, other.run) >= _LEAST_ALIKE


def _begins_shortened(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    word = short[0]
    beginning = "".join(each[0] for each in long[: len(word)])
    return len(short) > 1 and 2 <= len(word) <= 4 and word == beginning and short[-1] in long


def says_other_name(first: Name, second: Name) -> bool:
    """Whether one of them says itself that it is also called as the other is."""
    return first.key in second.others or second.key in first.others


def is_part(part: Name, whole: Name) -> bool:
    """Whether one name is the other with a piece more, set off by a comma, a dash, a slash or
    brackets: `Wren University, Department of Birds`, `Birds Project / Wren Foundation`.

    A place in the piece, or nothing but a common word in the other name, makes no part of it.
    """
    if len(part.parts) < 2 or not whole.words or all(word in KINDS for word in whole.words):
        return False
    if len(whole.words) == 1 and len(part.parts) > 2:
        return False  # one of a list of words
    if len(part.parts) == 2 and whole.words in part.parts:
        (rest,) = [piece for piece in part.parts if piece != whole.words] or [()]
        return bool(rest) and not _is_place(rest)
    return len(part.words) > len(whole.words) and whole.words in _runs(part.parts)


def _is_place(piece: tuple[str, ...]) -> bool:
    """Whether a piece of a name says where it is: a place alone, or a town with its state."""
    return piece[-1] in states() or piece[-1] in places() or piece in _STATES


def _runs(parts: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    """The first pieces together, and the last pieces together."""
    flat = [tuple(word for part in parts[:size] for word in part) for size in range(2, len(parts))]
    flat += [tuple(w for part in parts[start:] for w in part) for start in range(1, len(parts) - 1)]
    return flat
