"""Places on a plane, for works and for who pays whom."""

from __future__ import annotations

from math import dist

import pytest

from funding.overlap.layout import groups_of, network_of, places_of

PROBES = "Linear probes read from a language model whether it knows that it is being evaluated."
LAW = "A fellowship brings civil servants from ministries together to draft incident law."
FIELDS = (PROBES, LAW)


def texts() -> list[str]:
    """Ten of each field, each a little different."""
    return [f"{FIELDS[n % 2]} Site {n}, team {n * 7}, year {2020 + n % 5}." for n in range(20)]


def test_alike_texts_are_near_each_other_and_all_places_are_inside() -> None:
    places = places_of(texts(), "characters")
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places)
    same = [dist(places[a], places[b]) for a in range(20) for b in range(a) if (a - b) % 2 == 0]
    other = [dist(places[a], places[b]) for a in range(20) for b in range(a) if (a - b) % 2]
    assert sum(same) / len(same) < sum(other) / len(other) / 2


def test_the_same_texts_get_the_same_places() -> None:
    assert places_of(texts(), "characters") == places_of(texts(), "characters")


@pytest.mark.parametrize(
    "odd",
    [
        [],
        ["one"],
        ["", ""],
        [""] * 9,
        [PROBES] * 8,
        ["🙂", "مرحبا", "<b>x</b>", "", "...", "a"],
        [PROBES, LAW, "a", "b", "c", "", "!", "?", "d" * 1_000_000],
    ],
)
def test_odd_texts_have_places_too(odd: list[str]) -> None:
    places = places_of(odd, "characters")
    assert len(places) == len(odd)
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places)


def test_who_is_paid_much_is_near_its_funder() -> None:
    places = network_of(
        {("f:a", "r:x"): 100.0, ("f:a", "r:y"): 1.0, ("f:b", "r:y"): 100.0, ("f:b", "r:z"): 50.0}
    )
    assert set(places) == {"f:a", "f:b", "r:x", "r:y", "r:z"}
    assert dist(places["f:b"], places["r:y"]) < dist(places["f:a"], places["r:z"])
    assert network_of({}) == {}


def test_parts_of_a_network_that_hang_together_with_nothing_stand_below_it() -> None:
    links = {("f:a", "r:x"): 1.0, ("f:a", "r:y"): 1.0, ("f:b", "r:y"): 1.0}
    alone = {("f:c", "r:z"): 9.0, ("f:d", "r:w"): 9.0}
    places = network_of({**links, **alone})
    whole = {name: places[name] for link in links for name in link}
    rest = {name: places[name] for link in alone for name in link}
    assert max(y for _, y in rest.values()) < min(y for _, y in whole.values())
    assert max(y for _, y in whole.values()) == 1.0
    assert places["f:c"][0] < 0.5 < places["f:d"][0]
    assert places == network_of({**links, **alone})


def test_groups_hang_together_by_pairs() -> None:
    assert groups_of([("a", "b"), ("c", "d"), ("b", "e")]) == [["a", "b", "e"], ["c", "d"]]
    assert groups_of([]) == []
