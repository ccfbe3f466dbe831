"""The names of a replay's list: one spelling for each, by the rules of `funding.overlap.names`.

Likeness only warns: `alike` lists names so close that a person should look at them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations

from funding.overlap.names import same_name

_LIKENESS = 0.93
_MOST_COMPARED = 400


@dataclass(frozen=True)
class Names:
    """`spelling`: every name as given -> as it is written from now on; `merged`: the spellings
    of each name that had several, most used first."""

    spelling: dict[str, str]
    merged: tuple[tuple[str, ...], ...]


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
