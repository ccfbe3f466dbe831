"""The whole list of areas as one form: each area's name and definition, spare rows for new ones.

Names of fields: `a.KEY.name`, `a.KEY.definition` for an area that is there; `n.KEY.0.name` for a
new area below the top area KEY; `t.0.name` for a new top area; `r.0.area` and `r.0.into` for an
area to retire and the one that takes its place.
"""

from __future__ import annotations

from typing import Any

from funding.forms import Typed
from funding.language import gettext as _
from funding.models import Area, Taxonomy
from funding.services.areas import AreaEntry

SPARE_CHILDREN = 2
SPARE_TOPS = 2
MOST_RETIRED = 3


def fields_of(taxonomy: Taxonomy) -> dict[str, Any]:
    values: dict[str, Any] = {"note": ""}
    for area in taxonomy.areas:
        values[f"a.{area.key}.name"] = area.name
        values[f"a.{area.key}.definition"] = area.definition
    return values


def labels_of(taxonomy: Taxonomy) -> dict[str, str]:
    """What to call each field where two people's edits differ."""
    labels = {}
    for area in taxonomy.areas:
        labels[f"a.{area.key}.name"] = _("Name of %(name)s", name=area.name)
        labels[f"a.{area.key}.definition"] = _("Definition of %(name)s", name=area.name)
    return labels


def entries_of(typed: Typed, taxonomy: Taxonomy) -> list[AreaEntry]:
    """The areas as typed, in order: each top area, its children, new children, new top areas.

    An area that the form did not hold, since somebody added it meanwhile, is as it stands.
    """
    retired = _retired(typed)
    entries: list[AreaEntry] = []
    for top in taxonomy.areas:
        if top.parent_key is None:
            entries.append(_kept(typed, top, retired))
            entries += [
                _kept(typed, area, retired) for area in taxonomy.areas if area.parent_key == top.key
            ]
            entries += _new(typed, f"n.{top.key}.", SPARE_CHILDREN, top.key)
    return entries + _new(typed, "t.", SPARE_TOPS, None)


def _retired(typed: Typed) -> dict[str, tuple[str, str]]:
    """Key of an area to retire -> (key of what takes its place, field it was chosen in)."""
    retired = {}
    for place in range(MOST_RETIRED):
        key, into = typed.text(f"r.{place}.area"), typed.text(f"r.{place}.into")
        if key and not into:
            typed.refuse(f"r.{place}.into", "Choose the area that takes its place.")
        elif into and not key:
            typed.refuse(f"r.{place}.area", "Choose the area to retire.")
        elif key:
            retired[key] = (into, f"r.{place}.into")
    return retired


def _kept(typed: Typed, area: Area, retired: dict[str, tuple[str, str]]) -> AreaEntry:
    field = f"a.{area.key}"
    if f"{field}.name" not in typed.values:
        typed.values[f"{field}.name"] = area.name
        typed.values[f"{field}.definition"] = area.definition
    into, into_field = retired.get(area.key, ("", ""))
    return AreaEntry(
        field=field,
        key=area.key,
        parent_key=area.parent_key,
        name=typed.text(f"{field}.name"),
        definition=typed.text(f"{field}.definition"),
        into=into,
        into_field=into_field,
    )


def _new(typed: Typed, prefix: str, spare: int, parent: str | None) -> list[AreaEntry]:
    entries = []
    for place in range(spare):
        field = f"{prefix}{place}"
        name, definition = typed.text(f"{field}.name"), typed.text(f"{field}.definition")
        if name or definition:
            entries.append(AreaEntry(field, "", parent, name, definition))
    return entries
