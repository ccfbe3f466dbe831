"""The features of a pair of names, as figures for the probability and as sentences for people."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from funding.overlap.name_pairs import (
    Alignment,
    Mention,
    Vocabulary,
    align,
    says_other_name,
)
from funding.overlap.name_words import KINDS, number_in, places, states
from funding.overlap.names import Name

FEATURES = (
    "by_rule",
    "all_words",
    "small_words",
    "reordered",
    "plural",
    "misspelt",
    "misspelt_share",
    "misspelt_known",
    "misspelt_common",
    "joined",
    "initials",
    "beginnings",
    "extra_one_side",
    "extra_both_sides",
    "extra_kind",
    "extra_place_or_number",
    "weight_shared",
    "context_shared",
    "acronym",
    "acronym_said",
    "acronym_in_context",
    "acronym_of_many",
    "other_name_said",
)
"""Each is 0 where it does not hold, so that what is not known counts neither way."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`figures` by FEATURES. `against`: why the two cannot be one, "" where nothing forbids it."""

    figures: dict[str, float]
    against: str = ""


def gather(first: Mention, second: Mention, vocabulary: Vocabulary) -> tuple[Evidence, Alignment]:
    """Look at a pair closely; the figures are the same whichever comes first."""
    is_turned = (second.name.words, second.name.given) < (first.name.words, first.name.given)
    one, other = (second, first) if is_turned else (first, second)
    found = align(one.name.words, other.name.words)
    against = _against(one, other, found)
    figures = dict.fromkeys(FEATURES, 0.0)
    figures.update(_of_words(found, vocabulary))
    figures.update(_of_acronyms(one, other, vocabulary))
    figures["other_name_said"] = float(says_other_name(one.name, other.name))
    if figures["acronym"] or figures["other_name_said"]:
        for name in ("extra_one_side", "extra_both_sides", "extra_kind", "initials"):
            figures[name] = 0.0
        figures["extra_place_or_number"] = 0.0
    figures["by_rule"] = float(one.name.key == other.name.key)
    figures["small_words"] = _small_words_apart(one.name, other.name)
    figures["context_shared"] = _context_shared(one, other)
    figures["acronym_in_context"] = figures["acronym"] * figures["context_shared"]
    return Evidence(figures, against), (_turned(found) if is_turned else found)


def _context_shared(one: Mention, other: Mention) -> float:
    """1 where both have a grant with the same organisation, a half where only the area is one."""
    if one.partners & other.partners:
        return 1.0
    return 0.5 if one.areas & other.areas else 0.0


_LITTLE = frozenset(["a", "an", "and", "at", "de", "for", "in", "of", "on"])
"""Small words that are dropped and taken one for another most easily."""


def _small_words_apart(one: Name, other: Name) -> float:
    """How far the small words differ: a quarter for each that is dropped easily, else one, to 2."""
    here, there = Counter(one.small), Counter(other.small)
    apart = (here - there) + (there - here)
    return min(2.0, sum(n * (0.25 if word in _LITTLE else 1.0) for word, n in apart.items()))


def _turned(found: Alignment) -> Alignment:
    """The same with the sides the other way round."""
    return Alignment(
        same=found.same,
        misspelt=[(b, a, cost) for a, b, cost in found.misspelt],
        plural=[(b, a) for a, b in found.plural],
        joined=found.joined,
        shortened=found.shortened,
        first_only=found.second_only,
        second_only=found.first_only,
        is_reordered=found.is_reordered,
    )


def _against(one: Mention, other: Mention, found: Alignment) -> str:
    """What must agree and does not: numbers, places, points of the compass, register numbers."""
    if has_other_number(one.reference, other.reference):
        return "They have different numbers in the same register."
    here, there = ({number_in(w) for w in side} - {None} for side in _sides(found))
    if here and there:
        return "They have different numbers in their names."
    here, there = ({w for w in side if w in places()} for side in _sides(found))
    if here and there:
        return f"They name different places: {_listed(here)} and {_listed(there)}."
    for a, b, _ in found.misspelt:
        if a in places() and b in places():
            return f"They name different places: {a} and {b}."
    return ""


def _sides(found: Alignment) -> tuple[list[str], list[str]]:
    return found.first_only, found.second_only


def _listed(words: set[str]) -> str:
    return ", ".join(sorted(words))


def has_other_number(one: str, other: str) -> bool:
    """Whether both are numbers of one register, and different ones.

    Publishers' own identifiers (`360G-...`) are no register: one body may have several.
    """
    if not one or not other or one == other:
        return False
    registers = [_register(reference) for reference in (one, other)]
    return registers[0] == registers[1] and registers[0] not in ("", "360G")


def _register(reference: str) -> str:
    if reference.startswith("https://ror.org/"):
        return "ROR"
    head, _, rest = reference.partition("-")
    if head == "360G" or not rest:
        return "360G" if head == "360G" else ""
    return f"{head}-{rest.partition('-')[0]}"


def _of_words(found: Alignment, vocabulary: Vocabulary) -> dict[str, float]:
    weights = [sum(map(vocabulary.weight, side)) for side in _sides(found)]
    extra = [word for side in _sides(found) for word in side]
    figures = {
        "all_words": float(not extra and not found.misspelt and not found.shortened),
        "reordered": float(found.is_reordered),
        "plural": float(min(2, len(found.plural))),
        "joined": float(min(2, len(found.joined))),
        "misspelt": float(min(3, len(found.misspelt))),
        "initials": max((_surety(short, whole) for short, whole in found.shortened), default=0.0),
        "beginnings": float(sum(" " not in whole for _, whole in found.shortened)),
        "extra_one_side": max(weights) if not min(weights) else 0.0,
        "extra_both_sides": sum(weights) if min(weights) else 0.0,
        "extra_kind": float(any(word in KINDS for word in extra)),
        "extra_place_or_number": float(any(map(_tells_apart, extra))),
        "weight_shared": min(3.0, sum(map(vocabulary.weight, found.same))),
    }
    if found.misspelt:
        figures["misspelt_share"] = max(c / min(len(a), len(b)) for a, b, c in found.misspelt)
        counts = [
            sorted((vocabulary.names_with(a), vocabulary.names_with(b)))
            for a, b, _ in found.misspelt
        ]
        # both spellings stand in other names, too: two words; one only here, the other in many: one
        figures["misspelt_known"] = math.log1p(max(0, max(rare for rare, _ in counts) - 1))
        common = min(often if rare <= 1 else 1 for rare, often in counts)
        figures["misspelt_common"] = min(1.0, math.log(max(1, common)) / 5)
    return figures


def _tells_apart(word: str) -> bool:
    return word in places() or word in states() or number_in(word) is not None


def _surety(short: str, whole: str) -> float:
    """Initials of three words and more count in full, of two by half: they fit too much."""
    return min(1.0, (len(short) - 1) / 2) if " " in whole else 0.0


def _of_acronyms(one: Mention, other: Mention, vocabulary: Vocabulary) -> dict[str, float]:
    """Whether one name is the other's initials, said by itself or only fitting."""
    for short, long in ((one.name, other.name), (other.name, one.name)):
        if not short.acronym or short.acronym not in (*long.initials, long.own_acronym):
            continue
        said = short.acronym == long.own_acronym
        return {
            "acronym": 1.0,
            "acronym_said": float(said),
            "acronym_of_many": math.log(max(1, vocabulary.shortened_to(short.acronym))),
        }
    return {}
