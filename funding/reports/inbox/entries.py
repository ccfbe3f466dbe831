"""What an inbox is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

Arguments = dict[str, int | str]

MOST_DATED = 50
"""How many dates of one kind of work are told one by one; the earliest come first."""


@dataclass(frozen=True)
class Dated:
    """One thing with a day. `uid` stays the same as long as it is the same thing."""

    uid: str
    on: date
    text: str
    endpoint: str
    arguments: Arguments


@dataclass(frozen=True)
class Waiting:
    """Some work of one kind: how many, in words, the endpoint that leads there, and its dates."""

    count: int
    one: str
    many: str
    endpoint: str
    arguments: Arguments
    dates: Sequence[Dated] = field(default=())

    @property
    def text(self) -> str:
        return self.one if self.count == 1 else self.many

    @property
    def due_on(self) -> date | None:
        """The earliest day on which some of it is due; None where nothing has a date."""
        return min((one.on for one in self.dates), default=None)
