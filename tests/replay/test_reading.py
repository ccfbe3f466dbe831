"""Names, areas, currencies and faults of lists that people bring."""

from __future__ import annotations

import pytest

from funding.replay.areas import WHOLE_FIELD, read_areas
from funding.replay.grants import likely_year
from funding.replay.names import alike, merge_names, same_name
from funding.replay.reading import BadFile, read_grants
from funding.replay.words import WORDS, areas_in
from tests.replay.lists import HEAD, TWO_FUNDERS, listed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Wren Centre", "wren center"),
        ("Wren & Sons, Ltd.", "Wren and Sons"),
        ("Universität Tübingen", "universitat tubingen"),
        ("Institute for the Study of Wrens (ISW)", "Institute for the Study of Wrens"),
        ("Wren Labs Inc", "Wren Labs"),
    ],
)
def test_spellings_that_differ_by_rule_are_one_name(one: str, other: str) -> None:
    assert same_name(one) == same_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("University of Wren", "University of Wrens"),
        ("Wren Labs", "Wren Lab"),
        ("Wren Fund (Africa)", "Wren Fund"),
        ("Wren Fund (UK)", "Wren Fund"),
    ],
)
def test_names_that_are_only_alike_stay_two(one: str, other: str) -> None:
    assert same_name(one) != same_name(other)


def test_the_spelling_most_used_stands_for_all() -> None:
    names = merge_names(["Wren Centre", "The Wren Centre", "Wren Centre", "Heron"])
    assert names.spelling["The Wren Centre"] == "Wren Centre"
    assert names.merged == (("Wren Centre", "The Wren Centre"),)


def test_near_names_are_pointed_out_but_not_merged() -> None:
    names = ["Georgetown University", "Georgetown Universty", "Wren"]
    assert alike(names) == [("Georgetown University", "Georgetown Universty")]


def test_two_funders_of_one_recipient_are_found_across_spellings() -> None:
    found = listed("Alder,Wren Centre,5,2022,,\nBirch,The Wren Center,5,2022,,\n")
    assert len({grant.recipient for grant in found.grants}) == 1


def test_the_area_comes_from_the_list_first_and_from_words_second() -> None:
    head = "funder,recipient,amount_usd,date,cause_area,purpose"
    rows = """\
Alder,Wren,5,2022,AI safety/governance,to study interpretability
Alder,Heron,5,2022,AI safety,to study interpretability and fellowships
Alder,Finch,5,2022,AI safety,general support
"""
    found = listed(rows, head).grants
    by_words, by_file = read_areas(found, "words"), read_areas(found, "file")
    assert [dict(weights) for weights in by_words.weights] == [
        {"policy-institutions": 1.0},
        {"interpretability": 0.5, "talent-field-building": 0.5},
        {WHOLE_FIELD: 1.0},
    ]
    assert [next(iter(weights)) for weights in by_file.weights] == [
        "policy-institutions", WHOLE_FIELD, WHOLE_FIELD,
    ]  # fmt: skip


def test_a_list_about_something_else_keeps_its_own_areas() -> None:
    found = listed("Alder,Wren,5,2022,Health/Malaria,\nAlder,Heron,5,2022,Schools,\n").grants
    reading = read_areas(found, "auto")
    assert (reading.mode, dict(reading.names)) == (
        "own",
        {"Health": "Health", "Schools": "Schools"},
    )


def test_another_lists_security_is_not_taken_for_ours() -> None:
    found = listed("Alder,Wren,5,2022,Security/Peace/AI safety,\n").grants
    assert read_areas(found, "file").weights[0] == {WHOLE_FIELD: 1.0}


def test_every_pattern_of_words_leads_to_a_shipped_area() -> None:
    from funding.replay.areas import shipped_areas

    assert {area for area, _ in WORDS} <= set(shipped_areas())
    assert areas_in("general support") == ()


def test_amounts_in_other_currencies_are_converted_at_their_days_rate() -> None:
    head = "funder,recipient,amount,currency,date"
    rows = "Alder,Wren,100,USD,2022-06-01\nAlder,Wren,7,USD,2022\nBirch,Wren,100,EUR,2022-06-01\n"
    found = listed(rows, head)
    assert found.currency == "USD"
    # the European Central Bank's reference rate of 1 June 2022: 1.0712
    assert [grant.amount for grant in found.grants] == [100_00, 7_00, 107_12]
    assert any("converted to USD" in note for note in found.notes)


def test_money_that_came_back_is_taken_off_the_latest_grant_before_it() -> None:
    found = listed(
        "Alder,Wren,50,2020,,\nAlder,Wren,30,2021,,\nAlder,Wren,20,2023,,\n"
        "Alder,Wren,-40,2022,,\nBirch,Wren,-1,2022,,\n"
    )
    assert [(grant.year, grant.amount) for grant in found.grants] == [(2020, 40_00), (2023, 20_00)]
    assert any("Returns taken off the grants that they belong to: 1" in n for n in found.notes)
    assert any("no grant, or one that is too small: 1" in note for note in found.notes)


def test_rows_without_an_amount_are_left_out_and_counted() -> None:
    found = listed("Alder,Wren,,2022,,\nAlder,Wren,0,2022,,\nAlder,Heron,5,2022,,\n")
    assert len(found.grants) == 1
    assert any("take no part in a replay: 2" in note for note in found.notes)


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("a,b\n1,2\n", ["file"]),
        (f"{HEAD}\nAlder,Wren,x,2022,,\n,Wren,5,2022,,\n", ["row 2, amount", "row 3, funder"]),
        (f"{HEAD}\nAlder,Wren,-5,2022,,\n", ["file, amount"]),
        (f"{HEAD}\nAlder,Wren,5,2022-13-01,,\n", ["row 2, awarded_on"]),
        (f"{HEAD}\nAlder,Wren,,2022,,\n", ["file, amount"]),
        (f"{HEAD},ask,minimum\nAlder,Wren,5,2022,,,10,20\n", ["row 2, minimum"]),
        (f"{HEAD},merit\nAlder,Wren,5,2022,,,7\n", ["row 2, merit"]),
        ("", ["file"]),
    ],
)
def test_a_bad_file_is_refused_with_every_row_and_field_named(
    content: str, faults: list[str]
) -> None:
    with pytest.raises(BadFile) as refusal:
        read_grants(content.encode(), filename="bad.csv")
    assert [str(fault).split(":")[0] for fault in refusal.value.faults] == faults


def test_the_year_with_most_shared_recipients_is_offered_first() -> None:
    assert likely_year(listed(TWO_FUNDERS).grants) == 2022
