"""What funding each proposal is worth at the prices of the LP relaxation.

A proposal pays the price of each commitment it draws on, cheapest first within its caps, and of
each limit on a sum; it is credited with its merit and the needs it meets. Its own rows (ask,
minimum, class) are not priced but kept, since their duals are degenerate wherever no money flows.
This is the Lagrangian of the relaxed model: a plan that decides some proposal the other way than
its standing says is worth at most the LP's value less the size of that standing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.backend import Solver
from optimizer.highs import Vector
from optimizer.model import Model


@dataclass(frozen=True)
class Margins:
    """By proposal, in model units: `worth` of a unit of money, `fixed` worth of being funded.

    `price` of commitments, cheapest first, and what each could pay (`pays`), in that order; where
    years or conditions price single pairs, both are by pair.
    `twice`: the part of `fixed` that overlaps with others charge.
    """

    worth: Vector
    fixed: Vector
    least: Vector
    ask: Vector
    price: Vector
    pays: Vector
    twice: Vector

    def standing(
        self,
        extra: float | Vector = 0.0,
        least: Vector | None = None,
        given: float | Vector = 0.0,
    ) -> Vector:
        """What funding each proposal adds, at its best amount.

        `extra` is added to its merit; `least` stands in for its minimum; `given` is money that
        costs nothing and is drawn first, model units.
        """
        worth = self.worth + extra
        by_pair = self.price if self.price.ndim == 2 else self.price[:, np.newaxis]
        cheap = (self.pays * (by_pair < worth)).sum(axis=0) + given
        amount = np.maximum(self.least if least is None else least, np.minimum(self.ask, cheap))
        before = np.cumsum(self.pays, axis=0) - self.pays
        drawn = np.clip(np.maximum(0.0, amount - given) - before, 0.0, self.pays)
        paid = self.price @ drawn if self.price.ndim == 1 else (self.price * drawn).sum(axis=0)
        standing: Vector = self.fixed + worth * amount - paid
        return standing


def margins(model: Model, live: Solver) -> Margins:
    """The margins at the corner that `live` has just found for the relaxed model."""
    duals, reduced = live.row_duals, live.reduced_costs
    problem, pairs, unit = model.problem, model.pairs, model.unit
    count = len(problem.proposals)
    own_price = np.zeros(count)  # what the row that feeds it charges, to be taken out again
    for k, members in enumerate(model.cells.classes):
        row = model.rows["class", str(k)]
        own_price[[p for p in members if not model.cells.explicit[p]]] = duals[row.index]
    worth, fixed, twice = np.zeros(count), np.zeros(count), np.zeros(count)
    place = {p.id: k for k, p in enumerate(problem.proposals)}
    for number, overlap in enumerate(problem.overlaps):
        row = model.rows.get(("overlap", str(number)))
        if row is not None:
            twice[[place[p] for p in overlap.proposals]] -= duals[row.index]
    for p, proposal in enumerate(problem.proposals):
        funding = model.rows.get(("funding", proposal.id))
        if funding is not None:
            own_price[p] = duals[funding.index]
        y = model.y.get(p)
        if y is not None:
            fixed[p] = reduced[y.index] - sum(cap * duals[r.index] for r, cap in model.links[p])
        for variable, weight in model.total[p].items():
            if variable is y:  # R_p y_p: all or nothing
                fixed[p] -= weight * own_price[p]
                continue
            worth[p] = reduced[variable.index] - own_price[p]
            ask = model.rows.get(("ask", proposal.id))
            if ask is not None:
                on_ask = duals[ask.index]
                on_least = duals[model.rows["least", proposal.id].index]
                worth[p] += on_ask + on_least
                fixed[p] -= (int(pairs.ask[p]) * on_ask + int(pairs.least[p]) * on_least) / unit
    lines = [model.rows.get(("commitment", c.id)) for c in problem.commitments]
    price = np.array([0.0 if row is None else duals[row.index] for row in lines])
    pays = np.minimum(pairs.cap, pairs.budget[:, np.newaxis]) / unit
    if model.tied:
        price = _by_pair(model, price, duals)
        order = np.argsort(price, axis=0, kind="stable")
        price, pays = (np.take_along_axis(part, order, axis=0) for part in (price, pays))
    else:
        order = np.argsort(price, kind="stable")
        price, pays = price[order], pays[order]
    whole = [p for p, y in model.y.items() if y in model.total[p]]
    ask = pairs.ask / unit
    worth[whole] = (fixed[whole] - twice[whole]) / np.maximum(ask[whole], 1e-300)
    fixed[whole] = twice[whole]
    return Margins(worth, fixed, pairs.least / unit, ask, price, pays, twice)


def _by_pair(model: Model, price: Vector, duals: Vector) -> Vector:
    """Prices of commitments with what rows of years and conditions charge on single pairs."""
    charged = np.repeat(price[:, np.newaxis], len(model.problem.proposals), axis=1)
    for tie in model.tied:
        dual = float(duals[tie.row.index])
        if dual:
            for pair, weight in tie.x.items():
                charged[pair] += weight * dual
            for c, weight in tie.spent.items():
                charged[c] += weight * dual
    return charged
