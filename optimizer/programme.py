"""The programme under construction: its variables, rows and objective, before a solver sees it.

`model.py` adds the families of rows of a round.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from optimizer.cells import Cells
from optimizer.pairs import Pairs
from optimizer.problem import Problem
from optimizer.ties import Ties

Expression = dict[Any, float]  # an LpVariable to its coefficient

SHARE_SLACK = 2  # minor units: FORMAT's tolerance for area caps and shares
OUT_OF_REACH = 1e17  # model units; asks are some thousands of them, weights at most a million
INEXACT = 1e-5  # of a model's unit: more than a solver's tolerances add up to


@dataclass(frozen=True)
class Detail:
    """What of the exact round the model holds. `is_eased` uses FORMAT's tolerances.

    `is_soft`: promises and regions' shares may be missed, and the aim is to miss as little as can
    be: above 0 it proves that no plan keeps them all.
    """

    lines: bool = False
    whole: bool = False
    is_eased: bool = False
    is_soft: bool = False


LE, GE, EQ = pulp.LpConstraintLE, pulp.LpConstraintGE, pulp.LpConstraintEQ


class Programme(pulp.LpProblem):  # type: ignore[misc]  # PuLP has no types
    """A PuLP problem that knows its variables once they are made.

    PuLP would look for new ones among the terms of each row as it is added, and of all rows again
    whenever the variables are asked for: a sixth of the time of a large round.
    """

    def add_variable(self, *given: Any, **named: Any) -> Any:
        variable = super().add_variable(*given, **named)
        self._register_variable(variable)
        return variable

    def _add_variables(self, variables: Any) -> None:
        """All of them are known."""


@dataclass(frozen=True)
class Tie:
    """A row of years or conditions: `x` its terms by pair, `spent` by all that c pays.

    `room`: model units that rounding down could take from it, where `when`, a variable, is above 0
    (None: always); there are at most `most_room` of them.
    """

    row: Any
    x: Mapping[tuple[int, int], float]
    spent: Mapping[int, float]
    room: float
    when: Any = None
    most_room: float = math.inf


@dataclass
class Model:
    """The programme and its variables, by index of commitment (c), proposal (p) and area (a).

    `total[p]` is X_p as an expression; `links[p]` its rows x_cp <= cap_cp y_p, with the caps;
    `rows` finds a row by family and id of what it limits. `spending[c]` is all that c pays.
    Of years and conditions (terms.py; `ties` is None without any): `gates` are the 0/1 variables
    that let c pay p, or pay at all (p None), `choices` all 0/1 variables besides y and z,
    `late[c, p, k]` what c pays p after its k-th cut, `counted` the 0/1 variables of funders that
    count, by row, `tied` the rows that price single pairs.
    `parts` are what the objective is the sum of.
    `floors` holds the least value of each funder that was promised one, in minor units;
    `worth` each funder's value as an expression, once `add_quality` has been asked for it.
    """

    lp: pulp.LpProblem
    pairs: Pairs
    cells: Cells
    detail: Detail
    unit: float
    floors: dict[str, float]
    ties: Ties | None = None
    y: dict[int, Any] = field(default_factory=dict)
    z: dict[tuple[int, int], Any] = field(default_factory=dict)
    x: dict[tuple[int, int], Any] = field(default_factory=dict)
    total: list[Expression] = field(default_factory=list)
    amount: dict[int, Any] = field(default_factory=dict)
    rows: dict[tuple[str, str], Any] = field(default_factory=dict)
    links: dict[int, list[tuple[Any, float]]] = field(default_factory=lambda: defaultdict(list))
    worth: dict[str, Expression] = field(default_factory=dict)
    objective: Expression = field(default_factory=dict)
    spending: list[Expression] = field(default_factory=list)
    choices: list[Any] = field(default_factory=list)
    gates: dict[tuple[int, int | None], Any] = field(default_factory=dict)
    late: dict[tuple[int, int, int], Any] = field(default_factory=dict)
    tied: list[Tie] = field(default_factory=list)
    counted: dict[str, Any] = field(default_factory=dict)
    missed: Expression = field(default_factory=dict)
    parts: dict[str, Expression] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        self.nothing = self.lp.add_variable("nothing", 0, 0)

    @property
    def problem(self) -> Problem:
        return self.pairs.problem

    @property
    def surely_missed(self) -> float:
        """Minor units; a soft model that must miss as many has demands that no plan keeps."""
        return INEXACT * self.unit

    def vector(self, expression: Expression) -> NDArray[np.float64]:
        """Coefficients by column, once a solver has numbered the columns."""
        found = np.zeros(self.lp.numVariables())
        for variable, value in expression.items():
            found[variable.index] = value
        return found

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

    def tie(
        self,
        name: tuple[str, str],
        rest: Expression,
        sense: int,
        right: float,
        *,
        x: Mapping[tuple[int, int], float] | None = None,
        spent: Mapping[int, float] | None = None,
        room: float = 0.0,
        when: Any = None,
        most_room: float = math.inf,
    ) -> None:
        """One row over single pairs (`x`), what commitments pay (`spent`) and `rest`."""
        left = dict(rest)
        parts = [(self.x[pair], weight) for pair, weight in (x or {}).items()]
        parts += [
            (variable, weight * own)
            for c, weight in (spent or {}).items()
            for variable, own in self.spending[c].items()
        ]
        for variable, weight in parts:
            left[variable] = left.get(variable, 0.0) + weight
        self.add(*name, left, sense, right)
        self.tied.append(Tie(self.rows[name], x or {}, spent or {}, room, when, most_room))

    def gate(self, c: int, p: int | None) -> Any:
        """The 0/1 variable that lets commitment c pay proposal p, or anything (None)."""
        index = (c,) if p is None else (c, p)
        self.gates[c, p] = self.choice("j" if p is None else "w", *index)
        return self.gates[c, p]

    def choice(self, kind: str, *index: int) -> Any:
        chosen = self.variable(kind, *index, high=1, cat=pulp.LpInteger)
        self.choices.append(chosen)
        return chosen

    def demand(self, family: str, name: str, left: Expression, right: float) -> None:
        """left >= right, or left + e >= right where the model is soft; e is what is missing.

        No plan comes near OUT_OF_REACH, and a solver takes much larger numbers for infinite.
        """
        right = min(right, OUT_OF_REACH)
        if self.detail.is_soft:
            missing = self.variable("e", len(self.missed))
            self.missed[missing] = -1.0
            left = {**left, missing: 1.0}
        self.add(family, name, left, GE, right)

    def earn(self, variable: Any, value: float, part: str = "other") -> None:
        """Add to the objective, and to the part of it that this is: merit, needs, overlaps."""
        for expression in (self.objective, self.parts[part]):
            expression[variable] = expression.get(variable, 0.0) + value
