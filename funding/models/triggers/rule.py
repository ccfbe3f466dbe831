"""One trigger, in words that both engines read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One trigger: the statement's moment, when it applies, and what it then does.

    `when` and `body` are SQL that both engines read; `body` is a list of statements, or a
    refusal's message where `refuses`.
    """

    name: str
    moment: str
    table: str
    body: str
    when: str = ""
    refuses: bool = True
