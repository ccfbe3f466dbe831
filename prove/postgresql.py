"""The tests of the services and reports, which run on SQLite every day, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

from prove._suite import passed


def prove() -> Iterator[str]:
    count = passed(
        "tests/services", "tests/reports", "-m", "not slow", TRIBUTARY_TEST_ENGINE="postgresql"
    )
    yield f"{count} tests of services and reports pass on PostgreSQL"
