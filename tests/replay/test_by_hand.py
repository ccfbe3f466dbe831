"""A list so small that the plan can be found with a pencil, and what each assumption does to it."""

from __future__ import annotations

import pytest

from funding.errors import InvalidInput
from funding.replay.assumptions import CATALOGUE, Assumptions, one_at_a_time
from tests.replay.lists import BY_HAND, TWO_FUNDERS, plan_of, replayed


def by_name(result, key: str) -> dict:
    return {row["name"]: row[key] for row in result["recipients"]}


def test_the_plan_of_a_small_list_is_the_one_found_by_hand() -> None:
    result = replayed(TWO_FUNDERS, **BY_HAND)
    # Xylem earns 0.6 + 0.05 a unit, Zinnia 0.6, Yarrow 0.5 + 0.05: 140 go to Xylem, then Zinnia
    assert plan_of(result) == {"Xylem": 100, "Zinnia": 40}
    figures = result["headline"]
    assert figures["worth_really"] == pytest.approx(100 * (100 * 0.65 + 40 * 0.55))
    assert figures["worth"] == pytest.approx(100 * (100 * 0.65 + 40 * 0.6))
    assert figures["gain"] == pytest.approx(89 / 87 - 1)
    assert figures["moved"] == pytest.approx(40 / 140)
    assert (figures["new"], figures["dropped"]) == (1, 1)
    assert (figures["agreements_really"], figures["agreements"]) == (3, 2)


def test_asks_minimums_and_merits_follow_the_stated_rules() -> None:
    result = replayed(TWO_FUNDERS, **BY_HAND)
    assert by_name(result, "ask") == {"Xylem": 100_00, "Yarrow": 40_00, "Zinnia": 110_00}
    assert by_name(result, "minimum") == {"Xylem": 20_00, "Yarrow": 20_00, "Zinnia": 5_00}
    assert by_name(result, "merit") == {"Xylem": 0.6, "Yarrow": 0.5, "Zinnia": 0.6}


def test_recipients_with_several_funders_are_counted_and_named() -> None:
    result = replayed(TWO_FUNDERS, **BY_HAND)
    assert (result["headline"]["several_really"], result["headline"]["several"]) == (1, 0)
    text = result["findings"][0]["text"]
    assert "1 of 2 recipients had more than one funder in 2022: USD 100 in 2 agreements" in (
        text.replace("\N{NO-BREAK SPACE}", " ")
    )


def test_without_the_years_beside_it_nothing_can_change() -> None:
    result = replayed(TWO_FUNDERS, window="0", **BY_HAND)
    assert plan_of(result) == {"Xylem": 100, "Yarrow": 40}
    assert result["headline"]["moved"] == 0


def test_enough_benefit_of_the_doubt_keeps_what_happened() -> None:
    assert plan_of(replayed(TWO_FUNDERS, doubt="0.2", **BY_HAND)) == {"Xylem": 100, "Yarrow": 40}


def test_equal_merit_leaves_the_doubt_to_decide() -> None:
    assert plan_of(replayed(TWO_FUNDERS, merit="equal", **BY_HAND)) == {"Xylem": 100, "Yarrow": 40}


def test_larger_asks_leave_less_for_the_next_best() -> None:
    result = replayed(TWO_FUNDERS, ask_factor="1.3", **BY_HAND)
    assert by_name(result, "ask")["Xylem"] == 130_00
    # the doubt counts for the first 100 of Xylem only: beyond, it is as good as Zinnia
    assert set(plan_of(result)) <= {"Xylem", "Zinnia"}
    assert result["headline"]["worth"] == pytest.approx(100 * (100 * 0.65 + 40 * 0.6))


def test_a_funder_limited_to_recipients_it_knows_pays_no_other() -> None:
    result = replayed(TWO_FUNDERS, need_weight="0", restrictions="recipients")
    paid = {(line["funder"], line["recipient"]) for line in result["lines"] if line["plan"]}
    assert paid == {("Birch", "Xylem"), ("Alder", "Xylem"), ("Alder", "Zinnia")}


def test_a_price_on_agreements_makes_fewer_of_them() -> None:
    free = replayed(TWO_FUNDERS, need_weight="0", restrictions="recipients")
    priced = replayed(
        TWO_FUNDERS, need_weight="0", restrictions="recipients", agreement_cost="10",
        guarantee="none",
    )  # fmt: skip
    assert priced["headline"]["agreements"] < free["headline"]["agreements"]


def test_need_draws_money_to_an_area_that_lacks_it() -> None:
    rows = """\
Alder,Xylem,100,2022-01-01,health,
Alder,Yarrow,100,2021-01-01,schools,
Alder,Zinnia,300,2020-01-01,schools,
"""
    without = replayed(rows, need_weight="0")
    assert plan_of(without) == {"Xylem": 100}
    needed = replayed(rows, need_weight="2", guarantee="none")
    # other years gave all to schools: the whole pool is needed there
    assert [(row["name"], row["need"]) for row in needed["areas"]] == [
        ("health", 0),
        ("schools", 100_00),
    ]
    assert plan_of(needed) == {"Yarrow": 100}
    figures = needed["headline"]
    assert (figures["covered_really"], figures["covered"]) == (0.0, 1.0)


def test_columns_of_the_file_come_before_the_rules() -> None:
    head = "funder,recipient,amount_usd,date,amount requested,minimum,merit"
    rows = """\
Alder,Xylem,60,2022-01-01,90,50,0.9
Alder,Yarrow,40,2022-01-01,0,,
Alder,Zinnia,40,2021-01-01,80,30,30%
"""
    result = replayed(rows, head=head)
    assert by_name(result, "ask") == {"Xylem": 90_00, "Yarrow": 40_00, "Zinnia": 80_00}
    assert by_name(result, "minimum") == {"Xylem": 50_00, "Yarrow": 20_00, "Zinnia": 30_00}
    assert by_name(result, "merit") == {"Xylem": 0.9, "Yarrow": 0.5, "Zinnia": 0.3}


def test_an_ask_in_the_file_is_never_below_what_was_paid() -> None:
    head = "funder,recipient,amount_usd,date,ask"
    result = replayed("Alder,Xylem,60,2022-01-01,10\n", head=head)
    assert by_name(result, "ask") == {"Xylem": 60_00}


def test_a_round_is_replayed_with_the_rounds_beside_it() -> None:
    rows = """\
Alder,Xylem,60,2022-01-01,,H1
Birch,Yarrow,40,2022-02-01,,H1
Alder,Zinnia,50,2022-08-01,,H2
Alder,Willow,50,2021-08-01,,H0
Alder,Vetch,50,2019-08-01,,earlier
Alder,Thyme,50,2022-08-01,,
"""
    result = replayed(rows, year=None, round="H1")
    assert set(by_name(result, "ask")) == {"Willow", "Xylem", "Yarrow", "Zinnia"}
    assert result["grants"]["undated"] == 1
    assert result["pool"]["span"] == "H0 to H2"


def test_a_year_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidInput, match=r"no grant in 1999.*2021, 2022"):
        replayed(TWO_FUNDERS, year=1999)


def test_every_number_is_varied_both_ways_and_every_choice_to_another() -> None:
    varied = {variation.key for variation in one_at_a_time(Assumptions())}
    assert varied == {assumption.key for assumption in CATALOGUE}
    for key in ("ask_factor", "least", "merit_caution", "need_weight", "doubt", "other_areas"):
        standard = getattr(Assumptions(), key)
        values = [v.changes[key] for v in one_at_a_time(Assumptions()) if v.key == key]
        assert min(values) < standard < max(values)


def test_wrong_assumptions_are_all_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refusal:
        Assumptions.read({"merit": "best", "ask_factor": "nan", "window": "1.5", "luck": "1"})
    assert [fault.field for fault in refusal.value.faults] == [
        "merit", "ask_factor", "window", "luck",
    ]  # fmt: skip


def test_money_that_finds_nobody_left_in_turn_is_named() -> None:
    # Alder, the larger, first pays Xylem all its 50, then Yarrow; Birch may pay Xylem only
    rows = """\
Birch,Xylem,40,2022-01-01,,
Cedar,Xylem,10,2021-01-01,,
Alder,Xylem,40,2021-01-01,,
Alder,Yarrow,100,2022-01-01,,
"""
    result = replayed(rows, need_weight="0", doubt="0", restrictions="recipients", ask_factor="1")
    figures = result["headline"]
    assert (figures["spent"], figures["spent_in_turn"]) == (140_00, 100_00)
    assert any("USD\N{NO-BREAK SPACE}40 would find nobody" in f["text"] for f in result["findings"])
