"""Each rule on examples that others published, to the numbers they state.

Only facts are taken over: who likes what, what it costs, what comes out. Amounts are in hundredths
of the source's unit. An approval is a worth of 1 a unit; where a source counts an approved project
as 1 whatever it costs, the worth is 1 / cost. Where a source lets a project be funded in any part,
the minimum is one hundredth; elsewhere it is the ask.
"""

from __future__ import annotations

import math

import pytest

from tests.optimizer.rules.scenes import a_round, bought, paid, plan_by

# Equal shares

TOWN = {"bike": 700, "gym": 400, "park": 250, "playground": 200, "library": 100}
SPORT, BOTH = {"bike": 1.0, "gym": 1.0}, {"bike": 1.0, "gym": 1.0, "park": 1.0}
CHILDREN = {"playground": 1.0, "library": 1.0}
OF_TEN = {
    "v01": SPORT,
    "v02": BOTH,
    "v03": SPORT,
    "v04": BOTH,
    "v05": BOTH,
    "v06": SPORT,
    "v07": {"park": 1.0, **CHILDREN},
    "v08": {"playground": 1.0},
    "v09": CHILDREN,
    "v10": {"park": 1.0, **CHILDREN},
}


def hundredths(costs: dict[str, int]) -> dict[str, int]:
    return {name: 100 * cost for name, cost in costs.items()}


def test_equal_shares_of_eleven_voters_buy_path_playground_and_library() -> None:
    """equalshares.net, 'Explanation of the Method of Equal Shares', example 1."""
    likes = {**OF_TEN, "v11": {"bike": 1.0}}
    problem = a_round(dict.fromkeys(likes, 100_00), likes, hundredths(TOWN))
    assert bought(problem) == ["bike", "playground", "library"]
    lines = paid(plan_by("equal-shares", problem))
    for v in ("v01", "v02", "v03", "v04", "v05", "v06", "v11"):
        assert lines[v, "bike"] == 100_00
    for v in ("v07", "v08", "v09", "v10"):
        assert lines[v, "playground"] == 50_00
    for v in ("v07", "v09", "v10"):
        assert lines[v, "library"] == pytest.approx(33_33, abs=1)


def test_equal_shares_let_those_with_little_left_pay_what_they_have() -> None:
    """equalshares.net, example 2: the eleventh voter votes for the gym instead."""
    likes = {**OF_TEN, "v11": {"gym": 1.0}}
    problem = a_round(dict.fromkeys(likes, 100_00), likes, hundredths(TOWN))
    assert bought(problem) == ["gym", "park", "playground"]
    lines = paid(plan_by("equal-shares", problem))
    assert lines["v11", "gym"] == pytest.approx(57_14, abs=1)
    for v in ("v02", "v04", "v05"):
        assert lines[v, "park"] == pytest.approx(42_86, abs=1)
    for v in ("v07", "v10"):
        assert lines[v, "park"] == pytest.approx(60_71, abs=1)
        assert lines[v, "playground"] == pytest.approx(39_29, abs=1)
    for v in ("v08", "v09"):
        assert lines[v, "playground"] == pytest.approx(60_71, abs=1)


def test_equal_shares_elect_one_of_four_before_the_completion() -> None:
    """M. Lackner and P. Skowron, Multi-Winner Voting with Approval Preferences (Springer 2023),
    the running example: twelve voters, seven candidates, four seats; the first phase elects a."""
    ballots = ["ab", "ab", "ab", "ac", "ac", "ac", "ad", "ad", "bcf", "e", "f", "g"]
    likes = {f"v{k:02}": dict.fromkeys(ballot, 1.0) for k, ballot in enumerate(ballots)}
    problem = a_round(dict.fromkeys(likes, 4_00), likes, dict.fromkeys("abcdefg", 12_00))
    assert bought(problem) == ["a"]


@pytest.mark.parametrize(
    ("counts_cost", "expected"), [(True, ["p0", "p2"]), (False, ["p0", "p1", "p3"])]
)
def test_equal_shares_depend_on_whether_a_vote_counts_by_cost(
    counts_cost: bool, expected: list[str]
) -> None:
    """pabutools (COMSOC-Community), tests/rules/test_rule.py, 'Approval example 2'."""
    costs = {"p0": 100, "p1": 90, "p2": 200, "p3": 109}
    ballots = [["p0"], ["p1", "p2", "p3"], ["p1", "p2", "p3"], ["p2"]]
    likes = {
        f"v{k}": {p: 1.0 if counts_cost else 100 / costs[p] for p in ballot}
        for k, ballot in enumerate(ballots)
    }
    assert sorted(bought(a_round(dict.fromkeys(likes, 100), likes, costs))) == expected


# Nash product


def test_the_nash_product_of_five_donors() -> None:
    """The five donors of 100 each who approve ab, ac, ad, bc and a of E. Segal-Halevi's course on
    fair division (repository erelsgl-at-ariel/algorithms-5782, 'donor-coordination').

    By hand: d gives nobody what a does not, and b = c by symmetry, so with all 500 spent the
    product is largest where a^2 - 100 a - 100,000 = 0. Each pays in proportion to what it likes.
    """
    likes = {f"v{k}": dict.fromkeys(ballot, 1.0) for k, ballot in enumerate(["ab", "ac", "ad"])}
    likes |= {"v3": {"b": 1.0, "c": 1.0}, "v4": {"a": 1.0}}
    asks = dict.fromkeys("abcd", 500_00)
    plan = plan_by("nash", a_round(dict.fromkeys(likes, 100_00), likes, asks, minimum=1), gap=1e-9)
    a = 50 + math.sqrt(102_500)
    b = (500 - a) / 2
    assert plan.totals["a"] == pytest.approx(100 * a, abs=20)
    assert plan.totals["b"] == pytest.approx(100 * b, abs=20)
    assert plan.totals["c"] == pytest.approx(100 * b, abs=20)
    assert plan.totals.get("d", 0) <= 1
    lines = paid(plan)
    assert lines["v0", "a"] == pytest.approx(100_00 * a / (a + b), abs=20)
    assert lines["v3", "b"] == pytest.approx(50_00, abs=20)


# Max-min


@pytest.mark.parametrize(
    ("demands", "weights", "expected"),
    [
        ((2, 2.6, 4, 5), (1, 1, 1, 1), (2, 2.6, 2.7, 2.7)),
        ((4, 2, 10, 4), (2.5, 4, 0.5, 1), (4, 2, 6, 4)),
    ],
)
def test_max_min_divides_a_capacity_fairly(
    demands: tuple[float, ...], weights: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    """S. Keshav, An Engineering Approach to Computer Networking (Addison-Wesley 1997), pages 215 to
    217: max-min fair shares of a capacity of 10, and weighted ones of 16. A source is a funder that
    values one proposal, whose ask is its demand; gains are over a promise that is its weight."""
    names = [f"f{k}" for k in range(4)]
    money = round(25 * sum(expected))
    problem = a_round(
        dict.fromkeys(names, money),
        {f: {f"of {f}": 1.0} for f in names},
        {f"of {f}": round(100 * d) for f, d in zip(names, demands, strict=True)},
        minimum=1,
        funders=[
            {
                "id": f,
                "weights": {f"area of of {g}": float(f == g) for g in names},
                "at_least": 10 * w,
            }
            for f, w in zip(names, weights, strict=True)
        ],
    )
    plan = plan_by("maxmin", problem, gap=1e-6)
    shares = [plan.totals[f"of {f}"] / 100 for f in names]
    assert shares == pytest.approx(list(expected), abs=0.011)


# Pro rata


@pytest.mark.parametrize(
    ("estate", "expected"),
    [(100, (16.67, 33.33, 50)), (200, (33.33, 66.67, 100)), (300, (50, 100, 150))],
)
def test_pro_rata_divides_an_estate_in_proportion_to_claims(
    estate: int, expected: tuple[float, ...]
) -> None:
    """Claims of 100, 200 and 300 (Mishnah, Ketubot 93a), as in B. O'Neill (1982) and R. Aumann and
    M. Maschler, Journal of Economic Theory 36 (1985): proportional awards. At 300 they are the
    Mishnah's own."""
    claims = {"A": 100_00, "B": 200_00, "C": 300_00}
    problem = a_round({"f": 100 * estate}, {"f": {}}, claims, minimum=1)
    totals = plan_by("pro-rata", problem).totals
    assert [totals[c] / 100 for c in claims] == pytest.approx(list(expected), abs=0.011)


# Greedy, and the best value


def test_greedy_takes_the_two_with_most_votes() -> None:
    """equalshares.net, example 1, by number of votes as most cities do: 7 and 6 use up 1,100."""
    votes = {"bike": 7, "gym": 6, "park": 5, "playground": 4, "library": 3}
    merit = {p: n / 11 for p, n in votes.items()}
    problem = a_round({"f": 1100_00}, {"f": {}}, hundredths(TOWN), merit=merit)
    assert plan_by("greedy", problem).totals == {"bike": 700_00, "gym": 400_00}


PROFIT = (15, 100, 90, 60, 40, 15, 10, 1)
WEIGHT = (2, 20, 20, 30, 40, 30, 60, 10)
CAPACITY = 102


@pytest.mark.parametrize(
    ("rule", "in_parts", "profit", "items"),
    [
        ("welfare", False, 280, {1, 2, 3, 4, 6}),
        ("welfare", True, 295, {1, 2, 3, 4, 5}),
        ("greedy", True, 295, {1, 2, 3, 4, 5}),
    ],
)
def test_a_knapsack_by_value_and_by_value_a_unit(
    rule: str, in_parts: bool, profit: int, items: set[int]
) -> None:
    """S. Martello and P. Toth, Knapsack Problems (Wiley 1990), chapter 2: best 280, and 295 where
    the last may be taken in part, which is what taking the best value a unit first gives (G.
    Dantzig, Discrete-variable extremum problems, Operations Research 5, 1957). Merit is profit a
    unit of weight, as a part of the highest."""
    named = {k + 1: (p, w) for k, (p, w) in enumerate(zip(PROFIT, WEIGHT, strict=True))}
    highest = max(p / w for p, w in named.values())
    problem = a_round(
        {"f": 100 * CAPACITY},
        {"f": {}},
        {f"p{k}": 100 * w for k, (_, w) in named.items()},
        minimum=1 if in_parts else None,
        merit={f"p{k}": p / w / highest for k, (p, w) in named.items()},
    )
    plan = plan_by(rule, problem, gap=0)
    assert plan.value * highest / 100 == pytest.approx(profit)
    assert plan.totals.keys() == {f"p{k}" for k in items}


# S-process: the fund describes how it works and publishes no example with all its numbers


def test_the_s_process_does_not_depend_on_the_scale_of_a_funders_values() -> None:
    """The fund's process as its evaluators describe it: only ratios of one's own values count."""
    asks = {"A": 500_00, "B": 300_00, "C": 400_00}
    one, two = {"A": 0.9, "B": 0.5, "C": 0.2}, {"A": 0.1, "B": 0.4, "C": 0.8}
    plans = [
        plan_by(
            "s-process",
            a_round(
                {"f1": 300_00, "f2": 300_00},
                {"f1": one, "f2": {p: times * v for p, v in two.items()}},
                asks,
                minimum=1,
            ),
        )
        for times in (1.0, 7.0)
    ]
    assert plans[0].lines == plans[1].lines


def test_the_s_process_funds_what_one_funder_is_excited_about() -> None:
    """The fund's announcements: it favours what at least one is excited to fund over what all are
    lukewarm about."""
    likes = {f: {"lukewarm": 0.4, f"of {f}": 1.0} for f in ("f1", "f2", "f3")}
    asks = {"lukewarm": 500_00, **{f"of {f}": 500_00 for f in likes}}
    plan = plan_by("s-process", a_round(dict.fromkeys(likes, 200_00), likes, asks, minimum=1))
    assert plan.totals == {f"of {f}": 200_00 for f in likes}
