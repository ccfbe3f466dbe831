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
            f"“{_short(part.name.given)}” is “{_short(whole.name.given)}” with a piece more, set "
            "off by a mark: a department, a branch or a project of it."
        ]
    figures = evidence.figures
    said = []
    if first.reference and first.reference == second.reference:
        said.append(f"Both have the number {first.reference}.")
    if said and not found.same:
        said.append("Their names have no word in common.")
    elif figures["by_rule"]:
        said.append("They differ only in capitals, accents, punctuation, “The” or a legal form.")
    elif figures["other_name_said"]:
        said.append("One says that it is also called as the other.")
    elif figures["acronym"]:
        said += _of_acronym(first, second, figures)
    else:
        said += _of_words(found, figures)
    if figures["context_shared"] == 1:
        said.append("They have a grant with the same organisation on its other side.")
    elif figures["context_shared"]:
        said.append("They have grants in the same area.")
    return said


def _short(name: str) -> str:
    return name if len(name) <= 80 else f"{name[:79]}…"


def _of_acronym(first: Mention, second: Mention, figures: Mapping[str, float]) -> list[str]:
    short, long = (first, second) if first.name.acronym else (second, first)
    if figures["acronym_said"]:
        return [f"“{_short(long.name.given)}” gives {short.name.given} as its initials."]
    others = round(math.exp(figures["acronym_of_many"])) - 1
    fits = f"“{short.name.given}” fits the initials of “{_short(long.name.given)}”"
    if others:
        names = "another name" if others == 1 else f"{others} other names"
        return [f"{fits}, and those of {names}."]
    return [f"{fits}, and of no other name here."]


def _of_words(found: Alignment, figures: Mapping[str, float]) -> list[str]:
    said = []
    if figures["all_words"]:
        order = " in another order" if found.is_reordered else ""
        little = " but for small ones" if figures["small_words"] else ""
        said.append(f"All their words are the same{order}{little}.")
    elif found.same:
        order = " (in another order)" if found.is_reordered else ""
        said.append(f"Both have {_quoted(found.same)}{order}.")
    for one, other, letters in found.misspelt:
        count = "one letter" if letters == 1 else f"{letters} letters"
        said.append(f"“{one}” and “{other}” differ in {count}.")
    said += [f"“{one}” and “{other}” differ by their ending." for one, other in found.plural]
    said += [f"“{apart}” is “{run}” written apart." for apart, run in found.joined]
    for short, whole in found.shortened:
        verb = "are the initials of" if " " in whole and len(short) > 1 else "is short for"
        said.append(f"“{short}” {verb} “{whole}”.")
    sides = [side for side in (found.first_only, found.second_only) if side]
    if len(sides) == 2:
        said.append(f"Only one says {_quoted(sides[0])}, only the other {_quoted(sides[1])}.")
    elif sides:
        said.append(f"Only one says {_quoted(sides[0])}.")
    return said


def _quoted(words: list[str]) -> str:
    return ", ".join(f"“{word}”" for word in words[:8])
