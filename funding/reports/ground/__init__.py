"""Where every unit of a round's money is, from the ledger: the ground of all dashboards.

Stages follow the money: available, reserved (in lines that wait for a decision), awarded (not
scheduled yet), scheduled, paid. They add up to what was committed, to the cent, in each
commitment's own currency. Beside them stand sums that are parts of these or were: spent (as
reported and accepted), returned, and late.

Each account's amount is converted by itself and rounded down; its parts by area are rounded down
too, and what that leaves is the largest area's. So every table under the same filters adds up to
the same total, and so do the rows behind it.
"""

from funding.reports.ground.asking import Ground, funders_of, ground_of
from funding.reports.ground.values import (
    SORTABLE,
    STAGES,
    WITHHELD,
    Cell,
    Filters,
    Position,
    Stage,
)

__all__ = [
    "SORTABLE",
    "STAGES",
    "WITHHELD",
    "Cell",
    "Filters",
    "Ground",
    "Position",
    "Stage",
    "funders_of",
    "ground_of",
]
