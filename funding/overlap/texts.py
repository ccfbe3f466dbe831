"""Text as the methods read it: one spelling of a character, no markup, nothing that breaks.

Whatever comes in (HTML, direction marks, half a surrogate pair, a megabyte) leaves as words in
lower case with single spaces; text that has no words leaves empty.
"""

from __future__ import annotations

import html
import re
import unicodedata

LONGEST = 60_000
"""Most characters of one text that are compared; what comes after is not read."""

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>|<!--.{0,2000}?-->", re.DOTALL)
# accents of European letters, Hebrew points, Arabic vowel signs and the stroke that only stretches
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u0640\u064b-\u065f\u0670]"
)
_NO_WORD = re.compile(r"[^\w]+|_+")
# between two of these scripts' signs there is no space to tell where a word ends
WITHOUT_SPACES = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
)


def readable(text: str) -> str:
    """The text as a person reads it: markup, control and direction marks and halves taken away."""
    text = html.unescape(_TAG.sub(" ", text[: 4 * LONGEST]))[: 2 * LONGEST]
    return "".join(
        sign
        if (kind := unicodedata.category(sign)) not in ("Cc", "Cf", "Cs", "Co", "Cn")
        else (" " if kind == "Cc" else "")
        for sign in text
    )


def plain(text: str) -> str:
    """Words in lower case, compatible forms and accents made one, single spaces between."""
    if text.isascii():
        # the short way, for most of a history: nothing below changes such a text otherwise
        known = (
            html.unescape(_TAG.sub(" ", text[: 2 * LONGEST]))
            if "<" in text or "&" in text
            else text
        )
        if known.isascii():
            return _NO_WORD.sub(" ", known[:LONGEST].lower()).strip()
    known = unicodedata.normalize("NFKD", readable(text)).casefold()[: 2 * LONGEST]
    return _NO_WORD.sub(" ", unicodedata.normalize("NFC", _MARKS.sub("", known)))[:LONGEST].strip()
