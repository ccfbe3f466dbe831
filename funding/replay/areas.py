"""Which area each grant belongs to: by the list's own word, by the words of the grant, or none.

A grant whose area nobody can tell is not spread over all areas, which would make every plan look
as if it covered everything: it stays in an area of its own, "AI safety as a whole", whose need is
always its share of the money, so that it is neither favoured nor starved.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from funding.imports.areas import AreaMatch, Breadth, match_area
from funding.imports.known import Known
from funding.language import said
from funding.paths import SEEDS
from funding.replay.grants import PastGrant
from funding.replay.words import areas_in

WHOLE_FIELD, OTHER_FIELDS = "whole-field", "other-fields"
NOT_STATED, OTHER_AREAS = "not-stated", "other-areas"
OPEN_AREAS = frozenset([WHOLE_FIELD, OTHER_FIELDS, NOT_STATED, OTHER_AREAS])
"""Areas that say nothing about what the work is; no need of theirs is ever more than its share."""

_NAMES = {
    WHOLE_FIELD: "AI safety as a whole (no part named)",
    OTHER_FIELDS: "Other fields",
    NOT_STATED: "No area stated",
    OTHER_AREAS: "All other areas of the list",
}
_MOST_OWN_AREAS = 14
_PURPOSE_BEGINS = 300
_HALF, _QUARTER = 0.5, 0.25

Weights = Mapping[str, float]


def area_in_words(name: str) -> str:
    """An area as a result has it: what we call it in the reader's language, a list's own as is."""
    return str(said(name)) if name in _NAMES.values() else name


@dataclass(frozen=True)
class AreaReading:
    """`weights`: for each grant, area id -> share of it, summing to 1; `names` of those areas.

    `mode` is words, file or own; `how` counts grants (and `money` their minor units) by what
    decided: file, words, whole (none named), elsewhere, own, none.
    """

    mode: str
    weights: tuple[Weights, ...]
    names: Mapping[str, str]
    how: Mapping[str, int]
    money: Mapping[str, int]


@cache
def shipped_areas() -> dict[str, str]:
    """Id -> name of the top areas that ship with the product, in their order."""
    return {area["id"]: area["name"] for area in _taxonomy()["areas"]}


@cache
def _taxonomy() -> dict[str, list[dict[str, str]]]:
    return json.loads((SEEDS / "taxonomy.json").read_text(encoding="utf-8"))


@cache
def _known() -> Known:
    """Names of our areas, those below the top ones as the top ones they belong to."""
    areas: dict[str, str] = {}
    for area in _taxonomy()["areas"]:
        for entry in (area, *area.get("children", ())):
            areas[entry["id"].casefold()] = area["id"]
            areas.setdefault(entry["name"].casefold(), area["id"])
    return Known(areas)


def read_areas(grants: Sequence[PastGrant], mode: str) -> AreaReading:
    """The areas of all grants; `mode` is auto, words, file or own (see `assumptions`)."""
    if mode == "auto":
        mode = "words" if _is_about_ai_safety(grants) else "own"
    if mode == "own":
        found = _own_areas(grants)
    else:
        found = [_our_areas(grant, with_words=mode == "words") for grant in grants]
    how: Counter[str] = Counter()
    money: Counter[str] = Counter()
    for grant, (_, decided) in zip(grants, found, strict=True):
        how[decided] += 1
        money[decided] += grant.amount
    used = {area for weights, _ in found for area in weights}
    return AreaReading(mode, tuple(weights for weights, _ in found), _names(used), how, money)


def _is_about_ai_safety(grants: Sequence[PastGrant]) -> bool:
    """Half of the grants with an area are AI safety; or, without any, a quarter by their words."""
    with_area = [grant for grant in grants if grant.area]
    if with_area:
        inside = sum(_match(grant.area).breadth is not Breadth.ELSEWHERE for grant in with_area)
        return inside >= _HALF * len(with_area)
    return sum(bool(areas_in(_text(grant))) for grant in grants) >= _QUARTER * len(grants)


def _our_areas(grant: PastGrant, *, with_words: bool) -> tuple[Weights, str]:
    match = _match(grant.area)
    if match.area is not None:
        return {match.area: 1.0}, "file"
    if grant.area and match.breadth is Breadth.ELSEWHERE:
        return {OTHER_FIELDS: 1.0}, "elsewhere"
    named = areas_in(_text(grant)) if with_words else ()
    if named:
        return dict.fromkeys(named, 1 / len(named)), "words"
    return {WHOLE_FIELD: 1.0}, "whole"


def _match(text: str) -> AreaMatch:
    """Rules for other people's paths come first: their "Security" need not be ours."""
    match = match_area(text)
    return match_area(text, _known()) if match.breadth is Breadth.ELSEWHERE else match


def _text(grant: PastGrant) -> str:
    """What a grant is for; long purposes go on with comments, which name what it is not for."""
    return " ".join((grant.title, grant.purpose[:_PURPOSE_BEGINS], grant.recipient))


def _own_areas(grants: Sequence[PastGrant]) -> list[tuple[Weights, str]]:
    """The list's own words: the first step of its path, or all of it where that is one for all."""
    first = [_step(grant.area, whole=False) for grant in grants]
    if len(set(first) - {""}) <= 1:
        first = [_step(grant.area, whole=True) for grant in grants]
    money: Counter[str] = Counter()
    for grant, area in zip(grants, first, strict=True):
        if area:
            money[area] += grant.amount
    largest = sorted(money, key=lambda area: (-money[area], area))[:_MOST_OWN_AREAS]
    return [_own_area(area, largest) for area in first]


def _own_area(area: str, largest: Sequence[str]) -> tuple[Weights, str]:
    if not area:
        return {NOT_STATED: 1.0}, "none"
    return {area if area in largest else OTHER_AREAS: 1.0}, "own"


def _step(text: str, *, whole: bool) -> str:
    part = text.split("|")[0].split(";")[0]
    return " ".join((part if whole else part.split("/")[0]).split()).strip()


def _names(used: Iterable[str]) -> dict[str, str]:
    """Names in order: ours as shipped, a list's own by name, those that say nothing last."""
    used = set(used)
    ours = [area for area in shipped_areas() if area in used]
    own = sorted(used - set(ours) - OPEN_AREAS)
    last = [area for area in _NAMES if area in used]
    return {
        area: shipped_areas().get(area) or _NAMES.get(area) or area for area in (*ours, *own, *last)
    }
