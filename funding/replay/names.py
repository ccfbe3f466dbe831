"""When two spellings are one name: by rules that can be said in a sentence, never by likeness.

Likeness only warns: `alike` lists names so close that a person should look at them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import combinations

RULE = (
    "Two spellings are taken for one name where they differ only in capitals, accents, "
    "punctuation, “and” for “&”, British or American spelling, a leading “The”, the name's own "
    "initials in brackets, or a legal form such as Inc, Ltd or GmbH."
)

_BRACKETED = re.compile(r"(?P<name>.+?)\s*\((?P<inside>[A-Z]{2,10})\)\s*")
_SMALL_WORDS = frozenset(["and", "at", "for", "in", "of", "on", "the", "to"])
_NOT_LETTERS = re.compile(r"[\W_]+")
_SPELLINGS = {
    "centre": "center",
    "centres": "centers",
    "organisation": "organization",
    "organisations": "organizations",
    "programme": "program",
    "programmes": "programs",
    "defence": "defense",
    "labour": "labor",
}
_LEGAL_FORMS = frozenset(
    ["inc", "incorporated", "ltd", "limited", "llc", "plc", "gmbh", "ev", "co", "corp", "bv", "cic"]
)
_LIKENESS = 0.93
_MOST_COMPARED = 400


@dataclass(frozen=True)
class Names:
    """`spelling`: every name as given -> as it is written from now on; `merged`: the spellings
    of each name that had several, most used first."""

    spelling: dict[str, str]
    merged: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=65_536)
def same_name(name: str) -> str:
    """What is left of a name when RULE is applied; equal for names that are one."""
    text = unicodedata.normalize("NFKD", _without_initials(name)).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = text.replace("&", " and ").replace("'", "").replace("’", "")
    words = [_SPELLINGS.get(word, word) for word in _NOT_LETTERS.sub(" ", text).split()]
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words = words[:-1]
    return " ".join(words) or name


def _without_initials(name: str) -> str:
    """The name without its own initials in brackets; other brackets may tell two names apart."""
    match = _BRACKETED.fullmatch(name)
    if match is None:
        return name
    words = re.findall(r"\w+", match["name"])
    initials = "".join(word[0] for word in words).upper()
    of_great = "".join(word[0] for word in words if word.lower() not in _SMALL_WORDS).upper()
    return match["name"] if match["inside"] in (initials, of_great) else name


def merge_names(names: Iterable[str]) -> Names:
    """One spelling for each name: the one most used, of equals the one that sorts first."""
    uses: dict[str, Counter[str]] = defaultdict(Counter)
    for name in names:
        uses[same_name(name)][name] += 1
    spelling: dict[str, str] = {}
    merged = []
    for counted in uses.values():
        ranked = sorted(counted, key=lambda name: (-counted[name], name))
        spelling.update(dict.fromkeys(ranked, ranked[0]))
        if len(ranked) > 1:
            merged.append(tuple(ranked))
    return Names(spelling, tuple(sorted(merged)))


def alike(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of names that may be one but were not merged; none where there are too many names."""
    listed = sorted(set(names))
    if len(listed) > _MOST_COMPARED:
        return []
    found = []
    for first, second in combinations(listed, 2):
        matcher = SequenceMatcher(None, same_name(first), same_name(second), autojunk=False)
        if matcher.real_quick_ratio() < _LIKENESS or matcher.quick_ratio() < _LIKENESS:
            continue
        if matcher.ratio() >= _LIKENESS:
            found.append((first, second))
    return found
