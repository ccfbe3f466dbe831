"""Small measures of two works, from 0 to 1: titles, wording, numbers, people, money, time."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from math import exp, sqrt

from funding.overlap.texts import LONGEST, plain
from funding.overlap.works import Someone, Work

_NUMBER = re.compile(r"\d{1,3}(?:[.,\u00a0\u202f ]\d{3})+(?!\d)|\d+(?:[.,]\d+)?")
_BETWEEN = re.compile(r"[.,\u00a0\u202f ](?=\d{3}(?!\d))")
_YEARS = range(1900, 2100)
_RUN = 5
_CLOSE = 0.05


def words_alike(first: str, second: str) -> float:
    """Cosine over groups of three signs of two short texts, such as titles."""
    return _cosine(_groups(plain(first), 3), _groups(plain(second), 3))


def same_wording(first: str, second: str) -> float:
    """Which part of the shorter text's runs of five words stands in the other word for word."""
    one, other = _runs(first), _runs(second)
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0


def numbers_of(text: str) -> frozenset[str]:
    """Numbers of two digits and more that are no years: '2,400', '2 400' and '2400' are one."""
    found = {_BETWEEN.sub("", number) for number in _NUMBER.findall(text[:LONGEST])}
    return frozenset(n for n in found if len(n) > 1 and not (n.isdigit() and int(n) in _YEARS))


def shared_numbers(first: str, second: str) -> float:
    """Which part of the numbers of either text stands in both; 0 where one has none."""
    one, other = numbers_of(first), numbers_of(second)
    return len(one & other) / len(one | other) if one and other else 0.0


def is_same_person(one: Someone, other: Someone) -> bool:
    """By ORCID where both have one; else by family name and a first name or initial."""
    if one.orcid and other.orcid:
        return one.orcid == other.orcid
    return _is_same_name(one.name, other.name)


def people_shared(first: Work, second: Work) -> float:
    """Which part of the smaller team is in the other."""
    if not first.people or not second.people:
        return 0.0
    small, large = sorted((first.people, second.people), key=len)
    shared = sum(1 for one in small if any(is_same_person(one, other) for other in large))
    return shared / len(small)


def amounts_apart(first: int | None, second: int | None) -> float | None:
    """By which part of the larger the smaller amount falls short; None where one is not known."""
    if not first or not second:
        return None
    return 1 - min(first, second) / max(first, second)


def days_shared(first: Work, second: Work) -> int | None:
    """Days on which both are done; negative: the days between; None where a date is missing."""
    if not (first.starts_on and first.ends_on and second.starts_on and second.ends_on):
        return None
    begin: date = max(first.starts_on, second.starts_on)
    end: date = min(first.ends_on, second.ends_on)
    return (end - begin).days


def nearness(apart: float | None) -> float:
    """1 for the same amount, about a third at a fifth apart, next to nothing at twice as much."""
    return 0.0 if apart is None else exp(-5 * apart)


def _is_same_name(one: str, other: str) -> bool:
    a, b = plain(one).split(), plain(other).split()
    if not a or not b:
        return False
    if sorted(a) == sorted(b):
        return True
    if len(a) < 2 or len(b) < 2:
        return False
    return a[-1] == b[-1] and (a[0] == b[0] or (1 in (len(a[0]), len(b[0])) and a[0][0] == b[0][0]))


def _groups(text: str, width: int) -> Counter[str]:
    text = f" {text} " if text else ""
    return Counter(text[at : at + width] for at in range(len(text) - width + 1))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = plain(text).split()
    return {tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)}


def _cosine(a: Counter[str], b: Counter[str]) -> float:
    if not a or not b:
        return 0.0
    product = sum(count * b[part] for part, count in a.items())
    return product / sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))
