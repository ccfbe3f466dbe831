"""Assumptions and their values in few words: for the labels of a chart and the rows of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from funding.formatting import format_figure, format_number, one_after_another
from funding.language import gettext as _
from funding.language import said
from optimizer.sentences import marked

_NAMES = {
    "window": "Years beside it",
    "ask": "Asks",
    "ask_factor": "Asks times",
    "least": "Least amount",
    "merit": "Merit",
    "merit_caution": "Caution",
    "areas": "Areas",
    "need": "Need",
    "need_weight": "Weight of need",
    "doubt": "Doubt",
    "agreement_cost": "Price of an agreement",
    "restrictions": "May pay for",
    "other_areas": "Other areas",
    "guarantee": "Promise",
}

_VALUES = {
    "ask": {
        "largest-year": "largest year",
        "mean-year": "mean year",
        "all-years": "all years",
        "largest-grant": "largest single grant",
    },
    "merit": {
        "funders-so-far": "funders so far",
        "funders-other-years": "funders of other years",
        "funders-all": "all funders",
        "equal": "all the same",
    },
    "areas": {
        "auto": "as the list needs",
        "words": "by words too",
        "file": "as the list says",
        "own": "the list's own",
    },
    "need": {
        "other-years": "as in other years",
        "whole-file": "as in the whole list",
        "equal": "all the same",
    },
    "restrictions": {
        "areas": "its areas",
        "recipients": "its recipients",
        "any": marked("anybody"),
    },
    "guarantee": {
        "really": "what happened",
        "leave": "as by leaving",
        "alone": "as alone",
        "none": "nothing",
    },
}


def in_brief(changes: Mapping[str, Any]) -> str:
    """Changed assumptions, at least one, different for different changes: "Merit: all the same"."""
    parts = (
        _("%(what)s: %(value)s", what=said(_NAMES[key]), value=brief_value(key, value))
        for key, value in changes.items()
    )
    return one_after_another(parts, ";")


def brief_value(key: str, value: Any) -> str:
    """The value of a choice in few words; a number as it is written."""
    if key in _VALUES:
        return str(said(_VALUES[key][value]))
    return number_in_words(value)


def number_in_words(value: float) -> str:
    return format_number(value) if isinstance(value, int) else format_figure(value)
