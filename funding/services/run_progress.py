"""How far a run or a study has come, written to its row while it works; and whether to stop."""

from __future__ import annotations

import logging
import time

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import TributaryError
from funding.formatting import format_percent
from funding.models import Pack, Run, Study

log = logging.getLogger("tributary.allocation")

EVERY = 0.4  # seconds between two writes, and between two looks at whether to stop
_BASELINES = 0.5  # part of the bar for what funders reach without the pool
_STAGES = {
    "model": (0.52, "Writing down the round's rules"),
    "relaxation": (0.58, "Finding the best that money alone allows"),
    "margin": (0.64, "Choosing among proposals at the margin"),
    "search": (0.70, "Searching for a better plan"),
    "plan": (0.76, "A plan is found; looking for a better one"),
    "exact model": (0.80, "Searching with every rule in full"),
    "check": (0.90, "Checking the plan against every limit"),
    "explain": (0.92, "Working out the reasons"),
    "conflict": (0.92, "Finding out which limits contradict each other"),
    "store": (0.98, "Keeping the plan"),
}


class Progress:
    """A bar (`progress`, 0 to 1) and a sentence (`stage`) on a row. Writing them never raises: the
    solver could not bear it."""

    def __init__(
        self, database: Database, table: type[Run] | type[Study] | type[Pack], row_id: int
    ) -> None:
        self.database, self.table, self.row_id = database, table, row_id
        self.progress, self.stage = 0.0, ""
        self._written = self._asked = 0.0
        self._is_cancelled = False

    def write(self) -> None:
        """Note where it stands, unless that was done a moment ago."""
        if time.monotonic() - self._written < EVERY:
            return
        self._written = time.monotonic()
        try:
            self.database.in_transaction(self._note)
        except (TributaryError, SQLAlchemyError):
            log.warning("the progress of %s could not be written", self._name, exc_info=True)

    def _note(self, session: Session) -> None:
        row = session.get_one(self.table, self.row_id)
        row.progress, row.stage = round(self.progress, 3), self.stage

    @property
    def _name(self) -> str:
        return f"{self.table.__tablename__} {self.row_id}"

    def is_cancelled(self) -> bool:
        """Whether somebody asked for it to stop; looked up a few times a second."""
        if not self._is_cancelled and time.monotonic() - self._asked >= EVERY:
            self._asked = time.monotonic()
            try:
                with self.database.reading() as session:
                    self._is_cancelled = bool(
                        session.scalar(
                            sa.select(self.table.is_cancel_requested).where(
                                self.table.id == self.row_id
                            )
                        )
                    )
            except SQLAlchemyError:
                log.warning("%s could not be looked up", self._name, exc_info=True)
        return self._is_cancelled


class RunProgress(Progress):
    """What a solve tells, as a bar and a sentence."""

    def __init__(self, database: Database, run_id: int, funders: dict[str, str]) -> None:
        """`funders`: names by id of those whose baselines are reckoned first."""
        super().__init__(database, Run, run_id)
        self.funders = funders
        self.reckoned: set[str] = set()

    def tell(self, stage: str, value: float | None = None, bound: float | None = None) -> None:
        """News from the optimizer; `value` and `bound` of the best plan so far, minor units."""
        kind, _, funder = stage.partition(": ")
        if kind in ("alone", "leave"):
            self.reckoned.add(stage)
            place = len(self.reckoned)
            self.progress = _BASELINES * min(1.0, place / max(1, len(self.funders)))
            name = self.funders.get(funder, funder)
            self.stage = f"Working out what {name} would reach without the pool"
        elif stage in _STAGES:
            if self.reckoned and len(self.reckoned) < len(self.funders):
                return  # steps within a baseline
            part, words = _STAGES[stage]
            self.progress = max(self.progress, part)
            self.stage = words + _still_to_gain(value, bound)
        self.write()


def _still_to_gain(value: float | None, bound: float | None) -> str:
    if value is None or bound is None or value <= 0:
        return ""
    return f"; at most {format_percent(max(0.0, bound - value) / value, 2)} could still be gained"
