"""Which conditions a first plan takes as met.

At a corner of the relaxed model the 0/1 variables of conditions mostly lie somewhere between: a
funder that pays enough need not be counted in full, and a commitment that pays little is let in
only so far. A small reward for each says which can be 1 at no loss; the others are shut, so that
their money stays back or goes elsewhere. What is left is the choice of proposals.
"""

from __future__ import annotations

import numpy as np

from optimizer.backend import Solver
from optimizer.highs import Vector
from optimizer.model import Model

REWARD = 1e-6  # of the value, for all conditions together
WHOLE = 1e-6  # from 1, within which a condition counts as met


def settled(model: Model, live: Solver, value: float) -> Vector | None:
    """A corner near that of the relaxed model, worth `value`, with every condition met or shut.

    None where that leaves no plan: what is demanded from below needs some that are shut.
    """
    cost = model.vector(model.objective)
    columns = np.array([variable.index for variable in model.choices], dtype=np.int32)
    rewarded = cost.copy()
    rewarded[columns] += REWARD * abs(value) / len(columns)
    live.set_costs(rewarded)
    lifted = live.relax()
    live.set_costs(cost)
    if lifted.x is None:
        return None
    met = (lifted.x[columns] >= 1 - WHOLE).astype(float)
    live.set_columns(columns, met, met)
    corner = live.relax()
    live.restore()
    return corner.x
