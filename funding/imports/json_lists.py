"""JSON: 360Giving packages, and lists of proposals or commitments in our own form.

The nested objects of a grant become columns as in 360Giving's spreadsheets, the first of a list
only (`recipientOrganization:0:name`). Elsewhere lists and objects stay as they are, for the fields
that want them (areas, budget, team).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from funding.formatting import format_number
from funding.imports.faults import FileRefused, shown
from funding.imports.sources import Source
from funding.imports.tables import SourceRow, Table, Trouble, View
from funding.language import gettext as _
from funding.sayings import number, sentence

# Always columns of a package, so that an absent one is a fault of its row and not of the file.
_360GIVING = (
    "id",
    "title",
    "description",
    "currency",
    "amountAwarded",
    "awardDate",
    "recipientOrganization:0:name",
    "fundingOrganization:0:name",
)

_ORGANISATIONS = ("recipientOrganization", "fundingOrganization")


def read_json(source: Source, text: str) -> Table:
    """The lists of objects in the file, one view each. Raises FileRefused where there is none."""
    try:
        content = json.loads(
            text.lstrip("\ufeff"),
            parse_float=_number,
            parse_int=_number,
            parse_constant=lambda word: Trouble(word, "is not a number"),
        )
    except json.JSONDecodeError as error:
        raise FileRefused(
            _(
                "The file begins like JSON, but is not valid JSON: line %(lineno)s, column "
                "%(colno)s.",
                lineno=format_number(error.lineno),
                colno=format_number(error.colno),
            )
        ) from error
    except RecursionError as error:
        raise FileRefused("The JSON is nested far deeper than a list of grants.") from error

    lists = {"": content} if isinstance(content, list) else content
    found = {key: value for key, value in lists.items() if isinstance(value, list)}
    views, notes = [], []
    for key, items in found.items():
        if len(items) > source.limits.rows:
            raise FileRefused(
                _(
                    "At most %(rows)s rows are read; split the file.",
                    rows=format_number(source.limits.rows),
                )
            )
        views.append(_view(key, items))
        notes += _several_organisations(items)
    if not any(found.values()):
        raise FileRefused(
            "The JSON holds no list of grants, commitments or proposals, such as "
            '{"grants": [...]} in 360Giving.'
        )
    return Table("JSON, 360Giving" if "grants" in found else "JSON", views, notes)


def _number(text: str) -> Decimal | Trouble:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Trouble(text, "is not a number that can be kept")


def _view(key: str, items: list[Any]) -> View:
    is_package = key == "grants"
    flattened = [_flatten(item, is_package) if isinstance(item, dict) else None for item in items]
    names: dict[str, None] = dict.fromkeys(_360GIVING if is_package else ())
    for item in flattened:
        names.update(dict.fromkeys(item or ()))

    def rows() -> Iterator[SourceRow]:
        yield SourceRow(0, list(names))
        for place, item in enumerate(flattened, start=1):
            if item is None:
                rule = _("is not a group of fields but %(items)s", items=shown(items[place - 1]))
                yield SourceRow(place, [], place / len(items), rule)
            else:
                yield SourceRow(place, [item.get(name) for name in names], place / len(items))

    return View(key, rows)


def _flatten(item: dict[str, Any], in_package: bool) -> dict[str, Any]:
    if not in_package and not any(key in item for key in _ORGANISATIONS):
        return item
    flat: dict[str, Any] = {}
    for key, value in item.items():
        inner, path = value, key
        if isinstance(value, list) and value and isinstance(value[0], dict):
            inner, path = value[0], f"{key}:0"
        if isinstance(inner, dict):
            for name, part in inner.items():
                if not isinstance(part, dict | list):
                    flat[f"{path}:{name}"] = part
        else:
            flat[key] = value
    return flat


def _several_organisations(items: list[Any]) -> list[str]:
    notes = []
    for key, word in zip(_ORGANISATIONS, ("recipient", "funder"), strict=True):
        count = sum(
            isinstance(item, dict) and isinstance(item.get(key), list) and len(item[key]) > 1
            for item in items
        )
        if count:
            notes.append(
                sentence(
                    "Rows that name more than one %(word)s; the first was taken: %(count)s.",
                    word=word,
                    count=number(count),
                )
            )
    return notes
