"""What every dashboard must show of a round, from plain SQL: all places that hold a digit.

Made from tests/reports/dashboard_sql.py alone; of the product only the way in which amounts and
shares are written is used, which tests/formatting judges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from funding.formatting import format_number, format_percent, format_short
from funding.reports.ground import Filters
from tests.reports.dashboard_shown import Places, has_digit
from tests.reports.dashboard_sql import Facts, Row

STAGES = ("available", "reserved", "awarded", "scheduled", "paid")
PLACED = STAGES[2:]
REGIONS = {
    "": "No region given",
    "africa": "Sub-Saharan Africa",
    "south-asia": "South Asia",
    "europe-central-asia": "Europe and Central Asia",
}
EVENTS = {
    "commitment registered": "New commitments",
    "commitment increased": "Commitments increased",
    "commitment reduced": "Commitments reduced",
    "commitment expired": "Commitments expired",
    "line put forward": "Lines put forward",
    "line released": "Lines declined, amended or withdrawn",
    "line approved": "Lines approved: awards",
    "award refused": "Offers refused",
    "award terminated": "Awards terminated",
    "tranche scheduled": "Tranches scheduled",
    "tranche cancelled": "Tranches cancelled",
    "tranche paid": "Tranches paid",
    "payment sent back": "Payments sent back",
    "money returned": "Money returned by grantees",
}
KINDS = {
    "tranche late": "Tranche past its day",
    "milestone missed": "Milestone missed",
    "report late": "Report overdue",
    "line overspent": "Budget line overspent",
    "spend behind plan": "Spend behind plan",
    "return late": "Return overdue",
    "award ended early": "Award ended early",
    "change asked for": "Change asked for",
    "award changed": "Award changed",
}
Sums = dict[Any, int]


@dataclass
class Proof:
    """The figures of one round under filters; `other` is the round beside it, by its name."""

    facts: Facts
    filters: Filters
    currency: str
    today: date
    areas: dict[str, str]
    funders: dict[int, str]
    other: Facts | None = None
    other_name: str = ""
    found: Places = field(default_factory=dict)

    def short(self, amount: int) -> str:
        return format_short(amount, self.currency)

    # -- what counts under the filters -------------------------------------------------------------

    def sums(
        self,
        rows: Iterable[Row],
        key: Callable[[Row, str], Any],
        filters: Filters | None = None,
        facts: Facts | None = None,
    ) -> Sums:
        """By `key` of row and area, a key too where its amount is nothing."""
        of, facts = filters or self.filters, facts or self.facts
        sums: Sums = {}
        for row in rows:
            if of.funder_id is not None and row.funder_id != of.funder_id:
                continue
            if of.region and facts.region.get(row.proposal_id or 0) != of.region:
                continue
            if of.year is not None and row.year != of.year:
                continue
            for area, part in facts.parts(row).items():
                if not of.area or area == of.area:
                    sums[key(row, area)] = sums.get(key(row, area), 0) + part
        return sums

    def total(self, rows: Iterable[Row], filters: Filters | None = None) -> int:
        return sum(self.sums(rows, lambda _row, _area: 0, filters).values())

    def by_stage(self, facts: Facts) -> Sums:
        found = self.sums(facts.positions, lambda row, _area: row.stage, facts=facts)
        return {stage: found.get(stage, 0) for stage in STAGES}

    def region(self, row: Row, facts: Facts | None = None) -> str:
        return (facts or self.facts).region[row.proposal_id or 0]

    @staticmethod
    def written(day: str) -> str:
        on = date.fromisoformat(day)
        return f"{on.day} {on:%B %Y}"

    def tagged(self, row: Row, filters: Filters) -> bool:
        return bool(self.sums([row], lambda _row, _area: 0, filters))

    # -- places ------------------------------------------------------------------------------------

    def stat(self, label: str, amount: int, note: str = "") -> None:
        self.found["stat", label] = (self.short(amount), amount, note)

    def number(self, label: str, number: int, note: str = "") -> None:
        self.found["stat", label] = (format_number(number), number, note)

    def beside(self, amount: int) -> str:
        return f"{self.other_name}: {self.short(amount)}" if self.other else ""

    def say(self, *place: str, text: str) -> None:
        if has_digit(text):
            self.found[place] = text

    def table(
        self,
        id_: str,
        columns: Sequence[str],
        rows: Iterable[tuple[Any, ...]],
        total: tuple[Any, ...] | None = None,
    ) -> None:
        self.found[id_, "columns"] = list(columns)
        self.found[id_, "rows"] = Counter(rows)
        if total:
            self.found[id_, "total"] = total


def share(part: int, whole: int, decimals: int = 0) -> str:
    return format_percent(part / whole, decimals)


def listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def by_funder(row: Row, _area: str) -> int:
    return row.funder_id


def by_year(row: Row, _area: str) -> str:
    return str(row.year) if row.year is not None else ""


def totals(rows: Iterable[tuple[Any, ...]], names: int = 1) -> tuple[Any, ...]:
    return ("All", *(sum(column) for column in list(zip(*rows, strict=True))[names:]))
