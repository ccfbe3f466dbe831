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


def kept(text: str) -> Any:
    """A sentence as it is stored: what it was made of, or its words where nothing is known."""
    return getattr(text, "kept", text)


def sentence(form: str, /, **parts: str) -> Sentence:
    """The form filled in."""
    made = Sentence(form % parts if parts else form)
    made.kept = {"form": form, "parts": {name: kept(part) for name, part in parts.items()}}
    return made


def marked(words: str) -> str:
    """Marks words that are filled in or said elsewhere, so that they are translated."""
    return words


def all_of(names: Sequence[str], at_most: int = 6) -> Sentence:
    """`a, b and c`; of more than `at_most`, the first and how many others."""
    listed = list(names)
    if len(listed) > at_most:
        more = len(listed) - at_most + 1
        listed = [*listed[: at_most - 1], sentence("%(more)s others", more=str(more))]
    made = Sentence(listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}")
    made.kept = {"all": [kept(name) for name in listed]}
    return made


def each_of(parts: Sequence[str], sign: str = ",") -> Sentence:
    """The parts one after the other, with a comma or semicolon between them."""
    made = Sentence(f"{sign} ".join(parts))
    made.kept = {"each": [kept(part) for part in parts], "sign": sign}
    return made


def percent(share: float, decimals: int = 0) -> Sentence:
    """A share in per cent."""
    made = Sentence(f"{share:.{decimals}%}")
    made.kept = {"share": share, "decimals": decimals}
    return made


def whole(clause: str) -> Sentence:
    """A clause as a sentence by itself: a capital first, a full stop last."""
    made = Sentence(f"{clause[:1].upper()}{clause[1:]}.")
    made.kept = {"whole": kept(clause)}
    return made


def lines_of(sentences: Sequence[str]) -> Sentence:
    """One sentence a line; an empty one is an empty line."""
    made = Sentence("\n".join(sentences))
    made.kept = {"lines": [kept(one) for one in sentences]}
    return made
