"""How well reviewers know what proposals are about: by areas, and by the likeness of texts.

Fit is from 0 to 1: one half for the share of the proposal in areas that the reviewer named, one
half for the likeness of the reviewer's words to the proposal's. Likeness is the cosine of TF-IDF on
groups of 3 to 5 letters, as the search for overlaps has it, as a part of the closest in the round:
a few sentences about a person share little with any proposal, so only which is closer counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funding.sayings import as_written, one_by_one, quoted
from funding.sayings import share as share_of
from optimizer.sentences import Sentence, each_of, sentence, whole

AREAS_COUNT = 0.5
NEIGHBOUR = 0.5
"""What a sister area within the same top area counts, beside the area itself."""
MOST_WORDS = 3
_WORD = re.compile(r"[^\W\d_]{5,}")
_ROWS_AT_ONCE = 1_000
_A_FEW, _IN_MANY = 5, 0.06  # proposals, and their share, in which a word still tells something


@dataclass(frozen=True)
class Work:
    """A proposal: its areas with their shares, and its words."""

    areas: Mapping[str, float]
    text: str


@dataclass(frozen=True)
class Knowledge:
    """A reviewer: areas named, and expertise in words."""

    areas: Sequence[str]
    text: str


class Fits:
    """Fit of every pair of a proposal (row) and a reviewer (column)."""

    def __init__(
        self,
        works: Sequence[Work],
        knowledge: Sequence[Knowledge],
        parents: Mapping[str, str | None],
    ) -> None:
        """`parents`: of each area the one it lies in, None at the top."""
        self.works, self.knowledge, self.parents = works, knowledge, parents
        self._common: frozenset[str] | None = None
        self.areas = _by_areas(works, knowledge, parents)
        self.likeness = _likeness([w.text for w in works], [k.text for k in knowledge])
        self.of: NDArray[np.float32] = (
            AREAS_COUNT * self.areas + (1 - AREAS_COUNT) * self.likeness
        ).clip(0, 1)

    def common_words(self) -> frozenset[str]:
        """Words that tell nothing: those of the language, and those in many of the proposals."""
        if self._common is None:
            from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

            count: Counter[str] = Counter()
            for work in self.works:
                count.update({word.casefold() for word in _WORD.findall(work.text)})
            most = max(_A_FEW, len(self.works) * _IN_MANY)
            often = {word for word, number in count.items() if number > most}
            self._common = frozenset({*ENGLISH_STOP_WORDS, *often})
        return self._common

    def why(self, work: int, reviewer: int, names: Mapping[str, str]) -> Sentence:
        """Why this reviewer for this proposal."""
        parts = []
        own = set(self.knowledge[reviewer].areas)
        shared = sorted(
            (
                (share, names.get(key, key))
                for key, share in self.works[work].areas.items()
                if key in own
            ),
            reverse=True,
        )
        near = [
            names.get(key, key)
            for key in self.works[work].areas
            if key not in own and _counted(key, own, self.parents)
        ]
        if shared:
            known = [
                sentence("%(name)s (%(share)s)", name=as_written(name), share=share_of(share))
                for share, name in shared
            ]
            parts.append(sentence("knows %(areas)s", areas=each_of(known)))
        if near:
            parts.append(sentence("works close to %(areas)s", areas=one_by_one(*near)))
        words = shared_words(
            self.works[work].text, self.knowledge[reviewer].text, self.common_words()
        )
        if words:
            parts.append(sentence("both speak of %(words)s", words=quoted(*words)))
        return whole(each_of(parts, ";") if parts else sentence("no area or word in common"))


def shared_words(text: str, other: str, common: Collection[str] = ()) -> list[str]:
    """The longest words that both texts have and that tell something."""
    there = {word.casefold() for word in _WORD.findall(other)}
    found = {word for word in (w.casefold() for w in _WORD.findall(text)) if word in there}
    return sorted(found - set(common), key=lambda word: (-len(word), word))[:MOST_WORDS]


def _counted(area: str, own: set[str], parents: Mapping[str, str | None]) -> float:
    """How much of an area counts as known by who named the areas in `own`."""
    if area in own or parents.get(area) in own:
        return 1.0
    top = parents.get(area) or area
    return NEIGHBOUR if any((parents.get(key) or key) == top for key in own) else 0.0


def _by_areas(
    works: Sequence[Work], knowledge: Sequence[Knowledge], parents: Mapping[str, str | None]
) -> NDArray[np.float32]:
    keys = sorted({key for work in works for key in work.areas})
    place = {key: number for number, key in enumerate(keys)}
    shares = np.zeros((len(works), len(keys)), np.float32)
    for row, work in enumerate(works):
        for key, share in work.areas.items():
            shares[row, place[key]] = share
    known = np.zeros((len(keys), len(knowledge)), np.float32)
    for column, one in enumerate(knowledge):
        own = set(one.areas)
        for key in keys:
            known[place[key], column] = _counted(key, own, parents)
    return np.asarray(shares @ known)


def _likeness(works: Sequence[str], knowledge: Sequence[str]) -> NDArray[np.float32]:
    """By pair, from 0 to 1; 1 is the closest pair of all."""
    shape = (len(works), len(knowledge))
    if not any(text.strip() for text in knowledge) or not any(text.strip() for text in works):
        return np.zeros(shape, np.float32)
    # here, since it takes a second to load
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32
    )
    try:
        vectorizer.fit([*works, *knowledge])
    except ValueError:  # no n-gram is left
        return np.zeros(shape, np.float32)
    columns = vectorizer.transform(knowledge).T
    rows = vectorizer.transform(works)
    found = np.zeros(shape, np.float32)
    for start in range(0, len(works), _ROWS_AT_ONCE):
        found[start : start + _ROWS_AT_ONCE] = (
            rows[start : start + _ROWS_AT_ONCE] @ columns
        ).toarray()
    most = float(found.max())
    return found / most if most > 0 else found
