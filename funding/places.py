"""Countries and regions by their codes, as people read them and as files have them."""

from __future__ import annotations

import pycountry
from babel import Locale

from funding.imports.known import REGIONS
from funding.language import ENGLISH, current, said

_NAMES = Locale("en").territories

COUNTRIES: dict[str, str] = dict(
    sorted(
        ((c.alpha_2, _NAMES.get(c.alpha_2, c.name)) for c in pycountry.countries),
        key=lambda pair: pair[1],
    )
)
"""ISO 3166 code -> English name, in the order of the names."""


def countries() -> list[tuple[str, str]]:
    """Each code with the country's name in the language that holds, in the order of the names."""
    named = ((code, country_name(code)) for code in COUNTRIES)
    return sorted(named, key=lambda pair: pair[1])


def country_name(code: str | None) -> str:
    """The country's name in the language that holds; an unknown code as it stands, "" for none."""
    name = country_in_english(code)
    if current() is ENGLISH or not code:
        return name
    return str(current().locale.territories.get(code, name))


def region_name(code: str | None) -> str:
    """The World Bank region's name in the language that holds; "" for none."""
    return str(said(region_in_english(code)))


def country_in_english(code: str | None) -> str:
    """For files, which do not depend on the language."""
    return COUNTRIES.get(code or "", code or "")


def region_in_english(code: str | None) -> str:
    """For files, which do not depend on the language."""
    return REGIONS.get(code or "", code or "")
