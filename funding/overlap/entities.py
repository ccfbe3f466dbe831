"""Which names are one organisation or person: suggestions with a probability, and what joins them.

A merge is a line between two names; an entity is what such lines hold together. So the state is
decided by the set of lines alone: taking one away is the exact inverse of adding it, in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from funding.overlap.name_chance import ONLY_SAME_NUMBER, PART, SAME_NUMBER, chance, reasons
from funding.overlap.name_evidence import Evidence, gather, has_other_number
from funding.overlap.name_index import NameIndex
from funding.overlap.name_pairs import Alignment, Mention, is_part, is_worth_aligning

LEAST = 0.3
"""Probability from which on a merge is suggested."""
AUTOMATIC = 0.98
"""Probability from which on a merge is made without being asked for, to be looked at later."""

SAME, PART_OF, WHOLE_OF = "same", "part", "whole"
_FEW_WORDS = 2
_MOST_COMPARED = 30
"""Names of an entity up to which all are compared before two are joined."""

N = TypeVar("N", bound=Hashable)
M = TypeVar("M", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two names of an index, by their numbers, that may be one (`same`), or of which the first is
    a part of the second (`part`) or the second a part of the first (`whole`)."""

    first: int
    second: int
    relation: str
    probability: float
    reasons: tuple[str, ...]
    is_automatic: bool


def suggest(
    index: NameIndex,
    of: Sequence[int] | None = None,
    told: Callable[[int, int], None] | None = None,
) -> list[Suggestion]:
    """What may be merged among all names, or between those in `of` and any; the likeliest first."""
    found = []
    for first, second in index.pairs(of, told):
        suggestion = compare(index, first, second)
        if suggestion is not None:
            found.append(suggestion)
    return sorted(found, key=lambda s: (-s.probability, *_names(index, s)))


def _names(index: NameIndex, suggestion: Suggestion) -> list[tuple[str, str]]:
    mentions = (index.mentions[suggestion.first], index.mentions[suggestion.second])
    return sorted((mention.name.given, mention.reference) for mention in mentions)


def compare(index: NameIndex, first: int, second: int) -> Suggestion | None:
    """What two names are to each other; None where they are hardly anything."""
    one, other = index.mentions[first], index.mentions[second]
    has_one_number = bool(one.reference) and one.reference == other.reference
    if not has_one_number and not is_worth_aligning(one.name, other.name):
        return None
    evidence, found = gather(one, other, index.vocabulary)
    relation, probability = SAME, chance(evidence)
    if has_one_number:
        probability = SAME_NUMBER if probability >= LEAST else ONLY_SAME_NUMBER
    elif has_other_number(one.reference, other.reference):
        return None
    elif probability < AUTOMATIC and is_part(one.name, other.name):
        relation, probability = PART_OF, PART
    elif probability < AUTOMATIC and is_part(other.name, one.name):
        relation, probability = WHOLE_OF, PART
    if probability < LEAST:
        return None
    said = reasons(one, other, evidence, found, relation=relation)
    is_sure = has_one_number or _is_more_than_likely(one, other, evidence, found)
    by_itself = relation == SAME and probability >= AUTOMATIC and is_sure
    return Suggestion(first, second, relation, round(probability, 4), tuple(said), by_itself)


def _is_more_than_likely(
    one: Mention, other: Mention, evidence: Evidence, found: Alignment
) -> bool:
    """Whether a merge may do without a person, however probable it is.

    Initials fit too many names. A name of two words (`Save the Bay`) may be borne by two bodies
    that have nothing to do with each other, unless a partner or an area is the same. A body keeps
    the spelling of its country: `Centre for Policy Studies` is another than the one with `Center`.
    """
    figures = evidence.figures
    if figures["acronym"] or figures["initials"]:
        return False
    if len(found.same) <= _FEW_WORDS and not figures["context_shared"]:
        return False
    return one.name.british == other.name.british


def are_opposed(index: NameIndex, first: int, second: int) -> bool:
    """Whether something forbids that these two are one: a number, a place, a register."""
    one, other = index.mentions[first], index.mentions[second]
    if one.reference and one.reference == other.reference:
        return False
    return bool(gather(one, other, index.vocabulary)[0].against)


@dataclass
class Groups(Generic[N]):
    """Names that lines hold together. `apart`: pairs that somebody said are two."""

    _above: dict[N, N] = field(default_factory=dict)
    _members: dict[N, list[N]] = field(default_factory=dict)
    _apart: dict[N, set[N]] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[tuple[N, N]], apart: Iterable[tuple[N, N]] = ()) -> Groups[N]:
        groups = cls()
        for one, other in apart:
            groups._apart.setdefault(one, set()).add(other)
            groups._apart.setdefault(other, set()).add(one)
        for one, other in lines:
            groups.join(one, other)
        return groups

    def with_other_names(self, names: Mapping[N, M]) -> Groups[M]:
        """The same groups of what each name is called in `names`; what is not there is left out."""
        lines = [
            (names[top], names[member])
            for top, members in self._members.items()
            for member in members
            if member in names and top in names and member != top
        ]
        apart = [
            (names[one], names[other])
            for one, others in self._apart.items()
            for other in others
            if one in names and other in names
        ]
        return Groups.of(lines, apart)

    def top(self, name: N) -> N:
        """The one that stands for the group of this name."""
        while (above := self._above.get(name, name)) != name:
            self._above[name] = self._above.get(above, above)
            name = above
        return name

    def members(self, name: N) -> list[N]:
        return self._members.get(self.top(name), [name])

    def join(self, one: N, other: N) -> None:
        here, there = self.top(one), self.top(other)
        if here == there:
            return
        joined = [*self.members(here), *self.members(there)]
        self._above[there] = here
        self._members[here] = joined
        self._members.pop(there, None)

    def said_apart(self, one: N, other: N) -> tuple[N, N] | None:
        """Two names that a line between these would hold together though they were said to be
        two; None where there are none."""
        there = set(self.members(other))
        for name in self.members(one):
            for stranger in sorted(self._apart.get(name, ()), key=repr):
                if stranger in there:
                    return name, stranger
        return None


def join_by_themselves(
    index: NameIndex, suggestions: Iterable[Suggestion], groups: Groups[int]
) -> list[Suggestion]:
    """Join what may be merged without being asked for, the likeliest first; the lines drawn.

    A line that would hold together what somebody said is two, or what numbers, places or
    registers forbid to be one, is not drawn: it stays a suggestion.
    """
    drawn = []
    for suggestion in suggestions:
        if not suggestion.is_automatic:
            continue
        here, there = groups.members(suggestion.first), groups.members(suggestion.second)
        if groups.said_apart(suggestion.first, suggestion.second):
            continue
        if groups.top(suggestion.first) != groups.top(suggestion.second) and any(
            are_opposed(index, one, other)
            for one in here[:_MOST_COMPARED]
            for other in there[:_MOST_COMPARED]
        ):
            continue
        groups.join(suggestion.first, suggestion.second)
        drawn.append(suggestion)
    return drawn
