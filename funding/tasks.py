"""What a background worker can be asked to do: name -> function(database, config, **arguments)."""

from __future__ import annotations

from collections.abc import Callable

TASKS: dict[str, Callable[..., None]] = {}
