"""How probable it is that two names are one: a logistic of their evidence, and why, in words.

The weights are fitted to pairs that people judged (`bench/overlap/name_pairs.csv`, the rows of
part `train`); `python -m bench.overlap_names --fit` reckons them anew, and prints how well they
foretell the rows that were kept apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from funding.overlap.name_evidence import Evidence
from funding.overlap.name_pairs import Alignment, Mention
from funding.sayings import Sentence, as_written, counted, quoted, sentence

INTERCEPT = -2.98
WEIGHTS: Mapping[str, float] = {
    "by_rule": 1.43,
    "all_words": 2.86,
    "small_words": -0.7,
    "reordered": -3.31,
    "plural": -0.69,
    "misspelt": 0.5,
    "misspelt_share": -0.7,
    "misspelt_known": 0.26,
    "misspelt_common": 1.21,
    "joined": 2.15,
    "initials": 5.26,
    "beginnings": 0.54,
    "extra_one_side": -0.89,
    "extra_both_sides": -1.95,
    "extra_kind": -1.69,
    "extra_place_or_number": -1.19,
    "weight_shared": 2.59,
    "context_shared": 0.08,
    "acronym": 4.1,
    "acronym_said": 0.61,
    "acronym_in_context": 1.17,
    "acronym_of_many": -1.93,
    "other_name_said": 3.72,
}
SAME_NUMBER = 0.995
"""Both have one number of a register, and their names are somewhat alike."""
ONLY_SAME_NUMBER = 0.6
"""One number, but names that have nothing in common: published files hold wrong numbers (of 16
such pairs in one of them, ten were one body)."""
PART = 0.78
"""One name is the other with a piece set off: the share of right ones among those judged."""

_MOST_WORDS = 8
"""Words of a name that a reason repeats."""


def chance(evidence: Evidence) -> float:
    """The probability that the two are one, from 0 to 1; 0 where something forbids it."""
    if evidence.against:
        return 0.0
    total = INTERCEPT + sum(weight * evidence.figures[name] for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-total))


def reasons(
    first: Mention, second: Mention, evidence: Evidence, found: Alignment, *, relation: str
) -> list[str]:
    """What speaks for it and against it, a sentence each, the weightiest first."""
    if relation != "same":
        part, whole = (first, second) if relation == "part" else (second, first)
        return [
            sentence(
                "%(part)s is %(whole)s with a piece more, set off by a mark: a department, a "
                "branch or a project of it.",
                part=_named(part),
                whole=_named(whole),
            )
        ]
    figures = evidence.figures
    said: list[str] = []
    if first.reference and first.reference == second.reference:
        said.append(
            sentence("Both have the number %(reference)s.", reference=as_written(first.reference))
        )
    if said and not found.same:
        said.append("Their names have no word in common.")
    elif figures["by_rule"]:
        said.append("They differ only in capitals, accents, punctuation, “The” or a legal form.")
    elif figures["other_name_said"]:
        said.append("One says that it is also called as the other.")
    elif figures["acronym"]:
        said.append(_of_acronym(first, second, figures))
    else:
        said += _of_words(found, figures)
    if figures["context_shared"] == 1:
        said.append("They have a grant with the same organisation on its other side.")
    elif figures["context_shared"]:
        said.append("They have grants in the same area.")
    return said


def _named(mention: Mention) -> Sentence:
    name = mention.name.given
    return quoted(name if len(name) <= 80 else f"{name[:79]}…")


def _of_acronym(first: Mention, second: Mention, figures: Mapping[str, float]) -> str:
    short, long = (first, second) if first.name.acronym else (second, first)
    names = {"short": _named(short), "long": _named(long)}
    if figures["acronym_said"]:
        return sentence("%(long)s gives %(short)s as its initials.", **names)
    others = round(math.exp(figures["acronym_of_many"])) - 1
    if others:
        return counted(
            "%(short)s fits the initials of %(long)s, and those of another name.",
            "%(short)s fits the initials of %(long)s, and those of %(num)s other names.",
            others,
            **names,
        )
    return sentence("%(short)s fits the initials of %(long)s, and of no other name here.", **names)


def _of_words(found: Alignment, figures: Mapping[str, float]) -> list[str]:
    said: list[str] = []
    if figures["all_words"]:
        said.append(_SAME_WORDS[found.is_reordered, bool(figures["small_words"])])
    elif found.same:
        words = _some(found.same)
        said.append(
            sentence("Both have %(words)s (in another order).", words=words)
            if found.is_reordered
            else sentence("Both have %(words)s.", words=words)
        )
    for one, other, letters in found.misspelt:
        said.append(
            counted(
                "%(first)s and %(second)s differ in one letter.",
                "%(first)s and %(second)s differ in %(num)s letters.",
                letters,
                first=quoted(one),
                second=quoted(other),
            )
        )
    said += [
        sentence(
            "%(first)s and %(second)s differ by their ending.",
            first=quoted(one),
            second=quoted(other),
        )
        for one, other in found.plural
    ]
    said += [
        sentence("%(apart)s is %(run)s written apart.", apart=quoted(apart), run=quoted(run))
        for apart, run in found.joined
    ]
    said += [_shortened(short, whole) for short, whole in found.shortened]
    sides = [_some(side) for side in (found.first_only, found.second_only) if side]
    if len(sides) == 2:
        said.append(
            sentence(
                "Only one says %(first)s, only the other %(second)s.",
                first=sides[0],
                second=sides[1],
            )
        )
    elif sides:
        said.append(sentence("Only one says %(words)s.", words=sides[0]))
    return said


_SAME_WORDS = {
    (False, False): "All their words are the same.",
    (True, False): "All their words are the same, in another order.",
    (False, True): "All their words are the same but for small ones.",
    (True, True): "All their words are the same but for small ones, in another order.",
}
"""By whether they stand in another order, and whether small words differ."""


def _shortened(short: str, whole: str) -> Sentence:
    parts = {"short": quoted(short), "whole": quoted(whole)}
    if " " in whole and len(short) > 1:
        return sentence("%(short)s are the initials of %(whole)s.", **parts)
    return sentence("%(short)s is short for %(whole)s.", **parts)


def _some(words: list[str]) -> Sentence:
    return quoted(*words[:_MOST_WORDS])
