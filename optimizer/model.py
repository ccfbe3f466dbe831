"""The allocation model. It reads like its mathematics; PuLP expresses it.

Sets: commitments c, proposals p, areas a, cells of eligible pairs (see cells.py).
Everything is in units of `Model.unit` minor units.

    maximise  sum_p q_p X_p + sum_ak w_ak g_ak - rho sum_pr s_pr min(m_p, m_r) d_pr
              - eps (lines) - M sum_a u_a

    subject to
      sum_k f_ck + sum_p x_cp <= B_c                     [commitment]
      sum_c f_ch >= sum_k f_hk   each hub h              [hub]
      sum_c f_ck + sum_h f_hk >= sum_p in k s_p          [class]  each class k of proposals
      X_p = s_p + sum_c x_cp     explicit pairs only     [funding]
      m_p y_p <= X_p <= R_p y_p;  x_cp <= cap_cp y_p     [least, ask, link]
      ticket_c z_cp <= x_cp <= cap_cp z_cp               [ticket, pair]
      sum_c z_cp <= K y_p,  z_cp <= y_p <= sum_c z_cp    [cofunders, part, anyone]
      A_a = sum_p t_pa X_p;  sum_k g_ak <= A_a           [area, coverage]
      A_a + u_a >= floor_a;  A_a <= cap_a                [floor, area_cap]
      d_pr >= y_p + y_r - 1                              [overlap]
      sum X_p over an institution, tier <= share; over a region >= share
                                                         [institution, risk, region]
      Q_a <= sum_p q_p t_pa X_p;  sum_a w_fa Q_a >= baseline_f       [quality, guarantee]

y_p, z_cp in {0, 1}; all else >= 0; g_ak at most what `spent` leaves of step k.
Where X_p can only be 0 or R_p, it is written R_p y_p. Years and conditions stand in terms.py.

Two things are let go at first, because they rarely bind and cost variables: `Detail.lines`
brings in z (tickets, co-funders, the exact number of lines), `Detail.whole` makes X_p whole
multiples of `round_to`. Without them the model is a relaxation, so its bound is a bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pulp

from optimizer.cells import Mask, cover
from optimizer.pairs import Amounts, Pairs, exact
from optimizer.programme import EQ, GE, LE, SHARE_SLACK, Detail, Expression, Model, Programme
from optimizer.terms import add_terms
from optimizer.ties import ties_of

__all__ = ["Detail", "Model", "build", "reaches", "share_of"]

LARGEST_WHOLE = 10**6  # beyond this many grid units a solver's integers are not trusted


def build(pairs: Pairs, floors: dict[str, float], detail: Detail, own: Mask | None = None) -> Model:
    """The whole model. `floors`: least value by funder, minor units; `own`: pairs with an x."""
    policy = pairs.problem.policy
    has_parts = np.zeros(pairs.cap.shape, dtype=bool)
    if detail.lines:
        has_parts |= (pairs.ticket > pairs.grid)[:, np.newaxis]
        if policy.max_cofunders is not None or policy.agreement_cost:
            has_parts[:] = True
    has_parts &= pairs.cap > 0
    ties = ties_of(pairs)
    cells = cover(pairs, has_parts | ties.own if own is None else has_parts | ties.own | own)
    model = Model(
        lp=Programme("allocation", pulp.LpMaximize),
        pairs=pairs,
        cells=cells,
        detail=detail,
        unit=_unit(pairs, detail),
        floors=floors,
        ties=None if ties.is_none else ties,
    )
    add_totals(model)
    add_flows(model)
    add_links(model, has_parts)
    if detail.lines:
        add_parts(model, has_parts)
    add_terms(model)
    add_areas(model)
    add_overlaps(model)
    add_shares(model)
    add_guarantees(model)
    set_objective(model)
    return model


def _unit(pairs: Pairs, detail: Detail) -> float:
    """Minor units in one unit of the model: the grid itself, or asks of 1,000 to 10,000."""
    largest = int(pairs.ask.max(initial=0))
    if largest == 0:
        return 1.0  # nothing can be paid; what is promised must not look small beside the grid
    if detail.whole:
        return float(pairs.grid)
    return pairs.grid * 10.0 ** math.floor(math.log10(largest / pairs.grid / 1000))


def needs_funded(model: Model) -> set[int]:
    """Proposals where 'funded' must be a variable: else money alone says it."""
    pairs, policy = model.pairs, model.problem.policy
    index = {p.id: k for k, p in enumerate(model.problem.proposals)}
    needed = set(np.flatnonzero(pairs.least > pairs.grid).tolist()) | set(pairs.pinned_in)
    for overlap in model.problem.overlaps:
        needed |= {index[p] for p in overlap.proposals}
    needed |= {k for k, p in enumerate(model.problem.proposals) if p.paid_before}
    if policy.agreement_cost or model.detail.lines:
        needed |= set(range(len(model.problem.proposals)))
    return needed


def add_totals(model: Model) -> None:
    """m_p y_p <= X_p <= R_p y_p; where m_p = R_p, X_p is R_p y_p itself."""
    pairs, unit, whole = model.pairs, model.unit, model.detail.whole
    needed = needs_funded(model)
    for p, (ask, least) in enumerate(zip(pairs.ask.tolist(), pairs.least.tolist(), strict=True)):
        pinned = p in pairs.pinned_in
        if ask == 0:
            model.total.append({})
            if pinned:
                model.add("pinned", model.problem.proposals[p].id, {}, GE, 1)
            continue
        if p in needed:
            model.y[p] = model.variable("y", p, high=1, cat=pulp.LpInteger)
            if pinned:
                model.y[p].lowBound = 1
        if least == ask and p in needed:
            model.total.append({model.y[p]: ask / unit})
            continue
        kind = pulp.LpInteger if whole and ask / unit <= LARGEST_WHOLE else pulp.LpContinuous
        amount = model.variable("t", p, high=ask / unit, cat=kind)
        model.total.append({amount: 1.0})
        if p in needed:
            name = model.problem.proposals[p].id
            model.add("least", name, {amount: 1.0, model.y[p]: -least / unit}, GE, 0)
            model.add("ask", name, {amount: 1.0, model.y[p]: -ask / unit}, LE, 0)


def add_flows(model: Model) -> None:
    """Money from commitments, through hubs and classes or by explicit pairs, to totals."""
    pairs, cells, unit = model.pairs, model.cells, model.unit
    spending: list[Expression] = [{} for _ in model.problem.commitments]
    inflow: list[Expression] = [{} for _ in cells.classes]
    for h, hub in enumerate(cells.hubs):
        balance: Expression = {}
        for c in hub.commitments:
            flow = model.variable("fh", c, h)
            spending[c][flow] = balance[flow] = 1.0
        for k in hub.classes:
            flow = model.variable("fk", h, k)
            inflow[k][flow] = 1.0
            balance[flow] = -1.0
        model.add("hub", str(h), balance, GE, 0)
    for c, k in cells.direct:
        flow = model.variable("fd", c, k)
        spending[c][flow] = inflow[k][flow] = 1.0

    model.spending = spending
    shared: dict[int, Any] = {}
    for p, own in enumerate(cells.explicit):
        for c in own:
            most = int(pairs.cap[c, p]) / unit
            is_tied = model.ties is not None and bool(model.ties.own[c, p])
            is_whole = model.detail.whole and is_tied and most <= LARGEST_WHOLE
            kind = pulp.LpInteger if is_whole else pulp.LpContinuous
            x = model.variable("x", c, p, high=most, cat=kind)
            if (c, p) in pairs.fixed:
                x.lowBound = x.upBound = pairs.fixed[c, p] / unit
            model.x[c, p] = x
            spending[c][x] = 1.0
    for k, members in enumerate(cells.classes):
        for p in members:
            if cells.explicit[p]:
                shared[p] = model.variable("s", p)
                inflow[k][shared[p]] = -1.0
            else:
                inflow[k].update({v: -w for v, w in model.total[p].items()})
        model.add("class", str(k), inflow[k], GE, 0)
    for p, own in enumerate(cells.explicit):
        if own:
            funding: Expression = {model.x[c, p]: 1.0 for c in own}
            if p in shared:
                funding[shared[p]] = 1.0
            funding.update({v: -w for v, w in model.total[p].items()})
            model.add("funding", model.problem.proposals[p].id, funding, EQ, 0)
    for p, total in enumerate(model.total):
        if total and not cells.explicit[p] and not pairs.cap[:, p].any():
            model.add("funding", model.problem.proposals[p].id, dict(total), LE, 0)
    for c, left in enumerate(spending):
        if left:
            right = min(int(pairs.budget[c]), int(pairs.cap[c].sum())) / unit
            model.add("commitment", model.problem.commitments[c].id, left, LE, right)


def add_links(model: Model, has_parts: Mask) -> None:
    """x_cp <= cap_cp y_p: a cap is for a proposal that is funded; only tightens the relaxation."""
    for (c, p), x in model.x.items():
        if p in model.y and not has_parts[c, p]:
            cap = min(int(model.pairs.cap[c, p]), int(model.pairs.budget[c])) / model.unit
            name = f"{model.problem.commitments[c].id}|{model.problem.proposals[p].id}"
            model.add("link", name, {x: 1.0, model.y[p]: -cap}, LE, 0)
            model.links[p].append((model.rows["link", name], cap))


def add_parts(model: Model, has_parts: Mask) -> None:
    """ticket_c z_cp <= x_cp <= cap_cp z_cp;  z_cp <= y_p."""
    pairs, unit = model.pairs, model.unit
    for p in np.flatnonzero(has_parts.any(axis=0)).tolist():
        takers: Expression = {}
        for c in np.flatnonzero(has_parts[:, p]).tolist():
            z = model.z[c, p] = model.variable("z", c, p, high=1, cat=pulp.LpInteger)
            name = f"{model.problem.commitments[c].id}|{model.problem.proposals[p].id}"
            x, cap = model.x[c, p], min(int(pairs.cap[c, p]), int(pairs.budget[c]))
            if (c, p) in pairs.fixed:
                z.lowBound = 1
            model.add("pair", name, {x: 1.0, z: -cap / unit}, LE, 0)
            ticket = max(int(pairs.ticket[c]), pairs.grid)
            model.add("ticket", name, {x: 1.0, z: -ticket / unit}, GE, 0)
            model.add("part", name, {z: 1.0, model.y[p]: -1.0}, LE, 0)
            takers[z] = 1.0
        if bool((has_parts[:, p] == (pairs.cap[:, p] > 0)).all()):
            _count_lines(model, p, takers)


def _count_lines(model: Model, p: int, takers: Expression) -> None:
    """n y_p <= sum_c z_cp <= K y_p, and X_p <= F_k y_p + (R_p - F_k) (sum_c z_cp - k y_p).

    n is the fewest lines that reach the minimum; F_k the most that k lines can pay, with k the
    last number that cannot pay the whole ask. Both only tighten.
    """
    name, y, cofunders = (
        model.problem.proposals[p].id,
        model.y[p],
        model.problem.policy.max_cofunders,
    )
    reach = reaches(model.pairs)[:, p]
    fewest = 1 + int((reach < model.pairs.least[p]).sum())
    model.add("anyone", name, {**takers, y: -float(fewest)}, GE, 0)
    if cofunders is not None and cofunders < len(takers):
        model.add("cofunders", name, {**takers, y: -float(cofunders)}, LE, 0)
    short = int((reach < model.pairs.ask[p]).sum())
    if short and fewest <= short < len(takers):
        rest = (int(model.pairs.ask[p]) - int(reach[short - 1])) / model.unit
        paid = int(reach[short - 1]) / model.unit
        row = dict.fromkeys(takers, -rest)
        row[y] = short * rest - paid
        for variable, weight in model.total[p].items():
            row[variable] = row.get(variable, 0.0) + weight
        model.add("last", name, row, LE, 0)


def reaches(pairs: Pairs) -> Amounts:
    """By proposal, the most that 1, 2, ... lines could pay it, minor units."""
    single = np.minimum(pairs.cap, pairs.budget[:, np.newaxis])
    reached: Amounts = np.cumsum(-np.sort(-single, axis=0), axis=0)
    return reached


def add_areas(model: Model) -> None:
    """A_a = sum_p t_pa X_p;  sum_k g_ak <= A_a;  A_a + u_a >= floor_a;  A_a <= cap_a."""
    unit, policy = model.unit, model.problem.policy
    sums: dict[str, Expression] = {
        a.id: {} for a in model.problem.areas if a.steps or a.floor or a.cap is not None
    }
    for p, proposal in enumerate(model.problem.proposals):
        for id_, weight in proposal.areas.items():
            if weight and id_ in sums:
                sums[id_].update({v: weight * w for v, w in model.total[p].items()})
    for k, area in enumerate(model.problem.areas):
        if area.id not in sums:
            continue
        amount = model.amount[k] = model.variable("a", k)
        model.add("area", area.id, {**sums[area.id], amount: -1.0}, EQ, 0)
        taken: Expression = {amount: 1.0}
        spent = area.spent
        for s, step in enumerate(area.steps):
            left, spent = max(0, step.width - spent), max(0, spent - step.width)
            if left and step.weight:
                part = model.variable("g", k, s, high=left / unit)
                taken[part] = -1.0
                model.earn(part, step.weight, "needs")
        if len(taken) > 1:
            model.add("coverage", area.id, taken, GE, 0)
        if area.floor and policy.floor_penalty:
            short = model.variable("u", k, high=area.floor / unit)
            model.earn(short, -policy.floor_penalty)
            model.add("floor", area.id, {amount: 1.0, short: 1.0}, GE, area.floor / unit)
        if area.cap is not None:
            slack = SHARE_SLACK if model.detail.is_eased else 0
            model.add("area_cap", area.id, {amount: 1.0}, LE, (area.cap + slack) / unit)


def add_overlaps(model: Model) -> None:
    """d_pr >= y_p + y_r - 1, each confirmed pair; what was paid before costs y_p itself."""
    problem, policy = model.problem, model.problem.policy
    index = {p.id: k for k, p in enumerate(problem.proposals)}
    for number, overlap in enumerate(problem.overlaps):
        p, r = (index[i] for i in overlap.proposals)
        both = min(problem.proposals[p].minimum, problem.proposals[r].minimum)
        cost = policy.overlap_weight * overlap.degree * both
        if cost and p in model.y and r in model.y:
            twice = model.variable("d", number, high=1)
            model.earn(twice, -cost / model.unit, "overlaps")
            row = {model.y[p]: 1.0, model.y[r]: 1.0, twice: -1.0}
            model.add("overlap", str(number), row, LE, 1)
    for p, proposal in enumerate(problem.proposals):
        cost = policy.overlap_weight * proposal.paid_before
        if cost and p in model.y:
            model.earn(model.y[p], -cost / model.unit, "overlaps")


def add_shares(model: Model) -> None:
    """sum X_p over an institution or a risk tier <= its share; over a region >= its share."""
    policy = model.problem.policy
    if policy.institution_share is not None:
        limit = share_of(model, policy.institution_share, up=False)
        institutions = {p.institution for p in model.problem.proposals} - {None}
        for name in sorted(str(i) for i in institutions):
            members = [k for k, p in enumerate(model.problem.proposals) if p.institution == name]
            if int(model.pairs.ask[members].sum()) / model.unit > limit:
                model.add("institution", name, _sum(model, members), LE, limit)
    for tier, share in sorted(policy.risk_most.items()):
        members = [k for k, p in enumerate(model.problem.proposals) if p.risk_tier == tier]
        limit = share_of(model, share, up=False)
        if int(model.pairs.ask[members].sum()) / model.unit > limit:
            model.add("risk", tier, _sum(model, members), LE, limit)
    for region, share in sorted(policy.region_least.items()):
        members = [k for k, p in enumerate(model.problem.proposals) if p.region == region]
        least = share_of(model, share, up=True)
        if least > 0:
            model.demand("region", region, _sum(model, members), least)


def share_of(model: Model, share: float, *, up: bool) -> float:
    """A share of all commitments' amounts, in model units, as a limit on multiples of the grid."""
    slack = SHARE_SLACK if model.detail.is_eased else 0
    grid, limit = model.pairs.grid, exact(share) * model.pairs.total
    steps = -(-(limit - slack) // grid) if up else (limit + slack) // grid
    return int(steps) * grid / model.unit


def _sum(model: Model, members: Iterable[int]) -> Expression:
    return {v: w for p in members for v, w in model.total[p].items()}


def add_quality(model: Model) -> None:
    """Q_a <= sum_p q_p t_pa X_p; each funder's value sum_a w_fa Q_a: low-rank, F x A terms."""
    if not model.worth:
        add_values(model, model.total)


def add_values(model: Model, totals: Sequence[Expression]) -> None:
    """The same of any totals by proposal, in the model's units."""
    quality: dict[str, Expression] = {a.id: {} for a in model.problem.areas}
    for proposal, total in zip(model.problem.proposals, totals, strict=True):
        for id_, weight in proposal.areas.items():
            if weight and proposal.merit:
                worth = weight * proposal.merit
                quality[id_].update({v: worth * w for v, w in total.items()})
    summed: dict[str, Any] = {}
    for k, area in enumerate(model.problem.areas):
        summed[area.id] = model.variable("q", k)
        model.add("quality", area.id, {**quality[area.id], summed[area.id]: -1.0}, GE, 0)
    for name, funder in sorted(model.problem.funder_by_id.items()):
        left = {v: w for a, v in summed.items() if (w := funder.weights.get(a, 1.0))}
        model.worth[name] = left


def add_guarantees(model: Model) -> None:
    """sum_a w_fa Q_a >= baseline_f."""
    if not model.floors:
        return
    add_quality(model)
    for name, least in sorted(model.floors.items()):
        ease = (1e-6 * abs(least) + 5) if model.detail.is_eased else 0.0
        model.demand("guarantee", name, model.worth[name], (least - ease) / model.unit)


def set_objective(model: Model) -> None:
    """sum_p q_p X_p + sum_ak w_ak g_ak - rho sum s min(m) d - eps (lines) - M sum_a u_a.

    Without variables for lines, a funded proposal is charged the least number it can have. A soft
    model looks for - sum e instead.
    """
    problem, pairs = model.problem, model.pairs
    for p, proposal in enumerate(problem.proposals):
        for variable, weight in model.total[p].items():
            if proposal.merit:
                model.earn(variable, proposal.merit * weight, "merit")
    cost = problem.policy.agreement_cost / model.unit
    if cost and model.z:
        for z in model.z.values():
            model.earn(z, -cost)
    elif cost:
        reached = reaches(pairs)
        for p, y in model.y.items():
            lines = 1 + int((reached[:, p] < pairs.least[p]).sum())
            model.earn(y, -cost * lines)
    if model.detail.is_soft:
        model.objective = model.missed
    model.lp += pulp.LpAffineExpression(model.objective or {model.nothing: 0.0})
