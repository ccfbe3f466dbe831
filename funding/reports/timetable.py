"""A round's dates as people read them: what happens when, how long is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from funding.formatting import plural
from funding.language import gettext as _
from funding.language import ngettext
from funding.models import Round, RoundState
from funding.models.states import MOVES

STAGE_NAMES = {
    RoundState.DRAFT: "Draft",
    RoundState.OPEN: "Open",
    RoundState.IN_REVIEW: "In review",
    RoundState.ALLOCATING: "Allocating",
    RoundState.DECIDING: "Deciding",
    RoundState.CLOSED: "Closed",
}


def time_left(moment: datetime, at: datetime) -> str:
    """12 days left, 3 hours left, or: passed 17 days ago."""
    if moment > at:
        return left_in_words(moment - at)
    return _("passed %(amount)s ago", amount=plural(*_in_units(at - moment)))


def left_in_words(gap: timedelta) -> str:
    """12 days left, 3 hours left, 20 minutes left."""
    number, unit = _in_units(gap)
    if unit == "day":
        return ngettext("%(num)s day left", "%(num)s days left", number)
    if unit == "hour":
        return ngettext("%(num)s hour left", "%(num)s hours left", number)
    return ngettext("%(num)s minute left", "%(num)s minutes left", number)


def _in_units(gap: timedelta) -> tuple[int, str]:
    """So many days, hours or minutes, in the largest unit of which there are two."""
    minutes = int(gap.total_seconds() // 60)
    if gap >= timedelta(days=2):
        return gap.days, "day"
    if gap >= timedelta(hours=2):
        return minutes // 60, "hour"
    return max(1, minutes), "minute"


@dataclass(frozen=True)
class Stage:
    """One stage of the round's life, as ui.stages shows it: state is done, current or empty."""

    label: str
    state: str
    note: str


def stages_of(round_: Round) -> list[Stage]:
    names = list(MOVES["round"])
    here = names.index(round_.state)
    return [
        Stage(
            STAGE_NAMES[RoundState(name)],
            "done" if place < here else "current" if place == here else "",
            "",
        )
        for place, name in enumerate(names)
    ]
