"""How a background process of ours runs and hears that it is to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any


def run_until_told(run: Callable[[], None], stop: threading.Event) -> threading.Thread:
    """Run it until it ends or SIGTERM or SIGINT sets `stop`; answers the thread it runs in.

    In a thread of its own: a signal is heard even while the solver does not come back to Python.
    """

    def told(_signal: int, _frame: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    running = threading.Thread(target=run, daemon=True)
    running.start()
    while running.is_alive() and not stop.wait(1):
        pass
    return running
