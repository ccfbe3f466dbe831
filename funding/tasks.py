"""What a background worker can be asked to do: name -> function(database, config, **arguments)."""

from __future__ import annotations

from collections.abc import Callable

from funding.services import allocation

TASKS: dict[str, Callable[..., None]] = {
    "run_scenario": allocation.run_scenario,
}
