"""The same rounds written by hand as arrays for HiGHS, without a modelling library.

`cells_by_hand` is the product's formulation, `pairs_by_hand` one variable a pair. Both know only
what bench.rounds makes: money, restrictions, asks with minimums, needs in steps, and (on pairs)
tickets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from optimizer.cells import cover
from optimizer.pairs import Pairs

UNIT = 100_000.0
INF = highspy.kHighsInf


@dataclass
class Arrays:
    """Columns and rows as they are added, for one passModel call."""

    cost: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    index: list[NDArray[np.int64]] = field(default_factory=list)
    value: list[NDArray[np.float64]] = field(default_factory=list)
    low_row: list[float] = field(default_factory=list)
    high_row: list[float] = field(default_factory=list)

    def columns(
        self, count: int, cost: float = 0.0, high: float = INF, *, whole: bool = False
    ) -> NDArray[np.int64]:
        first = len(self.cost)
        self.cost += [cost] * count
        self.high += [high] * count
        self.whole += [whole] * count
        return np.arange(first, first + count)

    def row(
        self,
        index: NDArray[np.int64] | Sequence[int],
        value: NDArray[np.float64] | Sequence[float],
        low: float,
        high: float,
    ) -> None:
        self.index.append(np.asarray(index, dtype=np.int64))
        self.value.append(np.asarray(value, dtype=np.float64))
        self.starts.append(self.starts[-1] + len(self.index[-1]))
        self.low_row.append(low)
        self.high_row.append(high)

    def hand_over(self) -> highspy.Highs:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.cost), len(self.low_row)
        model.col_cost_ = -np.array(self.cost)
        model.col_lower_, model.col_upper_ = np.zeros(len(self.cost)), np.array(self.high)
        model.row_lower_, model.row_upper_ = np.array(self.low_row), np.array(self.high_row)
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.num_col_, matrix.num_row_ = model.num_col_, model.num_row_
        matrix.start_ = np.array(self.starts, dtype=np.int32)
        matrix.index_ = np.concatenate(self.index).astype(np.int32)
        matrix.value_ = np.concatenate(self.value)
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 1)
        highs.passModel(model)
        return highs

    def solve(self, gap: float | None, seconds: float) -> tuple[float, float]:
        """Value and bound; the relaxation where `gap` is None."""
        highs = self.hand_over()
        highs.setOptionValue("time_limit", seconds)
        if gap is not None:
            columns = np.flatnonzero(self.whole).astype(np.int32)
            kinds = np.full(len(columns), int(highspy.HighsVarType.kInteger), dtype=np.uint8)
            highs.changeColsIntegrality(len(columns), columns, kinds)
            highs.setOptionValue("mip_rel_gap", gap)
        highs.run()
        info = highs.getInfo()
        value = -info.objective_function_value
        return value * UNIT, (value if gap is None else -info.mip_dual_bound) * UNIT


def cells_by_hand(pairs: Pairs) -> Arrays:
    """Money flows commitment -> (hub ->) class -> proposal."""
    cells, lp = cover(pairs), Arrays()
    totals = _proposals(pairs, lp)
    spending: list[list[int]] = [[] for _ in pairs.budget]
    inflow: list[list[int]] = [[] for _ in cells.classes]
    for hub in cells.hubs:
        into, out = lp.columns(len(hub.commitments)), lp.columns(len(hub.classes))
        for c, column in zip(hub.commitments, into.tolist(), strict=True):
            spending[c].append(column)
        for k, column in zip(hub.classes, out.tolist(), strict=True):
            inflow[k].append(column)
        lp.row(np.concatenate([into, out]), np.repeat([1.0, -1.0], [len(into), len(out)]), 0, INF)
    for (c, k), column in zip(cells.direct, lp.columns(len(cells.direct)).tolist(), strict=True):
        spending[c].append(column)
        inflow[k].append(column)
    for c, columns in enumerate(spending):
        lp.row(columns, np.ones(len(columns)), -INF, pairs.budget[c] / UNIT)
    for k, members in enumerate(cells.classes):
        index = np.concatenate([np.array(inflow[k]), totals[list(members)]])
        signs = np.repeat([1.0, -1.0], [len(inflow[k]), len(members)])
        lp.row(index, signs, 0, INF)
    return lp


def pairs_by_hand(pairs: Pairs) -> Arrays:
    """One variable a pair."""
    lp = Arrays()
    totals = _proposals(pairs, lp)
    spending: list[NDArray[np.int64]] = []
    x = np.full(pairs.cap.shape, -1, dtype=np.int64)
    for c, row in enumerate(pairs.cap):
        able = np.flatnonzero(row)
        x[c, able] = lp.columns(len(able))
        spending.append(x[c, able])
        if pairs.ticket[c]:
            parts = lp.columns(len(able), high=1.0, whole=True)
            for p, column, part in zip(able, spending[-1], parts, strict=True):
                most = min(pairs.cap[c, p], pairs.budget[c]) / UNIT
                lp.row([column, part], [1.0, -most], -INF, 0)
                lp.row([column, part], [1.0, -pairs.ticket[c] / UNIT], 0, INF)
    for c, columns in enumerate(spending):
        lp.row(columns, np.ones(len(columns)), -INF, pairs.budget[c] / UNIT)
    for p in range(len(pairs.ask)):
        columns = x[:, p][x[:, p] >= 0]
        lp.row([*columns, totals[p]], np.append(np.ones(len(columns)), -1.0), 0, 0)
    return lp


def _proposals(pairs: Pairs, lp: Arrays) -> NDArray[np.int64]:
    """Totals, funded or not, and needs; the totals' columns."""
    count, problem = len(pairs.ask), pairs.problem
    totals, funded = lp.columns(count), lp.columns(count, high=1.0, whole=True)
    for p, proposal in enumerate(problem.proposals):
        lp.cost[totals[p]] = proposal.merit
        lp.row([totals[p], funded[p]], [1.0, -pairs.ask[p] / UNIT], -INF, 0)
        lp.row([totals[p], funded[p]], [1.0, -pairs.least[p] / UNIT], 0, INF)
    for area in problem.areas:
        steps = [int(lp.columns(1, step.weight, step.width / UNIT)[0]) for step in area.steps]
        inside = [
            (p, q.areas[area.id]) for p, q in enumerate(problem.proposals) if area.id in q.areas
        ]
        members = totals[[p for p, _ in inside]]
        lp.row(
            np.concatenate([members, steps]),
            np.array([w for _, w in inside] + [-1.0] * len(steps)),
            0,
            INF,
        )
    return totals
