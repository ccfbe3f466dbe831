"""Column headings: brought to a form in which the same name is the same, currencies taken out."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from funding.imports.amounts import is_currency

_INDEX = re.compile(r"[:/.]0(?=[:/.])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_LETTERS = re.compile(r"[\W_]+")
_SYMBOLS = {"£": "GBP", "€": "EUR", "us$": "USD"}

_SPELLINGS = {
    "organisation": "org",
    "organisations": "org",
    "organization": "org",
    "organizations": "org",
    "orgs": "org",
    "program": "programme",
    "ind": "individual",
    "max": "maximum",
    "min": "minimum",
    "no": "number",
    "ref": "reference",
}


class Heading(NamedTuple):
    """A heading's words run together, and the currency it names, "" where none."""

    normal: str
    currency: str = ""


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """`Recipient Org:0:Name`, `recipient_org_name` and `recipientOrganization:0:name` alike."""
    return "".join(_words(text))


@lru_cache(maxsize=4096)
def with_currency(text: str) -> Heading:
    """The heading without the currency at its start or end: `amount_usd`, `Amount (£)`."""
    for symbol, code in _SYMBOLS.items():
        if symbol in text.lower():
            return Heading(normal(text.lower().replace(symbol, " ")), code)
    words = _words(text)
    for word, others in ((words[-1:], words[:-1]), (words[:1], words[1:])):
        if others and len(word[0]) == 3 and is_currency(word[0].upper()):
            kept = [other for other in others if other != "in"]
            return Heading("".join(kept), word[0].upper())
    return Heading("".join(words))


def _words(text: str) -> list[str]:
    text = unicodedata.normalize("NFKD", _CAMEL.sub(" ", _INDEX.sub("", text[:200]))).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    words = _NOT_LETTERS.sub(" ", text).split()
    return [_SPELLINGS.get(word, word) for word in words]
