"""What is said of two works or names, with what it was made of, so that it can be said again in
another language.

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


def sentence(form: str, **parts: str) -> Saying:
    """The form filled in."""
    made = Saying(form % parts if parts else form)
    made.kept = {"form": form, "parts": _parts(parts)} if parts else form
    return made


def counted(one: str, many: str, number: int, **parts: str) -> Saying:
    """One of the two forms by the number, which is `%(num)s` in them; a language may have more."""
    made = Saying((one if number == 1 else many) % {"num": number, **parts})
    made.kept = {"one": one, "many": many, "number": number, "parts": _parts(parts)}
    return made


def share(of_one: float) -> Saying:
    """In whole percents; `of_one` from 0 to 1."""
    percents = round(100 * of_one)
    made = Saying(f"{percents}%")
    made.kept = {"share": percents / 100}
    return made


def quoted(*words: str) -> Saying:
    """Words of others one after the other, each within its quotation marks."""
    made = Saying(", ".join(f"“{word}”" for word in words))
    made.kept = {"each": [f"“{word}”" for word in words], "sign": ","}
    return made


def _parts(parts: dict[str, str]) -> dict[str, Any]:
    return {name: kept(part) for name, part in parts.items()}
