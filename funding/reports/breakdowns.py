"""Sums of positions for the dashboards: by funder, area, region, year, and who pays together."""

from __future__ import annotations

from dataclasses import dataclass

from funding.places import region_name
from funding.reports.areas import NeedRow
from funding.reports.positions import STAGES, Position, Stage


@dataclass(frozen=True)
class Breakdown:
    """Money by something and stage, in base minor units, largest first.

    `key` of a row is what the filters take (a funder's id, an area's or region's key).
    """

    rows: list[BreakdownRow]

    @property
    def total(self) -> int:
        return sum(row.total for row in self.rows)


@dataclass(frozen=True)
class BreakdownRow:
    key: str
    label: str
    by_stage: dict[Stage, int]

    @property
    def total(self) -> int:
        return sum(self.by_stage.values())


def _summed(records: list[tuple[str, str, Stage, int]]) -> Breakdown:
    """Sum (key, label, stage, amount); integers throughout, so that no cent is lost."""
    # here, since it takes as long to load as the rest of the site, which starts without it
    import pandas as pd

    if not records:
        return Breakdown([])
    frame = pd.DataFrame(records, columns=["key", "label", "stage", "base"])
    table = frame.pivot_table(
        index=["key", "label"], columns="stage", values="base", aggfunc="sum", fill_value=0
    )
    rows = [
        BreakdownRow(str(key), str(label), {stage: int(sums.get(stage, 0)) for stage in STAGES})
        for (key, label), sums in table.iterrows()
    ]
    return Breakdown(sorted(rows, key=lambda row: (-row.total, row.label)))


def by_funder(positions: list[Position]) -> Breakdown:
    return _summed([(str(p.funder_id), p.funder, p.stage, p.base) for p in positions])


def by_area(positions: list[Position], names: dict[str, str]) -> Breakdown:
    """Money that has a proposal, by top area."""
    return _summed(
        [(area, names.get(area, area), p.stage, part) for p in positions for area, part in p.areas]
    )


def by_region(positions: list[Position]) -> Breakdown:
    """Money that has a proposal, by the region of its applicants."""
    return _summed(
        [
            (p.region, region_name(p.region) or "No region given", p.stage, p.base)
            for p in positions
            if p.proposal
        ]
    )


def by_stage(positions: list[Position]) -> dict[Stage, int]:
    sums = dict.fromkeys(STAGES, 0)
    for position in positions:
        sums[position.stage] += position.base
    return sums


@dataclass(frozen=True)
class YearRow:
    """One calendar year: released by commitments, awarded, due in tranches, and paid."""

    year: int
    released: int
    awarded: int
    scheduled: int
    paid: int


def by_year(positions: list[Position], released: dict[int, int]) -> list[YearRow]:
    """`awarded` counts awards of the year that are not scheduled yet; every cent is once there."""
    sums: dict[tuple[int, Stage], int] = {}
    for p in positions:
        if p.year is not None:
            sums[p.year, p.stage] = sums.get((p.year, p.stage), 0) + p.base
    years = sorted({*released, *(year for year, _ in sums)})
    return [
        YearRow(
            year,
            released.get(year, 0),
            *(sums.get((year, s), 0) for s in (Stage.AWARDED, Stage.SCHEDULED, Stage.PAID)),
        )
        for year in years
    ]


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


def gaps(needs: list[NeedRow], positions: list[Position]) -> list[Gap]:
    """Every area with a need, the widest open first."""
    pool: dict[str, int] = {}
    for position in positions:
        for area, part in position.areas:
            pool[area] = pool.get(area, 0) + part
    rows = [
        Gap(row.area.key, row.area.name, row.wanted, row.spent, pool.get(row.area.key, 0))
        for row in needs
        if row.wanted
    ]
    return sorted(rows, key=lambda gap: (-gap.open, gap.name))


@dataclass(frozen=True)
class Together:
    """Proposals that two funders both pay, and the money both put into them."""

    first: str
    second: str
    proposals: int
    amount: int


def together(positions: list[Position]) -> list[Together]:
    """Every pair of funders with a proposal in common, the most money first."""
    payers: dict[str, dict[str, int]] = {}
    for number, p in enumerate(positions):
        if p.proposal:
            # a withheld proposal has no id: each of its lines then stands alone
            name = str(p.proposal_id or f"withheld {number}")
            paid = payers.setdefault(name, {})
            paid[p.funder] = paid.get(p.funder, 0) + p.base
    pairs: dict[tuple[str, str], tuple[int, int]] = {}
    for paid in payers.values():
        funders = sorted(paid)
        for number, first in enumerate(funders):
            for second in funders[number + 1 :]:
                count, amount = pairs.get((first, second), (0, 0))
                pairs[first, second] = (count + 1, amount + paid[first] + paid[second])
    rows = [Together(a, b, count, amount) for (a, b), (count, amount) in pairs.items()]
    return sorted(rows, key=lambda row: (-row.amount, row.first, row.second))


def co_funded(positions: list[Position]) -> tuple[int, int]:
    """(proposals paid by more than one funder, all proposals with money)."""
    payers: dict[int, set[int]] = {}
    for p in positions:
        if p.proposal_id is not None:
            payers.setdefault(p.proposal_id, set()).add(p.funder_id)
    return sum(len(funders) > 1 for funders in payers.values()), len(payers)
