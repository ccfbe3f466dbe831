"""Who reviews what: as many reviews as are wanted, by those who know the matter, in fair loads.

A programme of its own beside the allocation. With x_pr the review of proposal p by reviewer r:

    maximise    sum_pr fit_pr x_pr - sum_rk evenness_rk l_rk - M sum_p short_p
    subject to  sum_r x_pr + short_p = wanted_p         each proposal       [wanted]
                sum_p x_pr = sum_k l_rk                 each reviewer       [load]
                0 <= x_pr <= 1 (pairs that may be), 0 <= l_rk <= 1, k = 1 .. room_r

M is more than any plan's fit can be worth, so that no review goes missing for a better fit. The
rows are those of a flow, so that the LP's corners are whole numbers: no branching is needed. Large
rounds are solved by column generation: with the pairs that fit best, then with every pair that the
prices say could help, until none does, which proves the answer best among all pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

EVENNESS = 0.1
"""What the last review of a full load costs, in units of fit; the first costs nothing."""
FIRST_PAIRS = 12
"""Of each proposal, so many of the reviewers that fit best are in the first programme."""
NEW_PAIRS = 8
"""At most so many more of each proposal are taken in at a time."""
_TOLERANCE = 1e-7
_MOST_TIMES = 200


@dataclass(frozen=True)
class AssignmentProblem:
    """fit: rows are proposals, columns reviewers, 0 to 1; NaN where the pair may not be.

    wanted: reviews still wanted of each proposal. room: reviews each reviewer can still take.
    """

    fit: NDArray[np.float32]
    wanted: Sequence[int]
    room: Sequence[int]

    def __post_init__(self) -> None:
        if self.fit.shape != (len(self.wanted), len(self.room)):
            raise ValueError("fit needs a row for each proposal and a column for each reviewer")
        if min([0, *self.wanted, *self.room]) < 0:
            raise ValueError("wanted and room are never below 0")
        known = self.fit[~np.isnan(self.fit)]
        if known.size and not (known.min() >= 0 and known.max() <= 1):
            raise ValueError("fit is between 0 and 1")


@dataclass(frozen=True)
class Assignment:
    """pairs: (proposal, reviewer) by place, in order. short: reviews missing, by proposal."""

    pairs: list[tuple[int, int]]
    short: dict[int, int]
    value: float


def load_costs(room: int) -> list[float]:
    """What each further review of a reviewer costs, in units of fit."""
    return [EVENNESS * k / room for k in range(room)]


def value_of(problem: AssignmentProblem, pairs: Sequence[tuple[int, int]]) -> float:
    """What pairs are worth without what is short: their fit less what uneven loads cost."""
    loads = np.zeros(len(problem.room), int)
    for _, reviewer in pairs:
        loads[reviewer] += 1
    fit = sum(float(problem.fit[pair]) for pair in pairs)
    return fit - sum(
        sum(load_costs(room)[:load]) for room, load in zip(problem.room, loads, strict=True)
    )


def assign(problem: AssignmentProblem) -> Assignment:
    """The best assignment; the same for the same problem."""
    proposals = [p for p, wanted in enumerate(problem.wanted) if wanted]
    reviewers = [r for r, room in enumerate(problem.room) if room]
    if not proposals or not reviewers:
        return Assignment([], {p: problem.wanted[p] for p in proposals}, 0.0)
    programme = _Programme(problem, proposals, reviewers)
    programme.take(programme.best_by(programme.fit, FIRST_PAIRS))
    for _ in range(_MOST_TIMES):
        programme.solve()
        gain = programme.gain()
        gain[programme.taken] = -np.inf
        if not (gain > _TOLERANCE).any():
            break
        programme.take(programme.best_by(np.where(gain > _TOLERANCE, gain, -np.inf), NEW_PAIRS))
    pairs = programme.pairs()
    given = np.zeros(len(problem.wanted), int)
    for proposal, _ in pairs:
        given[proposal] += 1
    short = {
        p: problem.wanted[p] - int(given[p]) for p in proposals if given[p] < problem.wanted[p]
    }
    return Assignment(pairs, short, value_of(problem, pairs))


class _Programme:
    """The LP with the pairs taken in so far; rows are first proposals, then reviewers."""

    def __init__(
        self, problem: AssignmentProblem, proposals: list[int], reviewers: list[int]
    ) -> None:
        self.problem, self.proposals, self.reviewers = problem, proposals, reviewers
        self.fit = problem.fit[np.ix_(proposals, reviewers)].astype(float)
        self.fit[np.isnan(self.fit)] = -np.inf
        self.taken = np.zeros(self.fit.shape, bool)
        self.columns: list[tuple[int, int]] = []
        # more than what is gained or lost along any chain of reviewers that hand on a proposal
        self.missing = (len(reviewers) + 1) * (1 + EVENNESS)
        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]  # it has no types
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("random_seed", 1)
        self.highs.setOptionValue("solver", "simplex")  # corners, and warm from time to time
        self.highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        nothing = np.array([], dtype=np.int32)
        for p in proposals:
            wanted = float(problem.wanted[p])
            self.highs.addRow(wanted, wanted, 0, nothing, np.array([]))
        for _ in reviewers:
            self.highs.addRow(0.0, 0.0, 0, nothing, np.array([]))
        for row, p in enumerate(proposals):
            self._column(-self.missing, float(problem.wanted[p]), [row], [1.0])
        for place, r in enumerate(reviewers):
            for cost in load_costs(problem.room[r]):
                self._column(-cost, 1.0, [len(proposals) + place], [-1.0])
        self.others = self.highs.getNumCol()

    def _column(self, gain: float, most: float, rows: list[int], parts: list[float]) -> None:
        self.highs.addCol(
            gain, 0.0, most, len(rows), np.array(rows, dtype=np.int32), np.array(parts)
        )

    def best_by(self, worth: NDArray[np.float64], most: int) -> NDArray[np.bool_]:
        """Of each proposal the pairs worth most that are not taken yet; ties to the first."""
        worth = np.where(self.taken, -np.inf, worth)
        order = np.argsort(-worth, axis=1, kind="stable")[:, :most]
        chosen = np.zeros(worth.shape, bool)
        np.put_along_axis(chosen, order, True, axis=1)
        return np.asarray(chosen & np.isfinite(worth))

    def take(self, chosen: NDArray[np.bool_]) -> None:
        for row, place in np.argwhere(chosen):
            self._column(
                float(self.fit[row, place]),
                1.0,
                [int(row), len(self.proposals) + int(place)],
                [1.0, 1.0],
            )
            self.columns.append((int(row), int(place)))
        self.taken |= chosen

    def solve(self) -> None:
        self.highs.run()
        status = self.highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"the assignment ended as {self.highs.modelStatusToString(status)}")
        self.solution = self.highs.getSolution()

    def gain(self) -> NDArray[np.float64]:
        """What one more of each pair would add, at the prices of the rows."""
        prices = np.array(self.solution.row_dual)
        count = len(self.proposals)
        return np.asarray(self.fit - prices[:count, None] - prices[None, count:])

    def pairs(self) -> list[tuple[int, int]]:
        values = np.array(self.solution.col_value)[self.others :]
        if np.abs(values - values.round()).max(initial=0.0) > 1e-6:
            raise RuntimeError("the assignment is not in whole reviews")
        return sorted(
            (self.proposals[row], self.reviewers[place])
            for (row, place), value in zip(self.columns, values, strict=True)
            if value > 0.5
        )
