"""Sums of a round's money by funder, area, region or year, from cells that the database made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from funding.reports.areas import NeedRow
from funding.reports.ground import STAGES, Cell, Stage


@dataclass(frozen=True)
class BreakdownRow:
    """`key` is what the filters take: a funder's id, an area's or a region's key, a year."""

    key: str
    label: str
    by_stage: dict[Stage, int]

    @property
    def total(self) -> int:
        return sum(self.by_stage.values())


@dataclass(frozen=True)
class Breakdown:
    """Money by something and stage, in minor units, largest first."""

    rows: list[BreakdownRow]

    @property
    def total(self) -> int:
        return sum(row.total for row in self.rows)

    def of(self, stage: Stage) -> int:
        return sum(row.by_stage[stage] for row in self.rows)


Key = Callable[[Cell], str]


def by_funder(cell: Cell) -> str:
    return str(cell.funder_id)


def by_area(cell: Cell) -> str:
    return cell.area


def by_region(cell: Cell) -> str:
    return cell.region


def by_year(cell: Cell) -> str:
    return "" if cell.year is None else str(cell.year)


def breakdown(
    cells: Iterable[Cell], key: Key, label: Callable[[str], str], also: Iterable[str] = ()
) -> Breakdown:
    """The cells by `key`; `also` are keys that have a row though no money is there now."""
    sums = {of: dict.fromkeys(STAGES, 0) for of in also}
    for cell in cells:
        by_stage = sums.setdefault(key(cell), dict.fromkeys(STAGES, 0))
        by_stage[Stage(cell.stage)] += cell.amount
    rows = [BreakdownRow(of, label(of), by_stage) for of, by_stage in sums.items()]
    return Breakdown(sorted(rows, key=lambda row: (-row.total, row.label)))


def summed(cells: Iterable[Cell], key: Key) -> dict[str, int]:
    """Sums whatever the stage."""
    sums: dict[str, int] = {}
    for cell in cells:
        sums[key(cell)] = sums.get(key(cell), 0) + cell.amount
    return sums


def by_stage(cells: Iterable[Cell]) -> dict[Stage, int]:
    sums = dict.fromkeys(STAGES, 0)
    for cell in cells:
        sums[Stage(cell.stage)] += cell.amount
    return sums


@dataclass(frozen=True)
class Gap:
    """An area's need: what others fund, what this round does, and what stays open."""

    key: str
    name: str
    need: int
    others: int
    pool: int

    @property
    def open(self) -> int:
        return max(0, self.need - self.others - self.pool)


def gaps(needs: list[NeedRow], pool: dict[str, int], convert: Callable[[int], int]) -> list[Gap]:
    """Every area with a need, the widest open first; `convert` brings needs to the page's
    currency, in which `pool` says what the round does for each area."""
    rows = [
        Gap(
            row.area.key,
            row.area.name,
            convert(row.wanted),
            convert(row.spent),
            pool.get(row.area.key, 0),
        )
        for row in needs
        if row.wanted
    ]
    return sorted(rows, key=lambda gap: (-gap.open, gap.name))
