"""The programme under construction: its variables, rows and objective, before a solver sees it.

`model.py` adds the families of rows of a round.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pulp

from optimizer.cells import Cells
from optimizer.pairs import Pairs
from optimizer.problem import Problem

Expression = dict[Any, float]  # an LpVariable to its coefficient

SHARE_SLACK = 2  # minor units: FORMAT's tolerance for area caps and shares


@dataclass(frozen=True)
class Detail:
    """What of the exact round the model holds. `is_eased` uses FORMAT's tolerances."""

    lines: bool = False
    whole: bool = False
    is_eased: bool = False


LE, GE, EQ = pulp.LpConstraintLE, pulp.LpConstraintGE, pulp.LpConstraintEQ


@dataclass
class Model:
    """The programme and its variables, by index of commitment (c), proposal (p) and area (a).

    `total[p]` is X_p as an expression; `links[p]` its rows x_cp <= cap_cp y_p, with the caps;
    `rows` finds a row by family and id of what it limits.
    `floors` holds the least value of each funder that was promised one, in minor units.
    """

    lp: pulp.LpProblem
    pairs: Pairs
    cells: Cells
    detail: Detail
    unit: float
    floors: dict[str, float]
    y: dict[int, Any] = field(default_factory=dict)
    z: dict[tuple[int, int], Any] = field(default_factory=dict)
    x: dict[tuple[int, int], Any] = field(default_factory=dict)
    total: list[Expression] = field(default_factory=list)
    amount: dict[int, Any] = field(default_factory=dict)
    rows: dict[tuple[str, str], Any] = field(default_factory=dict)
    links: dict[int, list[tuple[Any, float]]] = field(default_factory=lambda: defaultdict(list))
    objective: Expression = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.nothing = self.lp.add_variable("nothing", 0, 0)

    @property
    def problem(self) -> Problem:
        return self.pairs.problem

    def variable(self, kind: str, *index: int, high: float | None = None, cat: str = "") -> Any:
        """A variable >= 0, named by kind and index so that names sort as indices do."""
        name = kind + "_".join(f"{i:06d}" for i in index)
        return self.lp.add_variable(name, 0, high, cat or pulp.LpContinuous)

    def add(self, family: str, name: str, left: Expression, sense: int, right: float) -> None:
        """One row. Solvers drop empty rows even where those fail, so they get `nothing`."""
        row = pulp.LpConstraint(
            pulp.LpAffineExpression(left or {self.nothing: 1.0}), sense, rhs=right
        )
        self.lp.addConstraint(row, f"r{len(self.rows):06d}")
        self.rows[family, name] = row

    def earn(self, variable: Any, value: float) -> None:
        self.objective[variable] = self.objective.get(variable, 0.0) + value
