"""Names of organisations and people: when two spellings are one by rule, and a name taken apart.

`same_name` merges by rules that can be said in a sentence, never by likeness. `read_name` takes a
name apart into what `funding.overlap.name_pairs` compares.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from anyascii import anyascii

from funding.overlap.name_words import (
    BRITISH,
    FORMS_OF_SEVERAL_WORDS,
    LEGAL_FORMS,
    ONE_WORD,
    SMALL_WORDS,
    number_in,
)

RULE = (
    "Two spellings are taken for one name where they differ only in capitals, accents, "
    "punctuation, “and” for “&”, British or American spelling, a leading “The”, the name's own "
    "initials in brackets, or a legal form such as Inc, Ltd or GmbH."
)

LONGEST = 400
"""Characters of a name that are taken apart; of longer ones only the rule is asked."""

_CAPITALS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NOT_LETTERS = re.compile(r"[\W_]+")
_RULE_SMALL_WORDS = frozenset(["and", "at", "for", "in", "of", "on", "the", "to"])
_RULE_SPELLINGS = {
    word: ONE_WORD[word]
    for word in (
        "centre",
        "centres",
        "organisation",
        "organisations",
        "programme",
        "programmes",
        "defence",
        "labour",
    )
}
_RULE_LEGAL_FORMS = frozenset(
    ["inc", "incorporated", "ltd", "limited", "llc", "plc", "gmbh", "ev", "co", "corp", "bv", "cic"]
)


@lru_cache(maxsize=65_536)
def same_name(name: str) -> str:
    """What is left of a name when RULE is applied; equal for names that are one."""
    text = unicodedata.normalize("NFKD", _without_initials(name)).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = text.replace("&", " and ").replace("'", "").replace("’", "")
    words = [_RULE_SPELLINGS.get(word, word) for word in _NOT_LETTERS.sub(" ", text).split()]
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    while len(words) > 1 and words[-1] in _RULE_LEGAL_FORMS:
        words = words[:-1]
    return " ".join(words) or name


def _without_initials(name: str) -> str:
    """The name without its own initials in brackets; other brackets may tell two names apart."""
    head, bracket, inside = name.rstrip().rpartition("(")
    inside = inside.removesuffix(")")
    if not bracket or not name.rstrip().endswith(")") or not head.strip():
        return name
    if not (2 <= len(inside) <= 10 and _CAPITALS.issuperset(inside)):
        return name
    words = re.findall(r"\w+", head)
    initials = "".join(word[0] for word in words).upper()
    great = [word for word in words if word.lower() not in _RULE_SMALL_WORDS]
    of_great = "".join(word[0] for word in great).upper()
    return head.rstrip() if inside in (initials, of_great) else name


# -- a name taken apart -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is compared.

    | field | meaning |
    |---|---|
    | given | as it was given |
    | key | `same_name` |
    | words | in order, in Latin letters, without small words, legal form and governing body |
    | british | its words that are spelt in the British way |
    | small | the small words but 'the': some names differ in no other |
    | forms | its legal form's words |
    | parts | `words`, in the pieces that commas, dashes, colons, slashes and brackets make |
    | others | other names that it says it has (`formerly ...`, `doing business as ...`), as keys |
    | numbers | the numbers in it, however written |
    | initials | what it could be shortened to, in lower case |
    | acronym | where all of it could be one: itself, in lower case; else "" |
    | own_acronym | initials that it gives of itself in brackets, else "" |
    """

    given: str
    key: str
    words: tuple[str, ...] = ()
    british: frozenset[str] = frozenset()
    small: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    parts: tuple[tuple[str, ...], ...] = ()
    others: tuple[str, ...] = ()
    numbers: frozenset[str] = frozenset()
    initials: frozenset[str] = frozenset()
    acronym: str = ""
    own_acronym: str = ""

    @property
    def run(self) -> str:
        """The words without what separates them."""
        return "".join(self.words)


_OTHERWISE = re.compile(
    r"[\s,;(]+(?:formerly(?: known as)?|previously|changed its name to|f/?k/?a|also known as"
    r"|a/?k/?a|doing business as|d/?b/?a)"
    r"[\s:.]+",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"\s*(?:the\s+)?(?:board of (?:trustees|regents)|trustees|regents|curators"
    r"|president (?:and|&) fellows|rectors? (?:and|&) visitors"
    r"|chancellor,? masters,? (?:and|&) scholars)\s+of\s+(?=\w)",
    re.IGNORECASE,
)
"""How the body that holds an institution is called in law: for a grant, the institution."""
_POINTS = re.compile(r"\b(?:\w\.){2,}")
_PIECES = re.compile(r"[,;:/|()\[\]]|\s[-‐-―]+\s|\w[-‐-―]+\s(?=\w)")
_BRACKETED_CAPITALS = re.compile(r"\(([A-Z][A-Za-z&]{1,9})\)")


@lru_cache(maxsize=65_536)
def read_name(given: str) -> Name:
    """Take a name apart."""
    key = same_name(given)
    if len(given) > LONGEST:
        return Name(given, key)
    text, *others = _OTHERWISE.split(given)
    text, own_acronym = _without_own_acronym(text)
    parts, small, forms = _parts_of(text)
    words = tuple(word for part in parts for word in part)
    return Name(
        given,
        key,
        words=words,
        british=frozenset(BRITISH).intersection(re.findall(r"\w+", text.casefold())),
        small=small,
        forms=forms,
        parts=parts,
        others=tuple(same_name(other.strip(" )")) for other in others if other.strip(" )")),
        numbers=frozenset(number for word in words if (number := number_in(word))),
        initials=_initials(text),
        acronym=_acronym(text),
        own_acronym=own_acronym,
    )


def _without_own_acronym(text: str) -> tuple[str, str]:
    """The name without initials of its own in brackets, wherever they stand, and the initials."""
    for match in _BRACKETED_CAPITALS.finditer(text):
        rest = f"{text[: match.start()]} {text[match.end() :]}"
        if match[1].lower() in _initials(rest):
            return rest, match[1].lower()
    return text, ""


def _parts_of(
    text: str,
) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...], tuple[str, ...]]:
    """The words of each piece of a name, its small words, and the words of its legal form."""
    small: list[str] = []
    forms: list[str] = []
    parts = []
    for piece in _pieces(_without_body(text)):
        words, form = _without_form(_words_of(piece), is_alone=not parts)
        forms += form
        great = [word for word in words if word not in SMALL_WORDS]
        if great or (words and not parts):
            small += [word for word in words if great and word in SMALL_WORDS and word != "the"]
            parts.append(tuple(great or words))
    return tuple(parts), tuple(sorted(small)), tuple(forms)


def _pieces(text: str) -> list[str]:
    cut, start = [], 0
    for match in _PIECES.finditer(text):
        # a dash that clings to the word before it belongs to the cut, that word's last letter not
        end = match.start() + (1 if match[0][0].isalnum() or match[0][0] == "_" else 0)
        cut.append(text[start:end])
        start = match.end()
    return [*cut, text[start:]]


def _words_of(text: str) -> list[str]:
    text = _POINTS.sub(lambda match: match[0].replace(".", ""), unescape(text))
    text = anyascii(text).casefold() if not text.isascii() else text.casefold()
    text = text.replace("&", " and ").replace("+", " and ").replace("'", "").replace("`", "")
    words = [ONE_WORD.get(word, word) for word in _NOT_LETTERS.sub(" ", text).split()]
    if len(words) > 1 and words[-1] == "saint" and text.rstrip(" .").endswith("st"):
        words[-1] = "street"
    return words


def _without_form(words: list[str], *, is_alone: bool) -> tuple[list[str], list[str]]:
    """The words before the legal form at the end, and the form; something always stays of a name
    that is alone."""
    form: list[str] = []
    least = 1 if is_alone else 0
    while len(words) > least:
        several = next((f for f in FORMS_OF_SEVERAL_WORDS if tuple(words[-len(f) :]) == f), None)
        if several is not None and len(words) - len(several) >= least:
            form.insert(0, "".join(several))
            words = words[: -len(several)]
        elif words[-1] in LEGAL_FORMS:
            form.insert(0, words[-1])
            words = words[:-1]
        else:
            break
    return words, form


def _without_body(text: str) -> str:
    """The institution where the name is that of the body that holds it in law."""
    match = _BODY.match(text)
    return text[match.end() :] if match else text


def _initials(text: str) -> frozenset[str]:
    """What a name could be shortened to: by all of its words, or by those that are not small."""
    words = re.findall(r"\w+", anyascii(text.replace("&", " and ").replace("’", "")).lower())
    great = [word for word in words if word not in SMALL_WORDS]
    bare = [word for word in great if word not in LEGAL_FORMS]
    of_the_name = [word for word in words if word not in LEGAL_FORMS]
    found = {"".join(word[0] for word in chosen) for chosen in (words, of_the_name, great, bare)}
    return frozenset(initials for initials in found if 2 <= len(initials) <= 8)


def _acronym(text: str) -> str:
    """The name in lower case where all of it could be an acronym (`MIRI`, `Y.M.C.A.`), else ""."""
    letters = text.strip().replace(".", "")
    if 2 <= len(letters) <= 8 and letters.isalpha() and sum(map(str.isupper, letters)) >= 2:
        return letters.lower()
    return ""
