"""Countries and regions by their codes, as people read them."""

from __future__ import annotations

import pycountry
from babel import Locale

from funding.imports.known import REGIONS

_NAMES = Locale("en").territories

COUNTRIES: dict[str, str] = dict(
    sorted(
        ((c.alpha_2, _NAMES.get(c.alpha_2, c.name)) for c in pycountry.countries),
        key=lambda pair: pair[1],
    )
)
"""ISO 3166 code -> English name, in the order of the names."""


def country_name(code: str | None) -> str:
    """The country's name; an unknown code as it stands, "" for none."""
    return COUNTRIES.get(code or "", code or "")


def region_name(code: str | None) -> str:
    """The World Bank region's name; an unknown code as it stands, "" for none."""
    return REGIONS.get(code or "", code or "")
