"""Rows of years, matching and conditions; only for the pairs that have some (ties.py).

Money of c that reaches p after the k-th cut of c (the last year before more is released) is
l_cpk; X_p is what p gets, O_cp what other funders pay it, S_f what f pays in the round.

    sum_p (x_cp - l_cpk) <= B_ck                        [release]    through each cut
    l_cp(k+1) <= l_cpk <= x_cp                          [later]
    sum_c l_cpk(t) <= (1 - n_pt) X_p                    [need]       n_pt: needed through year t
    x_cp <= ratio_c O_cp                                [match]
    x_cp <= cap_cp w_cp;  T_c w_cp <= X_p               [only_if, only_if_total]
    sum_f v_fp >= N_c w_cp;  L_c v_fp <= sum_c in f x_cp             [only_if_funders, counts]
    sum_p x_cp <= B_c j_c;  T_c j_c <= sum_p X_p        [joins_if, joins_if_total]
    sum_f u_f >= N_c j_c;  L_c u_f <= S_f               [joins_if_funders, joins]

w_cp, j_c, v_fp, u_f in {0, 1}. Money paid early is no harm: only what is late has a variable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pulp

from optimizer.pairs import exact
from optimizer.problem import Condition
from optimizer.programme import GE, LE, Expression, Model
from optimizer.ties import Ties, cuts, needs

LARGEST_WHOLE = 10**6  # minor units beyond which a solver's integers are not trusted


def add_terms(model: Model) -> None:
    """Every row that years and conditions need; none in a round without them."""
    ties = model.ties
    if ties is None:
        return
    add_years(model, ties)
    add_matches(model, ties)
    add_only_if(model, ties)
    add_joins_if(model, ties)


def add_years(model: Model, ties: Ties) -> None:
    """release, later and need: what is paid by each year's end was released, and is enough."""
    problem, pairs, unit = model.problem, model.pairs, model.unit
    rows = np.flatnonzero(ties.timed.any(axis=1)).tolist()
    steps = {c: cuts(problem.commitments[c]) for c in rows}
    released: dict[tuple[int, int], dict[int, Any]] = defaultdict(dict)
    for p in np.flatnonzero(ties.timed.any(axis=0)).tolist():
        payers = np.flatnonzero(ties.timed[:, p]).tolist()
        name = problem.proposals[p].id
        for year, share in needs(problem.proposals[p]):
            late: Expression = {}
            for c in payers:
                k = next((k for k, (last, _) in enumerate(steps[c]) if year <= last), None)
                if k is not None:
                    late[_late(model, c, p, k)] = 1.0
                    released[c, k][p] = model.late[c, p, k]
            if late:
                room, when = len(late) * pairs.grid / unit, next(iter(model.total[p]))
                if share == 1:  # nothing may be late, and nothing is: no rounding can change it
                    room = 0.0
                rest = {v: -w * float(1 - share) for v, w in model.total[p].items()}
                left = {**late, **rest}
                model.tie(("need", f"{name}|{year}"), left, LE, 0, room=room, when=when)
    for c, own in steps.items():
        paid: dict[int, Any] = {}  # the last cut of each proposal so far
        for k, (_, amount) in enumerate(own):
            for p, variable in released[c, k].items():
                name = f"{problem.commitments[c].id}|{problem.proposals[p].id}|{k}"
                if p in paid:
                    model.add("later", name, {variable: 1.0, paid[p]: -1.0}, LE, 0)
                else:
                    model.tie(("later", name), {variable: 1.0}, LE, 0, x={(c, p): -1.0})
                paid[p] = variable
            if released[c, k]:
                model.tie(
                    ("release", f"{problem.commitments[c].id}|{k}"),
                    dict.fromkeys(paid.values(), -1.0),
                    LE,
                    amount / unit,
                    x=dict.fromkeys(((c, p) for p in paid), 1.0),
                    room=len(paid) * pairs.grid / unit,
                    most_room=amount / unit,
                )


def _late(model: Model, c: int, p: int, k: int) -> Any:
    """l_cpk; in whole minor units where the model is in whole totals and small enough."""
    if (c, p, k) not in model.late:
        most = int(model.pairs.cap[c, p])
        is_whole = model.detail.whole and model.unit == 1 and most <= LARGEST_WHOLE
        kind = pulp.LpInteger if is_whole else pulp.LpContinuous
        model.late[c, p, k] = model.variable("l", c, p, k, high=most / model.unit, cat=kind)
    return model.late[c, p, k]


def _others(model: Model, c: int, p: int, factor: float) -> tuple[Expression, dict[Any, float]]:
    """`factor` times what other funders pay p: all it gets less the funder's own pairs."""
    own = model.pairs.by_funder(model.problem.commitments[c].funder)
    pairs = {(d, p): -factor for d in np.flatnonzero(own).tolist() if (d, p) in model.x}
    return {v: factor * w for v, w in model.total[p].items()}, pairs


def add_matches(model: Model, ties: Ties) -> None:
    """x_cp <= ratio_c O_cp: matching money follows what other funders pay."""
    for c, p in np.argwhere(ties.matched).tolist():
        commitment = model.problem.commitments[c]
        assert commitment.match is not None
        ratio = float(exact(commitment.match.ratio))
        rest, x = _others(model, c, p, -ratio)
        x[c, p] = x.get((c, p), 0.0) + 1.0
        outside = sum(model.pairs.outsiders(p, commitment.funder))
        model.tie(
            ("match", f"{commitment.id}|{model.problem.proposals[p].id}"),
            rest,
            LE,
            ratio * outside / model.unit,
            x=x,
            room=(1 + ratio) * model.pairs.grid / model.unit,
            when=model.x[c, p],
        )


def add_only_if(model: Model, ties: Ties) -> None:
    """only_if and what it waits for: so much in all, so many other funders."""
    pairs, unit = model.pairs, model.unit
    for c, p in np.argwhere(ties.conditional).tolist():
        commitment, proposal = model.problem.commitments[c], model.problem.proposals[p]
        condition = commitment.only_if
        assert condition is not None
        name = f"{commitment.id}|{proposal.id}"
        w = model.gate(c, p)
        cap = min(int(pairs.cap[c, p]), int(pairs.budget[c])) / unit
        model.tie(("only_if", name), {w: -cap}, LE, 0, x={(c, p): 1.0})
        outside = pairs.outsiders(p, commitment.funder, condition.least)
        total = condition.total - sum(a for (_, q), a in pairs.outside.items() if q == p)
        total = _on_grid(model, total)
        if total > pairs.least[p]:
            left = {**model.total[p], w: -total / unit}
            room = pairs.grid / unit
            model.tie(("only_if_total", name), left, GE, 0, room=room, when=w)
        if condition.funders:
            others = _counted(model, p, condition, commitment.funder)
            right: Expression = {w: -float(condition.funders), **dict.fromkeys(others, 1.0)}
            model.add("only_if_funders", name, right, GE, -len(outside))


def _counted(model: Model, p: int, condition: Condition, but: str) -> list[Any]:
    """v_fp of every other funder that could pay p at least what counts."""
    found = []
    for f, members in _funders(model, but).items():
        x = {(c, p): 1.0 for c in members if (c, p) in model.x}
        reach = sum(min(int(model.pairs.cap[pair]), int(model.pairs.budget[pair[0]])) for pair in x)
        if reach >= condition.least:
            name = ("counts", f"{f}|{model.problem.proposals[p].id}|{condition.least}")
            if name not in model.rows:
                v = model.choice("v", len(model.choices))
                least = _least_paid(model, x, condition.least) / model.unit
                room = len(x) * model.pairs.grid / model.unit
                model.tie(name, {v: -least}, GE, 0, x=x, room=room, when=v)
                model.counted[name[1]] = v
            found.append(model.counted[name[1]])
    return found


def _on_grid(model: Model, amount: int) -> int:
    """What lines that are multiples of `round_to` must reach to reach so much."""
    return -(-amount // model.pairs.grid) * model.pairs.grid


def _least_paid(model: Model, x: Mapping[tuple[int, int], float], least: int) -> int:
    """What these lines together pay if they reach `least`: no less than the smallest ticket."""
    tickets = [int(model.pairs.ticket[c]) for c, _ in x]
    return max(_on_grid(model, least), min(tickets))


def _funders(model: Model, but: str) -> dict[str, list[int]]:
    """The commitments of every other funder, in order of id."""
    found: dict[str, list[int]] = defaultdict(list)
    for c, commitment in enumerate(model.problem.commitments):
        if commitment.funder != but:
            found[commitment.funder].append(c)
    return dict(sorted(found.items()))


def add_joins_if(model: Model, ties: Ties) -> None:
    """joins_if and what it waits for, over the whole round."""
    pairs, unit = model.pairs, model.unit
    for c in ties.joining:
        commitment = model.problem.commitments[c]
        condition = commitment.joins_if
        assert condition is not None
        j = model.gate(c, None)
        budget = int(pairs.budget[c]) / unit
        model.tie(("joins_if", commitment.id), {j: -budget}, LE, 0, spent={c: 1.0})
        total = _on_grid(model, condition.total - sum(pairs.outside.values()))
        if total > 0:
            left = {v: w for sums in model.total for v, w in sums.items()}
            left[j] = -total / unit
            room = len(model.total) * pairs.grid / unit
            name = ("joins_if_total", commitment.id)
            model.tie(name, left, GE, 0, room=room, when=j)
        if condition.funders:
            outside = pairs.outsiders(None, commitment.funder, condition.least)
            others: Expression = {j: -float(condition.funders)}
            for f, members in _funders(model, commitment.funder).items():
                name = ("joins", f"{f}|{condition.least}")
                if name not in model.rows:
                    u = model.counted[name[1]] = model.choice("u", len(model.choices))
                    least = _on_grid(model, condition.least) / unit
                    spent = dict.fromkeys(members, 1.0)
                    room = len(model.total) * pairs.grid / unit
                    model.tie(name, {u: -least}, GE, 0, spent=spent, room=room, when=u)
                others[model.counted[name[1]]] = 1.0
            model.add("joins_if_funders", commitment.id, others, GE, -len(outside))
