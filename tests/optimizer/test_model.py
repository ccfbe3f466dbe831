"""The model itself: its relaxation, its cells, its prices."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from optimizer.backend import open_model
from optimizer.cells import cover
from optimizer.clock import Clock
from optimizer.margins import margins
from optimizer.model import Detail, build
from optimizer.pairs import Pairs, in_order, pairs_of, refusal
from optimizer.read import read_round
from optimizer.search import best_lines
from tests.optimizer.rounds import any_features, random_round
from tests.optimizer.small_rounds import a_problem

RELAXED, LINES, ALL = Detail(), Detail(lines=True), Detail(lines=True, whole=True)


def some_pairs(seed: int, commitments: int = 5, proposals: int = 14) -> Pairs:
    document = random_round(
        seed, commitments=commitments, proposals=proposals, features=any_features(seed)
    )
    return pairs_of(in_order(read_round(document)))


def best(pairs: Pairs, detail: Detail, own: np.ndarray | None = None) -> float | None:
    """The model's best value in minor units; None if it has no solution."""
    model = build(pairs, {}, detail, own)
    answer = open_model(model.lp, Clock.of(60), model.unit).search(0.0)
    return None if answer.x is None else answer.value * model.unit


@pytest.mark.parametrize("seed", range(30))
def test_cells_cover_every_eligible_pair_and_no_other(seed: int) -> None:
    pairs = some_pairs(seed, commitments=9, proposals=40)
    cells = cover(pairs)
    reached = np.zeros(pairs.cap.shape, dtype=bool)
    for c, k in cells.direct:
        reached[c, list(cells.classes[k])] = True
    for hub in cells.hubs:
        for k in hub.classes:
            reached[np.ix_(np.array(hub.commitments), np.array(cells.classes[k]))] = True
    for p, own in enumerate(cells.explicit):
        assert not reached[list(own), p].any()
        reached[list(own), p] = True
    assert (reached == (pairs.cap > 0)).all()


@pytest.mark.parametrize("seed", range(20))
def test_money_through_cells_is_worth_what_money_by_pairs_is(seed: int) -> None:
    pairs = some_pairs(seed)
    if pairs.blockers:
        return
    by_pairs = best(pairs, RELAXED, np.ones(pairs.cap.shape, dtype=bool))
    by_cells = best(pairs, RELAXED)
    assert (by_cells is None) == (by_pairs is None)
    if by_cells is not None:
        assert by_cells == pytest.approx(by_pairs, rel=1e-7, abs=1e-3)


@pytest.mark.parametrize("seed", range(20))
def test_every_detail_only_lowers_the_best_value(seed: int) -> None:
    pairs = some_pairs(seed)
    if pairs.blockers:
        return
    values = [best(pairs, detail) for detail in (RELAXED, LINES, ALL)]
    found = [v for v in values if v is not None]
    for more, less in pairwise(found):
        assert less <= more + 1e-6 * (1 + abs(more))


def test_shared_eligibility_takes_few_arcs() -> None:
    areas = [{"id": f"a{k}"} for k in range(6)]
    commitments = [
        {"id": f"c{k}", "funder": "f", "amount": 100, "areas": [f"a{k % 3}", "a5"]}
        for k in range(12)
    ]
    proposals = [
        {"id": f"p{k:03}", "ask": 10, "merit": 0.5, "areas": {f"a{k % 6}": 1}} for k in range(300)
    ]
    pairs = pairs_of(in_order(a_problem(areas=areas, commitments=commitments, proposals=proposals)))
    cells = cover(pairs)
    arcs = len(cells.direct) + sum(len(h.commitments) + len(h.classes) for h in cells.hubs)
    assert len(cells.classes) == 4
    assert arcs < 40 < (pairs.cap > 0).sum()


def test_a_price_that_decides_a_proposal_is_never_wrong() -> None:
    """Forcing a proposal the other way costs at least its standing (the Lagrangian bound)."""
    tried = 0
    for seed in range(25):
        pairs = some_pairs(seed, commitments=3, proposals=7)
        if pairs.blockers:
            continue
        model = build(pairs, {}, RELAXED)
        live = open_model(model.lp, Clock.of(60), model.unit)
        root = live.relax()
        if root.x is None:
            continue
        standing = margins(model, live).standing()
        for p, y in model.y.items():
            if live.low[y.index] == 1:
                continue
            other = 0.0 if standing[p] > 0 else 1.0
            live.set_columns([y.index], other, other)
            forced = live.search(0.0)
            live.restore()
            if forced.x is not None:
                tried += 1
                assert forced.value <= root.bound - abs(standing[p]) + 1e-6 * (1 + abs(root.bound))
    assert tried > 50


def test_the_bound_of_a_search_is_above_every_plan_found_with_more_patience() -> None:
    for seed in range(15):
        pairs = some_pairs(seed, commitments=4, proposals=10)
        if pairs.blockers or best(pairs, ALL) is None:
            continue
        rough = best_lines(pairs, {}, 0.05, Clock.of(60))
        fine = best_lines(pairs, {}, 1e-7, Clock.of(60))
        assert rough.bound >= fine.value - 1e-6 * (1 + abs(fine.value))


def test_an_empty_demand_that_fails_is_not_dropped() -> None:
    pairs = pairs_of(in_order(a_problem(policy={"region_least": {"nowhere": 0.5}})))
    assert best(pairs, RELAXED) is None


@pytest.mark.parametrize(
    ("terms", "because"),
    [
        ({"areas": ["theory"]}, "less than 50% of the work lies in theory (0%)"),
        ({"regions": ["Africa"]}, "it pays only in Africa"),
        ({"risk_tiers": ["high"]}, "it pays only for risk tier high"),
        ({"excludes": ["audit"]}, "the proposal is excluded"),
        ({"ticket": 501}, "the most it may pay to one such proposal is below the least"),
        ({"cap_share_of_ask": 0.0}, "the most it may pay to one such proposal is below the least"),
    ],
)
def test_a_commitment_says_by_which_clause_it_may_not_pay(
    terms: dict[str, object], because: str
) -> None:
    commitment = {"id": "c", "funder": "f", "amount": 900, **terms}
    problem = a_problem(commitments=[commitment])
    said = refusal(problem.commitments[0], problem.proposal_by_id["audit"])
    assert said is not None
    assert said.startswith(because)
    assert pairs_of(in_order(problem)).cap[0, 0] == 0
