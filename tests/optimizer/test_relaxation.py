"""The least relaxation of a round that cannot be satisfied: it repairs, and nothing less would."""

from __future__ import annotations

import pytest

from optimizer.pairs import in_order
from optimizer.problem import Problem
from optimizer.read import faults_of, read_round
from optimizer.relaxation import Relaxation, relaxation_of, repaired
from optimizer.solve import Infeasible, solve
from tests.optimizer.rounds import TERMS, random_round
from tests.optimizer.small_rounds import a_problem

SOUTH = {"id": "p", "ask": 300, "merit": 0.5, "areas": {"theory": 1}, "region": "south"}


def relaxation(problem: Problem) -> Relaxation:
    with pytest.raises(Infeasible) as raised:
        solve(problem)
    found = relaxation_of(problem, raised.value.floors)
    assert found is not None
    return found


def changes(found: Relaxation) -> list[tuple[str, str, float | None]]:
    return [(c.demand.kind, c.demand.where, c.to) for c in found.changes]


def test_a_share_that_too_few_ask_for_falls_to_what_they_ask() -> None:
    found = relaxation(a_problem(proposals=[SOUTH], policy={"region_least": {"south": 0.5}}))
    ((kind, where, to),) = changes(found)
    assert (kind, where) == ("region_least", "south")
    assert to == pytest.approx(302, abs=0.01)  # 300, and the two units that a share may be missed
    assert found.is_least
    assert found.total == pytest.approx(550 - 302, abs=0.01)
    assert found.changes[0].share == pytest.approx(302 / 1100, abs=1e-6)


def test_two_clashes_are_both_mended() -> None:
    """A conflict names the fewest demands that clash; a second clash elsewhere would remain."""
    policy = {"region_least": {"south": 0.5, "north": 0.2}}
    found = relaxation(a_problem(proposals=[SOUTH], policy=policy))
    assert [change[:2] for change in changes(found)] == [
        ("region_least", "north"),
        ("region_least", "south"),
    ]


def test_the_cheaper_side_of_a_clash_gives_way() -> None:
    proposals = [{**SOUTH, "ask": 600, "minimum": 100}]
    areas = [{"id": "practice"}, {"id": "theory", "cap": 390}]
    policy = {"region_least": {"south": 0.4}}  # 440 against 390: either by 50, less tolerances
    found = relaxation(a_problem(proposals=proposals, areas=areas, policy=policy))
    assert found.total == pytest.approx(50 - 4, abs=1.1)
    assert len(found.changes) == 1


def test_the_lock_that_holds_less_money_is_given_up() -> None:
    locks = [
        {"proposal": "audit", "amount": 500},
        {"proposal": "survey", "commitment": "open", "amount": 200},
    ]
    found = relaxation(a_problem(locks=locks))
    assert changes(found) == [("lock", "survey", None)]
    assert found.total == 200
    assert repaired(a_problem(locks=locks), found).locks == a_problem(locks=locks[:1]).locks


def test_locks_that_no_plan_can_keep_are_given_up() -> None:
    locks = [
        {"proposal": "audit", "commitment": "theory", "amount": 100},  # not eligible
        {"proposal": "proofs", "amount": 99},  # below its minimum
        {"proposal": "survey", "funded": True},
        {"proposal": "survey", "funded": False},
    ]
    found = relaxation(a_problem(locks=locks))
    assert [change[1] for change in changes(found)] == ["audit", "proofs", "survey"]


def test_a_promise_that_a_lock_breaks_is_lowered_to_what_remains() -> None:
    funders = [{"id": "northlight", "weights": {"practice": 0}, "at_least": 240}]
    problem = a_problem(funders=funders, locks=[{"proposal": "proofs", "amount": 350}])
    found = relaxation(problem)
    assert changes(found) == [("guarantee", "northlight", 215)]  # 0.6 * 350, and 5 of tolerance
    (funder,) = repaired(problem, found).funders
    assert (funder.guarantee, funder.at_least) == ("none", 215)


def test_a_promise_by_leaving_is_held_at_its_number_when_other_limits_are_eased() -> None:
    funders = [{"id": "northlight", "guarantee": "leave"}]
    policy = {"region_least": {"nowhere": 0.5}}
    found = relaxation(a_problem(funders=funders, policy=policy))
    held = [change for change in found.changes if change.demand.kind == "guarantee"]
    assert [change.by for change in held] == [0]
    assert "hold the promise to northlight" in held[0].text


def test_every_relaxation_is_a_round_that_can_be_solved() -> None:
    features = [
        *("minimum", "areas", "area_cap", "lock_line", "lock_total", "lock_in", "lock_out"),
        *("institution_share", "region_least", "risk_most", "at_least", "ticket", "max_cofunders"),
    ]
    mended = 0
    for seed in range(60):
        document = random_round(seed, commitments=3, proposals=6, features=features)
        problem = read_round(document)
        try:
            solve(problem)
        except Infeasible as infeasible:
            found = relaxation_of(problem, infeasible.floors)
            assert found is not None, seed
            assert found.changes, seed
            assert found.is_least, seed
            mended_round = repaired(in_order(problem), found)
            assert faults_of(mended_round) == [], seed
            solve(mended_round)
            mended += 1
    assert mended > 20


def test_out_of_time_nothing_is_suggested() -> None:
    problem = a_problem(policy={"region_least": {"nowhere": 0.5}})
    assert relaxation_of(problem, {}, seconds=0.0) is None


def with_terms(commitments: list[dict[str, object]], **more: object) -> Problem:
    return read_round(
        {
            "format": "tributary-round/2",
            "currency": "USD",
            "commitments": commitments,
            "areas": [{"id": "a"}],
            **more,
        }
    )


def test_a_condition_that_nothing_else_can_meet_is_given_up() -> None:
    problem = with_terms(
        [{"id": "shy", "funder": "one", "amount": 100, "only_if": {"funders": 1}}],
        proposals=[{"id": "P", "ask": 80, "merit": 0.5, "areas": {"a": 1}}],
        locks=[{"proposal": "P", "amount": 80, "commitment": "shy"}],
        policy={"region_least": {}},
    )
    found = relaxation(problem)
    assert changes(found) == [("lock", "P", None)]  # 80 are less than the 100 that wait
    assert found.total == 80
    held = with_terms(
        [{"id": "shy", "funder": "one", "amount": 100, "only_if": {"funders": 1}}],
        proposals=[
            {"id": id_, "ask": 80, "minimum": 60, "merit": 0.5, "areas": {"a": 1}, "region": "r"}
            for id_ in ("P", "Q")
        ],
        locks=[{"proposal": id_, "funded": True} for id_ in ("P", "Q")],
    )
    # 60 and 60 are locked in, 100 are there: a lock must go, and with it nothing else helps
    found = relaxation(held)
    assert found.total == 120
    assert [kind for kind, _, _ in changes(found)] == ["lock", "lock"]


def test_a_condition_goes_where_the_locks_that_need_it_hold_more_money() -> None:
    problem = with_terms(
        [
            {"id": "shy", "funder": "one", "amount": 100, "only_if": {"funders": 1}},
            {"id": "open", "funder": "two", "amount": 500, "regions": ["north"]},
        ],
        proposals=[
            {"id": id_, "ask": 50, "merit": 0.5, "areas": {"a": 1}, "region": "south"}
            for id_ in ("P", "Q")
        ],
        funders=[],
        locks=[{"proposal": id_, "funded": True} for id_ in ("P", "Q")],
        policy={"region_least": {"south": 0.15}},  # 90 of the 600
    )
    found = relaxation(problem)
    assert changes(found) == [("only_if", "shy", None)]
    assert found.total == 100
    plan = solve(repaired(problem, found))
    assert plan.totals == {"P": 50, "Q": 50}


def test_money_comes_earlier_by_no_more_than_a_locked_proposal_needs() -> None:
    problem = with_terms(
        [
            {
                "id": "late",
                "funder": "one",
                "amount": 100,
                "releases": [{"year": 2027, "amount": 20}, {"year": 2028, "amount": 80}],
            }
        ],
        proposals=[
            {
                "id": "P",
                "ask": 100,
                "merit": 0.5,
                "areas": {"a": 1},
                "budget": [{"year": 2027, "amount": 50}, {"year": 2028, "amount": 50}],
            }
        ],
        locks=[{"proposal": "P", "funded": True}],
    )
    found = relaxation(problem)
    assert changes(found) == [("releases", "late", 50)]
    assert (found.total, found.changes[0].demand.year, found.is_least) == (30, 2027, True)
    (row,) = found.as_document()["changes"]  # type: ignore[misc]
    assert row["text"] == "50 instead of 20: what late has released by the end of 2027"
    (late,) = repaired(problem, found).commitments
    assert [(r.year, r.amount) for r in late.releases] == [(2027, 50), (2028, 50)]
    assert solve(repaired(problem, found)).totals == {"P": 100}


def test_every_relaxation_of_years_and_conditions_is_a_round_that_can_be_solved() -> None:
    features = ["lock_line", "lock_total", "lock_in", "region_least", "minimum", *TERMS]
    kinds: set[str] = set()
    for seed in range(60):
        problem = read_round(random_round(seed, commitments=3, proposals=5, features=features))
        try:
            solve(problem)
        except Infeasible as infeasible:
            found = relaxation_of(problem, infeasible.floors)
            assert found is not None, seed
            kinds |= {change.demand.kind for change in found.changes}
            mended_round = repaired(in_order(problem), found)
            assert faults_of(mended_round) == [], seed
            solve(mended_round)
    assert kinds & {"match", "only_if", "joins_if"}
    assert "releases" in kinds
