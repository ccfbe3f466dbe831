"""Names taken apart, compared and joined: by hand, on hostile input, and by properties."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.overlap.entities import (
    AUTOMATIC,
    Groups,
    Suggestion,
    compare,
    join_by_themselves,
    suggest,
)
from funding.overlap.name_index import NameIndex
from funding.overlap.name_pairs import Mention
from funding.overlap.names import read_name, same_name


def mention(name: str, reference: str = "", partners: str = "", areas: str = "") -> Mention:
    return Mention(
        read_name(name), reference, frozenset(partners.split()), frozenset(areas.split())
    )


def between(one: Mention, other: Mention, *besides: str) -> Suggestion | None:
    """What two names are to each other, in a list that holds others, too."""
    return compare(NameIndex([one, other, *map(mention, besides)]), 0, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Larkspur Institute for Weather Research",
            "The Larkspur Institute for Weather Research, Inc.",
        ),
        ("Wren & Heron Conservation Society", "Wren and Heron Conservation Society"),
        ("Vereinigung Lerchensporn Naturschutz", "Vereinigung Lerchensporn Naturschutz e.V."),
        ("Fondazione Allodola Meteorologica", "Fondazione Allodola Meteorologica S.p.A."),
        ("Société Alouette Météorologique", "Societe Alouette Meteorologique SARL"),
        ("Regents of the Larkspur Weather Academy", "Larkspur Weather Academy"),
        ("Second Larkspur Weather Harvest", "2nd Larkspur Weather Harvest"),
    ],
)
def test_spellings_of_one_long_name_are_merged_by_themselves(one: str, other: str) -> None:
    found = between(mention(one, partners="alder"), mention(other, partners="alder"))
    assert found is not None
    assert found.probability >= AUTOMATIC
    assert found.is_automatic
    assert found.reasons


def test_a_misspelt_rare_word_is_suggested_with_its_letters_counted() -> None:
    found = between(
        mention("Larkspur Meteorological Observatory Trust"),
        mention("Larkspur Meteorologcal Observatory Trust"),
    )
    assert found is not None
    assert found.probability > 0.9
    assert "“meteorological” and “meteorologcal” differ in one letter." in found.reasons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("School 12 of Larkspur", "School 21 of Larkspur"),
        ("Friends of the Larks Scotland", "Friends of the Larks Ireland"),
        ("Larkspur Troop 84", "Larkspur Troop Four"),
        ("Northeastern Larkspur College", "Northwestern Larkspur College"),
    ],
)
def test_numbers_and_places_must_agree(one: str, other: str) -> None:
    assert between(mention(one), mention(other)) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Oxford University", "Oxford Brookes University"),
        ("Larkspur Foundation", "Larkspur Fund"),
        ("Larkspur Foundation", "Larkspur"),
        ("University of Larkspur", "Larkspur University"),
        ("Save the Larks", "Save The Larks, Inc."),
        ("Centre for Larkspur Policy", "Center for Larkspur Policy"),
        ("Coalition for Larkspur Justice", "Larkspur Justice Coalition"),
        ("Daniel Larkspur", "Daniela Larkspur"),
    ],
)
def test_what_may_be_two_is_never_merged_by_itself(one: str, other: str) -> None:
    found = between(mention(one), mention(other))
    assert found is None or not found.is_automatic


def test_initials_are_suggested_and_never_merge_by_themselves() -> None:
    long = mention("Machine Intelligence Research Institute Inc.", partners="alder")
    found = between(long, mention("MIRI", partners="alder"))
    assert found is not None
    assert found.probability > 0.8
    assert not found.is_automatic
    assert "fits the initials" in found.reasons[0]
    among_many = between(
        long, mention("MIRI"), "Mountain Ice Rescue Initiative", "Museum of Islands, Rivers and Ice"
    )
    assert among_many is None or among_many.probability < found.probability - 0.2


def test_initials_that_a_name_gives_itself_weigh_more() -> None:
    said = between(mention("Larkspur Weather Research Institute (LWRI)"), mention("LWRI"))
    fits = between(mention("Larkspur Weather Research Institute"), mention("LWRI"))
    assert said is not None
    assert fits is not None
    assert said.probability > fits.probability


def test_one_register_number_makes_one_body_and_two_numbers_make_two() -> None:
    one = between(
        mention("Larkspur Trust", "GB-CHC-111"), mention("Larkspurs Trust CIO", "GB-CHC-111")
    )
    assert one is not None
    assert one.is_automatic
    assert one.reasons[0] == "Both have the number GB-CHC-111."
    wrong = between(mention("Larkspur Trust", "GB-CHC-111"), mention("Wren Appeal", "GB-CHC-111"))
    assert wrong is not None
    assert not wrong.is_automatic
    two = between(mention("Larkspur Trust", "GB-CHC-111"), mention("Larkspur Trust", "GB-CHC-222"))
    assert two is None
    of_two_registers = between(
        mention("Larkspur Meteorological Trust", "GB-CHC-111", "alder"),
        mention("Larkspur Meteorological Trust Ltd", "GB-COH-222", "alder"),
    )
    assert of_two_registers is not None
    assert of_two_registers.is_automatic


def test_a_department_is_a_part_and_not_the_same() -> None:
    found = between(
        mention("Larkspur University, Department of Birds"), mention("Larkspur University")
    )
    assert found is not None
    assert (found.relation, found.is_automatic) == ("part", False)
    turned = between(
        mention("Larkspur University"), mention("Larkspur University, Department of Birds")
    )
    assert turned is not None
    assert turned.relation == "whole"


def test_a_name_that_says_what_it_was_called_before_finds_it() -> None:
    found = between(mention("Heron Centre (formerly Wren Bureau)"), mention("The Wren Bureau"))
    assert found is not None
    assert found.reasons[0] == "One says that it is also called as the other."


# -- hostile names -------------------------------------------------------------------------------

HOSTILE = [
    "",
    "   ",
    "...",
    "(((((",
    "<script>alert(1)</script>",
    "\u202eמכון לארקספר\u202c",
    "مؤسسة القبرة",
    "🦆🦆🦆",
    "🦆 Duck 🦆 Trust",
    "a" * 1_000_000,
    " " * 1_000_000 + ")",
    "(" * 500_000,
    "x (" * 100_000 + "ABC)",
    "Ltd. Ltd. Ltd.",
    "The",
    "\x00\x01",
    "北京大学",
    "0",
]


def test_hostile_names_break_nothing_and_take_no_time() -> None:
    began = time.perf_counter()
    mentions = [mention(name) for name in HOSTILE]
    index = NameIndex([*mentions, mention("Larkspur Trust")])
    found = suggest(index)
    assert time.perf_counter() - began < 20
    assert not [s for s in found if s.is_automatic]


def test_what_holds_no_letters_is_only_itself() -> None:
    assert same_name("...") == "..."
    assert between(mention("..."), mention("!!!")) is None


# -- properties ----------------------------------------------------------------------------------

WORDS = [
    *("Larkspur", "Larkspr", "Wren", "Wrens", "Heron", "Institute", "Foundation", "Fund", "of"),
    *("the", "Weather", "Research", "Inc.", "Ltd", "University", "Department", "12", "21", "LWRI"),
    *("Scotland", "Ireland", ",", "-", "(Ireland)", "Centre", "Center", "&", "and", "é", "🦆"),
]
names = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
references = st.sampled_from(["", "", "", "GB-CHC-1", "GB-CHC-2", "GB-COH-1"])
mentions = st.builds(lambda n, r: mention(n, r), names, references)
lists = st.lists(mentions, min_size=2, max_size=12, unique_by=lambda m: (m.name.given, m.reference))


@given(mentions, mentions)
def test_it_makes_no_difference_which_comes_first(one: Mention, other: Mention) -> None:
    index = NameIndex([one, other])
    there, back = compare(index, 0, 1), compare(index, 1, 0)
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert there.probability == back.probability
        assert there.is_automatic == back.is_automatic
        mirrored = {"same": "same", "part": "whole", "whole": "part"}
        assert back.relation == mirrored[there.relation]


def entities_of(found: list[Mention]) -> set[frozenset[tuple[str, str]]]:
    index = NameIndex(found)
    groups: Groups[int] = Groups()
    join_by_themselves(index, suggest(index), groups)
    return {
        frozenset((found[n].name.given, found[n].reference) for n in groups.members(number))
        for number in range(len(found))
    }


@given(lists, st.integers(0, 1000))
def test_the_order_of_the_list_makes_no_difference(found: list[Mention], seed: int) -> None:
    mixed = random.Random(seed).sample(found, len(found))
    assert entities_of(found) == entities_of(mixed)


@given(lists)
def test_resolving_twice_changes_nothing(found: list[Mention]) -> None:
    index = NameIndex(found)
    suggestions = suggest(index)
    groups: Groups[int] = Groups()
    drawn = join_by_themselves(index, suggestions, groups)
    again: Groups[int] = Groups.of((s.first, s.second) for s in drawn)
    join_by_themselves(index, suggest(index), again)
    for number in range(len(found)):
        assert set(groups.members(number)) == set(again.members(number))


@given(lists)
def test_what_is_found_of_new_names_is_what_is_found_of_all(found: list[Mention]) -> None:
    index = NameIndex(found)
    last = len(found) - 1
    of_all = {(s.first, s.second) for s in suggest(index) if last in (s.first, s.second)}
    assert {(s.first, s.second) for s in suggest(index, [last])} == of_all


lines = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda p: p[0] != p[1]),
    min_size=1,
    max_size=15,
    unique=True,
)


def partition(groups: Groups[int]) -> set[frozenset[int]]:
    return {frozenset(groups.members(n)) for n in range(10)}


@given(lines, st.data())
def test_taking_lines_away_is_the_inverse_of_drawing_them_in_any_order(
    drawn: list[tuple[int, int]], data: st.DataObject
) -> None:
    later = data.draw(st.lists(st.sampled_from(drawn), unique=True))
    kept = [line for line in drawn if line not in later]
    assert partition(Groups.of([*kept, *later])) == partition(Groups.of(reversed(drawn)))
    without = data.draw(st.permutations(later))
    left = list(drawn)
    for line in without:
        left.remove(line)
    assert partition(Groups.of(left)) == partition(Groups.of(kept))


def test_what_was_said_to_be_two_is_not_joined_through_a_third() -> None:
    named = [
        mention("Larkspur Meteorological Observatory", partners="alder"),
        mention("The Larkspur Meteorological Observatory", partners="alder"),
        mention("Larkspur Meteorological Observatory, Inc.", partners="alder"),
    ]
    index = NameIndex(named)
    groups: Groups[int] = Groups.of([], apart=[(0, 2)])
    join_by_themselves(index, suggest(index), groups)
    assert groups.top(0) != groups.top(2)
    assert len({groups.top(n) for n in range(3)}) == 2
    assert groups.said_apart(0, 2) == (0, 2)


def test_two_numbers_of_one_register_are_not_joined_through_a_name_without() -> None:
    named = [
        mention("Larkspur Meteorological Observatory", "GB-CHC-1", "alder"),
        mention("Larkspur Meteorological Observatory", "", "alder"),
        mention("Larkspur Meteorological Observatory", "GB-CHC-2", "alder"),
    ]
    index = NameIndex(named)
    groups: Groups[int] = Groups()
    drawn = join_by_themselves(index, suggest(index), groups)
    assert len(drawn) == 1
    assert groups.top(0) != groups.top(2)
