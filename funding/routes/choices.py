"""What forms let people choose from: currencies, time zones, regions, risk tiers, areas."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

import pycountry

from funding.formatting import UnknownCurrency, minor_units
from funding.imports.known import REGIONS
from funding.language import lazy_capital
from funding.models import RiskTier, Taxonomy
from funding.services.rates import is_published

_CONTINENTS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)

REGION_CHOICES = [(key, name) for key, name in REGIONS.items()]
TIER_CHOICES = [(tier.value, lazy_capital(tier.value)) for tier in RiskTier]


@cache
def currency_groups() -> list[dict[str, Any]]:
    """Every currency of ISO 4217 in force; first those that a rate is published for."""
    codes = sorted(c.alpha_3 for c in pycountry.currencies if _is_money(c.alpha_3))
    published = [code for code in codes if is_published(code, "EUR")]
    return [
        {"label": "With a published rate", "options": published},
        {"label": "Others", "options": [code for code in codes if code not in published]},
    ]


def _is_money(code: str) -> bool:
    """Not a metal, a fund or a code for tests: those begin with X, but for six of states."""
    try:
        minor_units(code)
    except UnknownCurrency:
        return False
    return not code.startswith("X") or code in ("XAF", "XCD", "XOF", "XPF", "XCG")


@cache
def timezone_groups() -> list[dict[str, Any]]:
    """Places by continent, UTC first."""
    zones = sorted(available_timezones())
    groups: list[dict[str, Any]] = [{"label": "Everywhere", "options": [("UTC", "UTC")]}]
    for continent in _CONTINENTS:
        places = [zone for zone in zones if zone.startswith(f"{continent}/")]
        groups.append(
            {
                "label": continent,
                "options": [(z, z.split("/", 1)[1].replace("_", " ")) for z in places],
            }
        )
    return groups


def top_area_choices(taxonomy: Taxonomy) -> list[tuple[str, str]]:
    return [(area.key, area.name) for area in taxonomy.areas if area.parent_key is None]
