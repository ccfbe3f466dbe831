"""Leximin of the relaxed round by water filling: what each funder's level is at most.

    maximise  r  subject to  ratio_f - r + s_f >= 0  each funder f                  [below]
                             ratio_f >= level_f                                     [level]

over the rows of the relaxed model; s_f is 0 while f is open. At the optimum a funder whose row
[below] has a price can have no more in any solution as good: it is settled at r, and its s_f is let
go. Then r rises for the others, from the corner where the simplex method stands. Prices of [below]
add up to 1, so each step settles at least one funder and there are at most as many as funders.

No plan is better level by level than these ratios, sorted.

Source: W. Ogryczak, M. Pioro and A. Tomaszewski, Telecommunications network design and max-min
optimization problem, Journal of Telecommunications and Information Technology 3 (2005).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from optimizer.backend import Solver, open_model
from optimizer.clock import Clock
from optimizer.highs import INFINITY
from optimizer.model import add_quality, build
from optimizer.pairs import Pairs
from optimizer.programme import GE, Detail

PRICED = 1e-7  # of a unit of ratio, from which a row has a price
KEPT = 1e-9  # of a level, given up so that the next step has a solution in spite of rounding


def levels_of(
    pairs: Pairs,
    floors: Mapping[str, float],
    references: Mapping[str, float],
    clock: Clock,
) -> dict[str, float] | None:
    """Each funder's value over its reference; None where no plan keeps the limits, or out of time.

    `floors`: what funders were promised, minor units. Raises Cancelled.
    """
    model = build(pairs, dict(floors), Detail())
    add_quality(model)
    level = model.variable("r", 0)
    beyond = {}
    for k, (name, most) in enumerate(references.items()):
        ratio = {v: w * model.unit / most for v, w in model.worth[name].items()}
        beyond[name] = model.variable("s", k, high=0.0)
        model.add("below", name, {**ratio, level: -1.0, beyond[name]: 1.0}, GE, 0)
        model.add("level", name, ratio, GE, 0)
    live: Solver = open_model(model.lp, clock, model.unit)
    costs = np.zeros(len(live.low))
    costs[level.index] = 1.0
    live.set_costs(costs)
    found: dict[str, float] = {}
    while len(found) < len(references):
        clock.tell("level")
        answer = live.relax()
        if not answer.is_finished or answer.x is None:
            return None
        prices = {f: abs(live.row_duals[model.rows["below", f].index]) for f in references}
        settled = [f for f in references if f not in found and prices[f] > PRICED]
        if not settled:
            return None
        for f in settled:
            found[f] = answer.value
            live.set_columns([beyond[f].index], 0.0, INFINITY)
            row = model.rows["level", f].index
            live.set_rows([row], max(0.0, answer.value * (1 - KEPT)), INFINITY)
    return found
