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
from funding.overlap.texts import WITHOUT_SPACES, plain
from funding.overlap.works import Work
from funding.sayings import counted, sentence, share

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
    "apart",
    "cofunded",
    "cofunded_words",
    "complementary",
)

BESIDE = frozenset({"lead", "people", "mail", "institution", "budget", "period"})
"""Signals of what stands beside the texts."""

AGAINST = frozenset(
    {"stage", "stage_words", "follows", "apart", "cofunded", "cofunded_words", "complementary"}
)
"""Signals that speak against the same work being paid twice; all others speak for it."""

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
# likeness that any two works of a field have; that says much; from which on it is nearly a copy
_TEXT = {"characters": (0.05, 0.35, 0.6), "sentences": (0.35, 0.8, 0.85)}
_SIGN_WORDS = re.compile(f"[{WITHOUT_SPACES}]")
_ENOUGH = 400
_OPENING = 300
_A_YEAR = 366
_MONTH = 30.44


def features(first: Work, second: Work, similarity: float | None, method: str) -> dict[str, float]:
    """Each signal's strength, from 0 (not there, or not known) to 1. Symmetric in the two.

    What stands beside the text (people, money, time) counts only as far as titles, texts or
    their numbers are alike: two works are not the same work because they cost the same.
    """
    text = similarity or 0.0
    none, much, copy = _TEXT[method]
    days = days_shared(first, second)
    words = {
        "text": _weight_of(first, second) * min(1.0, max(0.0, (text - none) / (much - none))),
        "near_copy": max(0.0, (text - copy) / (1 - copy)),
        "title": words_alike(first.title, second.title),
        "wording": same_wording(first.text, second.text),
        "numbers": shared_numbers(first.words, second.words),
    }
    beside = {
        "lead": float(_is_same_lead(first, second)),
        "people": people_shared(first, second),
        "mail": float(bool(_mail_domains(first) & _mail_domains(second))),
        "institution": float(is_same_institution(first, second)),
        "budget": nearness(amounts_apart(first.amount, second.amount)),
        "period": _share_of_time(first, second, days),
    }
    alike = max(words["text"], words["title"] ** 2, words["numbers"])
    return {
        **words,
        **{key: alike * strength for key, strength in beside.items()},
        "outputs": float(bool(first.outputs & second.outputs)),
        "stage": float(second.stage_of == first.id or first.stage_of == second.id),
        "stage_words": _in_one(_STAGE, first, second, _OPENING),
        "follows": float(days is not None and -_A_YEAR <= days <= 0),
        "apart": _apart(first, second),
        "cofunded": float(second.id in first.cofunded_with or first.id in second.cofunded_with),
        "cofunded_words": _in_one(_COFUNDED, first, second),
        "complementary": _in_one(_COMPLEMENTARY, first, second),
    }


def is_same_institution(first: Work, second: Work) -> bool:
    """By ROR where both have one, else by name."""
    if first.ror and second.ror:
        return first.ror == second.ror
    return bool(plain(first.institution)) and plain(first.institution) == plain(second.institution)


def words_of(key: str, first: Work, second: Work, strength: float, similarity: float | None) -> str:
    """A signal in plain words; `strength` as `features` gave it."""
    if key == "text":
        return sentence("texts %(share)s alike", share=share(similarity or 0.0))
    if key == "title":
        if strength > 0.95:
            return "the same title"
        return sentence("titles %(share)s alike", share=share(strength))
    if key == "wording":
        return sentence(
            "%(share)s of the shorter text word for word in the other", share=share(strength)
        )
    if key == "numbers":
        return sentence("%(share)s of the numbers in both texts", share=share(strength))
    if key == "people":
        is_whole = people_shared(first, second) == 1
        return "the whole of the smaller team" if is_whole else "people in both teams"
    if key == "budget":
        apart = amounts_apart(first.amount, second.amount) or 0.0
        if apart < 0.0005:
            return "the same amount"
        return sentence("budgets within %(share)s", share=share(max(0.01, apart)))
    if key == "period":
        months = max(1, round((days_shared(first, second) or 0) / _MONTH))
        return counted(
            "periods overlap by %(num)s month", "periods overlap by %(num)s months", months
        )
    if key == "stage":
        return _stage_words(first, second)
    return _FIXED[key]


_FIXED = {
    "near_copy": "nearly the same text",
    "lead": "the same lead",
    "mail": "teams with the same mail domain",
    "institution": "the same institution",
    "outputs": "the same output",
    "stage_words": "a text speaks of a stage or a renewal",
    "apart": "they begin in different years",
    "follows": "one begins as the other ends",
    "cofunded": "paid for together on purpose",
    "cofunded_words": "a text speaks of shared funding",
    "complementary": "a text says that they complement each other",
}


def _stage_words(first: Work, second: Work) -> str:
    if second.stage_of == first.id:
        return "the second says that it continues the first"
    return "the first says that it continues the second"


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


def _weight_of(first: Work, second: Work) -> float:
    """Half to 1: a line or two is soon like any other of its field, so it tells less."""
    shorter = min(_signs(plain(first.words)), _signs(plain(second.words)))
    return 0.5 + 0.5 * min(1.0, shorter / _ENOUGH)


def _signs(text: str) -> int:
    """Length, where a sign that is a word or half of one counts as three."""
    return len(text) + 2 * len(_SIGN_WORDS.findall(text))


def _apart(first: Work, second: Work) -> float:
    """0 up to nine months between the two beginnings, 1 from twenty-one on."""
    if first.starts_on is None or second.starts_on is None:
        return 0.0
    days = abs((first.starts_on - second.starts_on).days)
    return min(1.0, max(0.0, (days - 274) / 365))


def _in_one(pattern: re.Pattern[str], first: Work, second: Work, signs: int | None = None) -> float:
    """Whether one says it and the other not; what both say tells nothing of the two.

    `signs`: how far into title and text it counts. What continues another grant says so at once;
    "in the second year" further down is a plan of the same work.
    """
    said = [
        {match[0] for match in pattern.finditer(plain(work.words)[:signs])}
        for work in (first, second)
    ]
    return float(said[0] != said[1])
