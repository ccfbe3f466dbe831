"""Sentences that remember how they were made, so that they can be made again in other languages.

Each is its English words. What else it knows is in `kept`, as JSON has it: the form with
`%(name)s` for what fills it in, and the parts: text, other sentences and lists, each as kept. A
name or an amount that `name` and `money` of a caller answer may have a `kept` of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Sentence(str):
    """English words with what they were made of."""

    kept: Any


def made_of(words: str, parts: Any) -> Sentence:
    """English words that know what they were made of."""
    made = Sentence(words)
    made.kept = parts
    return made


def kept(text: str) -> Any:
    """A sentence as it is stored: what it was made of, or its words where nothing is known."""
    return getattr(text, "kept", text)


def sentence(form: str, /, **parts: str) -> Sentence:
    """The form filled in."""
    words = form % parts if parts else form
    return made_of(words, {"form": form, "parts": {n: kept(part) for n, part in parts.items()}})


def marked(words: str) -> str:
    """Marks words that are filled in or said elsewhere, so that they are translated."""
    return words


def all_of(names: Sequence[str], at_most: int = 6) -> Sentence:
    """`a, b and c`; of more than `at_most`, the first and how many others."""
    listed = list(names)
    if len(listed) > at_most:
        more = len(listed) - at_most + 1
        listed = [*listed[: at_most - 1], sentence("%(more)s others", more=str(more))]
    words = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
    return made_of(words, {"all": [kept(name) for name in listed]})


def each_of(parts: Sequence[str], sign: str = ",") -> Sentence:
    """The parts one after the other, with a comma or semicolon between them."""
    return made_of(f"{sign} ".join(parts), {"each": [kept(part) for part in parts], "sign": sign})


def percent(share: float, decimals: int = 0) -> Sentence:
    """A share in per cent."""
    return made_of(f"{share:.{decimals}%}", {"share": share, "decimals": decimals})


def whole(clause: str) -> Sentence:
    """A clause as a sentence by itself: a capital first, a full stop last."""
    return made_of(f"{clause[:1].upper()}{clause[1:]}.", {"whole": kept(clause)})


def lines_of(sentences: Sequence[str]) -> Sentence:
    """One sentence a line; an empty one is an empty line."""
    return made_of("\n".join(sentences), {"lines": [kept(one) for one in sentences]})
