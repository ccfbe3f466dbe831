"""One way to write a document down, so that the same figures are the same bytes.

Keys sorted, no spaces, UTF-8, whole numbers only (docs/decision-pack.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

MILLION = 1_000_000


def canonical(document: Any) -> str:
    """The document as canonical JSON. Raises ValueError for a number that is not whole."""
    for path, value in _leaves(document, ""):
        if isinstance(value, float):
            raise ValueError(f"{path} is {value!r}; a pack holds whole numbers")
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(text: str) -> str:
    """SHA-256 of a text, as hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of_stored(document: Any) -> str:
    """SHA-256 of a document of the database, which may hold fractions."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return digest_of(text)


def parts_per_million(share: float) -> int:
    return round(share * MILLION)


def differences(one: Any, other: Any, path: str = "", most: int = 20) -> list[str]:
    """Where two documents differ, by path: `figures.money.given: 12 here, 13 there`."""
    found: list[str] = []
    _compare(one, other, path, found, most)
    return found


def _compare(one: Any, other: Any, path: str, found: list[str], most: int) -> None:
    if len(found) >= most or (type(one) is type(other) and one == other):
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            here = f"{path}.{key}" if path else key
            _compare(one.get(key, _ABSENT), other.get(key, _ABSENT), here, found, most)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            _compare(first, second, f"{path}[{number}]", found, most)
    else:
        found.append(f"{path}: {_short(one)} in the pack, {_short(other)} made again")


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


_ABSENT = _Absent()


def _short(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return f"{len(value)} entries"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}[{number}]")
    else:
        yield path, value
