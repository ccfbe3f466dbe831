"""Text as it is seen: one kind of space, and without the marks that only set its direction."""

from __future__ import annotations

import re

MARKS = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: object) -> str:
    """In one line."""
    return re.sub(r"\s", " ", plain_lines(text))


def plain_lines(text: object) -> str:
    return re.sub(r"[^\S\n]", " ", MARKS.sub("", str(text)))
