"""Answering a form that was sent: done, or the same form again with what was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from flask import request
from flask.typing import ResponseReturnValue

from funding.errors import Conflict, InvalidInput, RuleBroken
from funding.forms import Typed, as_errors

T = TypeVar("T")


class Again(Protocol):
    """Draws the form once more; `is_stale` where somebody else has saved it meanwhile."""

    def __call__(self, errors: dict[str, str], is_stale: bool) -> str: ...


def typed_form(*lists: str) -> Typed:
    """The fields that were sent; those named in `lists` are lists of texts."""
    return Typed.of(request.form.to_dict(flat=False), lists)


def submit(
    act: Callable[[], T], done: Callable[[T], ResponseReturnValue], again: Again
) -> ResponseReturnValue:
    """Run the act of a form. Refused, the form comes back: 422 for faults, 409 for a rule or a
    stale version."""
    try:
        result = act()
    except InvalidInput as refusal:
        return again(as_errors(refusal.faults), False), 422
    except RuleBroken as refusal:
        return again({"": str(refusal)}, False), 409
    except Conflict as refusal:
        return again({"": str(refusal)}, True), 409
    return done(result)


@dataclass(frozen=True)
class Difference:
    """A field whose typed text is not what is stored now."""

    label: str
    typed: str
    stored: str


def differences(
    labels: Mapping[str, str], typed: Mapping[str, Any], stored: Mapping[str, Any]
) -> list[Difference]:
    """The fields, by name with a label for people, that a stale form and the store disagree on."""
    found = []
    for name, label in labels.items():
        mine, theirs = _text(typed.get(name, "")), _text(stored.get(name, ""))
        if mine != theirs:
            found.append(Difference(label, mine, theirs))
    return found


def _text(value: Any) -> str:
    if value is None or value is False:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if isinstance(value, Iterable):
        return ", ".join(str(item) for item in value)
    return "1" if value is True else str(value)
