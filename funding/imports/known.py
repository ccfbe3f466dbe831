"""The closed lists that a file's words are looked up in: areas, regions, risk tiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from funding.imports.faults import BadValue, shown
from funding.language import gettext as _

REGIONS = MappingProxyType(
    {
        "africa": "Sub-Saharan Africa",
        "south-asia": "South Asia",
        "east-asia-pacific": "East Asia and Pacific",
        "europe-central-asia": "Europe and Central Asia",
        "latin-america-caribbean": "Latin America and Caribbean",
        "middle-east-north-africa": "Middle East and North Africa",
        "north-america": "North America",
    }
)
"""The World Bank's seven regions: id and name."""

RISK_TIERS = ("minimal", "limited", "high", "prohibited")


@dataclass(frozen=True)
class Known:
    """What a round knows. `areas` maps every spelling, in lower case, to an area id.

    Without `areas` the words of a file are kept as they stand and none is a fault.
    """

    areas: Mapping[str, str] | None = None

    @classmethod
    def from_taxonomy(cls, taxonomy: Mapping[str, Any]) -> Known:
        """From a taxonomy in the form of `seeds/taxonomy.json`: ids and names, both levels."""
        areas: dict[str, str] = {}
        for area in taxonomy["areas"]:
            for entry in (area, *area.get("children", ())):
                areas[entry["id"].casefold()] = entry["id"]
                areas.setdefault(entry["name"].casefold(), entry["id"])
        return cls(areas)

    def area(self, text: str) -> str:
        """The id of an area. Raises BadValue for one that is not known."""
        if self.areas is None:
            return text
        found = self.areas.get(text.casefold())
        if found is None:
            raise BadValue(_('there is no area "%(text)s" in this round', text=shown(text)))
        return found

    def region(self, text: str) -> str:
        """The id of a region, from its id or its name. Raises BadValue."""
        word = text.casefold().replace("&", "and").replace("_", "-")
        for region, name in REGIONS.items():
            if word in (region, name.casefold(), region.replace("-", " ")):
                return region
        raise BadValue(
            _(
                'there is no region "%(text)s"; regions are: %(join)s',
                text=shown(text),
                join=", ".join(REGIONS),
            )
        )

    def risk_tier(self, text: str) -> str:
        """A risk tier in lower case. Raises BadValue."""
        word = text.casefold()
        if word not in RISK_TIERS:
            raise BadValue(
                _(
                    'there is no risk tier "%(text)s"; tiers are: %(join)s',
                    text=shown(text),
                    join=", ".join(RISK_TIERS),
                )
            )
        return word
