"""The language that words, numbers and dates are written in now, and the words themselves.

Sentences stand in the code in English and are looked up in the catalogues of `translations/`
(gettext's `.po` files and what is compiled of them). Which language holds is a context variable:
a request sets it for its reader, a worker for whoever asked for the work; elsewhere it is English.
A sentence without a translation stays English.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial, wraps
from typing import Any, ParamSpec, TypeVar, overload

from babel import Locale
from babel.support import LazyProxy, NullTranslations, Translations

from funding.paths import TRANSLATIONS
from optimizer.sentences import made_of

P = ParamSpec("P")
T = TypeVar("T")

DOMAIN = "messages"
FIRST_STRONG_ISOLATE = "\N{FIRST STRONG ISOLATE}"
END_OF_ISOLATE = "\N{POP DIRECTIONAL ISOLATE}"


@dataclass(frozen=True)
class Language:
    """A language of the site: its BCP 47 tag, its own name, Babel's locale for its formats."""

    tag: str
    name: str
    locale: Locale

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, as HTML writes it."""
        return self.locale.text_direction


ENGLISH = Language("en", "English", Locale("en", "GB"))
LANGUAGES = {
    language.tag: language
    for language in (
        ENGLISH,
        Language("fr", "Français", Locale("fr")),
        Language("es", "Español", Locale("es")),
        Language("ar", "العربية", Locale("ar")),
    )
}
"""The languages of the site, in the order offered."""

_current: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def current() -> Language:
    """The language that holds now."""
    return _current.get()


def set_language(tag: str) -> None:
    """Have this thread or task write in a language from now on; an unknown tag means English."""
    _current.set(LANGUAGES.get(tag, ENGLISH))


@contextmanager
def using(tag: str) -> Iterator[None]:
    """Write in a language for as long as the block runs."""
    before = _current.set(LANGUAGES.get(tag, ENGLISH))
    try:
        yield
    finally:
        _current.reset(before)


class Translated(str):
    """What is written for a person in another language than English; a record says it in English.

    `again`: writes the same once more, in the language that then holds.
    """

    again: Callable[[], str]

    @property
    def english(self) -> str:
        with using(ENGLISH.tag):
            return self.again()


_keeps: ContextVar[bool] = ContextVar("keeps", default=False)


@contextmanager
def keeping() -> Iterator[None]:
    """What is written as long as the block runs is English and knows what it was made of, whoever
    asked for it: for words that are stored and told later to readers of every language."""
    before = _keeps.set(True)
    try:
        with using(ENGLISH.tag):
            yield
    finally:
        _keeps.reset(before)


def _kept_as(text: str, form: str, values: dict[str, object]) -> str:
    if not _keeps.get():
        return text
    return made_of(
        text, {"form": form, "parts": {name: _part(value) for name, value in values.items()}}
    )


def _kept_format(text: str, format_: str, of: tuple[object, ...]) -> str:
    """A value in words, with what `funding.formatting` made it of where JSON has that."""
    if not _keeps.get() or not all(isinstance(value, int | str) for value in of):
        return text
    return made_of(text, {"format": format_, "of": [*of]})


def _part(value: object) -> Any:
    """A value of a sentence as it is kept: a word of ours is looked up later, others are not."""
    if hasattr(value, "kept"):
        return value.kept
    return value if isinstance(value, str) and value[:1].islower() else {"as_written": str(value)}


def in_english(text: object) -> str:
    """What was written for a person, as a record says it."""
    return text.english if isinstance(text, Translated) else str(text)


def translated(write: Callable[P, str]) -> Callable[P, str]:
    """For what writes a value as its language does: its words can be said in English too."""

    @wraps(write)
    def written(*args: P.args, **kwargs: P.kwargs) -> str:
        text = write(*args, **kwargs)
        if current() is ENGLISH:
            return text if kwargs else _kept_format(text, write.__name__, args)
        return _to_be_said_again(text, write, *args, **kwargs)

    return written


def _to_be_said_again(text: str, write: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> str:
    made = Translated(text)
    made.again = partial(write, *args, **kwargs)
    return made


@cache
def _catalogue(tag: str) -> NullTranslations:
    if tag == ENGLISH.tag:
        return NullTranslations()
    return Translations.load(str(TRANSLATIONS), [tag], DOMAIN)


def gettext(message: str, **values: object) -> str:
    """The sentence in the current language, its `%(name)s` filled in from `values`.

    A value that begins with a small letter is a word of ours, such as a state, and is looked up
    too; names and what people wrote are not.
    """
    sentence = _catalogue(current().tag).ugettext(message)
    text = sentence % _filled_in(values) if values else sentence
    if current() is ENGLISH:
        return _kept_as(text, message, values)
    return _to_be_said_again(text, _in_english, message, values)


def _in_english(sentence: str, values: dict[str, object]) -> str:
    if not values:
        return sentence
    return sentence % {
        name: in_english(value) if isinstance(value, str) else value
        for name, value in values.items()
    }


class AsWritten(str):
    """What somebody wrote, such as a name: never looked up, whatever letter it begins with."""


def _filled_in(values: dict[str, object]) -> dict[str, object]:
    return kept_apart(
        {name: said(value) if _is_of_ours(value) else value for name, value in values.items()}
    )


def _is_of_ours(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, AsWritten) and value[:1].islower()


def kept_apart(values: dict[str, object]) -> dict[str, object]:
    """The parts of a sentence, each `isolated`; a part named `url` or `..._url` is an address that
    a link leads to, and `link` one that a mail shows: they stay as they are."""
    return {
        name: value if name.endswith(("url", "link")) else isolated(value)
        for name, value in values.items()
    }


@overload
def isolated(part: str) -> str: ...
@overload
def isolated(part: object) -> object: ...
def isolated(part: object) -> object:
    """A part of a sentence, between Unicode's isolates if letters in it run against the sentence.

    Without them a Latin name among Arabic words takes the numbers and commas beside it along, and
    they are read in the wrong order (UAX #9, 2.7 and 3.1.2).
    """
    is_from_the_right = current().direction == "rtl"
    if not isinstance(part, str) or (part.isascii() and not is_from_the_right):
        return part
    if not _has_letters(part, ("L",) if is_from_the_right else ("R", "AL")):
        return part
    return part.join((FIRST_STRONG_ISOLATE, END_OF_ISOLATE))  # markup stays markup


def _has_letters(text: str, directions: tuple[str, ...]) -> bool:
    """Whether letters of these directions (Unicode's classes) stand in it, not in an isolate."""
    depth = 0
    for sign in text:
        match unicodedata.bidirectional(sign):
            case "FSI" | "LRI" | "RLI":
                depth += 1
            case "PDI":
                depth -= 1
            case direction if not depth and direction in directions and sign.isalpha():
                return True
    return False


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The sentence for so many; `%(num)s` is the number unless `values` has its own."""
    sentence = _catalogue(current().tag).ungettext(one, many, number)
    values = {"num": number, **values}
    text = sentence % _filled_in(values)
    if current() is ENGLISH:
        return text
    return _to_be_said_again(text, _in_english, one if number == 1 else many, values)


def said(text: object) -> object:
    """A sentence as it was made elsewhere, in the current language; what no catalogue knows, such
    as names, numbers and what somebody wrote, stays as it is. Markup is left alone."""
    if not isinstance(text, str | LazyProxy) or hasattr(text, "__html__"):
        return text
    return _catalogue(current().tag).ugettext(str(text)) if text else text


def lazy(message: str) -> str:
    """A sentence of a module's constants: looked up each time it is written, not when imported."""
    proxy: str = LazyProxy(gettext, message, enable_cache=False)  # type: ignore[assignment]
    return proxy


def capital(word: str) -> str:
    """A word of ours, such as a state, where a line begins with it: looked up, with a capital."""
    known = str(said(word))
    return known[:1].upper() + known[1:]


def lazy_capital(word: str) -> str:
    """`capital` for a module's constants."""
    proxy: str = LazyProxy(capital, word, enable_cache=False)  # type: ignore[assignment]
    return proxy
