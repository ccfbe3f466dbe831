"""What a replay must never do: forbid what really happened, change by itself, or say too much."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funding.replay.assumptions import CATALOGUE, Assumptions
from funding.replay.findings import steady_changes
from funding.replay.grants import GrantList, PastGrant
from funding.replay.measure import direction
from funding.replay.pool import Pool
from funding.replay.reading import list_of
from funding.replay.run import replay
from optimizer.check import check
from optimizer.read import read_plan, read_round
from tests.replay.lists import TWO_FUNDERS, replayed

AREAS = ("ai safety/governance", "ai safety", "interpretability", "beekeeping", "")


@st.composite
def grant_lists(draw) -> GrantList:
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["Alder", "Birch", "Cedar"]),
                st.sampled_from(["Vetch", "Willow", "Xylem", "Yarrow", "Zinnia"]),
                st.integers(1, 10**7),
                st.sampled_from([2021, 2022, 2022, 2023, None]),
                st.sampled_from(AREAS),
            ),
            min_size=1,
            max_size=12,
        )
    )
    rows.append(("Alder", "Xylem", 5_000, 2022, ""))
    return list_of(
        "made",
        "USD",
        (
            PastGrant(number, funder, to, amount, year, f"{year}-01-01" if year else "", area)
            for number, (funder, to, amount, year, area) in enumerate(rows, start=2)
        ),
    )


@st.composite
def assumptions(draw) -> Assumptions:
    values = {}
    for assumption in CATALOGUE:
        if assumption.choices:
            values[assumption.key] = draw(
                st.sampled_from([choice.key for choice in assumption.choices])
            )
        else:
            standard = getattr(Assumptions(), assumption.key)
            values[assumption.key] = draw(st.sampled_from([standard, *assumption.others]))
    return Assumptions(**values)


@given(listed=grant_lists(), assumed=assumptions())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_assumed_what_happened_stays_possible_and_every_plan_passes_its_check(
    listed: GrantList, assumed: Assumptions
) -> None:
    # replay itself refuses a round in which what happened breaks a limit
    result = replay(listed, Pool(2022), assumed, extent="none")
    if result["headline"]["guarantee_held"]:
        problem = read_round(result["round"])
        assert check(problem, read_plan({**result["plan"], "seconds": 0.0}, problem)) == []
    if assumed.guarantee in ("really", "none"):
        worth, really = (result["headline"][key] for key in ("worth", "worth_really"))
        assert worth >= really - 1e-3 * abs(really) - 1


def test_the_same_list_gives_the_same_result_to_the_last_letter() -> None:
    first, second = (
        json.dumps(replayed(TWO_FUNDERS, extent="none"), sort_keys=True) for _ in range(2)
    )
    assert first == second


def test_the_order_of_the_rows_changes_nothing() -> None:
    rows = TWO_FUNDERS.splitlines(keepends=True)
    forth, back = replayed("".join(rows)), replayed("".join(reversed(rows)))
    assert forth["recipients"] == back["recipients"]
    assert forth["lines"] == back["lines"]


def test_a_change_is_only_called_steady_if_nearly_all_variations_share_it() -> None:
    def row(name: str, fares: str, up: int, down: int) -> dict:
        steady = {"tried": 10, "up": up, "down": down}
        return {"name": name, "fares": fares, "steady": steady}

    rows = [
        row("always up", "new", 10, 0),
        row("nearly", "more", 9, 0),
        row("too few", "more", 8, 0),
        row("once the other way", "more", 9, 1),
        row("always down", "gone", 0, 10),
        row("unchanged", "same", 9, 0),
    ]
    assert steady_changes({"recipients": rows}) == {
        "up": ["always up", "nearly"],
        "down": ["always down"],
    }


def test_a_result_says_what_cannot_be_concluded() -> None:
    cautions = " ".join(replayed(TWO_FUNDERS)["cautions"])
    for words in ("decided badly", "spent twice", "single projects", "outside the list"):
        assert words in cautions


def test_one_funder_alone_has_nothing_to_pool_and_is_told_so() -> None:
    result = replayed("Alder,Xylem,60,2022-01-01,,\nAlder,Yarrow,60,2021-01-01,,\n")
    assert any("nothing to pool" in finding["text"] for finding in result["findings"])


def test_the_crumbs_of_a_plan_are_no_change() -> None:
    assert direction({"really": 100_000, "plan": 99_950}) == "same"
    assert direction({"really": 100_000, "plan": 99_800}) == "less"
    assert direction({"really": 0, "plan": 1}) == "new"
    assert direction({"really": 1, "plan": 0}) == "gone"
