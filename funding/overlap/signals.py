"""What speaks for and against two works being the same work, in plain words and in numbers.

`features` gives each signal's strength from 0 to 1 (the keys are those of `KEYS`, in this order);
`words_of` says it as an officer reads it. Money that is split on purpose, in stages or between
funders who agreed, speaks against.
"""

from __future__ import annotations

import re

from funding.overlap.likeness import (
    amounts_apart,
    days_shared,
    is_same_person,
    nearness,
    people_shared,
    same_wording,
    shared_numbers,
    words_alike,
)
from funding.overlap.texts import plain
from funding.overlap.works import Work

KEYS = (
    "text",
    "near_copy",
    "title",
    "wording",
    "numbers",
    "lead",
    "people",
    "mail",
    "institution",
    "budget",
    "period",
    "outputs",
    "stage",
    "stage_words",
    "follows",
    "cofunded",
    "cofunded_words",
    "complementary",
)

_STAGE = re.compile(
    r"\b(?:phase|stage|year|part|tranche|instal?lment|round|etapa|fase|etape|tranche|teil|stufe)\s"
    r"(?:\d{1,2}|i{1,3}|iv|v|one|two|three|four|second|third)\b"
    r"|\b(?:second|third|next|final|zweite|deuxieme|segunda)\s(?:phase|stage|year|fase|etape|stufe)\b"
    r"|\b(?:renewal|renewed|continuation|continues?|extension|extends?|follow on|follow up|"
    r"builds? on (?:our|the) (?:first|earlier|previous)|supplement(?:al|ary)?|top up)\b"
)
_COFUNDED = re.compile(
    r"\b(?:co fund\w*|cofund\w*|co financ\w*|cofinanc\w*|match(?:ed|ing) (?:fund\w*|grant\w*)|"
    r"jointly (?:fund\w*|paid|supported)|half of the (?:cost|budget)s?|other half|remaining half)\b"
)
_COMPLEMENTARY = re.compile(
    r"\b(?:complement\w*|in contrast|unlike (?:the|that)|coordinated with|"
    r"together with the project|sister project|companion|does not repeat|"
    r"do not repeat|not covered by)\b"
)
_NEAR_COPY = 0.6
_A_YEAR = 366
_MONTH = 30.44


def features(first: Work, second: Work, similarity: float | None) -> dict[str, float]:
    """Each signal's strength, from 0 (not there, or not known) to 1. Symmetric in the two."""
    text = similarity or 0.0
    days = days_shared(first, second)
    return {
        "text": text,
        "near_copy": max(0.0, (text - _NEAR_COPY) / (1 - _NEAR_COPY)),
        "title": words_alike(first.title, second.title),
        "wording": same_wording(first.text, second.text),
        "numbers": shared_numbers(first.words, second.words),
        "lead": float(_is_same_lead(first, second)),
        "people": people_shared(first, second),
        "mail": float(bool(_mail_domains(first) & _mail_domains(second))),
        "institution": float(is_same_institution(first, second)),
        "budget": nearness(amounts_apart(first.amount, second.amount)),
        "period": _share_of_time(first, second, days),
        "outputs": float(bool(first.outputs & second.outputs)),
        "stage": float(second.stage_of == first.id or first.stage_of == second.id),
        "stage_words": _either(_STAGE, first, second),
        "follows": float(days is not None and -_A_YEAR <= days <= 0),
        "cofunded": float(second.id in first.cofunded_with or first.id in second.cofunded_with),
        "cofunded_words": _either(_COFUNDED, first, second),
        "complementary": _either(_COMPLEMENTARY, first, second),
    }


def is_same_institution(first: Work, second: Work) -> bool:
    """By ROR where both have one, else by name."""
    if first.ror and second.ror:
        return first.ror == second.ror
    return bool(plain(first.institution)) and plain(first.institution) == plain(second.institution)


def words_of(key: str, first: Work, second: Work, strength: float) -> str:
    """A signal in plain words; `strength` as `features` gave it."""
    if key in ("text", "near_copy"):
        return f"texts {_per_cent(strength)} alike" if key == "text" else "nearly the same text"
    if key == "title":
        return "the same title" if strength > 0.95 else f"titles {_per_cent(strength)} alike"
    if key == "wording":
        return f"{_per_cent(strength)} of the shorter text word for word in the other"
    if key == "numbers":
        return f"{_per_cent(strength)} of the numbers in both texts"
    if key == "people":
        return "the whole of the smaller team" if strength == 1 else "people in both teams"
    if key == "budget":
        apart = amounts_apart(first.amount, second.amount) or 0.0
        return "the same amount" if apart < 0.0005 else f"budgets within {_per_cent(apart)}"
    if key == "period":
        months = max(1, round((days_shared(first, second) or 0) / _MONTH))
        return f"periods overlap by {months} {'month' if months == 1 else 'months'}"
    if key == "stage":
        return _stage_words(first, second)
    return _FIXED[key]


_FIXED = {
    "lead": "the same lead",
    "mail": "teams with the same mail domain",
    "institution": "the same institution",
    "outputs": "the same output",
    "stage_words": "a text speaks of a stage or a renewal",
    "follows": "one begins as the other ends",
    "cofunded": "paid for together on purpose",
    "cofunded_words": "a text speaks of shared funding",
    "complementary": "a text says that they complement each other",
}


def _stage_words(first: Work, second: Work) -> str:
    if second.stage_of == first.id:
        return "the second says that it continues the first"
    return "the first says that it continues the second"


def _per_cent(share: float) -> str:
    return f"{round(100 * share)} %"


def _is_same_lead(first: Work, second: Work) -> bool:
    return bool(first.people and second.people) and is_same_person(
        first.people[0], second.people[0]
    )


def _mail_domains(work: Work) -> set[str]:
    return {one.mail_domain for one in work.people if one.mail_domain}


def _share_of_time(first: Work, second: Work, days: int | None) -> float:
    if days is None or days <= 0:
        return 0.0
    spans = [
        (work.ends_on - work.starts_on).days
        for work in (first, second)
        if work.ends_on and work.starts_on
    ]
    return min(1.0, days / max(1, min(spans)))


def _either(pattern: re.Pattern[str], first: Work, second: Work) -> float:
    return float(any(pattern.search(plain(work.words)) for work in (first, second)))
