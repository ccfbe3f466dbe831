"""What is told of a round's money: its stages, what a reader may narrow it to, sums and rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

WITHHELD = "a proposal you are not in the room for"


class Stage(StrEnum):
    AVAILABLE = "available"
    RESERVED = "reserved"
    AWARDED = "awarded"
    SCHEDULED = "scheduled"
    PAID = "paid"


STAGES = tuple(Stage)


@dataclass(frozen=True)
class Filters:
    """What a reader narrowed a dashboard to; None: everything."""

    funder_id: int | None = None
    area: str | None = None
    region: str | None = None
    stage: str | None = None
    year: int | None = None


@dataclass(frozen=True)
class Cell:
    """A sum: of one funder in one stage, year, region and area, in the page's minor units.

    `region` and `area` are empty where it has none.
    """

    funder_id: int
    stage: str
    year: int | None
    region: str
    area: str
    amount: int
    has_proposal: bool


@dataclass(frozen=True)
class Position:
    """Money of one commitment in one stage, for one proposal where it has one.

    `amount` in minor units of `currency`; `base` the same in the page's, under an area its part.
    `proposal_id` is None where the proposal is withheld.
    """

    funder_id: int
    funder: str
    commitment_id: int
    commitment: str
    currency: str
    stage: Stage
    amount: int
    base: int
    proposal_id: int | None
    proposal: str
    region: str
    award_id: int | None
    year: int | None
    areas: tuple[str, ...]


SORTABLE = ("base", "funder", "proposal", "stage")
"""What rows can be ordered by."""
