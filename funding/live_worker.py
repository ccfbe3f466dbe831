"""The process that keeps rounds warm for live sessions: one change is solved after the other.

A kind of its own, since a meeting waits for it: jobs of minutes must not stand before it, and what
it holds in memory must not be given up for them. `tributary worker --live` runs one; `serve`
starts one, and again where it died. Two of them, on one host or several, follow each other up.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from funding.config import Config
from funding.db import Database
from funding.errors import TributaryError
from funding.processes import run_until_told

if TYPE_CHECKING:
    from funding.studies.live import Room

log = logging.getLogger("tributary.live")

QUICK = 0.1  # seconds between two looks while a session is held
SLOW = 1.0  # while none is
TAKE = 1.0  # between two looks for sessions without a holder
AWAY = 3.0  # until a database that did not answer is asked again


class LiveWorker:
    """Holds open sessions and solves their steps until `stop` is set."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.stop = threading.Event()
        self.rooms: dict[int, Room] = {}
        self._held: list[int] = []
        self._take_at = 0.0

    def run(self) -> None:
        """Work until `stop`; a database that is away for a while is waited for."""
        renewing = threading.Thread(target=self._renew, daemon=True)
        renewing.start()
        while not self.stop.is_set():
            try:
                busy = self.run_one()
            except (SQLAlchemyError, TributaryError):
                log.exception("the database did not answer; asked again soon")
                self.stop.wait(AWAY)
                continue
            if not busy:
                self.stop.wait(QUICK if self._held else SLOW)

    def run_one(self) -> bool:
        """Take what is free and solve one step; False where none waits."""
        # here, since a process that holds nothing needs no solver in memory
        from funding.services.live import holding

        if time.monotonic() >= self._take_at:
            self._take_at = time.monotonic() + TAKE
            self._held = self._taken()
            for live_id in self.rooms.keys() - set(self._held):
                del self.rooms[live_id]
        for live_id in self._held:
            if live_id not in self.rooms:
                with self.database.reading() as session:
                    self.rooms[live_id] = holding.room_of(session, live_id)
            if holding.solve_waiting(self.database, live_id, self.rooms[live_id]):
                return True
        return False

    def _taken(self) -> list[int]:
        from funding.services.live import holding

        with self.database.reading() as session:
            if not holding.someone_is_waited_for(session, holder=self.name):
                return []
        return self.database.in_transaction(holding.take, holder=self.name)

    def _renew(self) -> None:
        from funding.services.live import holding

        while not self.stop.wait(holding.LEASE.total_seconds() / 4):
            if not self._held:
                continue
            try:
                self.database.in_transaction(holding.renew, holder=self.name)
            except (SQLAlchemyError, TributaryError):
                log.warning("a lease could not be renewed", exc_info=True)

    def let_go(self) -> None:
        from funding.services.live import holding

        self.database.in_transaction(holding.let_go, holder=self.name)


def work(config: Config) -> None:
    """Run one until SIGTERM or SIGINT; then what it holds is free at once."""
    worker = LiveWorker(Database(config.database_url))
    running = run_until_told(worker.run, worker.stop)
    worker.let_go()
    running.join(2)
    if running.is_alive():
        os._exit(0)  # a solve at hand can only be left; whoever takes over begins it anew
    sys.exit(0)
