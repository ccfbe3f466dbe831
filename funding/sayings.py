"""What is said with what it was made of, so that it can be stored and said in other languages.

Each is its English words. Beside them it keeps, as JSON has it, its form and its parts, as the
sentences of the optimizer do (`optimizer/sentences.py`); `funding.services.run_words.told` says
it. Nothing in here knows the languages of the site.
"""

from __future__ import annotations

from typing import Any


class Saying(str):
    """English words with what they were made of."""

    kept: Any


def kept(text: str) -> Any:
    """A saying as it is stored: what it was made of, or its words where nothing is known."""
    return getattr(text, "kept", text)


def sentence(form: str, /, **parts: str) -> Saying:
    """The form filled in; without parts the form itself, for a table of forms."""
    if not parts:
        return _kept_as(form, form)
    return _kept_as(form % parts, {"form": form, "parts": _parts(parts)})


def counted(one: str, many: str, number: int, /, **parts: str) -> Saying:
    """One of the two forms by the number, which is `%(num)s` in them; a language may have more.

    No part is called `one`, `many` or `number`: gettext's own arguments are.
    """
    words = (one if number == 1 else many) % {"num": f"{number:,}", **parts}
    return _kept_as(words, {"one": one, "many": many, "number": number, "parts": _parts(parts)})


def share(of_one: float) -> Saying:
    """In whole percents; `of_one` from 0 to 1."""
    percents = round(100 * of_one)
    return _kept_as(f"{percents}%", {"share": percents / 100})


def number(of: int) -> Saying:
    return _kept_as(f"{of:,}", {"digits": of})


def as_written(text: str) -> Saying:
    """What somebody wrote, such as a name: never looked up."""
    return _kept_as(text, {"as_written": text})


def quoted(*words: str) -> Saying:
    """Words of others one after the other, each within its quotation marks."""
    return one_by_one(*(f"“{word}”" for word in words))


def one_by_one(*texts: str) -> Saying:
    """What others wrote, one after the other with commas between."""
    return _kept_as(", ".join(texts), {"each": [kept(as_written(t)) for t in texts], "sign": ","})


def _kept_as(words: str, made_of: Any) -> Saying:
    made = Saying(words)
    made.kept = made_of
    return made


def _parts(parts: dict[str, str]) -> dict[str, Any]:
    return {name: kept(part) for name, part in parts.items()}
