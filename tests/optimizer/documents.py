"""A small round that uses most keys of the format, and documents changed in one place."""

from __future__ import annotations

import copy
from typing import Any

Document = dict[str, Any]

ROUND: Document = {
    "format": "tributary-round/1",
    "currency": "EUR",
    "commitments": [
        {"id": "c1", "funder": "f1", "amount": 1000, "areas": ["a1"], "excludes": ["p2"]},
        {"id": "c2", "funder": "f2", "amount": 500, "regions": ["Africa"], "ticket": 50},
    ],
    "funders": [{"id": "f1", "weights": {"a1": 2}, "guarantee": "alone", "at_least": 3.5}],
    "proposals": [
        {"id": "p1", "ask": 400, "merit": 0.5, "areas": {"a1": 0.75, "a2": 0.25}},
        {"id": "p2", "ask": 300, "minimum": 100, "merit": 1, "areas": {"a2": 1}},
    ],
    "areas": [
        {"id": "a1", "steps": [{"width": 10, "weight": 0.5}, {"width": 5, "weight": 0.5}]},
        {"id": "a2", "spent": 7, "floor": 20, "cap": 900},
    ],
    "overlaps": [{"proposals": ["p1", "p2"], "degree": 0.5}],
    "locks": [
        {"proposal": "p1", "commitment": "c1", "amount": 40},
        {"proposal": "p2", "amount": 0},
        {"proposal": "p2", "funded": False},
    ],
    "policy": {"region_least": {"Africa": 0.1}, "round_to": 10},
}

REMOVED = object()


def changed(document: Document, path: str, value: object) -> Document:
    """A copy with one value put in place, added or removed; `a.0.b` is document["a"][0]["b"]."""
    result = copy.deepcopy(document)
    *way, last = path.split(".")
    inner: Any = result
    for step in way:
        inner = inner[int(step)] if step.isdigit() and isinstance(inner, list) else inner[step]
    if value is REMOVED:
        del inner[last]
    elif isinstance(inner, list):
        inner.insert(int(last), value) if int(last) == len(inner) else inner.__setitem__(
            int(last), value
        )
    else:
        inner[last] = value
    return result
