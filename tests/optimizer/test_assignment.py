"""The suggested assignment of reviewers, against trying everything and on rounds too large to."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.assignment import FIRST_PAIRS, AssignmentProblem, assign, value_of


@st.composite
def small_rounds(draw: st.DrawFn) -> AssignmentProblem:
    proposals, reviewers = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    cell = st.one_of(st.none(), st.integers(0, 20))
    fit = np.array(
        [
            [np.nan if (f := draw(cell)) is None else f / 20 for _ in range(reviewers)]
            for _ in range(proposals)
        ],
        dtype=np.float32,
    )
    wanted = [draw(st.integers(0, 3)) for _ in range(proposals)]
    room = [draw(st.integers(0, 3)) for _ in range(reviewers)]
    return AssignmentProblem(fit, wanted, room)


def best_by_trying(problem: AssignmentProblem) -> tuple[int, float]:
    """(least number of missing reviews, greatest worth with so few missing), over all plans."""
    choices = []
    for p, wanted in enumerate(problem.wanted):
        able = [r for r in range(len(problem.room)) if not np.isnan(problem.fit[p, r])]
        choices.append(
            [
                tuple((p, r) for r in who)
                for size in range(min(wanted, len(able)) + 1)
                for who in itertools.combinations(able, size)
            ]
        )
    best = (-sum(problem.wanted), -np.inf)
    for plan in itertools.product(*choices):
        pairs = [pair for part in plan for pair in part]
        loads = [sum(r == reviewer for _, r in pairs) for reviewer in range(len(problem.room))]
        if all(load <= room for load, room in zip(loads, problem.room, strict=True)):
            best = max(best, (len(pairs) - sum(problem.wanted), value_of(problem, pairs)))
    return -best[0], best[1]


@given(small_rounds())
def test_no_other_assignment_misses_fewer_reviews_or_is_worth_more(
    problem: AssignmentProblem,
) -> None:
    found = assign(problem)
    assert len(set(found.pairs)) == len(found.pairs)
    for p, r in found.pairs:
        assert not np.isnan(problem.fit[p, r])
    for r, room in enumerate(problem.room):
        assert sum(reviewer == r for _, reviewer in found.pairs) <= room
    for p, wanted in enumerate(problem.wanted):
        given_ = sum(proposal == p for proposal, _ in found.pairs)
        assert given_ + found.short.get(p, 0) == wanted
    missing, worth = best_by_trying(problem)
    assert sum(found.short.values()) == missing
    assert found.value == pytest.approx(worth, abs=1e-5)


def test_column_generation_finds_what_the_whole_programme_would() -> None:
    """More reviewers than the first programme takes in, all alike for many proposals."""
    random = np.random.default_rng(7)
    many = 4 * FIRST_PAIRS
    fit = random.random((60, many)).astype(np.float32)
    fit[:, :FIRST_PAIRS] += 1  # everybody's first choices, far too few of them
    fit /= 2
    fit[random.random(fit.shape) < 0.2] = np.nan
    problem = AssignmentProblem(fit, [3] * 60, [4] * many)
    found = assign(problem)
    assert not found.short
    whole = _whole(problem)
    assert found.value == pytest.approx(whole, abs=1e-4)


def _whole(problem: AssignmentProblem) -> float:
    """Every pair at once, through another model and PuLP."""
    import pulp

    from optimizer.assignment import load_costs

    lp = pulp.LpProblem("whole", pulp.LpMaximize)
    x = {
        (p, r): lp.add_variable(f"x_{p}_{r}", 0, 1)
        for p, r in itertools.product(*map(range, problem.fit.shape))
        if not np.isnan(problem.fit[p, r])
    }
    load = {
        (r, k): lp.add_variable(f"l_{r}_{k}", 0, 1)
        for r, room in enumerate(problem.room)
        for k in range(room)
    }
    lp += pulp.lpSum(float(problem.fit[pair]) * x[pair] for pair in x) - pulp.lpSum(
        load_costs(problem.room[r])[k] * load[r, k] for r, k in load
    )
    for p, wanted in enumerate(problem.wanted):
        lp += pulp.lpSum(x[q, r] for q, r in x if q == p) == wanted
    for r in range(len(problem.room)):
        mine = pulp.lpSum(x[p, s] for p, s in x if s == r)
        lp += mine == pulp.lpSum(load[s, k] for s, k in load if s == r)
    lp.solve(pulp.HiGHS(msg=False))
    return float(pulp.value(lp.objective))


def test_the_same_problem_has_the_same_answer() -> None:
    fit = np.full((6, 5), 0.5, dtype=np.float32)
    problem = AssignmentProblem(fit, [2] * 6, [3] * 5)
    assert assign(problem) == assign(problem)
    loads = [sum(r == reviewer for _, r in assign(problem).pairs) for reviewer in range(5)]
    assert max(loads) - min(loads) <= 1  # alike in everything: the load is evened


@pytest.mark.parametrize("fit", [1.5, -0.1])
def test_a_fit_that_is_none_is_refused(fit: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        AssignmentProblem(np.array([[fit]], dtype=np.float32), [1], [1])
