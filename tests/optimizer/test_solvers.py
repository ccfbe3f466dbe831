"""What HiGHS, CBC and PuLP do that one must know; each is kept here so that a change shows."""

from __future__ import annotations

import gc
import weakref

import highspy
import numpy as np
import pulp
import pytest

from optimizer.backend import Cbc, open_model
from optimizer.clock import Clock
from optimizer.highs import Live, SolverFault
from optimizer.model import Detail, Model, build
from optimizer.pairs import in_order, pairs_of
from optimizer.read import read_round
from optimizer.solve import solve
from tests.optimizer.rounds import any_features, random_round
from tests.optimizer.small_rounds import a_problem, solved


def a_model(seed: int = 2, proposals: int = 30) -> Model:
    document = random_round(
        seed, commitments=4, proposals=proposals, features=["minimum", "steps", "areas"]
    )
    return build(pairs_of(in_order(read_round(document))), {}, Detail())


def knapsack() -> pulp.LpProblem:
    """max 60a + 100b + 120c, 10a + 20b + 30c <= 50: 220; relaxed 240."""
    lp = pulp.LpProblem("knapsack", pulp.LpMaximize)
    a, b, c = (lp.add_variable(n, 0, 1, pulp.LpInteger) for n in "abc")
    lp += 60 * a + 100 * b + 120 * c
    lp += 10 * a + 20 * b + 30 * c <= 50
    return lp


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_both_solvers_find_the_best_and_its_bound(solver: str) -> None:
    live = open_model(knapsack(), Clock.of(30, solver=solver), 1.0)
    assert live.relax().value == pytest.approx(240)
    found = live.search(0.0)
    assert found.value == pytest.approx(220)
    assert 220 <= found.bound < 220.01


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_a_row_dual_is_the_gain_from_one_more_unit(solver: str) -> None:
    live = open_model(knapsack(), Clock.of(30, solver=solver), 1.0)
    before = live.relax().value
    dual = float(live.row_duals[0])
    live.set_rows([0], -np.inf, 51)
    assert live.relax().value - before == pytest.approx(dual)
    assert dual == pytest.approx(4)


class Standing(Clock):
    """A clock on which there is always a second left."""

    @property
    def left(self) -> float:
        return 1.0


def test_time_spent_on_earlier_solves_is_not_taken_from_the_next() -> None:
    live = Live(a_model(proposals=100).lp, Standing(0.0))
    while live.highs.getRunTime() < 1.5:
        live.forget()
        assert live.relax().is_finished
    assert live.search(0.0, nodes=1).x is not None
    assert not live.clock.has_run_out


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_fixing_and_restoring_columns(solver: str) -> None:
    live = open_model(knapsack(), Clock.of(30, solver=solver), 1.0)
    live.set_columns([2], 0, 0)
    assert live.search(0.0).value == pytest.approx(160)
    live.restore()
    assert live.search(0.0).value == pytest.approx(220)


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_what_cannot_be_is_called_infeasible(solver: str) -> None:
    lp = knapsack()
    lp += lp.variables()[0] >= 2
    live = open_model(lp, Clock.of(30, solver=solver), 1.0)
    assert live.relax().is_infeasible


def test_under_maximisation_pulps_highs_gives_duals_negated() -> None:
    lp = knapsack()
    lp.solve(pulp.HiGHS(msg=False, mip=False))
    assert lp.constraints()[0].pi == pytest.approx(-4)


def test_an_integer_model_has_no_prices() -> None:
    live = Live(knapsack(), Clock.of(30))
    live.search(0.0)
    assert not live.row_duals.any()


def test_a_start_that_presolve_ruled_out_comes_back_as_an_optimal_point_that_breaks_a_row() -> None:
    """HiGHS 1.16: why no search is given a start. If this fails, starts can be tried again."""
    worth = [0, 245.79654, 298.042056, 826.373455, 755.922627, 720.0768, 369.482449]
    size = [1.0, -418.0, -456.0, -1511.0, -1087.0, -2048.0, -749.0]
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = 7, 2
    lp.col_cost_ = -np.array(worth)
    lp.col_lower_, lp.col_upper_ = np.zeros(7), np.array([highspy.kHighsInf] + [1.0] * 6)
    lp.row_lower_ = np.array([0, -highspy.kHighsInf])
    lp.row_upper_ = np.array([highspy.kHighsInf, 3444.0571])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = 7, 2
    lp.a_matrix_.start_ = np.array([0, 7, 8])
    lp.a_matrix_.index_ = np.array([0, 1, 2, 3, 4, 5, 6, 0])
    lp.a_matrix_.value_ = np.array([*size, 1.0])
    whole = [highspy.HighsVarType.kInteger] * 6
    lp.integrality_ = [highspy.HighsVarType.kContinuous, *whole]
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(lp)
    start = np.array([1, 1, 0, 1, 0, 0], dtype=float)
    highs.setSolution(6, np.arange(1, 7, dtype=np.int32), start)
    highs.run()
    x = np.array(highs.getSolution().col_value)
    claimed, true = -highs.getInfo().objective_function_value, float(np.dot(worth, x))
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    assert claimed > true + 800


def test_a_point_that_breaks_its_rows_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    live = Live(knapsack(), Clock.of(30))
    monkeypatch.setattr(live, "_row_high", np.array([10.0]))
    with pytest.raises(SolverFault):
        live.search(0.0)


def test_a_number_that_is_not_finite_never_reaches_the_solver() -> None:
    lp = knapsack()
    lp.objective[lp.variables()[0]] = float("nan")
    with pytest.raises(ValueError, match="not finite"):
        Live(lp, Clock.of(30))


def test_our_handover_is_the_model_that_pulp_means() -> None:
    model = a_model()
    live = Live(model.lp, Clock.of(30))
    ours = live.search(1e-9).value
    model.lp.solve(pulp.HiGHS(msg=False, gapRel=1e-9))
    assert ours == pytest.approx(pulp.value(model.lp.objective), rel=1e-8)


def test_cbc_without_an_integer_solution_gives_none() -> None:
    model = a_model(3, proposals=60)
    live = Cbc(model.lp, Clock.of(30, solver="cbc"))
    live._run(pulp.COIN_CMD(maxNodes=0, **{**live._options(), "timeLimit": 0}))
    answer = Cbc(model.lp, Clock.of(0, solver="cbc")).search(0.0)
    assert answer.x is None
    assert not answer.is_infeasible


def test_a_model_that_is_done_with_is_let_go() -> None:
    live = Live(a_model().lp, Clock.of(30))
    live.relax()
    gone = weakref.ref(live)
    del live
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("seed", range(12))
def test_cbc_gives_the_same_value(seed: int) -> None:
    document = random_round(
        seed, commitments=3, proposals=7, features=any_features(seed + 100), scale="real"
    )
    problem = read_round(document)
    try:
        ours = solve(problem, gap=1e-4)
    except Exception as error:
        with pytest.raises(type(error)):
            solve(problem, gap=1e-4, solver="cbc")
        return
    other = solve(problem, gap=1e-4, solver="cbc")
    assert other.value == pytest.approx(ours.value, rel=2.1e-4, abs=1e-6)


def test_cbc_keeps_every_limit() -> None:
    assert solved(a_problem(), gap=1e-4, solver="cbc").value == 740
