"""Which names are worth comparing: those that share something rare.

Each name has keys: what its rule leaves, its words in any order and run together, its rarest words,
these with one letter left out, pairs of words, initials, its register's number. Names that share a
key are compared, unless so many share it that it says nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

from funding.overlap.name_pairs import Mention, Vocabulary

_MOST_OF_A_WORD = 40
_MOST_OF_A_PAIR = 60
_MOST_OF_EQUALS = 400
"""Names that may share a key: of a word or its misspellings, of two words, of a whole name."""

Key = tuple[str, str]
_LIMITS = {"word": _MOST_OF_A_WORD, "letters": _MOST_OF_A_WORD, "initials": _MOST_OF_A_WORD}
_LIMITS |= {"pair": _MOST_OF_A_PAIR}


class NameIndex:
    """Mentions by their keys. What is known is given at once, so that the order does not matter;
    `add` lets one more in."""

    def __init__(self, mentions: Iterable[Mention] = ()) -> None:
        self.mentions: list[Mention] = list(mentions)
        self.vocabulary = Vocabulary(mention.name for mention in self.mentions)
        self._blocks: dict[Key, list[int]] = defaultdict(list)
        for number, mention in enumerate(self.mentions):
            for key in self._keys(mention):
                self._blocks[key].append(number)

    def add(self, mention: Mention) -> int:
        """Let one more in; its number."""
        self.mentions.append(mention)
        self.vocabulary.add(mention.name)
        number = len(self.mentions) - 1
        for key in self._keys(mention):
            self._blocks[key].append(number)
        return number

    def near(self, mention: Mention) -> list[int]:
        """Numbers of the known ones to compare this one with."""
        found: set[int] = set()
        for key in self._keys(mention):
            block = self._blocks.get(key, ())
            if len(block) <= _LIMITS.get(key[0], _MOST_OF_EQUALS):
                found.update(block)
        return sorted(found)

    def pairs(
        self, of: Sequence[int] | None = None, told: Callable[[int, int], None] | None = None
    ) -> Iterator[tuple[int, int]]:
        """Every pair to compare, once: all there are, or those with one of `of` in them.

        `told(done, total)` hears how far it is.
        """
        wanted = range(len(self.mentions)) if of is None else sorted(set(of))
        chosen = None if of is None else set(wanted)
        for done, number in enumerate(wanted):
            if told is not None and done % 500 == 0:
                told(done, len(wanted))
            for other in self.near(self.mentions[number]):
                is_met_again = other < number if chosen is None or other in chosen else False
                if other != number and not is_met_again:
                    yield min(number, other), max(number, other)

    def _keys(self, mention: Mention) -> set[Key]:
        name = mention.name
        keys: set[Key] = {("name", name.key)}
        keys.update(("name", other) for other in name.others)
        if mention.reference:
            keys.add(("reference", mention.reference))
        if not name.words:
            return keys
        keys.add(("run", name.run))
        keys.add(("words", " ".join(sorted(name.words))))
        keys.update(("run", "".join(part)) for part in name.parts)
        rare = sorted(set(name.words), key=lambda w: (self.vocabulary.names_with(w), w))
        for word in rare[:3]:
            keys.add(("word", word))
        for word in rare[:2]:
            keys.update(("letters", shape) for shape in _with_one_letter_less(word))
        keys.update(("pair", " ".join(sorted(pair))) for pair in combinations(rare[:5], 2))
        keys.update(("initials", each) for each in name.initials if len(each) >= 3)
        if name.acronym:
            keys.add(("initials", name.acronym))
        if name.own_acronym:
            keys.add(("initials", name.own_acronym))
        keys.update(("initials", each) for each in _beginnings(name.words))
        return keys


def _with_one_letter_less(word: str) -> set[str]:
    """The word and all that is left when one letter goes: misspellings meet in these."""
    if len(word) < 5:
        return {word}
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _beginnings(words: tuple[str, ...]) -> list[str]:
    """Initials of the first words, and a first word that could be such (`UC`, `NYU`)."""
    found = ["".join(word[0] for word in words[:size]) for size in (2, 3, 4) if size < len(words)]
    if len(words) > 1 and 2 <= len(words[0]) <= 4:
        found.append(words[0])
    return [f"{each} ..." for each in found]
