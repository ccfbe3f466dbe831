"""Which solver answers: HiGHS, kept alive between solves, or CBC as a fallback.

Both take the same PuLP model and answer the same questions, so the rest of the optimizer does not
know which one it has.
"""

from __future__ import annotations

import math
import re
import tempfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pulp
from pulp.apis.coin_api import pulp_cbc_path

from optimizer.clock import Clock
from optimizer.highs import INFINITY, NOTHING, Answer, Live, Vector, worth_of

SOLVERS = ("highs", "cbc")


class Solver(Protocol):
    """A model that can be changed and solved again. Values are in the model's units, maximised."""

    clock: Clock
    scale: float
    low: Vector
    high: Vector

    def restore(self) -> None: ...
    def set_columns(self, columns: Any, low: Any, high: Any) -> None: ...
    def set_costs(self, cost: float | Vector) -> None: ...
    def set_rows(self, rows: Any, low: Any, high: Any) -> None: ...
    def forget(self) -> None: ...
    def relax(self) -> Answer: ...
    def search(
        self,
        gap: float,
        nodes: int | None = None,
        enough: float | None = None,
        may_restart: bool = False,
        worth: float = math.inf,
    ) -> Answer: ...
    @property
    def row_duals(self) -> Vector: ...
    @property
    def reduced_costs(self) -> Vector: ...


def open_model(lp: pulp.LpProblem, clock: Clock, scale: float) -> Solver:
    """The model in the solver that the run asked for; `scale`: minor units in its unit."""
    solver: Solver = Cbc(lp, clock) if clock.solver == "cbc" else Live(lp, clock)
    solver.scale = scale
    return solver


class Cbc:
    """A PuLP model that CBC solves from a file, from the beginning each time.

    CBC has traps: without an integer solution PuLP says 'Not Solved' and leaves the fractions of
    the LP in the variables; a bound is only in its log, to three decimals.
    """

    def __init__(self, lp: pulp.LpProblem, clock: Clock) -> None:
        self.lp, self.clock, self.scale = lp, clock, 1.0
        self.variables = lp.variables()
        self._show_every_column()
        self.constraints = lp.constraints()
        for index, variable in enumerate(self.variables):
            variable.index = index
        for index, constraint in enumerate(self.constraints):
            constraint.index = index
        self.low = np.array(
            [-INFINITY if v.lowBound is None else v.lowBound for v in lp.variables()]
        )
        self.high = np.array([INFINITY if v.upBound is None else v.upBound for v in lp.variables()])

    def _show_every_column(self) -> None:
        """Put variables that stand nowhere into a row that holds anyway: CBC refuses others."""
        used = {v for row in self.lp.constraints() for v in row} | set(self.lp.objective)
        idle = [v for v in self.variables if v not in used and v.lowBound == 0]
        if idle:
            row = pulp.LpAffineExpression(dict.fromkeys(idle, 1.0))
            self.lp.addConstraint(pulp.LpConstraint(row, pulp.LpConstraintGE, rhs=0), "idle")

    def restore(self) -> None:
        self.set_columns(range(len(self.variables)), self.low, self.high)

    def set_columns(self, columns: Any, low: Any, high: Any) -> None:
        index = np.asarray(columns, dtype=np.int64)
        lows, highs = np.broadcast_to(low, index.shape), np.broadcast_to(high, index.shape)
        for column, below, above in zip(index, lows, highs, strict=True):
            variable = self.variables[column]
            variable.lowBound = float(below) if math.isfinite(below) else None
            variable.upBound = float(above) if math.isfinite(above) else None

    def set_rows(self, rows: Any, low: Any, high: Any) -> None:
        index = np.asarray(rows, dtype=np.int64)
        lows, highs = np.broadcast_to(low, index.shape), np.broadcast_to(high, index.shape)
        for row, below, above in zip(index, lows, highs, strict=True):
            constraint = self.constraints[row]
            right = below if constraint.sense == pulp.LpConstraintGE else above
            constraint.changeRHS(float(right))

    def set_costs(self, cost: float | Vector) -> None:
        costs = np.broadcast_to(np.asarray(cost, dtype=np.float64), len(self.variables))
        self.lp.objective = pulp.LpAffineExpression(
            {v: float(c) for v, c in zip(self.variables, costs, strict=True)}
        )

    def forget(self) -> None:
        """It always starts from nothing."""

    def relax(self) -> Answer:
        answer = self._run(pulp.COIN_CMD(mip=False, **self._options()))
        slip = 1e-8 * (1 + abs(answer.value))  # CBC writes its solution to some eight digits
        return answer if answer.x is None else worth_of(answer, answer.value + slip)

    def search(
        self,
        gap: float,
        nodes: int | None = None,
        enough: float | None = None,
        may_restart: bool = False,
        worth: float = math.inf,
    ) -> Answer:
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            command = pulp.COIN_CMD(
                gapRel=gap, gapAbs=1e-9, maxNodes=nodes, logPath=str(log), **self._options()
            )
            answer = self._run(command)
            if answer.x is None:
                return answer
            text = log.read_text(encoding="utf-8", errors="replace")
        said = re.search(r"^Upper bound:\s+(\S+)", text, re.MULTILINE)
        if said is not None:
            return worth_of(answer, float(said.group(1)) + 1e-3)
        return worth_of(answer, answer.value if answer.is_finished else math.inf)

    def _options(self) -> dict[str, Any]:
        left = max(1, math.ceil(self.clock.left))
        return {"path": pulp_cbc_path, "msg": False, "threads": 1, "timeLimit": left}

    def _run(self, command: pulp.COIN_CMD) -> Answer:
        self.clock.look()
        if not self.clock.left:
            self.clock.has_run_out = True
            return NOTHING
        self.lp.solve(command)
        self.clock.look()
        status, solution = self.lp.status, self.lp.sol_status
        if self.clock.left == 0:
            self.clock.has_run_out = True
        if status in (pulp.LpStatusInfeasible, pulp.LpStatusUndefined):
            return Answer(True, True, -math.inf, math.inf, None)
        if solution not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
            return Answer(False, False, -math.inf, math.inf, None)
        x = np.array([v.varValue or 0.0 for v in self.variables])
        value = float(pulp.value(self.lp.objective))
        return Answer(False, solution == pulp.LpSolutionOptimal, value, math.inf, x)

    @property
    def row_duals(self) -> Vector:
        return np.array([c.pi or 0.0 for c in self.constraints])

    @property
    def reduced_costs(self) -> Vector:
        return np.array([v.dj or 0.0 for v in self.variables])
