"""HiGHS behind PuLP: the whole model in one call, and the live solver kept for solving again.

PuLP's own HiGHS class adds columns and rows one at a time and drops the solver afterwards; here
`buildSolverModel` fills arrays and makes one `passModel` call, and `Live` changes costs and
bounds in place. One thread and a fixed seed: the same model gives the same answer.
"""

from __future__ import annotations

import math
import os
import sys
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import highspy
import numpy as np
import pulp
from highspy import HighsModelStatus as ModelStatus
from numpy.typing import NDArray

from optimizer.clock import Clock

Vector = NDArray[np.float64]
INFINITY: float = highspy.kHighsInf
SEED = 0
ROW_SLACK = 1e-6
WARM_STEPS = 1000  # a warm relaxation may take, besides an eighth of the first's
MIP_INTERRUPT = int(highspy.cb.HighsCallbackType.kCallbackMipInterrupt)
FEASIBLE = int(highspy.SolutionStatus.kSolutionStatusFeasible)


class SolverFault(Exception):
    """The solver's answer failed its check; never returned as a plan."""


class HiGHS(pulp.HiGHS):  # type: ignore[misc]  # PuLP has no types
    """PuLP's HiGHS with a one-call handover; `handed_over.solverModel` stays alive."""

    def buildSolverModel(self, lp: pulp.LpProblem) -> None:  # noqa: N802  # PuLP's name
        sign = -1.0 if lp.sense == pulp.LpMaximize else 1.0
        self.variables = variables = lp.variables()
        for index, variable in enumerate(variables):
            variable.index = index
        cost = np.zeros(len(variables))
        for variable, coefficient in lp.objective.items():
            cost[variable.index] = sign * coefficient
        constraints = lp.constraints()
        starts = np.zeros(len(constraints) + 1, dtype=np.int32)
        index_list: list[int] = []
        value_list: list[float] = []
        for row, constraint in enumerate(constraints):
            constraint.index = row
            index_list.extend([variable.index for variable in constraint])
            value_list.extend(constraint.values())
            starts[row + 1] = len(index_list)
        self.matrix = (starts, np.array(index_list, dtype=np.int32), np.array(value_list))
        self.cost = cost
        model = highspy.HighsLp()
        model.num_col_ = len(variables)
        model.num_row_ = len(constraints)
        model.col_cost_ = cost
        model.col_lower_ = _bounds([v.lowBound for v in variables], -INFINITY)
        model.col_upper_ = _bounds([v.upBound for v in variables], INFINITY)
        model.row_lower_ = _bounds([c.getLb() for c in constraints], -INFINITY)
        model.row_upper_ = _bounds([c.getUb() for c in constraints], INFINITY)
        model.offset_ = sign * lp.objective.constant
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.num_col_, matrix.num_row_ = model.num_col_, model.num_row_
        matrix.start_, matrix.index_, matrix.value_ = self.matrix
        if not all(np.isfinite(part).all() for part in (cost, matrix.value_)):
            raise ValueError("the model holds a number that is not finite")
        status = lp.solverModel.passModel(model)
        if status == highspy.HighsStatus.kError:
            raise RuntimeError("HiGHS refused the model")


def _bounds(values: Sequence[float | None], absent: float) -> Vector:
    found = np.array([absent if v is None else v for v in values], dtype=np.float64)
    if np.isnan(found).any():
        raise ValueError("the model holds a limit that is not a number")
    return found


@dataclass(frozen=True)
class Answer:
    """One solve, in the model's own units and sense (maximise).

    `x` is None when there is no solution. `bound` is proven; infinite when nothing is.
    """

    is_infeasible: bool
    is_finished: bool
    value: float
    bound: float
    x: Vector | None


NOTHING = Answer(False, False, -math.inf, math.inf, None)
"""No time was left to ask."""


def worth_of(answer: Answer, bound: float) -> Answer:
    """The same answer with a bound, which is never below its own value."""
    return replace(answer, bound=max(bound, answer.value))


@cache
def _let_highs_greet() -> None:
    """Make a first HiGHS with standard output closed to it.

    The first one of a process prints its name before it can be told not to, and standard output
    belongs to the plan.
    """
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        highspy.Highs()  # type: ignore[no-untyped-call]  # highspy has no types
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


class Live:
    """A model inside HiGHS that can be changed and solved again from where it stands."""

    def __init__(self, lp: pulp.LpProblem, clock: Clock) -> None:
        _let_highs_greet()
        solver = HiGHS(msg=False, threads=1)
        solver.createAndConfigureSolver(lp)
        solver.buildSolverModel(lp)
        self.highs: highspy.Highs = lp.solverModel
        self._matrix, self._cost = solver.matrix, solver.cost
        self.clock = clock
        self.columns = self.highs.getNumCol()
        for option, value in {
            "threads": 1,
            "parallel": "off",
            "random_seed": SEED,
            "mip_feasibility_tolerance": 1e-8,
            "primal_feasibility_tolerance": 1e-9,
            "dual_feasibility_tolerance": 1e-9,
        }.items():
            self.highs.setOptionValue(option, value)
        self._integer: NDArray[np.int32] = np.array(
            [v.index for v in solver.variables if v.cat == pulp.LpInteger], dtype=np.int32
        )
        self._is_integral = False
        self._basis: highspy.HighsBasis | None = None
        self._first_steps = 0  # simplex iterations of the first relaxation
        held = self.highs.getLp()
        self.low, self.high = np.array(held.col_lower_), np.array(held.col_upper_)
        self._row_low, self._row_high = np.array(held.row_lower_), np.array(held.row_upper_)
        self.scale = 1.0  # minor units in a unit of the model
        self.enough: float | None = None
        self.worth = math.inf
        self._reported = 0.0
        self._error: Exception | None = None
        self._listen()

    def _listen(self) -> None:
        """Let HiGHS ask now and then; weakly, since it would keep this object alive for ever."""
        held = weakref.ref(self)

        def heard(kind: Any, _text: str, out: Any, back: Any, _data: Any) -> None:
            live = held()
            # said each time: HiGHS would keep a yes for the solves that follow
            back.user_interrupt = live is not None and live._wants_stop(kind, out)

        kinds = highspy.cb.HighsCallbackType
        self.highs.setCallback(heard, None)
        for kind in (kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt):
            self.highs.startCallback(kind)

    def _wants_stop(self, kind: Any, out: Any) -> bool:
        """Whether the caller cancelled, or what is known already is close enough to the bound."""
        try:
            if self.clock.cancelled is not None and self.clock.cancelled():
                return True
            if int(kind) != MIP_INTERRUPT:
                return False
            bound = -out.mip_dual_bound * self.scale
            if self.enough is not None:
                self._report(-out.mip_primal_bound * self.scale, bound)
            if -out.mip_primal_bound * self.scale >= self.worth:
                return True
            return self.enough is not None and bound <= self.enough
        except Exception as error:  # HiGHS must not see it: raised again after the run
            self._error = error
            return True

    def _report(self, value: float, bound: float) -> None:
        if self.clock.progress is not None and time.monotonic() - self._reported > 0.2:
            self._reported = time.monotonic()
            self.clock.progress(
                "search",
                value if math.isfinite(value) else None,
                bound if math.isfinite(bound) else None,
            )

    def restore(self) -> None:
        """Every column's limits as they were in the model."""
        self.set_columns(np.arange(self.columns), self.low, self.high)

    def set_columns(self, columns: Sequence[int] | NDArray[Any], low: Any, high: Any) -> None:
        index = np.asarray(columns, dtype=np.int32)
        if index.size:
            self.highs.changeColsBounds(
                len(index),
                index,
                np.broadcast_to(np.asarray(low, dtype=np.float64), index.shape).copy(),
                np.broadcast_to(np.asarray(high, dtype=np.float64), index.shape).copy(),
            )

    def set_costs(self, cost: float | Vector) -> None:
        """Another objective (maximise) on the same rows."""
        self._cost = -np.broadcast_to(np.asarray(cost, dtype=np.float64), self.columns).copy()
        index = np.arange(self.columns, dtype=np.int32)
        self.highs.changeColsCost(self.columns, index, self._cost)

    def set_rows(self, rows: Sequence[int] | NDArray[Any], low: Any, high: Any) -> None:
        index = np.asarray(rows, dtype=np.int32)
        for row, below, above in zip(
            index,
            np.broadcast_to(np.asarray(low, dtype=np.float64), index.shape),
            np.broadcast_to(np.asarray(high, dtype=np.float64), index.shape),
            strict=True,
        ):
            self.highs.changeRowBounds(int(row), float(below), float(above))
            self._row_low[row], self._row_high[row] = below, above

    def _integrality(self, wanted: bool) -> None:
        if wanted == self._is_integral or not self._integer.size:
            return
        kind = highspy.HighsVarType.kInteger if wanted else highspy.HighsVarType.kContinuous
        self.highs.changeColsIntegrality(
            len(self._integer),
            self._integer,
            np.full(len(self._integer), int(kind), dtype=np.uint8),
        )
        self._is_integral = wanted

    def forget(self) -> None:
        """Have the next solve start from nothing, so that it depends on nothing before it."""
        self._basis = None
        self.highs.clearSolver()

    def relax(self) -> Answer:
        """The model with integers let go; a corner of it, by simplex from the last basis.

        From nothing HiGHS does well to presolve and to perturb the costs. From the last corner
        both waste it: a perturbed corner has to be left again, which took ten times the steps.
        Without, degenerate corners may stall, so a solve that takes long starts anew.
        """
        self._integrality(False)
        if self._basis is None:
            answer = self._run()
            self._first_steps = self.highs.getInfo().simplex_iteration_count
        else:
            self.highs.setBasis(self._basis)
            with self._options(
                presolve="off",
                dual_simplex_cost_perturbation_multiplier=0.0,
                simplex_iteration_limit=WARM_STEPS + self._first_steps // 8,
            ):
                answer = self._run()
            if self.highs.getModelStatus() == ModelStatus.kIterationLimit:
                self.highs.clearSolver()
                answer = self._run()
        if answer.is_finished:
            self._basis = self.highs.getBasis()
        return answer

    @contextmanager
    def _options(self, **wanted: float | str) -> Iterator[None]:
        """Options of HiGHS that hold for a while."""
        before = {option: self.highs.getOptionValue(option)[1] for option in wanted}
        for option, value in wanted.items():
            self.highs.setOptionValue(option, value)
        try:
            yield
        finally:
            for option, value in before.items():
                self.highs.setOptionValue(option, value)

    def search(
        self,
        gap: float,
        nodes: int | None = None,
        enough: float | None = None,
        may_restart: bool = False,
        worth: float = math.inf,
    ) -> Answer:
        """The model with its integers, to a relative `gap`.

        It also ends when the bound falls to `enough`, minor units, and when a point is `worth` so
        much. `nodes` limits the tree rather than the time, so that the answer can be had again.
        `may_restart`: begin anew once many columns are decided at the root, which pays where lines
        have a price and seldom elsewhere. HiGHS starts from nothing: with presolve a start, or the
        LP solution it still holds, can become an 'optimal' point that breaks a row (1.16). A point
        that fails its rows, and a claim of none, are looked at again without presolve.
        """
        self._integrality(True)
        self.highs.setOptionValue("mip_rel_gap", max(0.0, gap))
        self.highs.setOptionValue("mip_abs_gap", 1e-9)
        self.highs.setOptionValue("mip_allow_restart", may_restart)
        self.highs.setOptionValue("mip_max_nodes", nodes if nodes is not None else 2**31 - 1)
        self.highs.clearSolver()
        self.enough, self.worth = enough, worth
        answer = self._run()
        if answer.is_infeasible or (answer.x is not None and not self._holds(answer)):
            self.highs.clearSolver()
            with self._options(presolve="off"):
                answer = self._run()
            if answer.x is not None and not self._holds(answer):
                raise SolverFault("the solver's point breaks its own rows")
        return answer

    def _holds(self, answer: Answer) -> bool:
        """Whether a point keeps rows and integers, and is worth what is said."""
        x = answer.x
        assert x is not None
        starts, index, value = self._matrix
        activity = np.add.reduceat(value * x[index], starts[:-1]) if index.size else np.zeros(0)
        rows = [
            (self._row_low, self._row_low - activity),
            (self._row_high, activity - self._row_high),
        ]
        for limit, excess in rows:
            finite = np.isfinite(limit)
            if (excess[finite] > ROW_SLACK * (1 + np.abs(limit[finite]))).any():
                return False
        whole = x[self._integer]
        if (np.abs(whole - np.round(whole)) > ROW_SLACK).any():
            return False
        worth = -float(self._cost @ x)
        return abs(worth - answer.value) <= ROW_SLACK * (1 + abs(worth))

    def _run(self) -> Answer:
        self.clock.look()
        if not self.clock.left:
            self.clock.has_run_out = True
            return NOTHING
        # HiGHS compares with the time of all its runs so far, of which a live model has many
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + self.clock.left)
        self.highs.run()
        if self._error is not None:
            raise self._error
        self.clock.look()
        status = self.highs.getModelStatus()
        info = self.highs.getInfo()
        if status == ModelStatus.kTimeLimit:
            self.clock.has_run_out = True
        infeasible = status in (ModelStatus.kInfeasible, ModelStatus.kUnboundedOrInfeasible)
        finished = status in (ModelStatus.kOptimal, ModelStatus.kModelEmpty)
        feasible = info.primal_solution_status == FEASIBLE
        if not feasible or infeasible:
            bound = -info.mip_dual_bound if self._is_integral else math.inf
            return Answer(infeasible, finished, -math.inf, bound, None)
        value = -float(info.objective_function_value)
        bound = -float(info.mip_dual_bound) if self._is_integral else value
        if not self._is_integral and not finished:
            bound = math.inf
        x = np.array(self.highs.getSolution().col_value)
        return Answer(False, finished, value, max(bound, value), x)

    @property
    def row_duals(self) -> Vector:
        """What one more unit on the right of each row adds to the value (maximise)."""
        return -np.array(self.highs.getSolution().row_dual)

    @property
    def reduced_costs(self) -> Vector:
        """What one more unit of each variable would add to the value, were it free (maximise)."""
        return -np.array(self.highs.getSolution().col_dual)
