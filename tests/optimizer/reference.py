"""An independent model of the format, to compare the optimizer with.

It imports nothing of `optimizer`: one integer variable for each (commitment, proposal) pair,
straight from the document, handed to scipy's HiGHS. Slow and plain on purpose.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from tests.optimizer.by_hand import (
    Best,
    Document,
    Infeasible,
    Lines,
    cap,
    funder_value,
    may_pay,
    minimum,
    policy,
    promises,
    shares,
    totals_of,
    value,
    weight_of,
)
from tests.optimizer.terms_by_hand import available, condition_rows, year_rows, years

INFEASIBLE = 2  # scipy's status
OPTIMAL = 0


# The model on pairs


class _Model:
    """Columns and rows as they are added; `maximise` hands them to scipy."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.integral: list[int] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []
        self.size: dict[int, float] = {}  # minor units a step of a column of money

    def column(self, lower: float, upper: float, cost: float = 0.0, integral: int = 1) -> int:
        self.cost.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        self.integral.append(integral)
        return len(self.cost) - 1

    def amount(self, most: int, grid: int) -> int:
        """Money from 0 to most x grid units: whole multiples of the grid up to 10,000 of them.

        Larger amounts are columns without steps, in ten-thousandths of the most; rounding them
        afterwards changes next to nothing.
        """
        coarse = max(1.0, most / 10_000)
        column = self.column(0, most / coarse, integral=int(coarse == 1))
        self.size[column] = grid * coarse
        return column

    def row(self, terms: dict[int, float], lower: float, upper: float) -> None:
        largest = max(map(abs, terms.values()), default=1) or 1
        scaled = {k: v / largest for k, v in terms.items()}
        self.rows.append((scaled, lower / largest, upper / largest))

    def maximise(self, gap: float) -> tuple[np.ndarray, float]:
        """The best point and a bound. Raises Infeasible."""
        if not self.cost:
            if any(lower > 1e-9 or upper < -1e-9 for _, lower, upper in self.rows):
                raise Infeasible
            return np.zeros(0), 0.0
        constraints = []
        if self.rows:
            entries = [(i, j, v) for i, (row, _, _) in enumerate(self.rows) for j, v in row.items()]
            i, j, v = zip(*entries, strict=True) if entries else ((), (), ())
            shape = (len(self.rows), len(self.cost))
            matrix = csr_array((v, (i, j)), shape=shape, dtype=float)
            lower, upper = [r[1] for r in self.rows], [r[2] for r in self.rows]
            constraints.append(LinearConstraint(matrix, lower, upper))
        answer = milp(
            -np.array(self.cost),
            integrality=np.array(self.integral),
            bounds=Bounds(np.array(self.lower), np.array(self.upper)),
            constraints=constraints,
            options={"mip_rel_gap": gap, "time_limit": 120},
        )
        if answer.status == INFEASIBLE:
            raise Infeasible
        assert answer.status == OPTIMAL, answer.message
        bound = answer.mip_dual_bound
        return answer.x, -float(answer.fun if bound is None else bound)


def solve(
    document: Document,
    baselines: dict[str, float] | None = None,
    *,
    slack: float = 0.0,
    gap: float = 0.0,
    objective: dict[str, float] | None = None,
    value_at_least: float | None = None,
) -> Best:
    """The best plan of a round, whose guarantees ask for these baselines by funder.

    `slack` is how much of FORMAT's tolerances is used: 0 none, 1 all. With `objective` (a weight
    by proposal), that is maximised instead, over plans of at least `value_at_least`. Raises
    Infeasible.
    """
    model = _Model()
    unit = policy(document, "round_to", 1)
    commitments, rows = document.get("commitments", []), document.get("proposals", [])
    cost = policy(document, "agreement_cost", 0)
    x: dict[tuple[str, str], int] = {}
    weight = policy(document, "overlap_weight", 1.0)
    y = {p["id"]: model.column(0, 1, -weight * p.get("paid_before", 0)) for p in rows}
    lines_of: dict[str, dict[int, float]] = {p["id"]: {} for p in rows}
    for c in commitments:
        for p in rows:
            most = cap(c, p) // unit
            least = -(-max(1, c.get("ticket", 0)) // unit)
            if not may_pay(c, p) or most < least:
                continue
            k = x[c["id"], p["id"]] = model.amount(most, unit)
            size = model.size[k]
            model.cost[k] = p["merit"] * size
            z = model.column(0, 1, -cost)
            model.row({k: size, z: -most * unit}, -np.inf, 0)
            model.row({k: size, z: -least * unit}, 0, np.inf)
            lines_of[p["id"]][z] = 1

    def total(p: str, factor: float = 1.0) -> dict[int, float]:
        return {k: model.size[k] * factor for (_, q), k in x.items() if q == p}

    def combined(weights: dict[str, float]) -> dict[int, float]:
        terms: dict[int, float] = {}
        for p, weight in weights.items():
            terms.update(total(p, weight))
        return terms

    for c in commitments:
        paid = {k: model.size[k] for (d, _), k in x.items() if d == c["id"]}
        model.row(paid, -np.inf, available(c))
    _terms(model, document, x)
    for p in rows:
        least = max(1, min(minimum(p), p["ask"] // unit * unit))
        model.row({**total(p["id"]), y[p["id"]]: -least}, 0, np.inf)
        model.row({**total(p["id"]), y[p["id"]]: -p["ask"]}, -np.inf, 0)
        if policy(document, "max_cofunders", None) is not None:
            model.row(lines_of[p["id"]], -np.inf, policy(document, "max_cofunders", None))
    _areas(model, document, combined, slack)
    for overlap in document.get("overlaps", []):
        p, q = (next(r for r in rows if r["id"] == i) for i in overlap["proposals"])
        price = policy(document, "overlap_weight", 1.0) * overlap["degree"]
        d = model.column(0, 1, -price * min(minimum(p), minimum(q)), integral=0)
        model.row({y[p["id"]]: 1, y[q["id"]]: 1, d: -1}, -np.inf, 1)
    for weights, lower, upper in shares(document, 2 * slack):
        model.row(combined(weights), lower, upper)
    for weights, least_value in promises(document, baselines or {}, slack):
        model.row(combined(weights), least_value, np.inf)
    for lock in document.get("locks", []):
        p, amount = lock["proposal"], lock.get("amount")
        if lock.get("commitment") is not None:
            k = x.get((lock["commitment"], p))
            model.row({} if k is None else {k: model.size[k]}, amount, amount)
        elif amount is not None:
            model.row(total(p), amount, amount)
        else:
            model.row({y[p]: 1}, lock["funded"], lock["funded"])
    if objective is not None:
        if value_at_least is not None:
            model.row(
                {k: v for k, v in enumerate(model.cost) if v},
                value_at_least,
                np.inf,
            )
        model.cost = [0.0] * len(model.cost)
        for k, v in combined(objective).items():
            model.cost[k] = v
    point, bound = model.maximise(gap)
    lines = _rounded(model, x, point, unit)
    return Best(lines, value(document, lines), bound)


def _terms(model: _Model, document: Document, x: dict[tuple[str, str], int]) -> None:
    """Years, matching and conditions, with columns for payments by year and for 0/1 choices."""
    lines = {pair: {k: model.size[k]} for pair, k in x.items()}
    when = years(document)
    columns: dict[Any, int] = {}
    rows = list(condition_rows(document, lines))
    if when:
        totals = {p["id"]: {} for p in document["proposals"]}
        for (c, p), k in x.items():
            most = model.upper[k] * model.size[k]
            pays = {("pay", c, p, y): 1.0 for y in when}
            is_whole = int(most <= 10_000)
            columns.update({key: model.column(0, most, integral=is_whole) for key in pays})
            rows.append(({**pays, k: -model.size[k]}, 0, 0))
            totals[p].update(pays)
        rows += list(year_rows(document, list(x), totals))
    for terms, lower, upper in rows:
        for key in terms:
            if isinstance(key, tuple) and key not in columns:
                columns[key] = model.column(0, 1)
        model.row({columns.get(key, key): w for key, w in terms.items() if w}, lower, upper)


def _rounded(model: _Model, x: dict[tuple[str, str], int], point: np.ndarray, grid: int) -> Lines:
    lines = {pair: round(point[k] * model.size[k] / grid) * grid for pair, k in x.items()}
    return {pair: amount for pair, amount in lines.items() if amount}


def _areas(model: _Model, document: Document, combined: Any, slack: float) -> None:
    rows = document.get("proposals", [])
    for area in document.get("areas", []):
        amount = combined({p["id"]: p["areas"].get(area["id"], 0) for p in rows})
        spent = area.get("spent", 0)
        gained = {k: -v for k, v in amount.items()}
        for step in area.get("steps", []):
            used = min(spent, step["width"])
            spent -= used
            gained[model.column(0, step["width"] - used, step["weight"], integral=0)] = 1
        model.row(gained, -np.inf, 0)
        if area.get("floor", 0):
            short = model.column(
                0, area["floor"], -policy(document, "floor_penalty", 10), integral=0
            )
            model.row({**amount, short: 1}, area["floor"], np.inf)
        if area.get("cap") is not None:
            model.row(amount, -np.inf, area["cap"] + 2 * slack)


# Baselines


def own_best(document: Document, funder: str, others: Lines) -> Best:
    """What a funder can add to the others' lines, at its best; `value` is by its own weights."""
    rows, totals = [], totals_of(others)
    payer = {c["id"]: c["funder"] for c in document.get("commitments", [])}
    row = next((f for f in document.get("funders", []) if f["id"] == funder), {})
    for p in document.get("proposals", []):
        given = totals.get(p["id"], 0)
        rows.append({**p, "minimum": 1 if given else minimum(p), "merit": weight_of(row, p)})
    own = {
        "commitments": [c for c in document.get("commitments", []) if c["funder"] == funder],
        "proposals": rows,
        # what remains of an ask, while the caps stay shares of the whole of it
        "remaining": {p["id"]: p["ask"] - totals.get(p["id"], 0) for p in rows},
        "outside": dict(_by_funder(payer, others)),
    }
    return _own(own)


def _by_funder(payer: dict[str, str], lines: Lines) -> Lines:
    """Minor units by (funder, proposal)."""
    paid: Lines = {}
    for (c, p), amount in lines.items():
        paid[payer[c], p] = paid.get((payer[c], p), 0) + amount
    return paid


def _own(document: Document) -> Best:
    model = _Model()
    x: dict[tuple[str, str], int] = {}
    totals: dict[str, dict[int, float]] = {p["id"]: {} for p in document["proposals"]}
    for c in document["commitments"]:
        for p in document["proposals"]:
            most = min(cap(c, p), document["remaining"][p["id"]])
            least = max(1, c.get("ticket", 0))
            if not may_pay(c, p) or most < least:
                continue
            k = x[c["id"], p["id"]] = model.amount(most, 1)
            size = model.size[k]
            model.cost[k] = p["merit"] * size
            z = model.column(0, 1)
            model.row({k: size, z: -most}, -np.inf, 0)
            model.row({k: size, z: -least}, 0, np.inf)
            totals[p["id"]][k] = size
        paid = {k: model.size[k] for (d, _), k in x.items() if d == c["id"]}
        model.row(paid, -np.inf, available(c))
    _terms(model, document, x)
    for p in document["proposals"]:
        y = model.column(0, 1)
        model.row({**totals[p["id"]], y: -minimum(p)}, 0, np.inf)
        model.row({**totals[p["id"]], y: -document["remaining"][p["id"]]}, -np.inf, 0)
    point, _ = model.maximise(0.0)
    lines = _rounded(model, x, point, 1)
    merit = {p["id"]: p["merit"] for p in document["proposals"]}
    worth = sum(merit[p] * amount for (_, p), amount in lines.items())
    return Best(lines, worth, worth)


def alone(document: Document, funder: str) -> float:
    return own_best(document, funder, {}).value


def without(document: Document, funder: str) -> Document:
    """The round in which the others allocate: no money of the funder's, nobody's guarantee."""
    gone = {c["id"] for c in document.get("commitments", []) if c["funder"] == funder}
    return {
        **document,
        "commitments": [c for c in document.get("commitments", []) if c["id"] not in gone],
        "funders": [],
        "locks": [lock for lock in document.get("locks", []) if lock.get("commitment") not in gone],
    }


def leave(document: Document, funder: str) -> float | None:
    """Value if the funder leaves; None where the others' best plan is not the only one."""
    others = without(document, funder)
    for slack in (0.0, 1.0):
        try:
            best = solve(others, slack=slack)
        except Infeasible:
            continue
        if not _is_only_best(others, best, slack):
            return None
        totals = totals_of(best.lines)
        added = own_best(document, funder, best.lines)
        return funder_value(document, funder, totals) + added.value
    return alone(document, funder)


def _is_only_best(document: Document, best: Best, slack: float) -> bool:
    """Whether every plan within 1e-6 of the best, which is all that is proven, has its totals."""
    weights = {p["id"]: 1 + 0.618 * i % 1 for i, p in enumerate(document.get("proposals", []))}
    near = best.value - 1e-6 * abs(best.value) - 1e-6
    for sign in (1, -1):
        objective = {p: sign * weight for p, weight in weights.items()}
        try:
            other = solve(document, slack=slack, objective=objective, value_at_least=near)
        except Infeasible:  # by a hair, as the best itself is allowed
            return False
        if totals_of(other.lines) != totals_of(best.lines):
            return False
    return True


def baselines(document: Document) -> dict[str, float] | None:
    """What each funder's guarantee asks for; None where a leave plan is not the only one."""
    found = {}
    for funder in document.get("funders", []):
        asked = funder.get("guarantee", "none")
        if asked != "none":
            value = (alone if asked == "alone" else leave)(document, funder["id"])
            if value is None:
                return None
            found[funder["id"]] = value
    return found
